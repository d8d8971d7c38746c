"""What a fit learns from: labels, or votes with X and O items."""

import logging

import numpy as np
import pytest
import torch

from emojudge.corpus import Table, TableInfo, build_table
from emojudge.data.targets import check_votes, find_targets
from emojudge.errors import CorpusError

CLASSES = ["anger", "joy"]
#          voted with its label, no majority, another emotion, a label and no votes, neither
EMOTION = ["anger", None, None, "joy", None]
VOTES = [[0.75, 0.25], [0.5, 0.5], [0.0, 1.0], None, None]


@pytest.fixture
def table() -> Table:
    columns = {
        "id": list("abcde"),
        "split": ["train"] * 4 + ["test3"],
        "emotion": EMOTION,
        "emotion_votes": VOTES,
        "votes_other": [0.0, 0.2, 0.8, None, None],
        "source_label": ["A", "X", "O", "J", None],
    }
    return build_table(columns, TableInfo("test", classes=tuple(CLASSES)))


def test_the_majority_leaves_out_what_has_none(table: Table) -> None:
    targets = find_targets(table, CLASSES, None, "majority")
    assert targets.votes is None
    assert targets.known.tolist() == [True, False, False, True, False]
    counts = targets.counts(np.array([0, 3]), 2)
    assert counts.tolist() == [1, 1]
    assert counts.dtype == torch.int64


def test_votes_take_items_without_a_majority_and_with_another_emotion(table: Table) -> None:
    targets = find_targets(table, CLASSES, None, "votes")
    assert targets.emotion.tolist() == [0, -1, -1, 1, -1]  # evaluation goes by it
    assert targets.votes is not None
    assert targets.votes.tolist() == [[0.75, 0.25], [0.5, 0.5], [0, 1], [0, 1], [0, 0]]
    assert targets.known.tolist() == [True, True, True, True, False]
    counts = targets.counts(np.array([0, 1, 2]), 2)
    assert counts.tolist() == [1.25, 1.75]
    assert counts.dtype == torch.float64


def test_a_row_whose_votes_the_map_drops_is_no_target(table: Table) -> None:
    targets = find_targets(table, ["angry", "sad"], {"anger": "angry", "joy": None}, "votes")
    assert targets.votes is not None
    assert targets.votes.tolist() == [[1, 0], [1, 0], [0, 0], [0, 0], [0, 0]]
    assert targets.known.tolist() == [True, True, False, False, False]


def test_a_corpus_without_votes_is_refused_and_labels_without_votes_are_counted(table: Table, caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(CorpusError, match=r"none of the 1 utterances of \['test3'\] has votes of raters.*target to majority"):
        check_votes(table, ["test3"])
    with caplog.at_level(logging.WARNING):
        check_votes(table, ["train"])
    assert "1 of 4 utterances of ['train'] have a label and no votes" in caplog.text
