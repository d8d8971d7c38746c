"""A store in the making: samples that only grow, and a record of how far they can be trusted."""

import json
import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import StoreError
from .layout import HEADER_BYTES, INDEX_FILE, SAMPLES_FILE, Index, fingerprint, header

RECORD_FILE = "record.jsonl"
"""One line of JSON for each stretch of utterances whose samples have reached the disk."""

_FILES = (SAMPLES_FILE, INDEX_FILE, RECORD_FILE)

FLUSH_BYTES = 2**25
"""Samples are flushed to the disk and recorded after this many bytes, a second's work: a kill loses no more."""


class UnfinishedStore:
    """Takes the samples of utterances in order, and takes up where an earlier start was killed, at whatever moment.

    The record grows after the samples have been flushed, so that it never promises what the disk lacks; samples that it
    does not cover, and a line of it that was cut short, are overwritten.

    Args:
        folder: Folder of this start and of earlier ones; made when it is not there.
        sample_rate: Rate of the samples in Hz.
        ids: The utterances that the store is to hold, in order.
        digests: The digest of the sound of each.

    Raises:
        StoreError: If the folder holds an unfinished store of other audio.
    """

    def __init__(self, folder: Path, sample_rate: int, ids: Sequence[str], digests: Sequence[str]) -> None:
        self._folder, self._sample_rate, self._ids, self._digests = folder, sample_rate, ids, digests
        self._facts: list[tuple[int, int, int]] = []  # samples, clipped samples and checksum of each utterance
        folder.mkdir(parents=True, exist_ok=True)
        expected = header(sample_rate, fingerprint(ids, digests))
        self._samples = open(folder / SAMPLES_FILE, "a+b")  # noqa: SIM115  # closed by close()
        self._record = open(folder / RECORD_FILE, "a+b")  # noqa: SIM115
        try:
            self._take_up(expected)
        except BaseException:
            self.close()
            raise
        self._n_recorded, self._n_pending_bytes = self.n_done, 0

    @property
    def n_done(self) -> int:
        """Return how many utterances it holds."""
        return len(self._facts)

    def append(self, samples: NDArray[np.int16], *, n_clipped: int, crc32: int) -> None:
        """Add the samples of the next utterance."""
        self._samples.write(samples.data)
        self._facts.append((len(samples), n_clipped, crc32))
        self._n_pending_bytes += samples.nbytes
        if self._n_pending_bytes >= FLUSH_BYTES:
            self.flush()

    def flush(self) -> None:
        """Bring the samples to the disk, then the record of them."""
        if self._n_recorded == self.n_done:
            return
        _sync(self._samples)
        self._record.write(json.dumps(self._facts[self._n_recorded :]).encode() + b"\n")
        _sync(self._record)
        self._n_recorded, self._n_pending_bytes = self.n_done, 0

    def close(self) -> None:
        """Close the files; what was not flushed is done again by the next start."""
        self._samples.close()
        self._record.close()

    def finish(self, path: Path) -> None:
        """Write the index and move the folder to its place, where it takes that of an older store."""
        self.flush()
        self.close()
        n_samples, n_clipped, crc32 = np.array(self._facts, dtype=np.int64).T.copy()
        Index(self._sample_rate, self._ids, self._digests, n_samples, n_clipped, crc32.astype(np.uint32)).save(self._folder)
        old = path.with_name(f"{path.name}.old")
        if path.exists():
            remove_store(old)
            path.rename(old)
        self._folder.rename(path)
        (path / RECORD_FILE).unlink()
        remove_store(old)

    def _take_up(self, expected: bytes) -> None:
        """Find what an earlier start brought to the disk, and cut off what is beyond."""
        self._samples.seek(0)
        found = self._samples.read(HEADER_BYTES)
        if len(found) < HEADER_BYTES:  # new, or killed at once
            self._samples.truncate(0)
            self._record.truncate(0)
            self._samples.write(expected)
            return
        if found != expected:
            raise StoreError(
                f"{self._folder}: an unfinished store of other audio, or of another version; "
                "begin again with 'emojudge prepare SOURCE --rebuild', or remove the folder"
            )
        end, n_bytes, covered = HEADER_BYTES, os.fstat(self._samples.fileno()).st_size, 0
        self._record.seek(0)
        for line in self._record:
            facts = _recorded(line)
            stretch = 2 * sum(n_samples for n_samples, _, _ in facts)
            if not facts or end + stretch > n_bytes:
                break
            self._facts += facts
            end, covered = end + stretch, covered + len(line)
        self._samples.truncate(end)
        self._record.truncate(covered)


def remove_store(folder: Path) -> None:
    """Remove a store, finished or not; one that is not there is no error.

    Raises:
        StoreError: If the place is taken by anything else.
    """
    if folder.exists():
        refuse_strangers(folder)
        shutil.rmtree(folder)


def refuse_strangers(folder: Path) -> None:
    """Look at what lies where a store is, or is to be.

    Raises:
        StoreError: If it is a file, or a folder that holds anything but a store.
    """
    strangers = [folder] if folder.is_file() else [entry for entry in folder.glob("*") if entry.name not in _FILES]
    if strangers:
        raise StoreError(f"{min(strangers)}: is no part of prepared audio, and would be lost; name another folder with --out")


def _recorded(line: bytes) -> list[tuple[int, int, int]]:
    """Return what a line of the record says, nothing for one that was cut short."""
    try:
        return [(n_samples, n_clipped, crc32) for n_samples, n_clipped, crc32 in json.loads(line)] if line.endswith(b"\n") else []
    except ValueError:  # of a disk that lost its power in the middle
        return []


def _sync(file: Any) -> None:
    file.flush()
    os.fsync(file.fileno())
