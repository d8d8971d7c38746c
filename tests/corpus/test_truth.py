"""Truth that is kept apart: a table or a consensus CSV, and clear words where it is neither."""

import pytest

from emojudge.corpus.truth import read_attribute_truth, read_truth, truth_tasks
from emojudge.errors import CorpusError
from emojudge.labels import ATTRIBUTES, EMOTIONS


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


ATTRIBUTE_HEADER = "FileName,EmoAct,EmoDom,EmoVal"


def test_attributes_are_found_by_the_name_of_their_column(tmp_path):
    path = csv(tmp_path, "a.wav,2,3,1.5", "b.wav,,NA,7", header=ATTRIBUTE_HEADER)
    assert read_attribute_truth(path) == {
        "a": {"valence": 1.5, "arousal": 2.0, "dominance": 3.0},
        "b": {"valence": 7.0, "arousal": None, "dominance": None},
    }


def test_a_saved_table_gives_its_attributes(tmp_path, tiny_table):
    tiny_table.save(tmp_path / "table.parquet")
    truth = read_attribute_truth(tmp_path / "table.parquet")
    assert list(truth) == tiny_table.column("id")
    for name in ATTRIBUTES:
        assert [values[name] for values in truth.values()] == tiny_table.column(name)


@pytest.mark.parametrize(
    ("header", "tasks"),
    [("FileName,EmoClass", ["emotion"]), (ATTRIBUTE_HEADER, ["attributes"]), (f"EmoClass,{ATTRIBUTE_HEADER}", ["emotion", "attributes"])],
)
def test_the_columns_tell_the_tasks(tmp_path, header, tasks):
    assert truth_tasks(csv(tmp_path, header=header)) == tasks


def test_a_table_tells_the_tasks_that_it_has_labels_of(tmp_path, tiny_table):
    tiny_table.save(tmp_path / "table.parquet")
    assert truth_tasks(tmp_path / "table.parquet") == ["emotion", "attributes"]
    nothing = [None] * len(tiny_table)
    tiny_table.with_columns(**dict.fromkeys(ATTRIBUTES, nothing)).save(tmp_path / "table.parquet")
    assert truth_tasks(tmp_path / "table.parquet") == ["emotion"]
    tiny_table.with_columns(emotion=nothing, **dict.fromkeys(ATTRIBUTES, nothing)).save(tmp_path / "table.parquet")
    with pytest.raises(CorpusError, match=r"there is nothing to score by \(a table without any label"):
        truth_tasks(tmp_path / "table.parquet")


def test_a_file_without_labels_is_refused(tmp_path):
    with pytest.raises(CorpusError, match=r"nothing to score by \(columns FileName, Valence"):
        truth_tasks(csv(tmp_path, header="FileName,Valence"))


@pytest.mark.parametrize(
    ("header", "lines", "words"),
    [
        ("FileName,EmoAct,EmoVal", ["a.wav,1,2"], "has no column 'EmoDom'"),
        (ATTRIBUTE_HEADER, ["a.wav,1,2,8"], "line 2, utterance 'a': EmoVal is '8', expected a number from 1 to 7"),
        (ATTRIBUTE_HEADER, ["a.wav,1,2,3", "b.wav,1,high,3"], "line 3, utterance 'b': EmoDom is 'high', expected a number from 1 to 7"),
        (ATTRIBUTE_HEADER, ["a.wav,nan,2,3"], "EmoAct is 'nan', expected a number"),
        (ATTRIBUTE_HEADER, ["a.wav,1,2,3", "a.wav,1,2,3"], "1 utterances occur more than once: a"),
    ],
)
def test_attributes_that_cannot_be_trusted_are_refused(tmp_path, header, lines, words):
    with pytest.raises(CorpusError, match=words):
        read_attribute_truth(csv(tmp_path, *lines, header=header))
