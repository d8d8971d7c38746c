"""Submissions: what stands in them, what is filled, and what cannot be submitted."""

import numpy as np
import pytest

from emojudge.errors import PredictionsError
from emojudge.evaluation import check_submission, write_submission
from emojudge.evaluation.submission import Written, file_names
from emojudge.labels import ATTRIBUTES, EMOTION_CODES, EMOTIONS
from emojudge.predictions import AttributePredictions, AttributesInfo, Predictions, PredictionsInfo

NAN = float("nan")


def emotions(labels, classes=EMOTIONS, absent=(), **parts):
    """Return predictions with the largest logit at each label; None is a row without input."""
    logits = np.array([[NAN if label is None or c in absent else float(c == label) for c in classes] for label in labels])
    ids = [f"u{i}" for i in range(len(labels))]
    return Predictions(ids, ["test3"] * len(ids), logits, PredictionsInfo("fused", classes, "c", absent_classes=absent), **parts)


def attributes(values, names=ATTRIBUTES, absent=()):
    ids = [f"u{i}" for i in range(len(values))]
    return AttributePredictions(ids, ["test3"] * len(ids), np.array(values), AttributesInfo("fused", names, "c", absent_attributes=absent))


def test_every_class_gets_its_code(tmp_path):
    write_submission(emotions(EMOTIONS), tmp_path / "s.csv")
    lines = (tmp_path / "s.csv").read_bytes().decode().split("\n")
    assert lines == ["FileName,EmoClass", *(f"u{i}.wav,{code}" for i, code in enumerate(EMOTION_CODES)), ""]


def test_attributes_are_found_by_name_and_clipped(tmp_path):
    # valence, arousal, dominance in the file of predictions; arousal, valence, dominance in a submission
    written = write_submission(attributes([[2.5, 7.25, 0.5], [1.0, 7.0, 4.0]]), tmp_path / "s.csv")
    assert (tmp_path / "s.csv").read_text() == (
        "FileName,EmoAct,EmoVal,EmoDom\nu0.wav,7.000000,2.500000,1.000000\nu1.wav,7.000000,1.000000,4.000000\n"
    )
    assert written == Written(n=2, n_filled=0, n_clipped=2)


def test_the_judge_has_the_last_word(tmp_path):
    write_submission(emotions(["sad", "sad"], label=["sad", "fear"]), tmp_path / "s.csv")
    assert (tmp_path / "s.csv").read_text().split()[1:] == ["u0.wav,S", "u1.wav,F"]


def test_a_class_that_training_had_none_of_is_no_obstacle(tmp_path):
    write_submission(emotions(["sad", "angry"], absent=("fear", "contempt")), tmp_path / "s.csv")
    assert (tmp_path / "s.csv").read_text().split()[1:] == ["u0.wav,S", "u1.wav,A"]


def test_rows_without_input_are_refused_or_get_what_is_declared(tmp_path):
    with pytest.raises(PredictionsError, match=r"1 utterances without input have no prediction \(u1\).*--fallback"):
        write_submission(emotions(["sad", None]), tmp_path / "s.csv")
    assert list(tmp_path.iterdir()) == []
    assert write_submission(emotions(["sad", None]), tmp_path / "s.csv", fallback="neutral") == Written(2, 1, 0)
    assert (tmp_path / "s.csv").read_text().split()[1:] == ["u0.wav,S", "u1.wav,N"]
    filled = write_submission(
        attributes([[2.0, 2.0, 2.0], [NAN] * 3]), tmp_path / "a.csv", fallback={"valence": 3, "arousal": 4, "dominance": 5}
    )
    assert filled == Written(2, 1, 0)
    assert (tmp_path / "a.csv").read_text().split()[2] == "u1.wav,4.000000,3.000000,5.000000"


@pytest.mark.parametrize("fallback", ["neutrl", "N", {"valence": 4.0}])
def test_a_fallback_that_is_no_class_is_refused(tmp_path, fallback):
    with pytest.raises(PredictionsError, match="is none of the classes"):
        write_submission(emotions(["sad", None]), tmp_path / "s.csv", fallback=fallback)


@pytest.mark.parametrize("fallback", ["neutral", {"valence": 4.0}, dict.fromkeys(ATTRIBUTES, 8.0), dict.fromkeys(ATTRIBUTES, NAN)])
def test_a_fallback_that_is_no_value_of_each_attribute_is_refused(tmp_path, fallback):
    with pytest.raises(PredictionsError, match="expected a value from 1 to 7 for each of arousal, valence, dominance"):
        write_submission(attributes([[NAN] * 3]), tmp_path / "s.csv", fallback=fallback)


def test_classes_that_the_challenge_does_not_know_are_refused(tmp_path):
    write_submission(emotions(["sad"], classes=("sad", "calm")), tmp_path / "s.csv")  # calm is not predicted
    with pytest.raises(PredictionsError, match="2 utterances are predicted as calm, for which MSP-Podcast has no code"):
        write_submission(emotions(["sad", "calm", "calm"], classes=("sad", "calm")), tmp_path / "s.csv")


def test_an_attribute_that_is_not_predicted_is_named(tmp_path):
    with pytest.raises(PredictionsError, match="does not predict dominance"):
        write_submission(attributes([[2.0, 2.0]], names=("valence", "arousal")), tmp_path / "s.csv")
    with pytest.raises(PredictionsError, match="does not predict arousal"):
        write_submission(attributes([[2.0, NAN, 2.0]], absent=("arousal",)), tmp_path / "s.csv")


def test_names_are_those_of_the_audio_where_there_is_some():
    assert file_names(["a", "b"], {"a": "/x/A_1.flac", "b": None}) == {"a": "A_1.flac", "b": "b.wav"}
    with pytest.raises(PredictionsError, match=r"1 file names stand for more than one utterance: same.wav"):
        file_names(["a", "b"], {"a": "/x/same.wav", "b": "/y/same.wav"})


def test_an_old_file_stays_where_the_new_one_is_refused(tmp_path):
    path = tmp_path / "s.csv"
    path.write_text("old")
    with pytest.raises(PredictionsError):
        write_submission(emotions([None]), path)
    assert path.read_text() == "old"


def test_what_is_written_is_what_is_taken(tmp_path):
    rows = attributes(np.random.default_rng(0).normal(4, 3, (50, 3)))
    write_submission(rows, tmp_path / "s.csv")
    assert check_submission(tmp_path / "s.csv", rows.id[::-1], "attributes") == []
