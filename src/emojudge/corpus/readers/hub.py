"""Any data set of the library ``datasets``: by hub id, as ``save_to_disk`` left it, or as parquet files."""

import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from ...errors import CorpusError
from ..faults import Faults
from .arrow import is_sound
from .column_map import ColumnMap, Columns, Range, Votes, Where
from .common import Read
from .hub_audio import write_sounds
from .hub_parts import Parts, find_parts
from .mapped import chosen_rows, table_columns
from .rows import Rows

_FILE = {"file": "audio"}
"""The column of the audio, where the user names no other."""


def read_hub(
    name: str | Path,
    *,
    faults: Faults,
    progress: Callable[[int, int], None] | None = None,
    config: str | None = None,
    revision: str | None = None,
    cache_dir: str | Path | None = None,
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
    audio_dir: str | Path | None = None,
    audio: bool = True,
) -> Read:
    """Return the utterances of a data set, one a row.

    Class labels go by their names. Audio is never decoded by ``datasets``: a path is used as it is, bytes that stand in the data
    set are written to ``audio_dir`` once. A data set that needs code of its own is refused. What is said of a manifest's columns
    (:func:`~.manifest.read_manifest`) holds here too.

    Args:
        name: An id on the Hugging Face hub, a folder that ``save_to_disk`` wrote, a folder of parquet files, or one of them.
        faults: Where utterances that cannot be used are noted.
        progress: Called with (audio files written, audio files in all).
        config: Configuration of a data set on the hub.
        revision: Its branch, tag or commit.
        cache_dir: Where what is fetched is kept; the library's own place by default. Nothing local is copied there.
        columns: The data set's column by ours; ``file`` is the column ``audio`` by default. Without a column ``id`` the id is the stem
            of the audio's path, else ``<split>-<row>``, rows counted from 1 in each split.
        classes: The data set's class list; the eight of MSP-Podcast by default.
        class_map: Class by the data set's spelling; null drops the label and keeps the utterance.
        split_map: Our split by the data set's.
        split: Of every row; by default the name that the data set gives to each of its splits, unless a column is mapped to it.
        patterns: Regular expression by column; what its named groups find becomes a column of that name.
        where: Value by column, or list of values, that a row must have.
        attribute_range: Lowest and highest value of the attributes, or such a pair by attribute.
        votes: Column that counts the raters' votes by class, or columns to be summed.
        votes_other: Column, or columns, of the votes for none of the classes.
        audio_dir: Folder for audio that stands in the data set as bytes.
        audio: Whether to take the audio.

    Raises:
        CorpusError: If the data set cannot be reached or read, or lacks a column.
        ConfigError: If an option names something that we do not have, or audio stands in the data set and ``audio_dir`` is missing.
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
    source, parts = find_parts(name, config, revision, cache_dir)
    sound = given.columns.get("file", _FILE["file"])
    embedded = audio and isinstance(sound, str) and _is_embedded(parts, sound)
    rows = chosen_rows(_rows(source, parts, given), given)
    numbered = _numbered(parts)
    positions = range(len(numbered)) if rows.kept is None else rows.kept
    unnamed = [f"{own or split or 'row'}-{n}" for own, n in (numbered[i] for i in positions)]
    defaults = _FILE if audio or _names_files(parts, _FILE["file"]) else {}
    found = table_columns(rows, given, faults, audio=audio, unnamed=unnamed, defaults=defaults)
    if audio:
        if "audio" not in found:
            there = ", ".join(rows.columns)
            raise CorpusError(f"{source} has no column 'audio' (found: {there}). Name it in columns: {{file: ...}}, or say audio: false")
        written: dict[int, str] = {}
        if embedded and not (faults.found and faults.on_bad_utterance == "error"):
            wanted = {
                position: (id, path)
                for position, id, path in zip(positions, found["id"], found["audio"], strict=True)
                if id not in faults.found
            }
            folder = None if audio_dir is None else Path(audio_dir).expanduser().absolute()
            written = write_sounds(_sounds(parts, str(sound)), wanted, folder, source, progress)
        top = Path(name).expanduser().absolute()
        start = str(top.parent if top.is_file() else top)
        found["audio"] = [
            written.get(position) or (None if path is None else os.path.normpath(os.path.join(start, path)))
            for position, path in zip(positions, found["audio"], strict=True)
        ]
    return Read(f"hub {source}", found, tuple(given.classes))


def _numbered(parts: Parts) -> list[tuple[str | None, int]]:
    """Return the split of each row and its number there, from 1 on; a split may be in several files."""
    last: Counter[str | None] = Counter()
    numbered: list[tuple[str | None, int]] = []
    for own, part in parts:
        numbered += [(own, n) for n in range(last[own] + 1, last[own] + part.n_rows + 1)]
        last[own] += part.n_rows
    return numbered


def _names_files(parts: Parts, name: str) -> bool:
    """Return whether a column tells the path of each audio file, so that an id can be made of it."""
    return all(name in part.header and is_sound(part, name) is not None for _, part in parts)


def _is_embedded(parts: Parts, name: str) -> bool:
    """Return whether a column holds audio as bytes rather than by its path alone.

    Raises:
        CorpusError: If it is of another type.
    """
    kinds = {is_sound(part, name) for _, part in parts if name in part.header}
    if len(kinds) > 1 or None in kinds:
        part = next(part for _, part in parts if is_sound(part, name) is not True)
        raise CorpusError(f"{part.source}: column '{name}' is of type {part.type(name)}, expected audio as bytes and path, or as a path")
    return True in kinds


def _rows(source: str, parts: Parts, given: ColumnMap) -> Rows:
    """Return the rows of all tables; a column of embedded audio gives its paths, and ``split`` is what the data set says.

    Raises:
        CorpusError: If the data set tells no split, and the user neither.
    """
    names = parts[0][1].header
    columns: dict[str, Callable[[], Sequence[Any]]] = {
        name: partial(_paths if is_sound(parts[0][1], name) else _values, parts, name) for name in names
    }
    numbered = _numbered(parts)
    places = [f"{own} row {n}" if own else f"row {n}" for own, n in numbered]
    if given.split is None and "split" not in given.columns:
        untold = [part.source for own, part in parts if own is None]
        if untold:
            raise CorpusError(f"{untold[0]} tells no split; say split: NAME, or name the column that holds it in columns: {{split: ...}}")
        columns["split"] = lambda: [own for own, _ in numbered]
    return Rows(source, places, columns)


def _values(parts: Parts, name: str) -> list[Any]:
    return [value for _, part in parts for value in part.values(name)]


def _paths(parts: Parts, name: str) -> list[str | None]:
    return [path for _, part in parts for path in part.members(name, "path")]


def _sounds(parts: Parts, name: str) -> Iterator[bytes | None]:
    for _, part in parts:
        yield from part.members(name, "bytes")
