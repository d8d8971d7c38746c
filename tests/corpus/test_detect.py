"""A path alone tells its reader, and what is no corpus is said in one line."""

import json

import pytest

from emojudge.corpus import TableInfo, build_table, load_table
from emojudge.corpus.detect import detect_reader
from emojudge.corpus.synthetic import synthesize_corpus
from emojudge.errors import CorpusError


def save_table(path):
    build_table({"id": ["a"], "split": ["train"]}, TableInfo("here")).save(path)
    return path


def test_a_synthetic_corpus_keeps_its_caution(tmp_path):
    root = synthesize_corpus(tmp_path / "corpus", utterances=40, speakers=9, seed=3)
    reader, options = detect_reader(root)
    assert (reader, options) == ("synthetic", {"root": str(root), "utterances": 40, "speakers": 9, "seed": 3})
    assert "synthetic" in load_table(reader, **options).info.caution
    (root / "synthetic.json").unlink()
    assert detect_reader(root) == ("msp_podcast", {"root": str(root)})


def test_a_table_is_found_by_its_file_or_its_run_folder(tmp_path):
    path = save_table(tmp_path / "table.parquet")
    assert detect_reader(path) == detect_reader(tmp_path) == ("table", {"path": str(path)})


@pytest.mark.parametrize("name", ["a.csv", "a.TSV", "a.jsonl", "a.parquet"])
def test_any_other_list_of_utterances_is_a_manifest(tmp_path, name):
    (tmp_path / name).write_text("file,split,emotion\n")
    assert detect_reader(tmp_path / name) == ("manifest", {"path": str(tmp_path / name)})


def test_a_saved_data_set_is_read_as_from_the_hub(tmp_path):
    (tmp_path / "dataset_info.json").write_text("{}")
    assert detect_reader(tmp_path) == ("hub", {"name": str(tmp_path)})


@pytest.mark.parametrize("name", ["train-00000-of-00001.parquet", "data/train-00000-of-00001.parquet"])
def test_a_folder_of_parquet_files_is_read_as_from_the_hub(tmp_path, name):
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_bytes(b"")
    assert detect_reader(tmp_path) == ("hub", {"name": str(tmp_path)})


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda folder: folder / "none", "there is no such file or folder"),
        (lambda folder: folder, "holds neither table.parquet nor a folder Labels"),
        (lambda folder: folder / "a.wav", r"neither a saved table \(.parquet\) nor a manifest"),
    ],
)
def test_what_is_no_corpus_is_refused_with_what_is_expected(tmp_path, make, words):
    (tmp_path / "a.wav").write_text("")
    with pytest.raises(CorpusError, match=words):
        detect_reader(make(tmp_path))


@pytest.mark.parametrize("text", ["{", "[]", json.dumps({"seed": 1})])
def test_a_damaged_marker_of_a_synthetic_corpus_is_one_line(tmp_path, text):
    (tmp_path / "synthetic.json").write_text(text)
    with pytest.raises(CorpusError, match="write the synthetic corpus again"):
        detect_reader(tmp_path)
