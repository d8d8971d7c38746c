"""The outline counts what the whole table counts, from headers alone."""

import numpy as np
import pytest
import soundfile

from emojudge.corpus import load_table
from emojudge.corpus.composition import compose
from emojudge.corpus.outline import outline_table
from emojudge.errors import CorpusError


def test_it_has_the_rows_and_durations_of_the_whole_table(tiny_corpus, tiny_table):
    outline = outline_table("msp_podcast", root=tiny_corpus)
    assert compose(outline) == compose(tiny_table)
    assert outline.column("id") == tiny_table.column("id")
    assert set(outline.column("audio_digest")) == {None}


@pytest.fixture
def manifest(tmp_path):
    for name in "ab":
        soundfile.write(tmp_path / f"{name}.wav", np.full(8_000, 0.1), 16_000)
    path = tmp_path / "manifest.csv"
    path.write_text("file,split,emotion\na.wav,train,sad\nb.wav,dev,sad\nmissing.wav,dev,sad\nc.wav,dev,mirth\n")
    return path


def test_what_cannot_be_used_is_left_out_and_listed(manifest):
    outline = outline_table("manifest", path=manifest)
    assert outline.column("id") == ["a", "b"]
    assert {id for id, _ in outline.info.skipped} == {"missing", "c"}


def test_a_file_of_splits_takes_the_place_of_the_splits(manifest, tmp_path):
    (tmp_path / "splits.csv").write_text("id,split\na,test\nb,train\nmissing,dev\nc,dev\n")
    assert outline_table("manifest", path=manifest, splits=tmp_path / "splits.csv").splits == {"train": 1, "test": 1}


def test_a_saved_table_is_its_own_outline(tiny_table, tmp_path):
    tiny_table.save(tmp_path / "table.parquet")
    assert outline_table("table", path=tmp_path / "table.parquet").info == tiny_table.info


def test_a_corpus_without_a_usable_utterance_is_refused(manifest):
    manifest.write_text("file,split,emotion\nnowhere.wav,train,sad\n")
    with pytest.raises(CorpusError, match=r"no utterance that can be used \(1 have faults\)"):
        outline_table("manifest", path=manifest)


def test_labels_are_those_of_load_table(manifest):
    skipping = load_table("manifest", path=manifest, on_bad_utterance="skip")
    assert compose(skipping) == compose(outline_table("manifest", path=manifest))
