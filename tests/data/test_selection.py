"""Which rows a stage uses."""

import numpy as np
import pytest

from emojudge.corpus import Table, TableInfo, build_table
from emojudge.data.selection import complete_rows, known_rows
from emojudge.errors import CorpusError

KNOWN = {"one of the run's classes": np.array([True, False, True, False, True])}
BOTH = {"a class": np.array([True, False, False, False, False]), "a value": np.array([False, False, True, False, True])}


@pytest.fixture
def table() -> Table:
    columns = {
        "id": list("abcde"),
        "split": ["train", "train", "dev", "test3", "train"],
        "audio": ["a.wav", None, None, "d.wav", "e.wav"],
        "transcript": ["so", "be it", None, None, None],
    }
    return build_table(columns, TableInfo("test"))


def test_rows_with_a_target_of_several_splits_are_in_row_order(table: Table) -> None:
    assert known_rows(table, ["dev", "train"], KNOWN).tolist() == [0, 2, 4]
    assert known_rows(table, ["dev", "train"], BOTH).tolist() == [0, 2, 4]  # either task will do


def test_split_without_labels_is_refused_by_name(table: Table) -> None:
    with pytest.raises(CorpusError, match="none of the 1 utterances of split 'test3' has one of the run's classes"):
        known_rows(table, ["train", "test3"], KNOWN)
    with pytest.raises(CorpusError, match=r"no utterance in split 'test2' \(found: train 3"):
        known_rows(table, ["test2"], KNOWN)
    with pytest.raises(CorpusError, match=r"no split is named .* data\.init_args\.fit_splits"):
        known_rows(table, [], KNOWN)


def test_a_task_that_no_split_has_a_target_of_is_refused_by_what_it_needs(table: Table) -> None:
    assert known_rows(table, ["train"], BOTH).tolist() == [0, 4]
    with pytest.raises(CorpusError, match=r"none of the 1 utterances of split 'dev' has a class$"):
        known_rows(table, ["dev"], BOTH)
    with pytest.raises(CorpusError, match=r"none of the 1 utterances of split 'test3' has a class or a value$"):
        known_rows(table, ["train", "test3"], BOTH)
    valueless = {"a class": np.ones(5, dtype=bool), "a value": np.zeros(5, dtype=bool)}
    with pytest.raises(CorpusError, match=r"none of the 4 utterances of the splits train, dev has a value$"):
        known_rows(table, ["train", "dev"], valueless)


@pytest.mark.parametrize(("audio", "text", "expected"), [(True, False, [0, 4]), (False, True, [0, 1]), (True, True, [0])])
def test_complete_rows_have_what_is_asked_for(table: Table, audio: bool, text: bool, expected: list[int]) -> None:
    assert complete_rows(table, np.array([0, 1, 4]), audio=audio, text=text).tolist() == expected


def test_nothing_complete_is_refused(table: Table) -> None:
    with pytest.raises(CorpusError, match="none of the 1 utterances to train on has audio and transcript; transcribe them"):
        complete_rows(table, np.array([3]), audio=True, text=True)
    with pytest.raises(CorpusError, match=r"has transcript; transcribe them, or leave the text network out$"):
        complete_rows(table, np.array([3]), audio=False, text=True)
    with pytest.raises(CorpusError, match=r"has audio; name the audio files, or leave the acoustic network out$"):
        complete_rows(table, np.array([1]), audio=True, text=False)
