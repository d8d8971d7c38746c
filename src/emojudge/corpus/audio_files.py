"""One pass over a corpus' audio files: durations and digests for the table, faults and counts for the user."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from os import cpu_count
from pathlib import Path
from typing import Any

from ..audio import SAMPLE_RATE, AudioFacts, inspect_audio
from ..errors import AudioError
from .faults import Faults

SHORT_S = 0.1
"""An utterance shorter than this is counted as very short, in seconds; it is kept."""


def add_audio_facts(columns: dict[str, list[Any]], faults: Faults, progress: Callable[[int, int], None] | None = None) -> dict[str, int]:
    """Fill ``duration_s`` and ``audio_digest`` of every row that has audio, and return what was noticed.

    Every file is decoded once, in threads (libsndfile releases the interpreter lock). A file that
    cannot be used becomes a fault of its utterance.

    Args:
        columns: Table columns, changed in place.
        faults: Where unusable files are noted.
        progress: Called with (files done, files in all).

    Returns:
        Counts of ``silent``, ``very_short``, ``resampled`` and ``mixed_to_mono`` files.
    """
    n_rows = len(columns["id"])
    columns["duration_s"] = list(columns.get("duration_s", [None] * n_rows))
    columns["audio_digest"] = [None] * n_rows
    rows = [i for i, path in enumerate(columns.get("audio", [])) if path is not None]
    counts = {"silent": 0, "very_short": 0, "resampled": 0, "mixed_to_mono": 0}
    pool = ThreadPoolExecutor(cpu_count())
    try:
        for done, (i, facts) in enumerate(zip(rows, pool.map(_inspect, [columns["audio"][i] for i in rows]), strict=True), start=1):
            if isinstance(facts, AudioError):
                faults.add(columns["id"][i], str(facts))
            else:
                columns["duration_s"][i] = facts.duration_s
                columns["audio_digest"][i] = facts.digest
                counts["silent"] += facts.silent
                counts["very_short"] += facts.duration_s < SHORT_S
                counts["resampled"] += facts.sample_rate != SAMPLE_RATE
                counts["mixed_to_mono"] += facts.channels > 1
            if progress is not None:
                progress(done, len(rows))
    finally:
        pool.shutdown(cancel_futures=True)  # an interruption does not wait for the files that are left
    return counts


def _inspect(path: str | Path) -> AudioFacts | AudioError:
    try:
        return inspect_audio(path)
    except AudioError as error:
        return error
