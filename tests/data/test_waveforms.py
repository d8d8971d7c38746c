"""Waveforms on demand: decoding, cutting, and a cache that changes nothing but the time."""

import pickle
from pathlib import Path

import numpy as np
import pytest
import soundfile
from torch.utils.data import DataLoader

from emojudge.audio import load_audio
from emojudge.corpus import Table, TableInfo, build_table
from emojudge.data.waveforms import Waveforms
from emojudge.errors import AudioError


@pytest.fixture
def table(tmp_path: Path) -> Table:
    random = np.random.default_rng(0)
    paths, durations = [], []
    for i, (seconds, rate) in enumerate([(0.5, 16000), (1.0, 44100), (0.25, 16000)]):
        paths.append(str(tmp_path / f"{i}.wav"))
        soundfile.write(paths[-1], random.normal(0, 0.1, round(seconds * rate)), rate, subtype="FLOAT")
        durations.append(seconds)
    columns = {"id": list("abcd"), "split": ["train"] * 4, "audio": [*paths, None], "duration_s": [*durations, None]}
    return build_table(columns, TableInfo("test"))


def test_rows_are_what_load_audio_gives(table: Table) -> None:
    made = Waveforms(table)
    for row, path in enumerate(table.column("audio")[:3]):
        assert np.array_equal(made.read(row), load_audio(path))
    assert made.n_samples.tolist() == [8000, 16000, 4000, 0]
    assert made.present.tolist() == [True, True, True, False]
    assert made.read(3).shape == (0,)


def test_rate_and_longest_duration_are_kept(table: Table) -> None:
    made = Waveforms(table, sample_rate=8000, max_duration_s=0.3)
    assert made.n_samples.tolist() == [2400, 2400, 2000, 0]
    assert [len(made.read(row)) for row in range(4)] == [2400, 2400, 2000, 0]


def test_cache_gives_the_same_samples_without_the_files(table: Table) -> None:
    plain, cached = Waveforms(table), Waveforms(table, cache_mb=1)
    before = [cached.read(row).copy() for row in range(4)]
    for path in table.column("audio")[:3]:
        Path(path).unlink()
    assert all(np.array_equal(cached.read(row), before[row]) for row in range(4))
    with pytest.raises(AudioError, match=r"utterance 'a': .*0\.wav: there is no such audio file"):
        plain.read(0)


def test_cached_samples_cannot_be_changed(table: Table) -> None:
    made = Waveforms(table, cache_mb=1)
    made.read(0)
    with pytest.raises(ValueError, match="read-only"):
        made.read(0)[0] = 1


def test_budget_keeps_the_first_rows_asked_for(tmp_path: Path) -> None:
    path = str(tmp_path / "long.wav")
    soundfile.write(path, np.full(150_000, 0.1), 16000)  # 0.6 MB as float32
    columns = {"id": ["a", "b"], "split": ["dev", "train"], "audio": [path] * 2, "duration_s": [150_000 / 16000] * 2}
    made = Waveforms(build_table(columns, TableInfo("test")), cache_mb=1, first=[1])
    expected = made.read(0).copy()
    assert np.array_equal(made.read(1), expected)
    Path(path).unlink()
    assert np.array_equal(made.read(1), expected)
    with pytest.raises(AudioError, match="utterance 'a'"):
        made.read(0)


def test_forked_workers_share_the_cache(table: Table) -> None:
    made = Waveforms(table, cache_mb=1)

    class Rows:
        def __len__(self) -> int:
            return 3

        def __getitem__(self, row: int) -> float:
            return float(np.square(made.read(row)).sum())

    loader = DataLoader(Rows(), batch_size=None, num_workers=2, multiprocessing_context="fork")  # type: ignore[arg-type]
    first = list(loader)
    for path in table.column("audio")[:3]:
        Path(path).unlink()
    assert list(loader) == first
    assert [Rows()[row] for row in range(3)] == first


def test_spawned_copy_reads_files(table: Table) -> None:
    made = Waveforms(table, cache_mb=1)
    expected = made.read(0).copy()
    copy = pickle.loads(pickle.dumps(made))
    assert np.array_equal(copy.read(0), expected)
    assert copy._cache is None


def test_stream_keeps_the_order(table: Table) -> None:
    made = Waveforms(table)
    streamed = list(made.stream([2, 0, 3, 1]))
    assert [len(samples) for samples in streamed] == [4000, 8000, 0, len(load_audio(table.column("audio")[1]))]
