"""Waveforms of a table's utterances: decoded when asked for and kept in memory up to a budget, or read from prepared audio."""

import mmap
from collections.abc import Iterator, Sequence
from os import cpu_count
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..audio import SAMPLE_RATE, load_audio
from ..corpus.table import Table
from ..errors import AudioError, ConfigError
from .ahead import read_ahead
from .store import AudioStore


class Waveforms:
    """Reads the samples of a row of a table, mono float32 at one rate, cut to a longest duration.

    Memory does not grow with the corpus: files are decoded on demand. The cache keeps exact float32 samples,
    so that a cached epoch equals a decoded one; forked loader workers share it. Prepared audio needs no cache.

    Where a file is resampled, prepared audio was cut after that and a decoded file before: with a longest duration the last
    milliseconds differ by the resampler's view of what follows.

    Args:
        table: The corpus.
        sample_rate: Rate of the samples in Hz.
        max_duration_s: Keep at most this much from the beginning of an utterance, in seconds.
        cache_mb: Megabytes of decoded audio to keep; 230 hold an hour at 16 kHz.
        first: Rows that get their place in the cache before the others, such as those of train.
        store: Prepared audio to read instead of the files.

    Raises:
        StoreError: If the prepared audio is not that of the table.
        ConfigError: If it has another rate.
    """

    def __init__(
        self,
        table: Table,
        *,
        sample_rate: int = SAMPLE_RATE,
        max_duration_s: float | None = None,
        cache_mb: int = 0,
        first: Sequence[int] | NDArray[np.int64] = (),
        store: AudioStore | None = None,
    ) -> None:
        self.sample_rate = sample_rate
        self.max_duration_s = max_duration_s
        self._ids = table.rows.data.column("id")
        self._paths = table.rows.data.column("audio")
        self.present: NDArray[np.bool_] = np.array([path is not None for path in table.column("audio")])
        """True for each row that has audio, ``(rows,)``."""
        self._store = store
        self._longest = None if max_duration_s is None else round(max_duration_s * sample_rate)
        self.n_samples: NDArray[np.int64]
        """Expected number of samples of each row, ``(rows,)``: the store's, else from the table's durations; 0 without audio."""
        if store is None:
            duration_s = np.array([np.nan if d is None else d for d in table.column("duration_s")], dtype=np.float64)
            kept_s = np.minimum(duration_s, np.inf if max_duration_s is None else max_duration_s)
            self.n_samples = np.where(self.present, np.nan_to_num(kept_s * sample_rate).round(), 0).astype(np.int64)
            self._cache = _Cache(self.n_samples, cache_mb * 10**6, first) if cache_mb > 0 else None
        else:
            if store.sample_rate != sample_rate:
                raise ConfigError(
                    f"{store.path}: prepared at {store.sample_rate} Hz, data.init_args.sample_rate is {sample_rate}; "
                    "read the audio files: data.init_args.store: files"
                )
            self._places = store.rows_of(table)
            n_stored = np.where(self.present, store.n_samples[self._places], 0)
            self.n_samples = n_stored if self._longest is None else np.minimum(n_stored, self._longest)
            self._cache = None

    def read(self, row: int) -> NDArray[np.float32]:
        """Return the samples of one row, ``(samples,)``, not to be written to; empty if the row has no audio.

        Raises:
            AudioError: If the file cannot be used; the message names the utterance and the file.
        """
        if not self.present[row]:
            return np.zeros(0, dtype=np.float32)
        if self._store is not None:
            return self._store.read(self._places[row], self._longest)
        if self._cache is not None and (kept := self._cache.get(row)) is not None:
            return kept
        try:
            samples = load_audio(self._paths[int(row)].as_py(), self.sample_rate, max_duration_s=self.max_duration_s)
        except AudioError as error:
            raise AudioError(f"utterance '{self._ids[int(row)].as_py()}': {error}") from error
        if self._cache is not None:
            self._cache.put(row, samples)
        return samples

    def stream(self, rows: Sequence[int] | NDArray[np.int64]) -> Iterator[NDArray[np.float32]]:
        """Return an iterator over the samples of some rows, in their order; files are decoded ahead in threads."""
        if self._store is not None:
            return map(self.read, rows)
        return read_ahead(self.read, rows, cpu_count() or 1)

    def __getstate__(self) -> dict[str, Any]:
        """Leave the cache behind: a worker that is spawned instead of forked cannot share it and reads files or store itself."""
        return {**self.__dict__, "_cache": None}


class _Cache:
    """A slot for each row that fits the budget, in anonymous memory that forked processes share.

    Anonymous maps are not bounded by the size of ``/dev/shm`` and take pages only when written to.
    """

    def __init__(self, n_samples: NDArray[np.int64], budget_bytes: int, first: Sequence[int] | NDArray[np.int64]) -> None:
        rows = np.array(list(dict.fromkeys([*map(int, first), *range(len(n_samples))])), dtype=np.int64)
        slot = np.where(n_samples > 0, n_samples + 1, 0)  # resampling may round up by one sample
        end = np.cumsum(slot[rows])
        fits = (end * 4 <= budget_bytes) & (slot[rows] > 0)
        self._start = np.full(len(n_samples), -1, dtype=np.int64)
        self._start[rows[fits]] = (end - slot[rows])[fits]
        self._slot = slot
        n_kept = int(end[fits].max(initial=1))
        self._samples = np.frombuffer(mmap.mmap(-1, 4 * n_kept), dtype=np.float32)
        self._filled = np.frombuffer(mmap.mmap(-1, 8 * len(n_samples)), dtype=np.int64)  # samples in each slot, 0 while empty

    def get(self, row: int) -> NDArray[np.float32] | None:
        if self._filled[row] == 0:
            return None
        view = self._samples[self._start[row] : self._start[row] + self._filled[row]]
        view.flags.writeable = False
        return view

    def put(self, row: int, samples: NDArray[np.float32]) -> None:
        if self._start[row] < 0 or len(samples) > self._slot[row]:
            return
        self._samples[self._start[row] : self._start[row] + len(samples)] = samples
        self._filled[row] = len(samples)  # last, so that another process never sees half an utterance
