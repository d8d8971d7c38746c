"""The rule under which a verdict changes a label."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emojudge.errors import JudgeError
from emojudge.judge import NoVerdict, ReasonCode, Verdict, refine, summarize
from emojudge.judge.verdict import read_verdict

CASES = [
    ("sad", Verdict("angry", 0.81), "angry", "changed"),
    ("sad", Verdict("angry", 0.80), "sad", "kept_below_threshold"),
    ("sad", Verdict("sad", 0.99), "sad", "kept_agrees"),
    ("sad", NoVerdict("not_json"), "sad", "kept_invalid"),
    ("sad", NoVerdict("unknown_label"), "sad", "kept_invalid"),
    ("sad", NoVerdict("no_reply"), "sad", "kept_no_reply"),
    ("sad", NoVerdict("lost_reply"), "sad", "kept_lost_reply"),
    ("sad", NoVerdict("not_asked"), "sad", "kept_not_asked"),
    ("sad", None, "sad", "kept_no_reply"),
    (None, Verdict("angry", 1.0), None, "kept_no_label"),
    (None, NoVerdict("not_asked"), None, "kept_no_label"),
]


@pytest.mark.parametrize(("fused", "verdict", "label", "code"), CASES)
def test_each_case_has_its_label_and_reason(fused, verdict, label, code):
    assert refine([fused], [verdict]) == ([label], [code])
    assert refine({"a": fused}, {"a": verdict}) == ({"a": label}, {"a": code})


def test_every_reason_occurs():
    assert {code for *_, code in CASES} == set(ReasonCode)


@given(st.integers(0, 100), st.integers(0, 100))
def test_a_confidence_equal_to_the_threshold_never_changes_and_one_percent_more_does(percent, threshold):
    raw = f'{{"label": "angry", "confidence": {percent}, "reason": ""}}'
    changed = refine(["sad"], [read_verdict(raw, ["sad", "angry"])], threshold / 100).labels == ["angry"]
    assert changed == (percent > threshold)


@pytest.mark.parametrize("threshold", [0.8, 0.7 + 0.1, 1 - 0.2, 8 * 0.1])
def test_eighty_is_not_more_than_eighty_however_it_was_computed(threshold):
    assert refine(["sad"], [Verdict("angry", 80 / 100)], threshold).labels == ["sad"]


def test_without_any_change_the_labels_stay_and_the_input_is_untouched():
    labels = {"a": "sad", "b": None, "c": "happy"}
    refined = refine(labels, {})
    assert refined.labels == labels
    assert refined.labels is not labels
    assert refined.codes == {"a": "kept_no_reply", "b": "kept_no_label", "c": "kept_no_reply"}


def test_the_summary_counts_every_utterance_once():
    _, codes = refine([fused for fused, *_ in CASES], [verdict for _, verdict, *_ in CASES])
    summary = summarize(codes)
    assert summary | {"utterances": 11, "asked": 8, "answered": 5, "invalid": 2, "changed": 1, "kept_no_label": 2} == summary
    assert sum(summary[code] for code in ReasonCode) == 11


def test_what_does_not_fit_is_refused():
    with pytest.raises(JudgeError, match=r"0\.8 for 80 percent"):
        refine(["sad"], [None], 80)
    with pytest.raises(JudgeError, match="one length"):
        refine(["sad"], [])
    with pytest.raises(JudgeError, match="utterance 'b'"):
        refine({"a": "sad"}, {"b": None})
