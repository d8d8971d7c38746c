"""Where the errors of attributes lie: by true value, and together with those of other attributes."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .attributes import Columns, columns_of

EDGES = (1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0)
"""Bins of the scale of MSP-Podcast, 1 to 7."""


@dataclass(frozen=True)
class BinError:
    """Errors of the utterances whose true value lies in a bin."""

    low: float
    high: float
    """Not in the bin, except in the last."""
    n: int
    bias: float
    """Mean of prediction minus truth; NaN in an empty bin."""
    mae: float
    """Mean absolute error; NaN in an empty bin."""


def error_by_bin(
    truth: Columns, prediction: Columns, attributes: Sequence[str] | None = None, edges: Sequence[float] = EDGES
) -> dict[str, list[BinError]]:
    """Return count, bias and mean absolute error by bin of the true value, for each attribute.

    A system that shrinks towards the middle has a positive bias in the low bins and a negative one in the high bins.

    Args:
        truth: True values, as :func:`~emojudge.evaluation.score_attributes` takes them.
        prediction: Predicted values, unclipped; utterances without one are left out.
        attributes: Names of the columns; by default those of ``truth``, or valence, arousal and dominance for arrays.
        edges: Of the bins, ascending.

    Raises:
        ValueError: As :func:`~emojudge.evaluation.score_attributes`; or if a true value to be scored lies outside the edges.

    >>> [(found.n, found.bias) for found in error_by_bin({"valence": [1, 2.5, 7]}, {"valence": [2, 2.5, 6]}, edges=[1, 4, 7])["valence"]]
    [(2, 0.5), (1, -1.0)]
    """
    names, true, predicted = columns_of(truth, prediction, attributes)
    found = {}
    for name, x, y in zip(names, true.T, predicted.T, strict=True):
        both = ~np.isnan(x) & ~np.isnan(y)
        outside = both & ((x < edges[0]) | (x > edges[-1]))
        if outside.any():
            row = int(outside.argmax())
            raise ValueError(f"the true {name} of row {row} is {x[row]:g}, outside the bins from {edges[0]:g} to {edges[-1]:g}")
        error = (y - x)[both]
        bins = np.clip(np.searchsorted(edges, x[both], side="right") - 1, 0, len(edges) - 2)
        found[name] = [_bin(edges[k], edges[k + 1], error[bins == k]) for k in range(len(edges) - 1)]
    return found


def error_correlation(truth: Columns, prediction: Columns, attributes: Sequence[str] | None = None) -> NDArray[np.float64]:
    """Return Pearson's correlation of the errors of each two attributes, ``(attributes, attributes)``.

    Each is over the utterances that have both values of both; 0 where an error does not vary, as with everything that is constant,
    and 1 on the diagonal otherwise.

    Args:
        truth: True values, as :func:`~emojudge.evaluation.score_attributes` takes them.
        prediction: Predicted values, unclipped.
        attributes: Names of the columns; by default those of ``truth``, or valence, arousal and dominance for arrays.

    Raises:
        ValueError: As :func:`~emojudge.evaluation.score_attributes`.
    """
    _, true, predicted = columns_of(truth, prediction, attributes)
    error = predicted - true  # (utterances, attributes)
    return np.array([[_correlation(x, y) for y in error.T] for x in error.T])


def _bin(low: float, high: float, error: NDArray[np.float64]) -> BinError:
    if not len(error):
        return BinError(low, high, 0, float("nan"), float("nan"))
    return BinError(low, high, len(error), float(error.mean()), float(np.abs(error).mean()))


def _correlation(x: NDArray[np.float64], y: NDArray[np.float64]) -> float:
    both = ~np.isnan(x) & ~np.isnan(y)
    x, y = x[both], y[both]
    # errors of a constant are equal up to a rounding
    if len(x) < 2 or np.ptp(x) <= 1e-12 * np.abs(x).max() or np.ptp(y) <= 1e-12 * np.abs(y).max():
        return 0.0
    return float(np.corrcoef(x, y)[0, 1])
