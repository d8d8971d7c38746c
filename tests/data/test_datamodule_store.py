"""A run over prepared audio sees what a run over the files sees, and never takes other audio in silence."""

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch

from emojudge.audio import inspect_audio, load_audio
from emojudge.corpus import Table, TableInfo, build_table
from emojudge.data import EmotionDataModule
from emojudge.data.store import build_store, plan_store
from emojudge.errors import ConfigError, StoreError


@pytest.fixture
def table_path(tiny_table: Table, tmp_path: Path) -> str:
    """The saved tiny table with its audio prepared beside it; the corpus is 16-bit mono at 16 kHz."""
    tiny_table.save(tmp_path / "table.parquet")
    build_store(plan_store(tiny_table), tmp_path / "table.audio")
    return str(tmp_path / "table.parquet")


def ready(**options: Any) -> EmotionDataModule:
    data = EmotionDataModule(**options)
    data.setup("fit")
    return data


@pytest.mark.parametrize("num_workers", [0, 2])
def test_batches_and_statistics_are_those_of_the_files(table_path: str, num_workers: int) -> None:
    options = {"table": table_path, "batch_size": 8, "max_duration_s": 0.8, "num_workers": num_workers}
    prepared, decoded = ready(**options), ready(**options, store="files")
    for batch, other in zip(prepared.train_dataloader(), decoded.train_dataloader(), strict=True):
        assert batch.id == other.id
        assert torch.equal(batch.waveform, other.waveform)
        assert torch.equal(batch.waveform_mask, other.waveform_mask)
    assert prepared.waveform_statistics() == decoded.waveform_statistics()


def test_statistics_of_resampled_audio_equal_the_direct_ones(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    paths = [str(tmp_path / f"{k}.wav") for k in range(6)]
    for path in paths:
        soundfile.write(path, random.normal(0.01, 0.1, (44_100, 2)), 44_100, subtype="FLOAT")
    columns = {
        "id": list("abcdef"),
        "split": ["train"] * 6,
        "audio": paths,
        "audio_digest": [inspect_audio(path).digest for path in paths],
        "duration_s": [1.0] * 6,
    }
    table = build_table(columns, TableInfo("test"))
    table.save(tmp_path / "table.parquet")
    build_store(plan_store(table), tmp_path / "table.audio")
    direct = np.concatenate([load_audio(path) for path in paths]).astype(np.float64)
    mean, deviation = ready(table=str(tmp_path / "table.parquet")).waveform_statistics()
    assert abs(mean - direct.mean()) < 1e-6
    assert abs(deviation - direct.std()) < 1e-6


def test_prepared_audio_beside_the_table_is_taken_and_told(table_path: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="emojudge"):
        ready(table=table_path)
    assert caplog.messages == [f"waveforms are read from {Path(table_path).with_name('table.audio')}, the prepared audio of 64 utterances"]
    caplog.clear()
    with caplog.at_level(logging.INFO, logger="emojudge"):
        ready(table=table_path, store="files")
        ready(table=table_path, audio=False, text=True, vocab_size=300)
    assert caplog.messages == []


def test_prepared_audio_is_named_for_a_corpus_that_is_read(tiny_corpus: Path, table_path: str) -> None:
    store = Path(table_path).with_name("table.audio").rename(Path(table_path).with_name("elsewhere"))
    options = {"reader": "msp_podcast", "reader_options": {"root": str(tiny_corpus)}}
    named, decoded = ready(**options, store=str(store)), ready(**options)
    for batch, other in zip(named.val_dataloader(), decoded.val_dataloader(), strict=True):
        assert torch.equal(batch.waveform, other.waveform)


def test_other_audio_beside_the_table_is_an_error_that_says_what_to_do(table_path: str, tiny_table: Table) -> None:
    tiny_table.with_columns(audio_digest=["0" * 32, *tiny_table.column("audio_digest")[1:]]).save(table_path)
    with pytest.raises(StoreError, match=r"table\.audio: lacks the sound of 1 utterance .*--rebuild.*data\.init_args\.store: files"):
        ready(table=table_path)
    ready(table=table_path, store="files")


def test_another_rate_than_prepared_is_an_error(table_path: str) -> None:
    with pytest.raises(ConfigError, match="prepared at 16000 Hz"):
        ready(table=table_path, sample_rate=8000)
    ready(table=table_path, sample_rate=8000, store="files")
