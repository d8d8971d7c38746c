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
    if attributes is None:
        attributes = list(truth) if isinstance(truth, Mapping) else ATTRIBUTES
    true = _columns("truth", truth, attributes)  # (utterances, attributes)
    predicted = _columns("prediction", prediction, attributes)
    if true.shape != predicted.shape:
        raise ValueError(f"{len(true)} true values but {len(predicted)} predictions; both need one entry an utterance")
    known = ~np.isnan(true)
    both = known & ~np.isnan(predicted)
    if not known.any():
        raise ValueError("there is no utterance with a true value to score")
    scores: dict[str, float] = {"n": int(known.any(axis=1).sum()), "n_missing": int((known & ~both).any(axis=1).sum())}
    for k, name in enumerate(attributes):
        x, y = true[both[:, k], k], predicted[both[:, k], k]
        ccc, pearson = _agreement(x, y) if known[:, k].any() else (float("nan"), float("nan"))
        scores[f"ccc_{name}"] = ccc
        scores[f"pearson_{name}"] = pearson
        scores[f"mae_{name}"] = float(np.abs(x - y).mean()) if len(x) else float("nan")
        scores[f"n_{name}"] = len(x)
    return {"ccc_mean": float(np.nanmean([scores[f"ccc_{name}"] for name in attributes])), **scores}


def _agreement(x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[float, float]:
    """Return the concordance and the Pearson correlation of two columns, both 0 where one does not vary."""
    # compared by value: the mean of equal numbers may be off by a rounding, and two such constants would agree perfectly
    if len(x) == 0 or x.min() == x.max() or y.min() == y.max():
        return 0.0, 0.0
    dx, dy = x - x.mean(), y - y.mean()
    covariance, x_variance, y_variance = (dx * dy).mean(), (dx * dx).mean(), (dy * dy).mean()
    ccc = 2 * covariance / (x_variance + y_variance + (x.mean() - y.mean()) ** 2)
    return float(ccc), float(covariance / np.sqrt(x_variance * y_variance))


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
