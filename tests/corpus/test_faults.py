"""Faults are raised together or left out together."""

import pytest

from emojudge.corpus.faults import Faults
from emojudge.errors import CorpusError

COLUMNS = {"id": ["a", "b", "b", "c"], "split": ["x", "y", "y", "z"]}


def test_without_faults_everything_stays():
    assert Faults().settle(COLUMNS) == COLUMNS


def test_the_first_fault_is_raised_and_the_others_are_counted():
    faults = Faults()
    faults.add("c", "is cut")
    with pytest.raises(CorpusError, match=r"^utterance 'c': is cut. Mend the corpus"):
        faults.settle(COLUMNS)
    faults.add("a", "is silent")
    faults.add("c", "is cut again")
    with pytest.raises(CorpusError, match=r"^utterance 'c': is cut \(1 more utterances have faults\)\."):
        faults.settle(COLUMNS)


def test_every_row_of_a_bad_id_is_left_out():
    faults = Faults("skip")
    faults.add("b", "is doubled")
    faults.add("b", "is cut")
    assert faults.settle(COLUMNS) == {"id": ["a", "c"], "split": ["x", "z"]}
    assert faults.found == {"b": "is doubled"}
