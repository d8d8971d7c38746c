"""``load_predictions``: what ``save`` wrote, of either task, with everything in it checked."""

from dataclasses import MISSING, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, overload

import numpy as np

from ..errors import PredictionsError, some
from ..files import read_parquet
from .attributes import AttributePredictions, AttributesInfo
from .emotion import Predictions, PredictionsInfo
from .rows import SCHEMA_VERSION

if TYPE_CHECKING:
    import pyarrow

_Forms: TypeAlias = dict[str, tuple[type[PredictionsInfo], type[Predictions]] | tuple[type[AttributesInfo], type[AttributePredictions]]]
_FORMS: _Forms = {
    PredictionsInfo.TASK: (PredictionsInfo, Predictions),
    AttributesInfo.TASK: (AttributesInfo, AttributePredictions),
}


@overload
def load_predictions(path: str | Path, task: Literal["emotion"]) -> Predictions: ...


@overload
def load_predictions(path: str | Path, task: Literal["attributes"]) -> AttributePredictions: ...


@overload
def load_predictions(path: str | Path, task: None = None) -> Predictions | AttributePredictions: ...


def load_predictions(path: str | Path, task: Literal["emotion", "attributes"] | None = None) -> Predictions | AttributePredictions:
    """Return the predictions that a file holds: of emotions, or of attributes.

    Args:
        path: The parquet file.
        task: What it has to hold; either by default.

    Raises:
        PredictionsError: If the file is missing, is not parquet, does not have the documented form, or is of another task.
    """
    table, raw = read_parquet(path, "predictions file", mark="system", error=PredictionsError, advice="predict again")
    if raw.get("schema_version") != SCHEMA_VERSION:
        raise PredictionsError(f"{path}: schema version {raw.get('schema_version')}, this release reads {SCHEMA_VERSION}; predict again")
    found = raw.get("task", PredictionsInfo.TASK)
    if found not in tuple(_FORMS):
        raise PredictionsError(f"{path}: predictions of task {found!r}, this release knows {', '.join(_FORMS)}; predict again")
    if task not in (None, found):
        raise PredictionsError(f"{path}: predictions of task '{found}', expected those of task '{task}'")
    kind, form = _FORMS[found]
    info = _read_info(path, raw, kind)
    columns = [f"{form.PREFIX}{name}" for name in info.names]
    _check_columns(path, table, columns, form.PARTS)
    numbers = [table.column(name).to_numpy().astype(np.float64) for name in columns]
    parts = {name: table.column(name).to_pylist() for name in form.PARTS if name in table.schema.names}
    if "fold" in parts:
        parts["fold"] = np.array([-1 if k is None else k for k in parts["fold"]], dtype=np.int64)
    rows: dict[str, Any] = {
        "id": table.column("id").to_pylist(),
        "split": table.column("split").to_pylist(),
        form.NUMBERS[0]: np.column_stack(numbers) if numbers else np.zeros((table.num_rows, 0)),
        "info": info,
    }
    try:
        return form(**rows, **parts)
    except PredictionsError as error:
        raise PredictionsError(f"{path}: {error}") from error


def _read_info(
    path: str | Path, raw: dict[str, Any], kind: type[PredictionsInfo] | type[AttributesInfo]
) -> PredictionsInfo | AttributesInfo:
    """Return the metadata of a file, compared with the fields of its kind."""
    known = {f.name: f.default is MISSING for f in fields(kind)}
    missing = [name for name, required in known.items() if required and name not in raw]
    unknown = [name for name in raw if name not in known]
    if missing or unknown:
        fault = f"lacks {some(missing)}" if missing else f"has {some(unknown)}, which this release does not know"
        raise PredictionsError(f"{path}: its metadata {fault}; predict again")
    for name, value in raw.items():
        if name in ("classes", "absent_classes", "attributes", "absent_attributes"):
            fits, expected = isinstance(value, list) and all(isinstance(entry, str) for entry in value), "a list of names"
        elif name == "source_prior":
            fits, expected = value is None or _are_numbers(value), "a list of numbers or null"
        elif name == "estimated_priors":
            fits, expected = value is None or _are_priors(value), "null, or a list of numbers by split"
        elif name == "transductive":
            fits, expected = isinstance(value, bool), "true or false"
        elif name != "schema_version":
            fits, expected = isinstance(value, str), "text"
        else:
            continue
        if not fits:
            raise PredictionsError(f"{path}: '{name}' in its metadata is {value!r}, expected {expected}; predict again")
    parts: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in raw.items()}
    if parts.get("estimated_priors"):
        parts["estimated_priors"] = {split: tuple(prior) for split, prior in raw["estimated_priors"].items()}
    return kind(**parts)


def _are_numbers(value: Any) -> bool:
    return isinstance(value, list) and all(type(entry) in (int, float) for entry in value)


def _are_priors(value: Any) -> bool:
    return isinstance(value, dict) and all(_are_numbers(entry) for entry in value.values())


def _check_columns(path: str | Path, table: "pyarrow.Table", numbers: list[str], parts: tuple[str, ...]) -> None:
    """Raise where a column is missing or holds something else than documented."""
    from pyarrow import types

    names = table.schema.names
    missing = [name for name in ("id", "split", *numbers) if name not in names]
    if missing:
        raise PredictionsError(f"{path}: no column {some(missing)} (found: {', '.join(names)})")
    for name in ("id", "split", *numbers, *parts):
        if name not in names:
            continue
        kind = table.schema.field(name).type
        if name in numbers:
            fits, expected = types.is_floating(kind) or types.is_integer(kind) or types.is_null(kind), "numbers"
        elif name == "fold":
            fits, expected = types.is_integer(kind) or types.is_null(kind), "whole numbers"
        else:
            fits, expected = types.is_string(kind) or types.is_large_string(kind), "text"
        if not fits:
            raise PredictionsError(f"{path}: column '{name}' holds {kind}, expected {expected}; predict again")
        if name in ("id", "split", "used") and table.column(name).null_count:
            raise PredictionsError(f"{path}: column '{name}' has {table.column(name).null_count} nulls, expected text in every row")
