"""Any corpus by a CSV file of its utterances: ``file, split, emotion`` and what else there is."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ...errors import ConfigError, nearest, some
from ...labels import ATTRIBUTES, EMOTIONS
from ..faults import Faults
from .common import SPLITS, CsvFile, Read, doubled, known, numbers, read_csv

REQUIRED = ("file", "split", "emotion")
"""Columns that a manifest must have, under these names or others (``columns``)."""

OPTIONAL = ("id", "transcript", "transcript_source", "speaker", "gender", "recording", "start_s", *ATTRIBUTES)
"""Columns that are read where they are there."""


def read_manifest(
    path: str | Path,
    *,
    faults: Faults,
    columns: Mapping[str, str | None] | None = None,
    classes: Sequence[str] | None = None,
    class_map: Mapping[str, str | None] | None = None,
    split_map: Mapping[str, str] | None = None,
    audio_root: str | Path | None = None,
    audio: bool = True,
) -> Read:
    """Return the utterances that a CSV file lists, one a row.

    The id of an utterance is its file's name without ending, unless there is a column ``id``. Fields
    are taken as they stand (a transcript may be ``N/A`` or ``null``); an empty one is null.

    Args:
        path: A UTF-8 CSV file with a header.
        faults: Where utterances that cannot be used are noted: an unknown class, a doubled id, an
            empty split, a field that should be a number.
        columns: The file's column name by ours (:data:`REQUIRED`, :data:`OPTIONAL`), where they
            differ; null leaves a column out.
        classes: The corpus' class list; the eight of MSP-Podcast by default.
        class_map: Class by the file's spelling, where they differ; null drops the label and keeps
            the utterance.
        split_map: Our split by the file's; by default ``Development`` and ``Validation`` are ``dev``,
            case is ignored, and any other name stays as it is.
        audio_root: Folder that ``file`` starts from; the manifest's by default.
        audio: Whether there is audio; without it ``id`` is required instead of ``file``.

    Raises:
        CorpusError: If the file cannot be read or lacks a column.
        ConfigError: If ``columns`` names a column that we do not have, or ``class_map`` a class that
            is not in the list.
    """
    path = Path(path).expanduser().absolute()
    classes = EMOTIONS if classes is None else tuple(classes)
    class_map, split_map = dict(class_map or {}), SPLITS | {name.lower(): ours for name, ours in (split_map or {}).items()}
    _check_maps(columns or {}, classes, class_map)
    file = read_csv(path)
    wanted = _columns(file, columns or {}, audio)

    def text(name: str) -> list[str]:
        return file.column(wanted[name], f"Name the one that holds {name} in columns: {{{name}: ...}}.")

    files = text("file") if audio else []
    ids = _ids(file, text("id") if "id" in wanted else None, files, faults)
    found: dict[str, list[Any]] = {"id": ids, "split": _splits(file, ids, text("split"), split_map, faults)}
    found["source_label"] = [label or None for label in text("emotion")]
    found["emotion"] = _emotions(file, ids, found["source_label"], classes, class_map, faults)
    if audio:
        root = str(path.parent if audio_root is None else Path(audio_root).expanduser().absolute())
        found["audio"] = [os.path.normpath(os.path.join(root, name)) if name else None for name in files]
    for name in ("transcript", "transcript_source", "recording"):
        if name in wanted:
            found[name] = [value or None for value in text(name)]
    for name in ("speaker", "gender"):
        if name in wanted:
            found[name] = [known(value) for value in text(name)]
    if "gender" in found:
        found["gender"] = [None if gender is None else gender.lower() for gender in found["gender"]]
    if "transcript" in found and "transcript_source" not in found:
        found["transcript_source"] = ["none" if value is None else "human" for value in found["transcript"]]
    for name in ATTRIBUTES:
        if name in wanted:
            found[name] = numbers(file, wanted[name], ids, "", faults)
    if "start_s" in wanted:
        found["start_s"] = numbers(file, wanted["start_s"], ids, "", faults, low=0, high=float("inf"))
    return Read(f"manifest {path}", found, classes)


def _check_maps(columns: Mapping[str, str | None], classes: tuple[str, ...], class_map: Mapping[str, str | None]) -> None:
    ours = (*REQUIRED, *OPTIONAL)
    for name in columns:
        if name not in ours:
            raise ConfigError(f"columns: there is no column '{name}' in a table (known: {', '.join(ours)}).{nearest(name, ours)}")
    if len(classes) < 2 or len(set(classes)) < len(classes):
        raise ConfigError(f"classes: {list(classes)} must be two or more different names")
    for spelling, to in class_map.items():
        if to is not None and to not in classes:
            listed = ", ".join(classes)
            raise ConfigError(
                f"class_map: '{spelling}' is mapped to '{to}', which is not in the class list ({listed}).{nearest(to, classes)}"
            )


def _columns(file: CsvFile, renamed: Mapping[str, str | None], audio: bool) -> dict[str, str]:
    """Return the file's column by ours: the required ones, those that were named, and the optional ones that are there."""
    required = ("file" if audio else "id", *REQUIRED[1:])
    wanted = {name: name for name in (*required, *OPTIONAL) if name in required or name in file.header}
    wanted |= {name: theirs for name, theirs in renamed.items() if theirs is not None}
    for name, theirs in renamed.items():
        if theirs is None and name in required:
            raise ConfigError(f"columns: '{name}' is required and cannot be left out")
        if theirs is None:
            wanted.pop(name, None)
    return wanted


def _ids(file: CsvFile, ids: list[str] | None, files: Sequence[str], faults: Faults) -> list[str]:
    """Return the id of each row; those that occur twice are faults."""
    given = ids is not None
    if ids is None:
        ids = [os.path.splitext(os.path.basename(name))[0] for name in files]
    ids = [id or f"line {line}" for id, line in zip(ids, file.lines, strict=True)]
    for id, line, path in zip(ids, file.lines, files or ids, strict=True):
        if id == f"line {line}":
            faults.add(id, f"{file.path}, line {line}: {'the id is empty' if given else _nameless(path)}")
    for id, rows in doubled(ids).items():
        names = list(dict.fromkeys(files[i] for i in rows)) if not given else []
        why = f"the files {some(names)} share this id; give an id column" if len(names) > 1 else "an utterance must occur once"
        faults.add(id, f"{file.path} holds it {len(rows)} times (lines {some(file.lines[i] for i in rows)}): {why}")
    return ids


def _nameless(path: str) -> str:
    return f"the file '{path}' is a folder, expected one audio file" if path else "the file is empty"


def _splits(file: CsvFile, ids: Sequence[str], stated: Sequence[str], split_map: Mapping[str, str], faults: Faults) -> list[str]:
    for id, line, split in zip(ids, file.lines, stated, strict=True):
        if not split:
            faults.add(id, f"{file.path}, line {line}: the split is empty; every utterance belongs to one (train, dev, test, ...)")
    return [split_map.get(split.lower(), split) for split in stated]


def _emotions(
    file: CsvFile,
    ids: Sequence[str],
    stated: Sequence[str | None],
    classes: tuple[str, ...],
    class_map: Mapping[str, str | None],
    faults: Faults,
) -> list[str | None]:
    """Return the class of each row, None where it has none."""
    class_of: dict[str | None, str | None] = {None: None}
    class_of.update({name: name for name in classes})
    class_of.update(class_map.items())
    for id, line, label in zip(ids, file.lines, stated, strict=True):
        if label not in class_of:
            faults.add(
                id,
                f"{file.path}, line {line}: class '{label}' is not in the class list ({', '.join(classes)})."
                f"{nearest(str(label), classes)} Name the corpus' own list in classes, or map it in class_map: {{{label}: CLASS}} "
                f"({{{label}: null}} keeps the utterance without a label)",
            )
    return [class_of.get(label) for label in stated]
