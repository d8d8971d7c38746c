"""Truth that is kept apart: a table or a consensus CSV, and clear words where it is neither."""

import pytest

from emojudge.corpus.truth import read_truth
from emojudge.errors import CorpusError
from emojudge.labels import EMOTIONS


def csv(tmp_path, *lines, header="FileName,EmoClass,SpkrID"):
    path = tmp_path / "truth.csv"
    path.write_text("\n".join([header, *lines]) + "\n")
    return path


def test_a_consensus_file_gives_labels_by_id(tmp_path):
    path = csv(tmp_path, "a.wav,A,7", "b.wav,X,Unknown", "c.wav,O,8", "d,neutral,")
    assert read_truth(path) == {"a": "angry", "b": None, "c": None, "d": "neutral"}


def test_a_saved_table_gives_the_same(tmp_path, tiny_table):
    tiny_table.save(tmp_path / "table.parquet")
    assert read_truth(tmp_path / "table.parquet") == dict(zip(tiny_table.column("id"), tiny_table.column("emotion"), strict=True))


def test_a_saved_table_of_other_classes_is_refused(tmp_path, tiny_table):
    tiny_table.save(tmp_path / "table.parquet")
    with pytest.raises(CorpusError, match=r"table.parquet: the truth has the labels .*, the corpus has the classes angry, calm; make both"):
        read_truth(tmp_path / "table.parquet", ("angry", "calm"))
    with pytest.raises(CorpusError, match=r"the truth was made for the classes angry, .*, the corpus has the classes .*, calm; make both"):
        read_truth(tmp_path / "table.parquet", (*EMOTIONS, "calm"))
    assert len(read_truth(tmp_path / "table.parquet", EMOTIONS[::-1])) == len(tiny_table)


def test_the_truth_of_the_synthetic_test3_covers_that_split(tiny_corpus, tiny_table):
    truth = read_truth(tiny_corpus / "test3_truth.csv")
    rows = tiny_table.select(tiny_table.indices("test3"))
    assert sorted(truth) == sorted(rows.column("id"))
    assert rows.column("emotion") == [None] * len(truth)


def test_another_class_list_is_spelled_out(tmp_path):
    path = csv(tmp_path, "a.wav,calm,1", "b.wav,A,2")
    assert read_truth(path, ("angry", "calm")) == {"a": "calm", "b": "angry"}
    with pytest.raises(CorpusError, match=r"line 2, utterance 'a': unknown class 'calm'"):
        read_truth(path)


def test_a_code_whose_class_is_not_in_the_list_is_unknown(tmp_path):
    with pytest.raises(CorpusError, match=r"unknown class 'C' \(known: A, angry, calm, O, X\)"):
        read_truth(csv(tmp_path, "a.wav,C,1"), ("angry", "calm"))


@pytest.mark.parametrize(
    ("lines", "words"),
    [(["a.wav,A,1", "a.wav,S,1"], "1 utterances occur more than once: a"), (["a.wav,Q,1"], "line 2, utterance 'a': unknown class 'Q'")],
)
def test_truth_that_cannot_be_trusted_is_refused(tmp_path, lines, words):
    with pytest.raises(CorpusError, match=words):
        read_truth(csv(tmp_path, *lines))


def test_a_file_that_is_no_truth_is_refused(tmp_path):
    with pytest.raises(CorpusError, match="there is no such truth file"):
        read_truth(tmp_path / "nowhere.csv")
    with pytest.raises(CorpusError, match="has no column 'FileName'"):
        read_truth(csv(tmp_path, "a,A", header="id,EmoClass"))
