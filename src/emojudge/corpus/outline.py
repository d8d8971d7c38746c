"""A corpus without its sound: the table with durations as the headers of the audio files state them."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from os import cpu_count
from pathlib import Path
from typing import Any

from ..audio import header_duration
from ..errors import AudioError, CorpusError
from .faults import Faults
from .loading import load_table, read_corpus
from .splits.file import GivenSplits
from .table import Table, TableInfo, build_table


def outline_table(
    reader: str, *, splits: str | Path | None = None, progress: Callable[[int, int], None] | None = None, **options: Any
) -> Table:
    """Return a table for counting, of the utterances that can be used as far as labels and headers tell; no audio is decoded.

    It has no ``audio_digest``, so its fingerprint is not that of the corpus. ``info.skipped`` lists what was left out.

    Args:
        reader: As :func:`emojudge.corpus.load_table` takes it.
        splits: A file of ``id, split`` in place of the corpus' own splits.
        progress: Called with (files done, files in all).
        **options: The reader's own.

    Raises:
        CorpusError: If the corpus cannot be read as it stands, or has no utterance that can be used.
        ConfigError: If the reader or one of its options does not exist, or has a value of another type.
    """
    if reader == "table":
        return load_table(reader, splits=splits, **options)
    faults = Faults("skip")
    read = read_corpus(reader, options, faults, progress)
    given = GivenSplits(splits)
    given.check(read.columns["id"])
    _add_durations(read.columns, faults, progress)
    columns = faults.settle(read.columns)
    if not columns["id"]:
        raise CorpusError(f"{read.source} has no utterance that can be used ({len(faults.found)} have faults)")
    columns["split"] = given.column(columns["id"], columns["split"])
    return build_table(columns, TableInfo(read.source, read.classes, skipped=tuple(faults.found.items()), caution=read.caution))


def _add_durations(columns: dict[str, list[Any]], faults: Faults, progress: Callable[[int, int], None] | None) -> None:
    rows = [i for i, path in enumerate(columns.get("audio", [])) if path is not None]
    durations = columns["duration_s"] = list(columns.get("duration_s", [None] * len(columns["id"])))
    with ThreadPoolExecutor(cpu_count()) as pool:
        stated = pool.map(_duration, [columns["audio"][i] for i in rows])
        for done, (i, seconds) in enumerate(zip(rows, stated, strict=True), start=1):
            if isinstance(seconds, AudioError):
                faults.add(columns["id"][i], str(seconds))
            else:
                durations[i] = seconds
            if progress is not None:
                progress(done, len(rows))


def _duration(path: str) -> float | AudioError:
    try:
        return header_duration(path)
    except AudioError as error:
        return error
