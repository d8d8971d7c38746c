"""How far stated confidence is from what comes true: errors of posteriors, on arrays."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...errors import ConfigError
from ..prior import log_softmax

Float: TypeAlias = NDArray[np.float64]
Bins: TypeAlias = Literal["width", "mass"]
"""Bins of equal width of confidence, or of equally many utterances."""

BINS: tuple[Bins, ...] = ("width", "mass")

N_BINS = 15
"""As in Guo, Pleiss, Sun and Weinberger, "On calibration of modern neural networks" (2017)."""


@dataclass(frozen=True)
class ReliabilityCurve:
    """Stated confidence against what came true, a bin a row; bins without an utterance are left out."""

    confidence: Float
    """Mean confidence of each bin."""
    accuracy: Float
    """Share of each bin that came true."""
    count: NDArray[np.int64]
    """Utterances of each bin."""
    mass: Float
    """Share of each bin in the weight of all utterances; ``count / n`` where none was weighted."""

    @property
    def error(self) -> float:
        """Return the mean distance of confidence and accuracy over all utterances: the calibration error."""
        return float(self.mass @ np.abs(self.confidence - self.accuracy))


@dataclass(frozen=True)
class Scored:
    """Utterances that posteriors can be judged on: with a label that the system knows, and with input."""

    log_posterior: Float
    """``(utterances, known classes)``."""
    target: NDArray[np.int64]
    """Column of the true class, ``(utterances,)``."""
    weight: Float
    """``(utterances,)``, all 1 where none was asked for."""
    row: NDArray[np.int64]
    """Which rows of the input these are."""
    column: NDArray[np.int64]
    """Which classes of the input these are."""


def negative_log_likelihood(truth: ArrayLike, logits: ArrayLike, class_weight: ArrayLike | None = None) -> float:
    """Return the mean of -log p(true class), in nats.

    Args:
        truth: Place of each true class in the columns, ``(utterances,)``, as ``Table.emotions`` gives it; -1 where there is no label.
        logits: Logits or log-posteriors, ``(utterances, classes)``; NaN rows had no input, NaN columns are classes that training lacked.
            Utterances without label or input, or of such a class, are left out.
        class_weight: Weight of the utterances of each class, ``(classes,)``; see :func:`prior_weights`. By default all count alike.

    Raises:
        ValueError: If shapes differ, or nothing is left to score.
    """
    scored = scorable(truth, logits, class_weight)
    return float(np.average(surprise(scored), weights=scored.weight))


def brier_score(truth: ArrayLike, logits: ArrayLike, class_weight: ArrayLike | None = None) -> float:
    """Return the mean squared distance of the posterior from the true class, summed over classes: 0 to 2 (Brier, 1950).

    Arguments and errors are those of :func:`negative_log_likelihood`.

    >>> round(brier_score([0], [[0.0, 0.0]]), 3)
    0.5
    """
    scored = scorable(truth, logits, class_weight)
    return float(np.average(squared_distance(scored), weights=scored.weight))


def reliability_curve(
    truth: ArrayLike,
    logits: ArrayLike,
    class_weight: ArrayLike | None = None,
    *,
    n_bins: int = N_BINS,
    bins: Bins = "width",
    of: int | None = None,
) -> ReliabilityCurve:
    """Return how often the predicted class was right, by how sure the system was of it.

    Args:
        truth: As :func:`negative_log_likelihood` takes it.
        logits: Likewise.
        class_weight: Likewise.
        n_bins: How many bins; some may be empty.
        bins: See :data:`Bins`. Equal confidences are never parted, so that bins of equal mass are so as far as there are no ties.
        of: Column of a class: its posterior against how often it is the true class, instead of the predicted class.

    Raises:
        ConfigError: If there are no such bins.
        ValueError: As :func:`negative_log_likelihood`, and if ``of`` is a class without logits.
    """
    scored = scorable(truth, logits, class_weight)
    if of is None:
        return _curve(*_top(scored), scored.weight, n_bins, bins)
    if of not in scored.column:
        raise ValueError(f"class {of} has no logits (those that have: {scored.column.tolist()})")
    return _curve(*_of_class(scored, int(np.searchsorted(scored.column, of))), scored.weight, n_bins, bins)


def expected_calibration_error(
    truth: ArrayLike, logits: ArrayLike, class_weight: ArrayLike | None = None, *, n_bins: int = N_BINS, bins: Bins = "width"
) -> float:
    """Return the mean distance of the confidence in the predicted class from its accuracy, over bins of confidence.

    An estimate from few utterances is too high, the more so the more bins: a perfectly calibrated system has an expected error above 0.
    Arguments and errors are those of :func:`reliability_curve`.

    >>> expected_calibration_error([0, 1], [[0.0, float("-1e9")]] * 2)  # sure of the first class, right in half of the cases
    0.5
    """
    return reliability_curve(truth, logits, class_weight, n_bins=n_bins, bins=bins).error


def classwise_calibration_error(
    truth: ArrayLike, logits: ArrayLike, class_weight: ArrayLike | None = None, *, n_bins: int = N_BINS, bins: Bins = "width"
) -> float:
    """Return the calibration error of each class's posterior, averaged over the classes that the system knows.

    It sees what that of the predicted class does not: a class whose posterior is always too low (Kull and others, 2019). Arguments and
    errors are those of :func:`reliability_curve`.
    """
    scored = scorable(truth, logits, class_weight)
    columns = range(len(scored.column))
    return float(np.mean([_curve(*_of_class(scored, k), scored.weight, n_bins, bins).error for k in columns]))


def prior_weights(truth: ArrayLike, prior: ArrayLike) -> Float:
    """Return the weight of each class's utterances, ``(classes,)``, under which the split has the class distribution ``prior``.

    A posterior is right or wrong under the prior that it assumes: on a split of another class distribution even a perfect one looks
    miscalibrated. There are two honest ways out: to weight the utterances, as here, so that the split gets the prior that the posterior
    assumes; or to shift the posterior to the split's own prior (:func:`~emojudge.evaluation.prior.shift_prior`). The former judges the
    numbers as they are used, at the price of large weights for rare classes; the latter judges what they would be elsewhere.

    Args:
        truth: Place of each true class, ``(utterances,)``; -1 where there is no label.
        prior: ``(classes,)``; a class that does not occur gets weight 0, and the others share its mass.

    Raises:
        ValueError: If no labelled utterance has a class of that prior.
    """
    prior = np.asarray(prior, dtype=np.float64)
    true = np.asarray(truth, dtype=np.int64)
    frequency = np.bincount(true[true >= 0], minlength=len(prior)).astype(np.float64)
    occurring = np.where(frequency > 0, prior, 0.0)
    if occurring.sum() <= 0:
        raise ValueError(f"no labelled utterance has a class of the prior {prior.tolist()}")
    return occurring / occurring.sum() * frequency.sum() / np.maximum(frequency, 1.0)  # type: ignore[no-any-return]


def surprise(scored: Scored) -> Float:
    """Return -log p of each utterance's true class."""
    return -scored.log_posterior[np.arange(len(scored.target)), scored.target]


def squared_distance(scored: Scored) -> Float:
    """Return the squared distance of each utterance's posterior from its true class."""
    posterior = np.exp(scored.log_posterior)
    posterior[np.arange(len(posterior)), scored.target] -= 1.0
    return (posterior**2).sum(axis=1)  # type: ignore[no-any-return]


def scorable(truth: ArrayLike, logits: ArrayLike, class_weight: ArrayLike | None = None) -> Scored:
    """Return the utterances that posteriors can be judged on, with log-posteriors over the classes that have logits.

    Raises:
        ValueError: If shapes differ, a logit is infinite or missing in part of a row, or nothing is left to score.
    """
    true, values = np.asarray(truth, dtype=np.int64), np.asarray(logits, dtype=np.float64)
    if values.ndim != 2 or true.shape != values.shape[:1]:
        raise ValueError(f"truth has the shape {true.shape}, logits {values.shape}; expected (utterances,) and (utterances, classes)")
    column = np.flatnonzero(~np.isnan(values).all(axis=0))
    row_known = ~np.isnan(values).all(axis=1)
    if not np.isfinite(values[np.ix_(row_known, column)]).all():
        broken = int(np.flatnonzero(row_known & ~np.isfinite(values[:, column]).all(axis=1))[0])
        raise ValueError(f"row {broken} has a logit that is not finite; a posterior needs all of them")
    place = np.full(values.shape[1] + 1, -1)
    place[column] = np.arange(len(column))
    target = place[np.where((true >= 0) & (true < values.shape[1]), true, values.shape[1])]
    weights = np.ones(values.shape[1]) if class_weight is None else np.asarray(class_weight, dtype=np.float64)
    row = np.flatnonzero(row_known & (target >= 0))
    row = row[weights[true[row]] > 0]
    if not len(row):
        raise ValueError("there is no utterance with a label, input and weight to score")
    return Scored(log_softmax(values[np.ix_(row, column)]), target[row], weights[true[row]], row, column)


def _top(scored: Scored) -> tuple[Float, NDArray[np.bool_]]:
    """Return the confidence in each predicted class, and whether it was right."""
    best = scored.log_posterior.argmax(axis=1)
    return np.exp(scored.log_posterior[np.arange(len(best)), best]), best == scored.target


def _of_class(scored: Scored, k: int) -> tuple[Float, NDArray[np.bool_]]:
    return np.exp(scored.log_posterior[:, k]), scored.target == k


def _curve(confidence: Float, true: NDArray[np.bool_], weight: Float, n_bins: int, bins: Bins) -> ReliabilityCurve:
    if n_bins < 1 or bins not in BINS:
        raise ConfigError(f"bins '{bins}' in number {n_bins}: expected 'width' or 'mass', and at least 1")
    inner = np.arange(1, n_bins) / n_bins
    edges = inner if bins == "width" else np.quantile(confidence, inner, method="inverted_cdf", weights=weight)
    where = np.searchsorted(edges, confidence, side="left")  # a confidence on an edge is of the bin below it
    counts = np.bincount(where, minlength=n_bins)
    mass, stated, right = (np.bincount(where, weights=values, minlength=n_bins) for values in (weight, weight * confidence, weight * true))
    filled = counts > 0
    mass, stated, right = mass[filled], stated[filled], right[filled]
    return ReliabilityCurve(stated / mass, right / mass, counts[filled], mass / mass.sum())
