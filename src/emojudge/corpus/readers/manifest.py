"""Any corpus by a file of its utterances: ``file, split, emotion`` and what else there is."""

import os
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from ...errors import ConfigError, CorpusError
from ..faults import Faults
from .column_map import REQUIRED, ColumnMap, Columns, Range, Votes, Where
from .common import Read
from .listing import Format, read_listing
from .mapped import chosen_rows, table_columns
from .rows import Rows


def read_manifest(
    path: str | Path | Mapping[str, str | Path],
    *,
    faults: Faults,
    format: Format | None = None,
    columns: Columns | None = None,
    classes: Sequence[str] | None = None,
    class_map: Mapping[str, str | None] | None = None,
    split_map: Mapping[str, str] | None = None,
    split: str | None = None,
    patterns: Mapping[str, str] | None = None,
    where: Where | None = None,
    attribute_range: Range | Mapping[str, Range] | None = None,
    votes: Votes | None = None,
    votes_other: str | Sequence[str] | None = None,
    audio_root: str | Path | Sequence[str | Path] | None = None,
    audio: bool = True,
) -> Read:
    """Return the utterances that a CSV, TSV, JSON lines or parquet file lists, one a row.

    The id of an utterance is its file's name without ending, unless there is a column ``id``. Fields of CSV
    and TSV are taken as they stand, without surrounding space (a transcript may be ``N/A`` or ``null``); an empty one is
    null. Typed values of JSON and parquet are taken as they are; where text is expected, 1 and 1.0 are ``1``.

    Args:
        path: The file, or a file for each split (``{train: a.csv, dev: b.csv}``), which then has a column ``split`` of that name.
        faults: Where utterances that cannot be used are noted: an unknown class, a doubled id, an
            empty split, a field that should be a number, a file that is under no root.
        format: ``csv``, ``tsv``, ``jsonl`` or ``parquet``, where the ending of the file does not say it.
        columns: The file's column by ours (:data:`REQUIRED`, :data:`OPTIONAL`), where they differ: its name, a list of
            names to be joined by ``_`` (``id: [clip, modality]``), or a text with names in braces
            (``file: "audio/{clip}.wav"``); null leaves a column out. ``emotion`` is required only where there are
            neither attributes nor votes.
        classes: The corpus' class list; the eight of MSP-Podcast by default.
        class_map: Class by the file's spelling, where they differ; null drops the label and keeps
            the utterance.
        split_map: Our split by the file's; by default ``Development`` and ``Validation`` are ``dev``,
            case is ignored, and any other name stays as it is.
        split: The split of every row, for a file that has no column of it.
        patterns: Regular expression by column; what its named groups find becomes a column of that name
            (``{file: "_(?P<speaker>[0-9]+)_"}``). Every row must fit.
        where: Value by column, or list of values, that a row must have; the others are passed over.
        attribute_range: Lowest and highest value of the attributes in the file, or such a pair by attribute; they are
            rescaled linearly to 1..7, which is the default. A value out of the range is a fault.
        votes: Column that counts the raters' votes (or holds their shares) by class, or a list of columns to be summed;
            an empty field is no vote. Without a column ``emotion`` the class with most votes is the label, none on a tie.
        votes_other: Column, or columns, of the votes for none of the classes.
        audio_root: Folder that ``file`` starts from, or several: the first in which it is there; the file's own by default.
        audio: Whether there is audio; without it ``id`` is required instead of ``file``.

    Raises:
        CorpusError: If the file cannot be read or lacks a column.
        ConfigError: If an option names something that we do not have, or two of them contradict.
    """
    given = ColumnMap.of(
        columns=columns,
        classes=classes,
        class_map=class_map,
        split_map=split_map,
        split=split,
        patterns=patterns,
        where=where,
        attribute_range=attribute_range,
        votes=votes,
        votes_other=votes_other,
    )
    needed = [name for name in (REQUIRED if audio else ("id", *REQUIRED[1:])) if name != "split" or split is None]
    expected = [str(given.columns.get(name) or name) for name in needed]
    paths = {name: _absolute(one) for name, one in path.items()} if isinstance(path, Mapping) else {"": _absolute(path)}
    if not paths:
        raise ConfigError("path: there is no file in it; name one, or one for each split ({train: a.csv, dev: b.csv})")
    listings = {name: read_listing(one, format, expected) for name, one in paths.items()}
    rows = _joined(listings) if isinstance(path, Mapping) else listings[""]
    rows = chosen_rows(rows, given)
    found = table_columns(rows, given, faults, audio=audio)
    if audio:
        given_roots = [audio_root] if isinstance(audio_root, str | Path) else audio_root
        roots = [_absolute(root) for root in given_roots or dict.fromkeys(one.parent for one in paths.values())]
        found["audio"] = _located(rows, found["id"], found["audio"], roots, faults)
    return Read(f"manifest {', '.join(str(one) for one in paths.values())}", found, tuple(given.classes))


def _absolute(path: str | Path) -> Path:
    return Path(path).expanduser().absolute()


def _joined(listings: Mapping[str, Rows]) -> Rows:
    """Return the rows of several files, with the name under which each file was given as ``split``.

    Raises:
        ConfigError: If a file has a column ``split`` of its own.
        CorpusError: If a file lacks a column that another one has.
    """
    first = next(iter(listings.values()))
    for rows in listings.values():
        if "split" in rows.columns:
            raise ConfigError(f"path: {rows.source} has a column 'split' of its own; give the file alone, or drop that column")
        missing = [name for name in (*first.columns, *rows.columns) if name not in rows.columns or name not in first.columns]
        if missing:
            raise CorpusError(f"{rows.source} and {first.source} have other columns: '{missing[0]}' is in one of them only")
    splits = [name for name, rows in listings.items() for _ in range(len(rows))]
    top = os.path.commonpath([os.path.dirname(rows.source) for rows in listings.values()])
    places = [f"{os.path.relpath(rows.source, top)}, {place}" for rows in listings.values() for place in rows.places]
    columns = {name: partial(_chained, list(listings.values()), name) for name in first.columns}
    return Rows(top, places, {**columns, "split": lambda: splits}, joint=os.sep)


def _chained(listings: Sequence[Rows], name: str) -> list[Any]:
    return [value for rows in listings for value in rows.values(name, "")]


def _located(rows: Rows, ids: Sequence[str], files: Sequence[str | None], roots: Sequence[Path], faults: Faults) -> list[str | None]:
    """Return the path of each file: below the first root in which it is there."""
    prefixes = [str(root) for root in roots]
    paths: list[str | None] = []
    for row, name in enumerate(files):
        tried = [] if name is None else [os.path.normpath(os.path.join(prefix, name)) for prefix in prefixes]
        there = tried if len(tried) < 2 else [path for path in tried if os.path.isfile(path)]
        if tried and not there:
            faults.add(ids[row], f"{rows.place(row)}: the file '{name}' is in none of {', '.join(prefixes)}")
        paths.append(there[0] if there else None)
    return paths
