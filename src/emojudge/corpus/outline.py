"""A corpus without its sound: the table with durations as the headers of the audio files state them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..audio import header_duration
from ..errors import AudioError, CorpusError
from .audio_files import look_at_files
from .faults import Faults
from .loading import load_table, read_settled
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
    read, columns = read_settled(reader, options, splits, faults, lambda found: _add_durations(found, faults, progress), progress)
    if not columns["id"]:
        raise CorpusError(f"{read.source} has no utterance that can be used ({len(faults.found)} have faults)")
    return build_table(columns, TableInfo(read.source, read.classes, skipped=tuple(faults.found.items()), caution=read.caution))


def _add_durations(columns: dict[str, list[Any]], faults: Faults, progress: Callable[[int, int], None] | None) -> None:
    stated = look_at_files(columns.get("audio", []), header_duration, progress)
    durations = columns["duration_s"] = list(columns.get("duration_s", [None] * len(columns["id"])))
    for i, path in enumerate(columns.get("audio", [])):
        seconds = None if path is None else stated[path]
        if isinstance(seconds, AudioError):
            faults.add(columns["id"][i], str(seconds))
        elif seconds is not None:
            durations[i] = seconds
