"""A verdict is valid or it is none."""

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from emojudge.judge.verdict import MAX_REASON, NoVerdict, Verdict, read_verdict, verdict_schema
from emojudge.labels import EMOTIONS

GOOD = {"label": "angry", "confidence": 81, "reason": "loud"}


def read(value):
    return read_verdict(json.dumps(value), EMOTIONS)


def test_a_reply_of_the_form_is_a_verdict():
    assert read(GOOD) == Verdict("angry", 0.81, "loud")
    assert read_verdict(b' \n{"reason": "", "confidence": 0, "label": "sad"}\n', EMOTIONS) == Verdict("sad", 0.0, "")


@pytest.mark.parametrize(
    ("raw", "fault"),
    [
        ("", "empty"),
        (b"  \n", "empty"),
        (b"\xff\xfe", "not_utf8"),
        ("The label is angry, 95 %.", "not_json"),
        ('Sure! {"label": "angry", "confidence": 95, "reason": ""}', "not_json"),
        ('```json\n{"label": "angry", "confidence": 95, "reason": ""}\n```', "not_json"),
        ('{"label": "angry", "confidence": 95, "reason": "cut of', "not_json"),
        ('{"label": "angry", "confidence": NaN, "reason": ""}', "not_json"),
        ("[" * 100_000, "not_json"),
        ('{"label": "angry", "confidence": ' + "9" * 5000 + ', "reason": ""}', "not_json"),
        ('{"label": "angry", "label": "sad", "confidence": 95, "reason": ""}', "wrong_form"),
        ('"angry"', "wrong_form"),
        ("null", "wrong_form"),
        (json.dumps([GOOD]), "wrong_form"),
        (json.dumps(GOOD | {"note": 1}), "wrong_form"),
        (json.dumps({"label": "angry", "confidence": 95}), "wrong_form"),
        (json.dumps(GOOD | {"confidence": 101}), "wrong_form"),
        (json.dumps(GOOD | {"confidence": -1}), "wrong_form"),
        (json.dumps(GOOD | {"confidence": 81.0}), "wrong_form"),
        (json.dumps(GOOD | {"confidence": "81"}), "wrong_form"),
        (json.dumps(GOOD | {"confidence": True}), "wrong_form"),
        (json.dumps(GOOD | {"reason": None}), "wrong_form"),
        (json.dumps(GOOD | {"label": "Angry"}), "unknown_label"),
        (json.dumps(GOOD | {"label": "furious"}), "unknown_label"),
        (json.dumps(GOOD | {"label": "furious", "confidence": 101}), "wrong_form"),
    ],
)
def test_a_reply_of_another_form_is_none_with_its_fault(raw, fault):
    outcome = read_verdict(raw, EMOTIONS)
    assert isinstance(outcome, NoVerdict)
    assert outcome.fault == fault
    json.dumps([outcome.fault, outcome.detail], ensure_ascii=False).encode()


def test_the_schema_and_the_reader_ask_for_the_same():
    schema = verdict_schema(EMOTIONS)
    assert schema["properties"]["label"]["enum"] == list(EMOTIONS)
    for field in schema["required"]:
        assert isinstance(read({name: value for name, value in GOOD.items() if name != field}), NoVerdict)
    for name in EMOTIONS:
        assert read(GOOD | {"label": name}).label == name


def test_another_class_list_asks_for_its_own_labels():
    raw = json.dumps(GOOD | {"label": "joy"})
    assert read_verdict(raw, ["joy", "anger"]).label == "joy"
    assert read_verdict(raw, EMOTIONS).fault == "unknown_label"


def test_a_long_or_broken_reason_is_cut_to_what_can_be_stored():
    assert len(read(GOOD | {"reason": "x" * 10_000}).reason) == MAX_REASON
    assert read_verdict('{"label": "sad", "confidence": 1, "reason": "\\ud800"}', EMOTIONS).reason == "?"


replies = st.fixed_dictionaries(
    {},
    optional={
        "label": st.sampled_from(EMOTIONS) | st.text() | st.none(),
        "confidence": st.integers() | st.floats() | st.booleans() | st.text(),
        "reason": st.text(st.characters(categories=["L", "Cs", "Cc"])) | st.integers(),
        "more": st.recursive(st.none() | st.text(), st.lists),
    },
)


@given(st.text() | st.binary() | replies.map(json.dumps) | replies.map(lambda value: f"{json.dumps(value)} angry"))
@example("\ufeff{}")
@example("1" * 10_000)
def test_no_string_makes_the_reader_raise_or_invent_a_label(raw):
    outcome = read_verdict(raw, EMOTIONS)
    if isinstance(outcome, Verdict):
        said = json.loads(raw)
        assert outcome.label == said["label"] in EMOTIONS
        assert outcome.confidence == said["confidence"] / 100
        assert set(said) == {"label", "confidence", "reason"}
        outcome.reason.encode()
