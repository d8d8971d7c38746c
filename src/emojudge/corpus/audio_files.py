"""One pass over a corpus' audio files: durations and digests for the table, faults and counts for the user."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from os import cpu_count
from typing import Any, TypeVar

from ..audio import SAMPLE_RATE, AudioFacts, inspect_audio
from ..errors import AudioError
from .faults import Faults

Seen = TypeVar("Seen")

SHORT_S = 0.1
"""An utterance shorter than this is counted as very short, in seconds; it is kept."""

_BATCH = 1_024
"""Files that are handed to the threads at a time, so that what is waiting does not grow with the corpus."""


def inspect_files(paths: Iterable[str | None], progress: Callable[[int, int], None] | None = None) -> dict[str, AudioFacts | AudioError]:
    """Return what each audio file is like, or why it cannot be used; each is decoded once.

    Args:
        paths: The files; None is passed over.
        progress: Called with (files done, files in all).
    """
    return look_at_files(paths, inspect_audio, progress)


def look_at_files(
    paths: Iterable[str | None], look: Callable[[str], Seen], progress: Callable[[int, int], None] | None = None
) -> dict[str, Seen | AudioError]:
    """Return what ``look`` returns of each audio file, or why it cannot be used.

    Every file is looked at once, however often it is named, in threads (libsndfile releases the interpreter lock).
    """
    files = list(dict.fromkeys(path for path in paths if path is not None))
    found: dict[str, Seen | AudioError] = {}
    for path, facts in zip(files, _seen(files, look), strict=True):
        found[path] = facts
        if progress is not None:
            progress(len(found), len(files))
    return found


def add_audio_facts(columns: dict[str, list[Any]], faults: Faults, progress: Callable[[int, int], None] | None = None) -> dict[str, int]:
    """Fill ``duration_s`` and ``audio_digest`` of every row that has audio, and return what was noticed.

    Args:
        columns: Table columns, changed in place.
        faults: Where unusable files are noted.
        progress: Called with (files done, files in all).

    Returns:
        Counts of ``silent``, ``very_short``, ``resampled`` and ``mixed_to_mono`` utterances.
    """
    return fill_audio_columns(columns, faults, inspect_files(columns.get("audio", []), progress))


def fill_audio_columns(columns: dict[str, list[Any]], faults: Faults, found: Mapping[str, AudioFacts | AudioError]) -> dict[str, int]:
    """Fill the columns as :func:`add_audio_facts` does, from what :func:`inspect_files` found.

    A file that cannot be used becomes a fault of its utterance.
    """
    n_rows = len(columns["id"])
    columns["duration_s"] = list(columns.get("duration_s", [None] * n_rows))
    columns["audio_digest"] = [None] * n_rows
    counts = {"silent": 0, "very_short": 0, "resampled": 0, "mixed_to_mono": 0}
    for i, path in enumerate(columns.get("audio", [])):
        facts = None if path is None else found[path]
        if isinstance(facts, AudioError):
            faults.add(columns["id"][i], str(facts))
        elif facts is not None:
            columns["duration_s"][i] = facts.duration_s
            columns["audio_digest"][i] = facts.digest
            counts["silent"] += facts.silent
            counts["very_short"] += facts.duration_s < SHORT_S
            counts["resampled"] += facts.sample_rate != SAMPLE_RATE
            counts["mixed_to_mono"] += facts.channels > 1
    return counts


def _seen(files: Iterable[str], look: Callable[[str], Seen]) -> Iterator[Seen | AudioError]:
    """Yield what is seen, or errors, in the order of the files."""

    def seen(path: str) -> Seen | AudioError:
        try:
            return look(path)
        except AudioError as error:
            return error

    waiting = iter(files)
    pool = ThreadPoolExecutor(cpu_count())
    try:
        while batch := list(islice(waiting, _BATCH)):
            yield from pool.map(seen, batch)
    finally:
        pool.shutdown(cancel_futures=True)  # an interruption does not wait for the files that are left
