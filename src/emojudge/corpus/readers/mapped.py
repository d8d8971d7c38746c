"""Rows of any listing become columns of a table, as the user's column map says; faults name the row."""

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import ConfigError, CorpusError, nearest, some
from ..faults import Faults
from .column_map import NUMBERS, STDS, ColumnMap, composed
from .common import doubled, known
from .rows import Report, Rows

_GENDERS = {"f": "female", "m": "male"}


def chosen_rows(rows: Rows, given: ColumnMap) -> Rows:
    """Return the rows that count, with the columns that patterns make.

    Raises:
        CorpusError: If a column is not there, a value does not fit its pattern, or one that is asked for does not occur.
        ConfigError: If a pattern would make a column that is there already.
    """
    for name, pattern in given.patterns.items():
        rows = _with_groups(rows, name, re.compile(pattern))
    for name, wanted in given.where.items():
        wishes = {str(value) for value in ([wanted] if isinstance(wanted, str | int) else wanted)}
        values = rows.texts(name, "Name a column of the corpus in where: {COLUMN: VALUE}.", _refuse)
        kept = [i for i, value in enumerate(values) if value in wishes]
        missing = sorted(wishes - set(values))
        if missing:
            there = some(sorted({value for value in values if value is not None}))
            raise CorpusError(f"{rows.source}: where: no row has {name} {' or '.join(missing)} (found: {there})")
        rows = rows.keep(kept)
    return rows


def table_columns(
    rows: Rows,
    given: ColumnMap,
    faults: Faults,
    *,
    audio: bool,
    unnamed: Sequence[str] | None = None,
    defaults: Mapping[str, str] | None = None,
) -> dict[str, list[Any]]:
    """Return the columns of a table; ``audio`` holds the files as the listing names them.

    Args:
        rows: Those that count.
        given: What the user says about the columns.
        faults: Where utterances that cannot be used are noted.
        audio: Whether a file belongs to every utterance; if not, ``id`` is required.
        unnamed: The id of each row, should it have neither id nor file; such a row is a fault where None.
        defaults: Their column by ours where the source has names of its own.

    Raises:
        CorpusError: If a column is not there.
        ConfigError: If one that is required was left out.
    """
    required = () if unnamed is not None else ("file",) if audio else ("id",)
    theirs = given.found_in(rows, defaults or {}, required)

    ids: list[str] = []
    early: dict[int, str] = {}

    def report(row: int, reason: str) -> None:
        if ids:
            faults.add(ids[row], reason)
        else:  # a value of the id itself: the row is named when its id is settled
            early.setdefault(row, reason)

    def text(name: str) -> list[str | None]:
        return composed(rows, theirs[name], _advice(name), report)

    files = text("file") if "file" in theirs and (audio or unnamed is not None) else None
    ids.extend(_ids(rows, text("id") if "id" in theirs else None, files, unnamed, early, faults))
    stated = [given.split] * len(rows) if given.split is not None else text("split")
    found: dict[str, list[Any]] = {"id": ids, "split": _splits(rows, ids, stated, given, faults)}
    if audio and files is not None:
        found["audio"] = list(files)
    if "emotion" in theirs:
        found["source_label"] = text("emotion")
        found["emotion"] = _emotions(rows, ids, found["source_label"], given, faults)
    for name in ("transcript", "transcript_source", "recording", "speaker", "gender"):
        if name in theirs:
            found[name] = text(name)
    _tidy(found)
    _add_numbers(found, rows, theirs, given, report)
    if given.votes:
        _add_votes(found, rows, given, report)
    return found


def _tidy(found: dict[str, list[Any]]) -> None:
    """Make null what is not known of speakers, and say where transcripts come from."""
    for name in ("speaker", "gender"):
        if name in found:
            found[name] = [None if value is None else known(value) for value in found[name]]
    if "gender" in found:
        found["gender"] = [None if gender is None else _GENDERS.get(gender.lower(), gender.lower()) for gender in found["gender"]]
    if "transcript" in found and "transcript_source" not in found:
        found["transcript_source"] = ["none" if value is None else "human" for value in found["transcript"]]


def _add_numbers(
    found: dict[str, list[Any]], rows: Rows, theirs: Mapping[str, str | Sequence[str]], given: ColumnMap, report: Report
) -> None:
    for name in NUMBERS:
        column = theirs.get(name)
        if not isinstance(column, str):  # it is not there; a column of numbers has one name
            continue
        if name in ("start_s", "duration_s"):
            found[name] = rows.numbers(column, _advice(name), report, low=0, high=float("inf"))
        else:
            low, high = given.range_of(name)
            low, high = (0, high - low) if name in STDS else (low, high)
            found[name] = given.rescaled(name, rows.numbers(column, _advice(name), report, low=low, high=high))


def _advice(name: str) -> str:
    return f"Name the one that holds {name} in columns: {{{name}: ...}}."


def _refuse(_: int, reason: str) -> None:
    """Raise what is wrong with a value on which it depends whether its row counts."""
    raise CorpusError(reason)


def _with_groups(rows: Rows, name: str, pattern: re.Pattern[str]) -> Rows:
    """Return the rows with a column for each named group of a pattern."""
    taken = [group for group in pattern.groupindex if group in rows.columns]
    if taken:
        raise ConfigError(f"patterns: {rows.source} has a column '{taken[0]}' already; name the group otherwise")
    values = rows.texts(name, "Name a column of the corpus in patterns: {COLUMN: PATTERN}.", _refuse)
    matches: list[re.Match[str]] = []
    for row, value in enumerate(values):
        match = pattern.search(value or "")
        if match is None:
            raise CorpusError(f"{rows.place(row)}: {name} is '{value or ''}', expected a text with the pattern '{pattern.pattern}'")
        matches.append(match)
    made = {group: partial(_group, matches, group) for group in pattern.groupindex}
    return replace(rows, columns={**rows.columns, **made})


def _group(matches: Sequence[re.Match[str]], group: str) -> list[str | None]:
    return [match[group] for match in matches]


def _ids(
    rows: Rows,
    stated: Sequence[str | None] | None,
    files: Sequence[str | None] | None,
    unnamed: Sequence[str] | None,
    early: Mapping[int, str],
    faults: Faults,
) -> list[str]:
    """Return the id of each row: as stated, else its file's name without ending; those that occur twice are faults."""
    given, names = stated is not None, files or [None] * len(rows)
    found = stated if stated is not None else [os.path.splitext(os.path.basename(name or ""))[0] for name in names]
    ids: list[str] = []
    for row, id in enumerate(found):
        if row in early:
            ids.append(rows.places[row])
            faults.add(ids[-1], early[row])
        elif id:
            ids.append(id)
        elif unnamed is not None and not given and not names[row]:
            ids.append(unnamed[row])
        else:
            ids.append(rows.places[row])
            faults.add(ids[-1], f"{rows.place(row)}: {'the id is empty' if given else _nameless(names[row])}")
    for id, twice in doubled(ids).items():
        several = list(dict.fromkeys(names[i] for i in twice)) if not given else []
        why = f"the files {some(several)} share this id; give an id column" if len(several) > 1 else "an utterance must occur once"
        faults.add(id, f"{rows.source} holds it {len(twice)} times ({some(rows.places[i] for i in twice)}): {why}")
    return ids


def _nameless(path: str | None) -> str:
    return f"the file '{path}' is a folder, expected one audio file" if path else "the file is empty"


def _splits(rows: Rows, ids: Sequence[str], stated: Sequence[str | None], given: ColumnMap, faults: Faults) -> list[str]:
    for row, split in enumerate(stated):
        if split is None:
            faults.add(ids[row], f"{rows.place(row)}: the split is empty; every utterance belongs to one (train, dev, test, ...)")
    ours = {split: "" if split is None else given.split_of(split) for split in dict.fromkeys(stated)}
    return [ours[split] for split in stated]


def _emotions(rows: Rows, ids: Sequence[str], stated: Sequence[str | None], given: ColumnMap, faults: Faults) -> list[str | None]:
    """Return the class of each row, None where it has none."""
    class_of: dict[str | None, str | None] = {None: None, **{name: name for name in given.classes}}
    class_of.update(given.class_map.items())
    for row, label in enumerate(stated):
        if label not in class_of:
            faults.add(
                ids[row],
                f"{rows.place(row)}: class '{label}' is not in the class list ({', '.join(given.classes)})."
                f"{nearest(str(label), given.classes)} Name the corpus' own list in classes, or map it in class_map: {{{label}: CLASS}} "
                f"({{{label}: null}} keeps the utterance without a label)",
            )
    return [class_of.get(label) for label in stated]


def _add_votes(found: dict[str, list[Any]], rows: Rows, given: ColumnMap, report: Report) -> None:
    """Add the distribution of the votes and, where no label is given, the class that most raters chose."""

    def count(columns: str | Sequence[str]) -> NDArray[np.float64]:
        total = np.zeros(len(rows))
        for name in [columns] if isinstance(columns, str) else columns:
            values = rows.numbers(name, "Name the columns of the votes in votes: {CLASS: COLUMN}.", report, low=0, high=float("inf"))
            total += [0 if value is None else value for value in values]
        return total

    none = np.zeros(len(rows))
    counts = np.stack([count(given.votes[name]) if name in given.votes else none for name in given.classes], axis=1)  # (rows, classes)
    other = none if given.votes_other is None else count(given.votes_other)
    in_classes, total = counts.sum(axis=1), counts.sum(axis=1) + other  # (rows,)
    with np.errstate(invalid="ignore", divide="ignore"):
        shares, others = counts / in_classes[:, None], other / total
    found["emotion_votes"] = [share if n else None for share, n in zip(shares.tolist(), in_classes.tolist(), strict=True)]
    if given.votes_other is not None:
        found["votes_other"] = [share if n else None for share, n in zip(others.tolist(), total.tolist(), strict=True)]
    if "emotion" not in found:
        most = counts.max(axis=1)
        clear = ((counts == most[:, None]).sum(axis=1) == 1) & (most > other)
        best = counts.argmax(axis=1)
        found["emotion"] = [given.classes[k] if agreed else None for k, agreed in zip(best.tolist(), clear.tolist(), strict=True)]
