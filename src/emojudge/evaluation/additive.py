"""Scores as functions of sums: what each utterance adds, so that resampling speakers is a matrix product."""

import math
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from ..errors import ConfigError, nearest
from .attributes import Columns, agreement, columns_of, moments
from .scores import OVERALL, PER_CLASS, UNIFORM, class_numbers, macro_f1_uniform

Score: TypeAlias = Callable[[NDArray[np.float64]], NDArray[np.float64]]


@dataclass(frozen=True)
class Additive:
    """A score of a split that depends on its utterances through sums of counts only."""

    counts: NDArray[np.float64]
    """What each utterance adds, ``(utterances, n_counts)``."""
    score: Score
    """The score of sums of counts, from ``(..., n_counts)`` to ``(...)``; NaN where it is not defined."""

    @property
    def value(self) -> float:
        """Return the score of all utterances."""
        return float(self.score(self.counts.sum(axis=0)))


def additive_emotions(
    truth: Iterable[Hashable], prediction: Iterable[Hashable | None], measure: str = "macro_f1", classes: Sequence[Hashable] | None = None
) -> Additive:
    """Return a measure of :func:`~emojudge.evaluation.score_emotions` as a function of sums: of counts by class.

    A class that a sum lacks is treated as :func:`~emojudge.evaluation.score_emotions` treats one that the truth lacks.

    Args:
        truth: Class of each utterance.
        prediction: Predicted class of each; None where the system had no input.
        measure: Such as ``macro_f1`` or ``recall_sad``.
        classes: The run's class list; by default every class that occurs, sorted.

    Raises:
        ConfigError: If there is no such measure.
        ValueError: As :func:`~emojudge.evaluation.score_emotions`.
    """
    rows, columns, classes = class_numbers(truth, prediction, classes)
    places = {f"{kind}_{name}": (kind, k) for kind in PER_CLASS for k, name in enumerate(classes)}
    _check_measure(measure, [*OVERALL, UNIFORM, *places])
    width = len(classes)
    if measure == UNIFORM:
        cells = np.arange(width * (width + 1)) == (rows * (width + 1) + columns)[:, None]  # (utterances, cells of the confusion matrix)
        return Additive(cells.astype(np.float64), lambda sums: macro_f1_uniform(sums.reshape(*sums.shape[:-1], width, width + 1)))
    true, predicted = np.arange(width) == rows[:, None], np.arange(width) == columns[:, None]  # (utterances, classes)

    def score(sums: NDArray[np.float64]) -> NDArray[np.float64]:
        hits, n_true, n_predicted = (sums[..., k * width : (k + 1) * width] for k in range(3))
        if measure in OVERALL:
            return OVERALL[measure](hits, n_true, n_predicted)
        kind, k = places[measure]
        return np.where(n_true[..., k] > 0, PER_CLASS[kind](hits, n_true, n_predicted)[..., k], np.nan)

    return Additive(np.concatenate([true & predicted, true, predicted], axis=1).astype(np.float64), score)


def additive_attributes(
    truth: Columns, prediction: Columns, measure: str = "ccc_mean", attributes: Sequence[str] | None = None
) -> Additive:
    """Return a measure of :func:`~emojudge.evaluation.score_attributes` as a function of sums: numbers, values, squares and products.

    Values are taken about the median of their column, so that sums lose no accuracy far from 0.

    Args:
        truth: True values, on the scale of the predictions.
        prediction: Predicted values, unclipped.
        measure: Such as ``ccc_mean``, ``ccc_valence`` or ``mae_arousal``.
        attributes: Names of the columns; by default those of ``truth``, or valence, arousal and dominance for arrays.

    Raises:
        ConfigError: If there is no such measure.
        ValueError: As :func:`~emojudge.evaluation.score_attributes`.
    """
    names, true, predicted = columns_of(truth, prediction, attributes)
    _check_measure(measure, ["ccc_mean", *(f"{kind}_{name}" for name in names for kind in ("ccc", "pearson", "mae"))])
    kind, _, name = measure.partition("_")
    chosen = list(range(len(names))) if measure == "ccc_mean" else [list(names).index(name)]
    parts = [moments(true[:, k], predicted[:, k]) for k in chosen]
    width = parts[0][0].shape[1]

    def score(sums: NDArray[np.float64]) -> NDArray[np.float64]:
        values = [agreement(sums[..., k * width : (k + 1) * width], offset)[kind] for k, (_, offset) in enumerate(parts)]
        stacked = np.stack(values)  # (attributes, ...)
        known = ~np.isnan(stacked)
        with np.errstate(invalid="ignore"):
            return np.where(known, stacked, 0.0).sum(axis=0) / known.sum(axis=0)  # type: ignore[no-any-return]

    return Additive(np.concatenate([counts for counts, _ in parts], axis=1), score)


def additive(truth: object, prediction: object, measure: str = "macro_f1", names: Sequence[str] | None = None) -> Additive:
    """Return a measure of either task as a function of sums: attributes for ``ccc_*``, ``pearson_*`` and ``mae_*``, else emotions.

    Args:
        truth: As the task has it: classes, or an array ``(utterances, attributes)`` or named columns.
        prediction: Likewise.
        measure: A measure of either task.
        names: The class list, or the names of the attributes.
    """
    if is_of_attributes(measure):
        return additive_attributes(truth, prediction, measure, names)  # type: ignore[arg-type]
    return additive_emotions(truth, prediction, measure, names)  # type: ignore[arg-type]


def is_of_attributes(measure: str) -> bool:
    """Return whether a measure is one of attributes, by its name."""
    return measure.partition("_")[0] in ("ccc", "pearson", "mae")


def range_of(measure: str) -> tuple[float, float]:
    """Return the least and the largest value that a measure can have, by its name."""
    if not is_of_attributes(measure):
        return 0.0, 1.0
    return (0.0, math.inf) if measure.startswith("mae_") else (-1.0, 1.0)


def _check_measure(measure: str, known: Sequence[str]) -> None:
    if measure not in known:
        raise ConfigError(f"there is no measure '{measure}' (found: {', '.join(known)}).{nearest(measure, known)}")
