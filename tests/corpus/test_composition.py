"""What splits are made of, counted by hand."""

import pytest

from emojudge.corpus import TableInfo, build_table
from emojudge.corpus.composition import compose

COLUMNS = {
    "id": list("abcdefg"),
    "split": ["test", "train", "train", "train", "train", "train", "test"],
    "emotion": ["sad", "angry", "angry", "sad", None, None, None],
    "source_label": ["S", "A", "A", "S", "X", None, "O"],
    "speaker": ["1", "2", "2", None, "3", "3", None],
    "duration_s": [1.0, 2.0, 3.0, None, 4.0, 0.5, None],
}


def test_every_utterance_is_counted_once_in_its_split():
    train, test = compose(build_table(COLUMNS, TableInfo("made", ("angry", "sad", "happy"))))
    assert (train.split, train.role, test.split, test.role) == ("train", "fit", "test", "hold")
    assert train.classes == {"angry": 2, "sad": 1, "happy": 0}
    assert train.unlabelled == {"X": 1, "": 1}
    assert (train.n_labelled, train.n_utterances, train.duration_s, train.n_untimed) == (3, 5, 9.5, 1)
    assert (train.n_speakers, train.n_without_speaker) == (2, 1)
    assert (test.classes, test.unlabelled) == ({"angry": 0, "sad": 1, "happy": 0}, {"O": 1})
    assert train.percent("angry") == pytest.approx(200 / 3)


def test_a_split_without_labels_has_no_shares():
    columns = {**COLUMNS, "emotion": [None] * 7}
    assert compose(build_table(columns, TableInfo("made", ("angry", "sad"))))[0].percent("sad") is None
