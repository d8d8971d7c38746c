"""What predictions of every task share: rows by utterance id, numbers by column, and the checks of both."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar, Self, cast

import numpy as np
from numpy.typing import NDArray

from ..errors import PredictionsError, some
from ..files import write_parquet

SCHEMA_VERSION = 1


class Info:
    """Where predictions come from; travels in the parquet file's metadata. Each task has a frozen dataclass of its own."""

    TASK: ClassVar[str]
    system: str
    corpus: str
    checkpoint: str
    task: str

    @property
    def names(self) -> tuple[str, ...]:
        """Return what is predicted, in the order of the columns."""
        raise NotImplementedError

    @property
    def absent(self) -> tuple[str, ...]:
        """Return what did not occur in training: its columns are null."""
        raise NotImplementedError


class Rows:
    """Numbers of some utterances, one row each, and the columns that later stages add. Each task has a frozen dataclass of its own."""

    NUMBERS: ClassVar[tuple[str, str]]
    """The field of the numbers, and one of them."""
    NAMES: ClassVar[tuple[str, str]]
    """What the columns stand for, many and one."""
    PREFIX: ClassVar[str] = ""
    """Before a name, in the file."""
    PARTS: ClassVar[tuple[str, ...]]
    """What a later stage may add, in the order of the file."""

    id: list[str]
    split: list[str]
    info: Info
    used: list[str] | None
    fold: NDArray[np.int64] | None
    _index: dict[str, int]

    def __post_init__(self) -> None:
        numbers, number = self.NUMBERS
        object.__setattr__(self, numbers, np.asarray(self.numbers, dtype=np.float64))
        system, each = self.info.system, self.NAMES[0]
        expected = (len(self.id), len(self.info.names))
        if self.numbers.shape != expected:
            raise PredictionsError(f"{system}: {numbers} have shape {self.numbers.shape}, expected {expected} (utterances, {each})")
        doubled = [id for id, n in Counter(self.id).items() if n > 1]
        if doubled:
            raise PredictionsError(f"{system}: {len(doubled)} utterance ids occur more than once: {some(doubled)}")
        self._check_names()
        nan, present = np.isnan(self.numbers), self.present
        broken = nan[:, present].any(axis=1) & ~nan[:, present].all(axis=1) | np.isinf(self.numbers).any(axis=1)
        if broken.any():
            raise PredictionsError(
                f"{system}: utterance '{self.id[int(broken.argmax())]}' has a {number} that is not finite; predict again"
            )
        if not nan[:, ~present].all():
            raise PredictionsError(
                f"{system}: {each} {list(self.info.absent)} were absent from training, but have {numbers}; they must be null"
            )
        object.__setattr__(self, "_index", {id: i for i, id in enumerate(self.id)})

    def _check_names(self) -> None:
        """Raise where a part has another length than the ids, or a name is not in the list or twice in it."""
        info, one = self.info, self.NAMES[1]
        for name in ("split", *self.PARTS):
            part = getattr(self, name)
            if part is not None and len(part) != len(self.id):
                raise PredictionsError(f"{info.system}: {len(part)} values of {name} for {len(self.id)} utterances")
        doubled = [name for name, n in Counter(info.names).items() if n > 1]
        if doubled:
            raise PredictionsError(f"{info.system}: the {one} list has {some(doubled)} more than once: {list(info.names)}")
        self._refuse_strangers(info.absent)
        if not self.present.any():
            raise PredictionsError(f"{info.system}: every {one} is absent; at least one must have been trained")

    def _refuse_strangers(self, names: Sequence[str | None]) -> None:
        strangers = {*names} - {None, *self.info.names}
        if strangers:
            found = sorted(map(str, strangers))
            raise PredictionsError(f"{self.info.system}: {found} are not in the {self.NAMES[1]} list {list(self.info.names)}")

    def __len__(self) -> int:
        return len(self.id)

    @property
    def numbers(self) -> NDArray[np.float64]:
        """Return what is predicted, ``(utterances, columns)``, whatever the task calls it."""
        return getattr(self, self.NUMBERS[0])  # type: ignore[no-any-return]

    @property
    def present(self) -> NDArray[np.bool_]:
        """Return True for each column that occurred in training, ``(columns,)``."""
        return np.array([name not in self.info.absent for name in self.info.names], dtype=np.bool_)

    @property
    def predicted(self) -> NDArray[np.bool_]:
        """Return True for each row that had input, ``(utterances,)``."""
        return np.asarray(np.isfinite(self.numbers[:, self.present]).all(axis=1), dtype=np.bool_)

    def select(self, ids: Sequence[str]) -> Self:
        """Return the rows of some utterances, in that order.

        Raises:
            PredictionsError: If an id has no row; the message names it.
        """
        missing = [id for id in ids if id not in self._index]
        if missing:
            raise PredictionsError(
                f"{self.info.system}: no prediction for {len(missing)} utterances: {some(missing)}; predict these splits again"
            )
        rows = [self._index[id] for id in ids]
        parts = {name: _rows(getattr(self, name), rows) for name in ("split", self.NUMBERS[0], *self.PARTS)}
        return cast(Self, replace(cast(Any, self), id=list(ids), **parts))

    def of_split(self, *splits: str) -> Self:
        """Return the rows of some splits; none where a split was not predicted."""
        return self.select([id for id, split in zip(self.id, self.split, strict=True) if split in splits])

    def save(self, path: str | Path) -> None:
        """Write a parquet file, whole or not at all: ``id``, ``split``, a column a class or attribute, and what later stages added."""
        import pyarrow

        columns: dict[str, Any] = {name: pyarrow.array(getattr(self, name), pyarrow.string()) for name in ("id", "split")}
        for name, values in zip(self.info.names, self.numbers.T, strict=True):
            columns[f"{self.PREFIX}{name}"] = pyarrow.array(values, mask=np.isnan(values))
        for name in self.PARTS:
            part = getattr(self, name)
            if part is not None:
                columns[name] = pyarrow.array(part, mask=part < 0) if name == "fold" else pyarrow.array(part, pyarrow.string())
        write_parquet(path, pyarrow.table(columns), vars(self.info))


def _rows(part: Any, rows: list[int]) -> Any:
    """Return some rows of a part: an array, a list, or None where it is not there."""
    if part is None or isinstance(part, np.ndarray):
        return None if part is None else part[rows]
    return [part[i] for i in rows]
