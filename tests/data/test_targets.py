"""What a fit learns from: labels, or votes with X and O items, and attributes."""

import logging

import numpy as np
import pytest
import torch

from emojudge.corpus import Table, TableInfo, build_table
from emojudge.data.targets import Targets, check_votes, find_targets
from emojudge.errors import CorpusError

CLASSES = ["anger", "joy"]
#          voted with its label, no majority, another emotion, a label and no votes, neither
EMOTION = ["anger", None, None, "joy", None]
VOTES = [[0.75, 0.25], [0.5, 0.5], [0.0, 1.0], None, None]


CLASS = "one of the run's classes"
VALUE = "a value of valence, arousal or dominance"


def known(targets: Targets, *tasks: str, fitting: bool = True) -> dict[str, list[bool]]:
    return {what: has.tolist() for what, has in targets.known(tasks, fitting=fitting).items()}


@pytest.fixture
def table() -> Table:
    columns = {
        "id": list("abcde"),
        "split": ["train"] * 4 + ["test3"],
        "emotion": EMOTION,
        "emotion_votes": VOTES,
        "votes_other": [0.0, 0.2, 0.8, None, None],
        "source_label": ["A", "X", "O", "J", None],
        "valence": [1.0, 4.0, None, None, None],
        "dominance": [7.0, None, 2.5, None, None],
    }
    return build_table(columns, TableInfo("test", classes=tuple(CLASSES)))


def test_the_majority_leaves_out_what_has_none(table: Table) -> None:
    targets = find_targets(table, CLASSES, None, "majority")
    assert targets.votes is None
    assert known(targets, "emotion") == {CLASS: [True, False, False, True, False]}
    counts = targets.class_counts(np.array([0, 1, 3]), 2)  # one of attributes only counts for no class
    assert counts.tolist() == [1, 1]
    assert counts.dtype == torch.int64


def test_votes_take_items_without_a_majority_and_with_another_emotion(table: Table) -> None:
    targets = find_targets(table, CLASSES, None, "votes")
    assert targets.emotion.tolist() == [0, -1, -1, 1, -1]  # evaluation goes by it
    assert targets.votes is not None
    assert targets.votes.tolist() == [[0.75, 0.25], [0.5, 0.5], [0, 1], [0, 1], [0, 0]]
    assert known(targets, "emotion") == {CLASS: [True, True, True, True, False]}
    assert known(targets, "emotion", fitting=False) == {CLASS: [True, False, False, True, False]}
    counts = targets.class_counts(np.array([0, 1, 2]), 2)
    assert counts.tolist() == [1.25, 1.75]
    assert counts.dtype == torch.float64


def test_a_row_whose_votes_the_map_drops_is_no_target(table: Table) -> None:
    targets = find_targets(table, ["angry", "sad"], {"anger": "angry", "joy": None}, "votes")
    assert targets.votes is not None
    assert targets.votes.tolist() == [[1, 0], [1, 0], [0, 0], [0, 0], [0, 0]]
    assert known(targets, "emotion") == {CLASS: [True, True, False, False, False]}


def test_a_corpus_without_votes_is_refused_and_labels_without_votes_are_counted(table: Table, caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(CorpusError, match=r"none of the 1 utterances of \['test3'\] has votes of raters.*target to majority"):
        check_votes(table, ["test3"])
    with caplog.at_level(logging.WARNING):
        check_votes(table, ["train"])
    assert "1 of 4 utterances of ['train'] have a label and no votes" in caplog.text


def test_attributes_are_on_the_scale_of_the_networks_and_named(table: Table) -> None:
    targets = find_targets(table, CLASSES, None, "majority")
    assert targets.attributes is not None
    assert targets.attributes.dtype == np.float32
    nan = np.nan
    expected = [[0, nan, 1], [0.5, nan, nan], [nan, nan, 0.25], [nan] * 3, [nan] * 3]  # valence, arousal, dominance
    np.testing.assert_allclose(targets.attributes, expected)
    assert targets.attribute_counts(np.array([0, 1, 3])).tolist() == [2, 0, 1]


def test_attributes_take_rows_of_other_emotions_and_of_none(table: Table) -> None:
    targets = find_targets(table, CLASSES, None, "votes")
    assert known(targets, "attributes") == known(targets, "attributes", fitting=False) == {VALUE: [True, True, True, False, False]}
    assert known(targets, "emotion", "attributes", fitting=False) == {
        CLASS: [True, False, False, True, False],
        VALUE: [True, True, True, False, False],
    }


def test_a_table_without_attributes_has_none(table: Table) -> None:
    bare = table.with_columns(valence=[None] * 5, dominance=[None] * 5)
    targets = find_targets(bare, CLASSES, None, "majority")
    assert targets.attributes is None
    assert known(targets, "attributes") == {VALUE: [False] * 5}
    assert targets.attribute_counts(np.arange(5)).tolist() == [0, 0, 0]
