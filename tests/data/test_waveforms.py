"""Waveforms on demand: decoding, cutting, a cache that changes nothing but the time, and prepared audio."""

import pickle
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import soundfile
from torch.utils.data import DataLoader

from emojudge.audio import inspect_audio, load_audio
from emojudge.corpus import Table, TableInfo, build_table
from emojudge.data.store import build_store, plan_store
from emojudge.data.waveforms import Waveforms
from emojudge.errors import AudioError, ConfigError


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


class Rows:
    """Energy of the first three rows."""

    def __init__(self, waveforms: Waveforms) -> None:
        self.waveforms = waveforms

    def __len__(self) -> int:
        return 3

    def __getitem__(self, row: int) -> float:
        return float(np.square(self.waveforms.read(row)).sum())


def test_forked_workers_share_the_cache(table: Table) -> None:
    made = Waveforms(table, cache_mb=1)
    loader = DataLoader(Rows(made), batch_size=None, num_workers=2, multiprocessing_context="fork")  # type: ignore[arg-type]
    first = list(loader)
    for path in table.column("audio")[:3]:
        Path(path).unlink()
    assert list(loader) == first
    assert [Rows(made)[row] for row in range(3)] == first


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


@pytest.fixture
def seen(table: Table) -> Table:
    """The table with the digests that a reader takes down."""
    return table.with_columns(audio_digest=[None if path is None else inspect_audio(path).digest for path in table.column("audio")])


def test_prepared_audio_takes_the_place_of_files_and_cache(seen: Table, tmp_path: Path) -> None:
    files = Waveforms(seen)
    expected = [files.read(row) for row in range(4)]
    store = build_store(plan_store(seen), tmp_path / "table.audio")
    made = Waveforms(seen, store=store, cache_mb=1)
    assert made._cache is None
    for path in seen.column("audio")[:3]:
        Path(path).unlink()
    assert made.n_samples.tolist() == [len(samples) for samples in expected] == [8000, 16000, 4000, 0]
    for row in range(4):
        assert np.abs(made.read(row) - expected[row]).max(initial=0) <= 0.5 / 32768
    assert [len(samples) for samples in made.stream([2, 0, 3, 1])] == [4000, 8000, 0, 16000]


def test_prepared_audio_is_cut_on_reading(seen: Table, tmp_path: Path) -> None:
    store = build_store(plan_store(seen), tmp_path / "table.audio")
    made = Waveforms(seen, store=store, max_duration_s=0.3)
    assert made.n_samples.tolist() == [4800, 4800, 4000, 0]
    assert [len(made.read(row)) for row in range(4)] == [4800, 4800, 4000, 0]
    assert np.array_equal(made.read(0), store.read(0)[:4800])
    decoded = Waveforms(seen, max_duration_s=0.3).read(1)  # resampled after the cut: only what the cut is near to differs
    assert np.abs(made.read(1) - decoded)[:-128].max() <= 1 / 32768


def test_rows_of_another_table_find_their_prepared_audio(seen: Table, tmp_path: Path) -> None:
    store = build_store(plan_store(seen), tmp_path / "table.audio")
    part = seen.select([3, 2, 0]).with_columns(split=["dev", "dev", "test"])
    made = Waveforms(part, store=store)
    assert [len(made.read(row)) for row in range(3)] == [0, 4000, 8000]


def test_prepared_audio_of_another_rate_is_refused(seen: Table, tmp_path: Path) -> None:
    store = build_store(plan_store(seen), tmp_path / "table.audio")
    with pytest.raises(ConfigError, match=r"table\.audio: prepared at 16000 Hz, data\.init_args\.sample_rate is 8000; .*store: files"):
        Waveforms(seen, store=store, sample_rate=8000)


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_loader_workers_read_prepared_audio(seen: Table, tmp_path: Path, method: str) -> None:
    made = Waveforms(seen, store=build_store(plan_store(seen), tmp_path / "table.audio"))
    loader = DataLoader(Rows(made), batch_size=None, num_workers=2, multiprocessing_context=method)  # type: ignore[arg-type]
    assert list(loader) == [Rows(made)[row] for row in range(3)]


def test_a_stream_needs_no_more_memory_for_more_rows(seen: Table, tmp_path: Path) -> None:
    store = build_store(plan_store(seen), tmp_path / "table.audio")

    def peak(made: Waveforms, n_rows: int) -> int:
        tracemalloc.start()
        try:
            assert sum(len(samples) for samples in made.stream([1] * n_rows)) == 16_000 * n_rows
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    for made in (Waveforms(seen), Waveforms(seen, store=store)):
        peak(made, 10)  # what the first files load stays
        assert peak(made, 300) < peak(made, 30) + 10 * 64_000  # ten utterances more or less; 270 would be kept
