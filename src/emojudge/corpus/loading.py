"""``load_table``: any corpus through its reader into one checked table."""

import inspect
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, get_args

from ..errors import ConfigError, CorpusError, nearest
from .audio_files import add_audio_facts
from .faults import Faults, OnBadUtterance
from .options import checked_options
from .readers.common import Read
from .splits.file import GivenSplits
from .table import Table, TableInfo, build_table, read_table


def load_table(
    reader: str,
    *,
    on_bad_utterance: OnBadUtterance = "error",
    splits: str | Path | None = None,
    roles: Mapping[str, str] | None = None,
    progress: Callable[[int, int], None] | None = None,
    **options: Any,
) -> Table:
    """Return the utterance table of a corpus.

    Args:
        reader: ``msp_podcast``, ``manifest``, ``hub``, ``synthetic``, or ``table`` for one that was saved.
        on_bad_utterance: ``error`` stops at an utterance that cannot be used (audio that is missing,
            empty, cut short or not finite; an unknown class code; a doubled id); ``skip`` leaves it
            out and lists it in ``info.skipped``.
        splits: A file of ``id, split`` (:func:`emojudge.corpus.write_splits`) in place of the corpus' own splits.
        roles: Role of some splits (``fit``, ``tune``, ``hold``); the others keep their default.
        progress: Called with (audio files read, audio files in all); before, where a reader writes its corpus, with
            (utterances written, utterances in all).
        **options: The reader's own, such as ``root`` or ``path``.

    Raises:
        CorpusError: If the corpus cannot be read as it stands, or ``splits`` does not name just its utterances.
        ConfigError: If the reader, one of its options, or a split or role in ``roles`` does not exist, or an option has a
            value of another type.
    """
    if on_bad_utterance not in get_args(OnBadUtterance):
        raise ConfigError(f"on_bad_utterance is '{on_bad_utterance}', expected 'error' or 'skip'")
    if reader == "table":
        table = _read_saved(**checked_options("table", _read_saved, options))
        if splits is not None:
            given, ids = GivenSplits(splits), table.column("id")
            given.check(ids)
            table = table.with_columns(split=given.column(ids, table.column("split")))
    else:
        faults = Faults(on_bad_utterance)
        counts: dict[str, int] = {}
        read, columns = read_settled(
            reader, options, splits, faults, lambda found: counts.update(add_audio_facts(found, faults, progress)), progress
        )
        if not columns["id"]:
            raise CorpusError(f"{read.source} has no utterance that can be used ({len(faults.found)} have faults)")
        counts = read.counts | counts
        counts["without_transcript"] = sum(text is None for text in columns.get("transcript", [None] * len(columns["id"])))
        counts["without_emotion"] = sum(label is None for label in columns.get("emotion", [None] * len(columns["id"])))
        skipped = tuple(faults.found.items())
        table = build_table(columns, TableInfo(read.source, read.classes, counts=counts, skipped=skipped, caution=read.caution))
    return table if roles is None else table.with_roles(roles)


def read_settled(
    reader: str,
    options: Mapping[str, Any],
    splits: str | Path | None,
    faults: Faults,
    look_at_audio: Callable[[dict[str, list[Any]]], None],
    progress: Callable[[int, int], None] | None = None,
) -> tuple[Read, dict[str, list[Any]]]:
    """Return what a reader finds, and the columns of the utterances that can be used.

    Args:
        reader: As :func:`load_table` takes it.
        options: The reader's own.
        splits: A file of ``id, split`` in place of the corpus' own splits, or None.
        faults: Where utterances that cannot be used are noted, and whether they stop the reading.
        look_at_audio: Fills columns that need the audio files, and notes those that cannot be used.
        progress: For a reader that writes its corpus first.

    Raises:
        CorpusError: If the corpus as a whole cannot be read, an utterance cannot be used and ``faults`` stops at such, or
            the splits are not those of the corpus.
        ConfigError: As :func:`read_corpus`.
    """
    given = GivenSplits(splits)
    read = read_corpus(reader, options, faults, progress)
    given.check(read.columns["id"])
    look_at_audio(read.columns)
    columns = faults.settle(read.columns)
    columns["split"] = given.column(columns["id"], columns["split"])
    return read, columns


def read_corpus(reader: str, options: Mapping[str, Any], faults: Faults, progress: Callable[[int, int], None] | None = None) -> Read:
    """Return what a reader finds, before audio is looked at; what it cannot use is in ``faults`` and raises nothing.

    Raises:
        CorpusError: If the corpus as a whole cannot be read: no label file, another header.
        ConfigError: If the reader or one of its options does not exist, or has a value of another type.
    """
    read = _reader(reader)
    options = checked_options(reader, read, options)
    if "progress" in inspect.signature(read).parameters:
        options["progress"] = progress
    return read(faults=faults, **options)


def _read_saved(path: str | Path) -> Table:
    return read_table(path)


def _reader(name: str) -> Callable[..., Read]:
    from .readers.hub import read_hub
    from .readers.manifest import read_manifest
    from .readers.msp_podcast import read_msp_podcast
    from .readers.synthetic import read_synthetic

    readers: dict[str, Callable[..., Read]] = {
        "msp_podcast": read_msp_podcast,
        "manifest": read_manifest,
        "hub": read_hub,
        "synthetic": read_synthetic,
    }
    if name not in readers:
        raise ConfigError(f"there is no corpus reader '{name}' (known: {', '.join([*readers, 'table'])}).{nearest(name, readers)}")
    return readers[name]
