"""``AudioStore``: prepared audio opened for reading, after a look at whether it is whole."""

import mmap
import os
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...corpus.table import Table
from ...errors import StoreError, plural, some
from .layout import HEADER_BYTES, INT16_STEPS, REBUILD, SAMPLES_FILE, load_index

_GIVE_BACK_BYTES = 2**25
"""Pages of the mapping are given back after so many bytes were read, so that they do not count as the process' memory."""


class AudioStore:
    """The prepared audio in a folder, memory-mapped; forked processes share it, and a spawned one maps it again.

    Opening compares version, sizes and checksums of the index; :meth:`check` reads all samples as well.

    Args:
        path: Folder that :func:`build_store` wrote.

    Raises:
        StoreError: If there is none, or it is unfinished, damaged, or of another version.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        if not self.path.is_dir():
            unfinished = unfinished_path(self.path).exists()
            advice = "it is unfinished; the same 'emojudge prepare' goes on" if unfinished else "make it with 'emojudge prepare SOURCE'"
            raise StoreError(f"{self.path}: there is no prepared audio; {advice}")
        self.index = load_index(self.path)
        self.start: NDArray[np.int64] = np.concatenate([[0], np.cumsum(self.index.n_samples)])
        self._map()

    @property
    def sample_rate(self) -> int:
        """Return the rate of the samples in Hz."""
        return self.index.sample_rate

    @property
    def n_samples(self) -> NDArray[np.int64]:
        """Return the number of samples of each utterance of the store."""
        return self.index.n_samples

    def __len__(self) -> int:
        return len(self.index.ids)

    def rows_of(self, table: Table) -> NDArray[np.int64]:
        """Return where each row of a table is in the store, -1 for a row without audio, ``(rows of the table,)``.

        An utterance is found by its id and the digest of its sound, whatever its split and labels.

        Raises:
            StoreError: If the store lacks an utterance of the table, or has other sound for it.
        """
        places = {pair: place for place, pair in enumerate(zip(self.index.ids, self.index.digests, strict=True))}
        ids, digests, audio = (table.column(name) for name in ("id", "audio_digest", "audio"))
        found = [-1 if path is None else places.get((id, digest)) for id, digest, path in zip(ids, digests, audio, strict=True)]
        lacking = [id for id, place in zip(ids, found, strict=True) if place is None]
        if lacking:
            raise StoreError(
                f"{self.path}: lacks the sound of {plural(len(lacking), 'utterance')} of {table.info.source} ({some(lacking, 3)}), "
                f"or has another for them; {REBUILD}"
            )
        return np.array(found, dtype=np.int64)

    def read(self, place: int, n_samples: int | None = None) -> NDArray[np.float32]:
        """Return the samples of an utterance as float32, ``(samples,)``: exactly those of the file if it was 16-bit and at this rate.

        Args:
            place: Where it is in the store.
            n_samples: Read at most this many from the beginning.
        """
        start, end = self.start[place], self.start[place + 1]
        stored = self._samples[start : end if n_samples is None else min(end, start + n_samples)]
        samples = stored.astype(np.float32)
        samples *= np.float32(1 / INT16_STEPS)  # a power of two: exact
        self._give_back(stored.nbytes)
        return samples

    def check(self, progress: Callable[[int, int], None] | None = None) -> None:
        """Read all samples and compare them with the checksums of the index.

        Args:
            progress: Called with (utterances read, utterances in all).

        Raises:
            StoreError: If some differ; the message names their utterances.
        """
        damaged = []
        for place, (id, crc32) in enumerate(zip(self.index.ids, self.index.crc32, strict=True)):
            stored = self._samples[self.start[place] : self.start[place + 1]]
            if zlib.crc32(stored.data) != crc32:
                damaged.append(id)
            self._give_back(stored.nbytes)
            if progress is not None:
                progress(place + 1, len(self))
        if damaged:
            raise StoreError(f"{self.path}: damaged samples of {plural(len(damaged), 'utterance')} ({some(damaged)}); {REBUILD}")

    def _map(self) -> None:
        path = self.path / SAMPLES_FILE
        if not path.is_file():
            raise StoreError(f"{path}: the file is missing; {REBUILD}")
        with open(path, "rb") as file:
            n_bytes, found = os.fstat(file.fileno()).st_size, file.read(HEADER_BYTES)
            if n_bytes != self.index.n_bytes:
                raise StoreError(f"{path}: has {n_bytes} bytes, the index promises {self.index.n_bytes}; it is damaged: {REBUILD}")
            if found != self.index.header:
                raise StoreError(f"{path}: begins otherwise than the index promises; it is damaged, or of another store: {REBUILD}")
            self._mapping = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        self._samples = np.frombuffer(self._mapping, dtype="<i2", offset=HEADER_BYTES)
        self._n_touched = 0

    def _give_back(self, n_bytes: int) -> None:
        self._n_touched += n_bytes
        if self._n_touched >= _GIVE_BACK_BYTES and hasattr(mmap, "MADV_DONTNEED"):  # Windows has no such call
            self._mapping.madvise(mmap.MADV_DONTNEED)
            self._n_touched = 0

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name not in ("_mapping", "_samples", "_n_touched")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._map()


def unfinished_path(path: Path) -> Path:
    """Return the folder in which a store is made before it takes its place."""
    return path.with_name(f"{path.name}.part")
