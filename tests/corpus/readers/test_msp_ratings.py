"""Rater votes of MSP-Podcast become distributions; the numbers are worked by hand."""

import json

import numpy as np
import pytest

from emojudge.corpus import load_table
from emojudge.errors import CorpusError
from emojudge.labels import EMOTIONS

ADVICE = "leave the ratings out with votes: false"


def row(podcast, i=0):
    return load_table("msp_podcast", root=podcast.root).rows[i]


def test_votes_are_a_distribution_over_the_classes_with_other_beside(podcast):
    first = row(podcast)
    expected = dict.fromkeys(EMOTIONS, 0.0) | {"angry": 2 / 3, "disgust": 1 / 3}
    np.testing.assert_allclose(first["emotion_votes"], list(expected.values()), rtol=1e-6)
    assert first["votes_other"] == 0.25


def test_spreads_are_population_deviations_over_raters(podcast):
    first = row(podcast)
    assert first["arousal_std"] == pytest.approx(np.std([5, 7, 3, 5]))
    assert first["valence_std"] == pytest.approx(np.std([2, 3, 1, 2]))
    assert first["dominance_std"] == 0


def test_an_utterance_that_all_raters_call_other_has_no_distribution(podcast):
    second = row(podcast, 1)
    assert second["emotion_votes"] is None
    assert second["votes_other"] == 1


def test_an_utterance_without_ratings_has_nulls(podcast):
    third = row(podcast, 2)
    assert [third[name] for name in ("emotion_votes", "votes_other", "valence_std")] == [None] * 3


def test_ratings_of_utterances_that_are_not_listed_are_counted(podcast):
    assert load_table("msp_podcast", root=podcast.root).info.counts["ratings_without_utterance"] == 1


def test_utterances_with_a_label_and_without_ratings_are_counted(podcast):
    assert load_table("msp_podcast", root=podcast.root).info.counts["without_ratings"] == 3


def test_an_attribute_that_the_consensus_leaves_open_is_the_mean_of_the_raters_and_counted(podcast):
    with open(podcast.detailed, "a") as file:
        file.write('MSP-PODCAST_0004_0001.wav,"W1; Neutral; ; A:2; V:NA; D:3;"\nMSP-PODCAST_0004_0001.wav,"W2; Neutral; ; A:3; V:; D:3;"\n')
    last = row(podcast, 4)
    assert [last[name] for name in ("arousal", "valence", "dominance")] == [2.5, None, 4]
    assert load_table("msp_podcast", root=podcast.root).info.counts["attributes_from_ratings"] == 1


@pytest.mark.parametrize("secondary", ["", "; ", "; Angry", "; Sad; very, sad; "])
def test_secondary_emotions_may_be_absent_or_hold_free_text(podcast, secondary):
    podcast.replace(podcast.detailed, "WORKER00016; Disgust; Disgust", f"WORKER00016; Disgust{secondary}")
    assert row(podcast)["votes_other"] == 0.25


def test_ratings_can_be_left_out(podcast):
    podcast.detailed.write_text("Workers,Emotion\n")
    with pytest.raises(
        CorpusError, match=rf"has neither a column 'EmoDetail' nor 'EmoClass_Major' .found: Workers, Emotion.; expected .*{ADVICE}"
    ):
        load_table("msp_podcast", root=podcast.root)
    table = load_table("msp_podcast", root=podcast.root, votes=False)
    assert table.column("emotion_votes") == [None] * 6


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("WORKER00016; Disgust", "WORKER00016; Disgsut", "line 3: unknown class 'Disgsut'"),
        ("WORKER00016; Disgust; Disgust; ", "WORKER00016; ", "line 3: the rating .* has not the form 'WORKER00015; "),
        ("WORKER00016; Disgust", "WORKER00016; ", "line 3: the rating .* has not the form 'WORKER00015; "),
        ("A:7.000000; V:3", "A:7.000000; A:3", "line 3: the rating .* does not end with A, V and D once each; expected the form 'W"),
        ("A:7.000000", "A:seven", "line 3: an attribute is 'seven', expected a number from 1 to 7"),
        ("A:7.000000", "A:nan", "line 3: an attribute is 'nan', expected a number from 1 to 7"),
        ("A:7.000000", "A:7.5", "line 3: an attribute is '7.5', expected a number from 1 to 7"),
    ],
)
def test_a_rating_of_another_form_is_a_fault_of_its_utterance(podcast, old, new, words):
    podcast.replace(podcast.detailed, old, new)
    is_fault(podcast, words)


def is_fault(podcast, words):
    with pytest.raises(CorpusError, match=f"'MSP-PODCAST_0001_0008': .*{words}") as error:
        load_table("msp_podcast", root=podcast.root)
    assert "\n" not in str(error.value)
    assert "MSP-PODCAST_0001_0008" not in load_table("msp_podcast", root=podcast.root, on_bad_utterance="skip").column("id")


@pytest.mark.parametrize("column", ["FileName", "EmoClass_Second", "EmoAct", "EmoVal", "EmoDom"])
def test_a_missing_column_says_what_was_found_and_what_to_do(podcast, column):
    header = "FileName,WorkerID,EmoClass_Major,EmoClass_Second,EmoAct,EmoVal,EmoDom".replace(column, "Emo")
    podcast.detailed.write_text(header + "\n")
    with pytest.raises(
        CorpusError,
        match=rf"labels_detailed.csv has no column '{column}' \(found: .*Emo.*\)\..*Expected FileName, EmoClass_Major, .*{ADVICE}",
    ):
        load_table("msp_podcast", root=podcast.root)


@pytest.mark.parametrize(("field", "value"), [("EmoClass_Major", "Disgsut"), ("EmoAct", "9"), ("EmoDom", "nan"), ("EmoClass_Major", "")])
def test_a_bad_field_of_a_rating_names_its_line(podcast, field, value):
    rating = {"EmoClass_Major": "Sad", "EmoClass_Second": "", "EmoAct": "1", "EmoVal": "1", "EmoDom": "1"} | {field: value}
    podcast.detailed.write_text(f"FileName,Workers,{','.join(rating)}\n\nMSP-PODCAST_0001_0008,W1,{','.join(rating.values())}\n")
    is_fault(podcast, f"labels_detailed.csv, line 3: (unknown class|an attribute is) '{value}'")


GOOD = {"EmoClass_Major": "Sad", "EmoClass_Second": "", "EmoAct": 1, "EmoVal": 1, "EmoDom": 1}


@pytest.mark.parametrize(
    ("ratings", "words"),
    [
        ({"W1": GOOD, "W2": {**GOOD, "EmoAct": True}}, "rater W2: an attribute is 'True', expected"),
        ({"W1": {**GOOD, "EmoClass_Major": None}}, "rater W1: unknown class ''"),
        (
            {"W1": {"EmoClass_Major": "Sad"}},
            r"rater W1: the rating has no EmoClass_Second .found: EmoClass_Major.; expected the form \{file",
        ),
        ({"W1": [1, 2]}, r"rater W1: '\[1, 2\]' is no rating; expected the form \{file name: \{rater: \{EmoClass_Major, "),
        ([GOOD], "all raters: .* are no ratings; expected the form"),
    ],
)
def test_a_rating_of_another_form_in_json_is_a_fault_of_its_utterance(podcast, ratings, words):
    podcast.detailed.unlink()
    podcast.detailed.with_suffix(".json").write_text(json.dumps({"MSP-PODCAST_0001_0008.wav": ratings}))
    is_fault(podcast, f"labels_detailed.json, {words}")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b'{"a": ', "not JSON .Expecting value: line 1 column 7"),
        (b"", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"[1]", "holds a list, expected the form"),
        (b'{"a": "\xff"}', "not UTF-8 .byte 7"),
    ],
)
def test_a_file_that_is_no_json_of_ratings_is_refused(podcast, content, words):
    podcast.detailed.unlink()
    podcast.detailed.with_suffix(".json").write_bytes(content)
    with pytest.raises(CorpusError, match=f"labels_detailed.json: {words}") as error:
        load_table("msp_podcast", root=podcast.root)
    assert "\n" not in str(error.value)
