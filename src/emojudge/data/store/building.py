"""``build_store``: the audio of a table decoded once, in threads, into prepared audio; taken up where it was interrupted."""

import errno
import shutil
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from os import cpu_count
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...audio import SAMPLE_RATE, load_with_digest
from ...corpus.table import Table
from ...errors import AudioError, StoreError, plural, some
from ...files import hold
from ..ahead import read_ahead
from .layout import HEADER_BYTES, SAMPLES_FILE, to_int16
from .reading import AudioStore, unfinished_path
from .unfinished import UnfinishedStore, refuse_strangers, remove_store

MARGIN_BYTES = 200 * 10**6
"""Space that must be left on the disk when the store is written: for its index, and for whatever else writes there."""

INDEX_BYTES = 200
"""A generous estimate of an utterance's part in index and record."""

_FULL = (errno.ENOSPC, errno.EDQUOT)
"""What the system says of a disk, or a user's share of it, that is used up."""


@dataclass(frozen=True)
class StorePlan:
    """What a store of a table will hold: the utterances that have audio, whole, in the order of the table."""

    sample_rate: int
    ids: list[str]
    digests: list[str]
    paths: list[str]
    duration_s: float

    @property
    def n_bytes(self) -> int:
        """Return the size of the store, about."""
        return HEADER_BYTES + round(2 * self.sample_rate * self.duration_s) + INDEX_BYTES * len(self.ids)


def plan_store(table: Table, sample_rate: int = SAMPLE_RATE) -> StorePlan:
    """Return what a store of a table will hold.

    Raises:
        StoreError: If the table has no audio, or was made without looking at it.
    """
    columns = (table.column(name) for name in ("id", "audio_digest", "audio", "duration_s"))
    heard = [row for row in zip(*columns, strict=True) if row[2] is not None]
    if not heard:
        raise StoreError(f"{table.info.source}: no utterance has audio; there is nothing to prepare")
    unseen = [id for id, digest, _, duration_s in heard if digest is None or duration_s is None]
    if unseen:
        raise StoreError(
            f"{table.info.source}: {plural(len(unseen), 'utterance')} with audio that was not looked at when the table was made "
            f"({some(unseen, 3)}); "
            "read the corpus again with its audio"
        )
    ids, digests, paths, durations = (list(column) for column in zip(*heard, strict=True))
    return StorePlan(sample_rate, ids, digests, paths, float(sum(durations)))


def build_store(
    plan: StorePlan,
    path: str | Path,
    *,
    n_threads: int | None = None,
    rebuild: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> AudioStore:
    """Write prepared audio into a folder, and return it opened.

    The samples are int16: 16-bit mono files at this rate come back exactly, others lose at most half a step (:func:`to_int16`).
    Until it is complete the store lies in ``<path>.part``; after an interruption, or a kill, the same call goes on from there.
    Memory does not grow with the corpus, but for a few numbers an utterance.

    Args:
        plan: Of :func:`plan_store`.
        path: Folder of the store: new, empty, or with an older store that ``rebuild`` replaces.
        n_threads: Threads that decode; by default one a core.
        rebuild: Make it again where one is there; the old one stays until the new one is complete. An interrupted rebuild
            goes on as well; an unfinished store of other audio is removed.
        progress: Called with (utterances done, utterances in all).

    Raises:
        StoreError: If there is a store already, or an unfinished one of other audio, and ``rebuild`` is false; if the disk lacks
            the space, at first or in the course of it; if another process is at work on it.
        AudioError: If an audio file cannot be used, or is not the one the table was made from; the message names the utterance.
    """
    path = Path(path)
    part = unfinished_path(path)
    busy = StoreError(f"{path}: another process is preparing this audio; wait for it, or use another --out")
    lock = hold(path.with_name(f".{path.name}.lock"), busy)
    try:
        refuse_strangers(path)
        if not rebuild and path.exists() and any(path.iterdir()):
            raise StoreError(f"{path}: there is prepared audio already; 'emojudge prepare SOURCE --rebuild' makes it again")
        _need_space(plan, path)
        _write(plan, _take_up(plan, part, rebuild), path, n_threads or cpu_count() or 1, progress)
    except OSError as error:
        if error.errno not in _FULL:
            raise
        raise StoreError(f"{part}: the disk became full; make room, and the same 'emojudge prepare' goes on from there") from error
    finally:
        lock.release()
    return AudioStore(path)


def _take_up(plan: StorePlan, part: Path, rebuild: bool) -> UnfinishedStore:
    try:
        return UnfinishedStore(part, plan.sample_rate, plan.ids, plan.digests)
    except StoreError:
        if not rebuild:
            raise
        remove_store(part)
        return UnfinishedStore(part, plan.sample_rate, plan.ids, plan.digests)


def _write(plan: StorePlan, unfinished: UnfinishedStore, path: Path, n_threads: int, progress: Callable[[int, int], None] | None) -> None:
    n_before = unfinished.n_done
    left = zip(plan.ids[n_before:], plan.digests[n_before:], plan.paths[n_before:], strict=True)
    try:
        made = read_ahead(partial(_prepare, sample_rate=plan.sample_rate), left, n_threads)
        for done, (samples, n_clipped) in enumerate(made, start=n_before + 1):
            unfinished.append(samples, n_clipped=n_clipped, crc32=zlib.crc32(samples.data))
            if progress is not None:
                progress(done, len(plan.ids))
        unfinished.finish(path)
    finally:
        unfinished.close()


def _prepare(utterance: tuple[str, str, str], sample_rate: int) -> tuple[NDArray[np.int16], int]:
    """Return the samples of an utterance and how many were clipped, after a look at whether it is the table's sound."""
    id, digest, audio = utterance
    try:
        samples, found = load_with_digest(audio, sample_rate)
    except AudioError as error:
        raise AudioError(f"utterance '{id}': {error}") from error
    if found != digest:
        raise AudioError(f"utterance '{id}': {audio}: the sound is another than when the table was made; read the corpus again")
    return to_int16(samples)


def _need_space(plan: StorePlan, path: Path) -> None:
    """Refuse what the disk cannot hold; what an earlier start has written counts as there."""
    written = unfinished_path(path) / SAMPLES_FILE
    needed = plan.n_bytes - (written.stat().st_size if written.exists() else 0) + MARGIN_BYTES
    free = shutil.disk_usage(path.parent).free
    if needed > free:
        raise StoreError(
            f"{path}: {needed / 1e9:.2f} GB of disk space are needed ({MARGIN_BYTES / 1e9:.1f} GB of it to spare), "
            f"{free / 1e9:.2f} GB are free; make room, or use another --out"
        )
