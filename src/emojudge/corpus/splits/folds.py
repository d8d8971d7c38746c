"""Cross-validation by group, and splits by the values of a column."""

import warnings
from collections.abc import Mapping, Sequence
from typing import Literal, TypeAlias, get_args

import numpy as np
from numpy.typing import NDArray

from ...errors import ConfigError, CorpusError, nearest, plural, some
from ..table import COLUMNS, Table
from .seed import check_seed

Group: TypeAlias = Literal["speaker", "recording"]
"""What no two splits of a fold share: a speaker, or a recording (a podcast; a session of two speakers)."""

_Rows: TypeAlias = NDArray[np.int64]


def k_fold(
    table: Table, n_folds: int = 5, *, seed: int = 0, by: Group = "speaker", dev: bool = True, splits: Sequence[str] | None = None
) -> list[Table]:
    """Return one table a fold, with the splits ``train``, ``dev`` and ``test``, no two of which share a speaker.

    Groups are dealt into parts that resemble each other in size and classes (scikit-learn's ``StratifiedGroupKFold``).
    Part ``k`` is the test split of fold ``k`` and the dev split of the fold before, so that every utterance is tested once.
    The parts depend on the seed and the ids, not on the order of the rows.

    An utterance whose speaker is not known goes with its recording, or alone where that is unknown too.

    Args:
        table: The corpus.
        n_folds: Parts; at least 3 with a dev split, 2 without.
        seed: Of the deal.
        by: What stays together.
        dev: Whether a part chooses checkpoints; without it two splits are made, and a run needs another split to tune on.
        splits: Splits whose utterances are dealt; the others stay as they are. All by default.

    Raises:
        CorpusError: If there are fewer groups than folds, a split does not exist, or a name that stays is train, dev or test.
        ConfigError: If ``n_folds`` is too small, the seed is none, or ``by`` is neither ``speaker`` nor ``recording``.
    """
    _check_group(by)
    check_seed(seed)
    least = 3 if dev else 2
    if n_folds < least:
        raise ConfigError(f"n_folds is {n_folds}, expected {least} or more: a fold needs a part for each of {', '.join(_names(dev))}")
    rows = _dealt(table, splits)
    groups = _known(table, "recording", rows) if by == "recording" else _speakers(table, rows)
    n_groups = len(set(groups))
    if n_groups < n_folds:
        raise CorpusError(f"{table.info.source}: {n_groups} {by}s cannot be dealt into {n_folds} folds; take {n_groups} or fewer")
    parts = _stratified(table.emotions()[rows], groups, n_folds, seed)
    return [_fold(table, rows, parts, k, n_folds, dev) for k in range(n_folds)]


def leave_one_out(table: Table, *, by: Group = "speaker", dev: bool = True, splits: Sequence[str] | None = None) -> dict[str, Table]:
    """Return one table for each speaker (or recording), whose utterances are its ``test`` split.

    The next one in alphabetical order is ``dev``, everybody else ``train``.

    Args:
        table: The corpus.
        by: What is left out: a speaker, or a recording such as a session of IEMOCAP.
        dev: Whether a group chooses checkpoints.
        splits: Splits whose utterances take part; the others stay as they are. All by default.

    Raises:
        CorpusError: If an utterance has no speaker (or recording), there are too few of them, a split does not exist, or a
            name that stays is train, dev or test.
        ConfigError: If ``by`` is neither ``speaker`` nor ``recording``.
    """
    _check_group(by)
    rows = _dealt(table, splits)
    groups = _known(table, by, rows)
    names = sorted(set(groups))
    least = 3 if dev else 2
    if len(names) < least:
        raise CorpusError(f"{table.info.source}: {len(names)} {by}s are too few to leave one out; {least} are needed")
    index = {name: k for k, name in enumerate(names)}
    parts = np.array([index[group] for group in groups], dtype=np.int64)
    return {name: _fold(table, rows, parts, k, len(names), dev) for name, k in index.items()}


def by_column(table: Table, column: str, splits: Mapping[str, str], default: str | None = None) -> Table:
    """Return the table with the split of each utterance decided by its value in a column.

    Args:
        table: The corpus.
        column: A text column: ``recording``, ``speaker``, ``gender``, ``split``, ...
        splits: Split by value.
        default: Split of every other value, and of none; without it such an utterance is an error.

    Raises:
        CorpusError: If a value in ``splits`` does not occur, or one that occurs has no split.
        ConfigError: If there is no such column, or it does not hold text.

    Example:
        Session 5 of IEMOCAP tests, session 4 tunes: ``by_column(table, "recording", {"Ses05": "test", "Ses04": "dev"}, "train")``.
    """
    texts = [name for name, kind in COLUMNS.items() if kind == "string"]
    if column not in texts:
        raise ConfigError(f"splits by column '{column}': expected one of {', '.join(texts)}.{nearest(column, texts)}")
    values = table.column(column)
    found = sorted({value for value in values if value is not None})
    for value in splits:
        if value not in found:
            raise CorpusError(f"{table.info.source}: no utterance has {column} '{value}' (found: {some(found)}).{nearest(value, found)}")
    left = [value for value in found if value not in splits]
    n_without = values.count(None)
    if n_without and default is None:
        raise CorpusError(f"{table.info.source}: {plural(n_without, 'utterance')} without a {column}; give a default, which is their split")
    if left and default is None:
        raise CorpusError(f"{table.info.source}: no split is given for {column} {some(left)}; name one for each, or a default")
    return table.with_columns(split=[splits.get(value, default) for value in values])


def _names(dev: bool) -> tuple[str, ...]:
    return ("train", "dev", "test") if dev else ("train", "test")


def _check_group(by: str) -> None:
    if by not in get_args(Group):
        raise ConfigError(f"by is '{by}', expected {' or '.join(get_args(Group))}.{nearest(by, get_args(Group))}")


def _dealt(table: Table, splits: Sequence[str] | None) -> _Rows:
    """Return the rows that take part, ordered by id, after checking that no split that stays has the name of a new one."""
    names = list(table.splits) if splits is None else list(splits)
    rows = table.indices(*names)
    clash = sorted(set(table.splits).difference(names).intersection(_names(True)))
    if clash:
        raise CorpusError(
            f"{table.info.source}: split '{clash[0]}' would stay beside a new one of that name; deal it too: splits {[*names, *clash]}"
        )
    ids = table.column("id")
    return np.array(sorted(rows.tolist(), key=ids.__getitem__), dtype=np.int64)


def _known(table: Table, by: Group, rows: _Rows) -> list[str]:
    values, ids = table.column(by), table.column("id")
    missing = [ids[row] for row in rows if values[row] is None]
    advice = "leave their splits out, or use k-fold"
    if missing:
        raise CorpusError(f"{table.info.source}: {plural(len(missing), 'utterance')} without a known {by}: {some(missing)}; {advice}")
    return [values[row] for row in rows]


def _speakers(table: Table, rows: _Rows) -> list[str]:
    groups = table.speaker_groups()
    return [groups[row] for row in rows]


def _stratified(emotions: NDArray[np.int64], groups: Sequence[str], n_folds: int, seed: int) -> _Rows:
    """Return the part of each utterance; those without label are a stratum of their own."""
    from sklearn.model_selection import GroupKFold, StratifiedGroupKFold

    largest = np.unique(emotions, return_counts=True)[1].max()  # without a class that reaches every part there are no strata
    folds = (StratifiedGroupKFold if largest >= n_folds else GroupKFold)(n_folds, shuffle=True, random_state=seed)
    parts = np.zeros(len(emotions), dtype=np.int64)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="The least populated class")  # rare classes cannot be in every part
        for k, (_, members) in enumerate(folds.split(np.zeros((len(emotions), 1)), emotions, groups)):
            parts[members] = k
    return parts


def _fold(table: Table, rows: _Rows, parts: _Rows, k: int, n_folds: int, dev: bool) -> Table:
    column = table.column("split")
    for row, part in zip(rows.tolist(), parts.tolist(), strict=True):
        column[row] = "test" if part == k else "dev" if dev and part == (k + 1) % n_folds else "train"
    return table.with_columns(split=column)
