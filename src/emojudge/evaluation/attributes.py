"""The one definition of the scores of attributes: concordance, correlation and error of named columns."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..labels import ATTRIBUTES

Columns: TypeAlias = Mapping[str, Iterable[float | None]] | ArrayLike
"""Values of attributes: a column a name, or an array ``(utterances, attributes)``; None or NaN where there is none."""


def score_attributes(truth: Columns, prediction: Columns, attributes: Sequence[str] | None = None) -> dict[str, float]:
    """Return the concordance correlation coefficient of each attribute and their mean, with correlation and mean absolute error.

    The paper's Task 2 metric (section 3.2), with population variances, over the whole split at once. A constant prediction or truth
    scores 0, and so does a single utterance.

    Paper: silent on utterances that a system cannot predict. Each attribute is scored over the utterances that have both values, and
    ``n_missing`` says how many were left out for want of a prediction: two systems compare only where it is equal. An attribute that
    the truth has and the system never predicts scores 0 and stays in the mean; one that the truth lacks is NaN and leaves it.

    Args:
        truth: True values, on the scale of the predictions.
        prediction: Predicted values, unclipped; columns that the truth does not have are not looked at.
        attributes: Names of the columns; by default those of ``truth``, or valence, arousal and dominance for arrays.

    Returns:
        ``ccc_mean``, ``n`` (utterances with a true value), ``n_missing`` (those of them that lack a prediction of one),
        and for each attribute ``ccc_<attribute>``, ``pearson_<attribute>``, ``mae_<attribute>`` (NaN where nothing was predicted)
        and ``n_<attribute>`` (utterances scored).

    Raises:
        ValueError: If shapes or names differ, a value is infinite, or nothing is to be scored.

    >>> scores = score_attributes({"valence": [1, 2, 3, 4]}, {"valence": [2, 3, 4, None]})
    >>> round(scores["ccc_valence"], 4), round(scores["pearson_valence"], 4), scores["n_missing"]
    (0.5714, 1.0, 1)
    """
    names, true, predicted = columns_of(truth, prediction, attributes)
    known = ~np.isnan(true)
    lacking = known & np.isnan(predicted)
    scores: dict[str, float] = {"n": int(known.any(axis=1).sum()), "n_missing": int(lacking.any(axis=1).sum())}
    for k, name in enumerate(names):
        counts, offset = moments(true[:, k], predicted[:, k])
        measures = agreement(counts.sum(axis=0), offset)
        scores |= {f"{kind}_{name}": float(value) for kind, value in measures.items()}
        scores[f"n_{name}"] = int(counts[:, 1].sum())
    return {"ccc_mean": float(np.nanmean([scores[f"ccc_{name}"] for name in names])), **scores}


def columns_of(
    truth: Columns, prediction: Columns, attributes: Sequence[str] | None = None
) -> tuple[Sequence[str], NDArray[np.float64], NDArray[np.float64]]:
    """Return the names of the attributes, and truth and prediction as ``(utterances, attributes)``, NaN where there is no value.

    Raises:
        ValueError: If shapes or names differ, a value is infinite, or nothing is to be scored.
    """
    if attributes is None:
        attributes = list(truth) if isinstance(truth, Mapping) else ATTRIBUTES
    true, predicted = _columns("truth", truth, attributes), _columns("prediction", prediction, attributes)
    if true.shape != predicted.shape:
        raise ValueError(f"{len(true)} true values but {len(predicted)} predictions; both need one entry an utterance")
    if np.isnan(true).all():
        raise ValueError("there is no utterance with a true value to score")
    return attributes, true, predicted


def moments(x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[NDArray[np.float64], float]:
    """Return what each utterance adds to the scores of an attribute, and by how much the centre of ``x`` is above that of ``y``.

    Args:
        x: True values, ``(utterances,)``; NaN where there is none.
        y: Predicted values, likewise.

    Returns:
        ``(utterances, 8)``: whether there is a true value, whether there are both, then over those that have both x, y, their squares
        and their product about the median of each column, and the absolute error; and the difference of the medians.
    """
    known = ~np.isnan(x)
    both = known & ~np.isnan(y)
    x, y = np.where(both, x, 0.0), np.where(both, y, 0.0)
    # medians, not means: the median of equal numbers is that number, so that a constant has squares of exactly 0
    centres = (float(np.median(x[both])), float(np.median(y[both]))) if both.any() else (0.0, 0.0)
    dx, dy = np.where(both, x - centres[0], 0.0), np.where(both, y - centres[1], 0.0)
    return np.stack([known, both, dx, dy, dx * dx, dy * dy, dx * dy, np.abs(x - y)], axis=1), centres[0] - centres[1]


def agreement(sums: NDArray[np.float64], offset: float) -> dict[str, NDArray[np.float64]]:
    """Return ``ccc``, ``pearson`` and ``mae`` of sums of :func:`moments`, from ``(..., 8)`` to ``(...)`` each."""
    known, n, x, y, xx, yy, xy, error = np.moveaxis(sums, -1, 0)
    some = np.where(n > 0, n, 1.0)
    x, y, xx, yy, xy = x / some, y / some, xx / some, yy / some, xy / some
    x_variance, y_variance, covariance = xx - x * x, yy - y * y, xy - x * y
    # equal numbers far from the centre leave a rounding of their square, and two such constants would agree perfectly
    varies = (x_variance > 1e-12 * xx) & (y_variance > 1e-12 * yy)
    ccc = 2 * covariance / np.where(varies, x_variance + y_variance + (x - y + offset) ** 2, 1.0)
    pearson = covariance / np.sqrt(np.where(varies, x_variance * y_variance, 1.0))
    return {
        "ccc": np.where(known > 0, np.where(varies, ccc, 0.0), np.nan),
        "pearson": np.where(known > 0, np.where(varies, pearson, 0.0), np.nan),
        "mae": np.where(n > 0, error / some, np.nan),
    }


def _columns(what: str, values: Columns, attributes: Sequence[str]) -> NDArray[np.float64]:
    """Return values as ``(utterances, attributes)``, NaN where there is none."""
    if isinstance(values, Mapping):
        absent = [name for name in attributes if name not in values]
        if absent:
            raise ValueError(f"{what} has no column '{absent[0]}' (found: {', '.join(values)})")
        columns = [np.array([np.nan if value is None else value for value in values[name]], dtype=np.float64) for name in attributes]
        if len({len(column) for column in columns}) > 1:
            raise ValueError(f"the columns of {what} have different lengths: {[len(column) for column in columns]}")
        table = np.stack(columns, axis=1)
    else:
        table = np.asarray(values, dtype=np.float64)
        if table.ndim != 2 or table.shape[1] != len(attributes):
            raise ValueError(f"{what} has the shape {table.shape}, expected (utterances, {len(attributes)}) for {', '.join(attributes)}")
    if np.isinf(table).any():
        raise ValueError(f"{what} has an infinite value in row {int(np.isinf(table).any(axis=1).argmax())}; there is no score with it")
    return table
