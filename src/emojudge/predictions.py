"""Predictions of one system (joint 2): a parquet file of logits by utterance id, never with the truth in it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import MISSING, asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .errors import PredictionsError, some
from .files import read_parquet, write_parquet

if TYPE_CHECKING:
    import pyarrow

SCHEMA_VERSION = 1


@dataclass(frozen=True)
class PredictionsInfo:
    """Where predictions come from; travels in the parquet file's metadata."""

    system: str
    """Name of the system, such as ``acoustic`` or ``fused``."""
    classes: tuple[str, ...]
    """The class list, in the order of the logits."""
    corpus: str
    """Fingerprint of the table that was predicted."""
    checkpoint: str = ""
    """Digest of the checkpoint, or of the file that a fused or refined system was made with."""
    source_prior: tuple[float, ...] | None = None
    """Class distribution that the posterior of these logits assumes; None where it is not known."""
    absent_classes: tuple[str, ...] = ()
    """Classes that did not occur in training: null columns, left out by every consumer."""
    task: str = "emotion"
    schema_version: int = SCHEMA_VERSION


@dataclass(frozen=True, eq=False)
class Predictions:
    """Logits of some utterances, and the columns that fusion and judge add.

    ``logits`` is ``(utterances, classes)`` float64; a row without input and the column of an absent
    class are NaN.

    Raises:
        PredictionsError: If ids repeat, a part has another length than the ids, a logit is infinite or
            missing in part of a row, an absent class has logits, or a name is not in the class list.
    """

    id: list[str]
    split: list[str]
    logits: NDArray[np.float64]
    info: PredictionsInfo
    used: list[str] | None = None
    """Branches that a fused row rests on, joined by ``+``; empty where there was none."""
    fold: NDArray[np.int64] | None = None
    """Fold whose model made a row of the fitting split; -1 elsewhere."""
    label: list[str | None] | None = None
    """The refined label, in the judge's output."""
    reason_code: list[str | None] | None = None
    """Why the judge kept or changed the label."""
    _index: dict[str, int] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        info = self.info
        object.__setattr__(self, "logits", np.asarray(self.logits, dtype=np.float64))
        expected = (len(self.id), len(info.classes))
        if self.logits.shape != expected:
            raise PredictionsError(f"{info.system}: logits have shape {self.logits.shape}, expected {expected} (utterances, classes)")
        doubled = [id for id, n in Counter(self.id).items() if n > 1]
        if doubled:
            raise PredictionsError(f"{info.system}: {len(doubled)} utterance ids occur more than once: {some(doubled)}")
        self._check_names()
        nan, present = np.isnan(self.logits), self.present
        broken = nan[:, present].any(axis=1) & ~nan[:, present].all(axis=1) | np.isinf(self.logits).any(axis=1)
        if broken.any():
            raise PredictionsError(
                f"{info.system}: utterance '{self.id[int(broken.argmax())]}' has a logit that is not finite; predict again"
            )
        if not nan[:, ~present].all():
            raise PredictionsError(
                f"{info.system}: classes {list(info.absent_classes)} were absent from training, but have logits; they must be null"
            )
        object.__setattr__(self, "_index", {id: i for i, id in enumerate(self.id)})

    def _check_names(self) -> None:
        """Raise where a part has another length than the ids, or names a class that is not in the list."""
        info = self.info
        for name in ("split", "used", "fold", "label", "reason_code"):
            part = getattr(self, name)
            if part is not None and len(part) != len(self.id):
                raise PredictionsError(f"{info.system}: {len(part)} values of {name} for {len(self.id)} utterances")
        strangers = {*info.absent_classes, *(self.label or [])} - {None, *info.classes}
        if strangers:
            raise PredictionsError(f"{info.system}: {sorted(map(str, strangers))} are not in the class list {list(info.classes)}")
        if not self.present.any():
            raise PredictionsError(f"{info.system}: every class is absent; at least one must have been trained")
        if info.source_prior is not None and len(info.source_prior) != len(info.classes):
            raise PredictionsError(f"{info.system}: a source prior of {len(info.source_prior)} values for {len(info.classes)} classes")

    def __len__(self) -> int:
        return len(self.id)

    @property
    def present(self) -> NDArray[np.bool_]:
        """Return True for each class that occurred in training, ``(classes,)``."""
        return np.array([name not in self.info.absent_classes for name in self.info.classes])

    @property
    def predicted(self) -> NDArray[np.bool_]:
        """Return True for each row that has logits, ``(utterances,)``."""
        return np.asarray(np.isfinite(self.logits[:, self.present]).all(axis=1), dtype=np.bool_)

    def labels(self) -> list[str | None]:
        """Return the label of each row: the judge's where there is one, else that of the largest logit; None without input."""
        if self.label is not None:
            return list(self.label)
        filled = np.where(np.isnan(self.logits), -np.inf, self.logits)
        best = filled.argmax(axis=1)
        return [self.info.classes[k] if known else None for k, known in zip(best, self.predicted, strict=True)]

    def select(self, ids: Sequence[str]) -> "Predictions":
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
        return replace(
            self,
            id=list(ids),
            split=[self.split[i] for i in rows],
            logits=self.logits[rows],
            used=None if self.used is None else [self.used[i] for i in rows],
            fold=None if self.fold is None else self.fold[rows],
            label=None if self.label is None else [self.label[i] for i in rows],
            reason_code=None if self.reason_code is None else [self.reason_code[i] for i in rows],
        )

    def of_split(self, *splits: str) -> "Predictions":
        """Return the rows of some splits; none where a split was not predicted."""
        return self.select([id for id, split in zip(self.id, self.split, strict=True) if split in splits])

    def save(self, path: str | Path) -> None:
        """Write a parquet file, whole or not at all: ``id``, ``split``, ``logit_<emotion>`` and what fusion and judge added."""
        import pyarrow

        columns: dict[str, Any] = {"id": pyarrow.array(self.id, pyarrow.string()), "split": pyarrow.array(self.split, pyarrow.string())}
        for k, name in enumerate(self.info.classes):
            columns[f"logit_{name}"] = pyarrow.array(self.logits[:, k], mask=np.isnan(self.logits[:, k]))
        if self.used is not None:
            columns["used"] = pyarrow.array(self.used, pyarrow.string())
        if self.fold is not None:
            columns["fold"] = pyarrow.array(self.fold, mask=self.fold < 0)
        if self.label is not None:
            columns["label"] = pyarrow.array(self.label, pyarrow.string())
        if self.reason_code is not None:
            columns["reason_code"] = pyarrow.array(self.reason_code, pyarrow.string())
        write_parquet(path, pyarrow.table(columns), asdict(self.info))


def load_predictions(path: str | Path) -> Predictions:
    """Return predictions that :meth:`Predictions.save` wrote.

    Raises:
        PredictionsError: If the file is missing, is not parquet, or does not have the documented form.
    """
    table, raw = read_parquet(path, "predictions file", mark="system", error=PredictionsError, advice="predict again")
    if raw.get("schema_version") != SCHEMA_VERSION:
        raise PredictionsError(f"{path}: schema version {raw.get('schema_version')}, this release reads {SCHEMA_VERSION}; predict again")
    info = _read_info(path, raw)
    _check_columns(path, table, info.classes)

    def optional(name: str) -> list[Any] | None:
        return table.column(name).to_pylist() if name in table.schema.names else None

    logits = np.column_stack([table.column(f"logit_{name}").to_numpy().astype(np.float64) for name in info.classes])
    fold = optional("fold")
    try:
        return Predictions(
            table.column("id").to_pylist(),
            table.column("split").to_pylist(),
            logits,
            info,
            used=optional("used"),
            fold=None if fold is None else np.array([-1 if k is None else k for k in fold], dtype=np.int64),
            label=optional("label"),
            reason_code=optional("reason_code"),
        )
    except PredictionsError as error:
        raise PredictionsError(f"{path}: {error}") from error


def _read_info(path: str | Path, raw: dict[str, Any]) -> PredictionsInfo:
    """Return the metadata of a file, compared with the fields of :class:`PredictionsInfo`."""
    known = {f.name: f.default is MISSING for f in fields(PredictionsInfo)}
    missing = [name for name, required in known.items() if required and name not in raw]
    unknown = [name for name in raw if name not in known]
    if missing or unknown:
        fault = f"lacks {some(missing)}" if missing else f"has {some(unknown)}, which this release does not know"
        raise PredictionsError(f"{path}: its metadata {fault}; predict again")
    for name, value in raw.items():
        if name in ("classes", "absent_classes"):
            fits, expected = isinstance(value, list) and all(isinstance(entry, str) for entry in value), "a list of names"
        elif name == "source_prior":
            numbers = isinstance(value, list) and all(type(entry) in (int, float) for entry in value)
            fits, expected = value is None or numbers, "a list of numbers or null"
        elif name != "schema_version":
            fits, expected = isinstance(value, str), "text"
        else:
            continue
        if not fits:
            raise PredictionsError(f"{path}: '{name}' in its metadata is {value!r}, expected {expected}; predict again")
    parts: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in raw.items()}
    return PredictionsInfo(**parts)


def _check_columns(path: str | Path, table: "pyarrow.Table", classes: Sequence[str]) -> None:
    """Raise where a column is missing or holds something else than documented."""
    from pyarrow import types

    names = table.schema.names
    logits = [f"logit_{name}" for name in classes]
    missing = [name for name in ("id", "split", *logits) if name not in names]
    if missing:
        raise PredictionsError(f"{path}: no column {some(missing)} (found: {', '.join(names)})")
    for name in ("id", "split", *logits, "used", "fold", "label", "reason_code"):
        if name not in names:
            continue
        kind = table.schema.field(name).type
        if name in logits:
            fits, expected = types.is_floating(kind) or types.is_integer(kind) or types.is_null(kind), "numbers"
        elif name == "fold":
            fits, expected = types.is_integer(kind) or types.is_null(kind), "whole numbers"
        else:
            fits, expected = types.is_string(kind) or types.is_large_string(kind), "text"
        if not fits:
            raise PredictionsError(f"{path}: column '{name}' holds {kind}, expected {expected}; predict again")
        if name in ("id", "split", "used") and table.column(name).null_count:
            raise PredictionsError(f"{path}: column '{name}' has {table.column(name).null_count} nulls, expected text in every row")


def align(*predictions: Predictions, ids: Sequence[str] | None = None) -> list[Predictions]:
    """Return predictions of the same utterances in the same order, joined by id.

    Args:
        *predictions: Of one corpus and class list.
        ids: The order wanted; by default that of the first. Each must hold exactly these ids.

    Raises:
        PredictionsError: If the class lists or corpora differ, or an id is missing or unknown on one side.
    """
    first = predictions[0].info
    for other in (p.info for p in predictions[1:]):
        if other.classes != first.classes:
            raise PredictionsError(
                f"'{other.system}' predicts {list(other.classes)}, '{first.system}' {list(first.classes)}; both need one class list"
            )
        if other.corpus != first.corpus:
            raise PredictionsError(
                f"'{other.system}' was predicted on corpus {other.corpus}, '{first.system}' on {first.corpus}; predict both on one table"
            )
    ids = predictions[0].id if ids is None else list(ids)
    wanted = set(ids)
    for p in predictions:
        unknown = [id for id in p.id if id not in wanted]
        if unknown:
            raise PredictionsError(f"'{p.info.system}' has {len(unknown)} utterances that are not expected here: {some(unknown)}")
    return [p.select(ids) for p in predictions]
