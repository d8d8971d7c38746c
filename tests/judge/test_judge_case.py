"""What the judge may know, and what it may not."""

import json

import pytest

from emojudge.errors import JudgeError
from emojudge.judge import Case, make_case
from emojudge.judge.prosody import Prosody
from emojudge.labels import EMOTIONS

RECORD = Prosody(3.0, 0.2, 0.05, -25.0, 180.123456, 150.0, 230.0, 8.0, 0.8, 2.5, 1, 0.1, 0.3, 4.0, 3.0)


def test_the_canonical_form_holds_the_whole_case_in_plain_characters():
    case = make_case("sad", EMOTIONS, transcript="“Zażółć”\x00\ud800", record=RECORD, gender="Female", speaker="gender")
    assert Case(**json.loads(case.canonical())) == case
    assert case.canonical().isascii()


def test_equal_cases_have_one_canonical_form():
    one, other = Case("sad", ("sad",), measures={"peak": 0.1, "rms": 0.2}), Case("sad", ["sad"], measures={"rms": 0.2, "peak": 0.1})
    assert one.canonical() == other.canonical()
    assert make_case("sad", EMOTIONS, record=RECORD).canonical() != make_case("angry", EMOTIONS, record=RECORD).canonical()


def test_measures_are_rounded_so_that_noise_of_a_machine_makes_no_other_case():
    assert make_case("sad", EMOTIONS, record=RECORD).measures["pitch_hz"] == 180


def test_a_case_knows_neither_id_nor_path_nor_name():
    whole = make_case("sad", EMOTIONS, transcript="hi", record=RECORD, gender="Male", speaker="gender")
    assert set(json.loads(whole.canonical())) == {"label", "classes", "transcript", "description", "speaker", "measures", "levels"}


def test_what_is_not_known_is_not_in_the_canonical_form():
    assert json.loads(Case(None, ("sad",)).canonical()) == {"classes": ["sad"]}


@pytest.mark.parametrize(
    ("gender", "said"), [("Male", "male"), (" f", "female"), ("Unknown", None), ("Alice Smith", None), ("", None), (None, None)]
)
def test_the_speaker_indicator_is_the_gender_or_nothing(gender, said):
    assert make_case("sad", EMOTIONS, gender=gender, speaker="gender").speaker == said
    assert make_case("sad", EMOTIONS, gender=gender).speaker is None


def test_every_part_may_be_missing():
    bare = make_case("sad", EMOTIONS)
    assert bare.evidence() == {"transcript": None, "sound": None, "speaker": None, "label": "sad"}
    assert not bare.has_evidence
    assert make_case(None, EMOTIONS, transcript="x").has_evidence
    assert make_case("sad", EMOTIONS, transcript=" \n").transcript is None
    assert make_case("sad", EMOTIONS, record=Prosody(1.0, 0.0, 0.0)).description.endswith("nothing can be heard in it.")


@pytest.mark.parametrize("classes", [(), ("sad", "sad"), ("sad", ""), ("sad", "a\nb")])
def test_a_class_list_that_cannot_be_shown_is_refused(classes):
    with pytest.raises(JudgeError, match="printable classes"):
        Case("sad", classes)


def test_a_label_or_speaker_from_elsewhere_is_refused():
    with pytest.raises(JudgeError, match="'joy' is not in the class list"):
        Case("joy", EMOTIONS)
    with pytest.raises(JudgeError, match="'Speaker_12'"):
        Case("sad", EMOTIONS, speaker="Speaker_12")
