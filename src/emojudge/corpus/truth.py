"""Labels that are kept apart from a corpus, such as those of a withheld test split; for scoring only."""

import os
from collections.abc import Sequence
from pathlib import Path

from ..errors import CorpusError, nearest, some
from ..labels import ATTRIBUTES, EMOTION_CODES, EMOTIONS, UNLABELLED_CODES
from .readers.common import CsvFile, doubled, known, number, read_csv
from .readers.msp_labels import ATTRIBUTE_COLUMNS
from .table import Table, read_table

_ADVICE = "The truth is a saved table or a CSV with the columns FileName and EmoClass, or EmoVal, EmoAct and EmoDom, or all of these."


def truth_tasks(path: str | Path) -> list[str]:
    """Return the tasks that a truth file has labels of: ``emotion``, ``attributes``, or both.

    Raises:
        CorpusError: If it has none of either.
    """
    if _is_table(path):
        table = read_table(path)
        tasks = {"emotion": _has_any(table, "emotion"), "attributes": any(_has_any(table, name) for name in ATTRIBUTES)}
        found = "a table without any label"
    else:
        header = read_csv(Path(path)).header
        tasks = {"emotion": "EmoClass" in header, "attributes": any(column in header for column in ATTRIBUTE_COLUMNS.values())}
        found = f"columns {', '.join(header)}"
    if not any(tasks.values()):
        raise CorpusError(f"{path}: there is nothing to score by ({found}). {_ADVICE}")
    return [task for task, has in tasks.items() if has]


def read_truth(path: str | Path, classes: Sequence[str] = EMOTIONS) -> dict[str, str | None]:
    """Return the emotion of each utterance id; None where raters said something else or did not agree.

    Args:
        path: A saved table of these classes, or a CSV with the columns ``FileName, EmoClass`` of a consensus file.
        classes: The class list; a CSV may name a class or give its letter code.

    Raises:
        CorpusError: If the file cannot be read, lacks a column, holds an id twice or an unknown class, or if a table has
            another class list.
    """
    if _is_table(path):
        return _of_table(path, classes)
    file, ids = _read(path)
    labels = file.column("EmoClass", _ADVICE)
    meaning: dict[str, str | None] = {code: emotion for code, emotion in EMOTION_CODES.items() if emotion in classes}
    meaning.update({name: name for name in classes})
    meaning.update(dict.fromkeys(UNLABELLED_CODES))
    for id, label, line in zip(ids, labels, file.lines, strict=True):
        if label not in meaning:
            raise CorpusError(
                f"{path}: line {line}, utterance '{id}': unknown class '{label}' (known: {', '.join(meaning)}).{nearest(label, meaning)}"
            )
    return {id: meaning[label] for id, label in zip(ids, labels, strict=True)}


def read_attribute_truth(path: str | Path) -> dict[str, dict[str, float | None]]:
    """Return the attributes of each utterance id, in 1 to 7; None where there is no value.

    Args:
        path: A saved table, or a CSV with the columns ``FileName, EmoVal, EmoAct, EmoDom`` of a consensus file, in any order.

    Raises:
        CorpusError: If the file cannot be read, lacks a column, holds an id twice or a value that is no number from 1 to 7.
    """
    if _is_table(path):
        return attributes_of(read_table(path))
    file, ids = _read(path)
    columns = {}
    for attribute, name in ATTRIBUTE_COLUMNS.items():
        columns[attribute] = [_attribute(file, name, *place) for place in zip(ids, file.lines, file.column(name, _ADVICE), strict=True)]
    return {id: dict(zip(columns, values, strict=True)) for id, *values in zip(ids, *columns.values(), strict=True)}


def with_speakers(table: Table, path: str | Path) -> Table:
    """Return a table with the speakers and genders that a truth file names, for grouping; its fingerprint stays.

    Args:
        table: The corpus.
        path: A saved table, or a CSV with ``FileName``; what it lacks, the columns ``SpkrID`` and ``Gender`` among it, stays as it is.

    Raises:
        CorpusError: If the file cannot be read or holds an id twice.
    """
    named: dict[str, dict[str, str | None]] = {}
    if _is_table(path):
        other = read_table(path)
        for column in ("speaker", "gender"):
            named[column] = dict(zip(other.column("id"), other.column(column), strict=True))
    else:
        file, ids = _read(path)
        for column, name in (("speaker", "SpkrID"), ("gender", "Gender")):
            if name in file.header:
                values = (known(value) for value in file.column(name, _ADVICE))
                lower = column == "gender"
                named[column] = {id: value.lower() if value and lower else value for id, value in zip(ids, values, strict=True)}
    changed = {}
    for column, by_id in named.items():
        pairs = zip(table.column("id"), table.column(column), strict=True)
        changed[column] = [by_id.get(id) or own for id, own in pairs]
    return table.with_columns(**changed) if changed else table


def attributes_of(table: Table) -> dict[str, dict[str, float | None]]:
    """Return the attributes of each utterance id of a table, as :func:`read_attribute_truth` gives those of a file."""
    columns = [table.column(name) for name in ATTRIBUTES]
    return {id: dict(zip(ATTRIBUTES, values, strict=True)) for id, *values in zip(table.column("id"), *columns, strict=True)}


def _read(path: str | Path) -> tuple[CsvFile, list[str]]:
    """Return a CSV of labels and the utterance id of each row."""
    file = read_csv(Path(path))
    ids = [os.path.splitext(name)[0] for name in file.column("FileName", _ADVICE)]
    twice = doubled(ids)
    if twice:
        raise CorpusError(f"{path}: {len(twice)} utterances occur more than once: {some(twice)}")
    return file, ids


def _attribute(file: CsvFile, name: str, id: str, line: int, text: str) -> float | None:
    try:
        value = number(text)
    except ValueError:
        value = float("inf")
    if value is not None and not 1 <= value <= 7:
        raise CorpusError(f"{file.path}: line {line}, utterance '{id}': {name} is '{text}', expected a number from 1 to 7")
    return value


def _of_table(path: str | Path, classes: Sequence[str]) -> dict[str, str | None]:
    """Return the emotion of each utterance of a saved table, which must have the class list; its order does not matter."""
    table = read_table(path)
    labels = dict(zip(table.column("id"), table.column("emotion"), strict=True))
    strangers = sorted({label for label in labels.values() if label is not None} - set(classes))
    if strangers or set(table.info.classes) != set(classes):
        fault = f"has the labels {some(strangers)}" if strangers else f"was made for the classes {', '.join(table.info.classes)}"
        raise CorpusError(f"{path}: the truth {fault}, the corpus has the classes {', '.join(classes)}; make both with one class list")
    return labels


def _has_any(table: Table, column: str) -> bool:
    return any(value is not None for value in table.column(column))


def _is_table(path: str | Path) -> bool:
    """Return whether a file is parquet, by its first bytes."""
    if not Path(path).is_file():
        raise CorpusError(f"{path}: there is no such truth file")
    with open(path, "rb") as file:
        return file.read(4) == b"PAR1"
