"""Splits that were written are the splits of the corpus again, and of no other corpus."""

import numpy as np
import pytest
import soundfile

from emojudge.corpus import k_fold, load_table, read_splits, write_splits
from emojudge.errors import CorpusError


@pytest.fixture
def manifest(tmp_path):
    """Write a manifest of eight utterances by four speakers, all in train."""
    noise = np.random.default_rng(0).normal(0, 0.1, 1_600)
    rows = [f"a{i}.wav,train,{('sad', 'happy')[i % 2]},s{i // 2}" for i in range(8)]
    for i in range(8):
        soundfile.write(tmp_path / f"a{i}.wav", noise, 16_000)
    path = tmp_path / "manifest.csv"
    path.write_text("\n".join(["file,split,emotion,speaker", *rows]) + "\n")
    return path


@pytest.fixture
def fold(manifest, tmp_path):
    """Write the splits of a fold of the manifest."""
    made = k_fold(load_table("manifest", path=manifest), 4, seed=1)[2]
    write_splits(made, tmp_path / "fold.csv")
    return tmp_path / "fold.csv"


def test_a_written_fold_is_read_back_as_the_split_by_any_reader(manifest, fold, tmp_path):
    made = k_fold(load_table("manifest", path=manifest), 4, seed=1)[2]
    read = load_table("manifest", path=manifest, splits=fold)
    assert read.column("split") == made.column("split")
    assert read.info.roles == {"train": "fit", "dev": "tune", "test": "hold"}
    load_table("manifest", path=manifest).save(tmp_path / "table.parquet")
    assert load_table("table", path=tmp_path / "table.parquet", splits=fold).column("split") == made.column("split")


def test_ids_that_csv_must_quote_come_back(manifest, tmp_path):
    manifest.write_text(manifest.read_text().replace("a3.wav", '"a,""3.wav"'))
    (tmp_path / "a3.wav").rename(tmp_path / 'a,"3.wav')
    table = load_table("manifest", path=manifest)
    write_splits(table, tmp_path / "all.csv")
    assert read_splits(tmp_path / "all.csv") == dict.fromkeys(table.column("id"), "train")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("a3,train\n", "", "1 utterance of the corpus without a split there: a3; make the file from this corpus"),
        ("a3,train\n", "a3,train\nz,dev\n", "1 utterance not in the corpus: z; make the file from this corpus"),
        ("a3,train", "a2,train", "1 utterance more than once: a2"),
        ("a3,train", "a3,", "line 5 has no split; every utterance belongs to one split"),
        ("id,split", "name,split", "no column 'id' .found: name, split.*columns id and split"),
    ],
)
def test_another_corpus_or_form_is_one_line(manifest, tmp_path, old, new, words):
    table = load_table("manifest", path=manifest)
    write_splits(table, tmp_path / "all.csv")
    text = (tmp_path / "all.csv").read_text()
    assert old in text
    (tmp_path / "all.csv").write_text(text.replace(old, new))
    with pytest.raises(CorpusError, match=words):
        load_table("manifest", path=manifest, splits=tmp_path / "all.csv")


def test_an_utterance_that_is_left_out_needs_no_split(manifest, fold):
    (manifest.parent / "a5.wav").write_text("no sound")
    fold.write_text("".join(line for line in fold.read_text().splitlines(keepends=True) if not line.startswith("a5,")))
    with pytest.raises(CorpusError, match="utterance 'a5'"):
        load_table("manifest", path=manifest, splits=fold)
    table = load_table("manifest", path=manifest, splits=fold, on_bad_utterance="skip")
    assert len(table) == 7
    assert table.splits.keys() == {"train", "dev", "test"}
