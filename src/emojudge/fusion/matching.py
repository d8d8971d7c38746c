"""Moments of fused values matched to those of the training labels, which undoes the shrinkage of a squared error."""

from collections.abc import Iterable, Mapping

import numpy as np

from ..evaluation import score_attributes
from .linear import Float

Moments = Mapping[str, tuple[float, float]]
"""Mean and population deviation by attribute, on the scale of 1 to 7."""


def moments_of(truth: Mapping[str, Mapping[str, float | None]], ids: Iterable[str] | None = None) -> dict[str, tuple[float, float]]:
    """Return mean and population deviation of each attribute that has a value, on the scale of the values.

    Args:
        truth: Values by attribute, by utterance id, as :func:`~emojudge.corpus.truth.attributes_of` gives them; None where there is none.
        ids: Utterances to look at, such as those of the splits that train; all by default.

    Raises:
        KeyError: If an id is not in ``truth``.

    >>> moments_of({"a": {"valence": 3.0}, "b": {"valence": 5.0}, "c": {"valence": None}})
    {'valence': (4.0, 1.0)}
    """
    values: dict[str, list[float]] = {}
    for id in truth if ids is None else ids:
        for name, value in truth[id].items():
            if value is not None:
                values.setdefault(name, []).append(value)
    return {name: (float(np.mean(each)), float(np.std(each))) for name, each in values.items()}


def matching(values: Float, moments: tuple[float, float]) -> tuple[float, float]:
    """Return gain and offset that give values, which vary, a mean and a deviation.

    A fusion of least squares has the concordance 2 r^2 / (1 + r^2) with its target, where r is the correlation, because its
    deviation is r times too small. With the target's own moments it has r, which is larger.

    Args:
        values: What a fusion gives for utterances that it was not fitted on, ``(utterances,)``.
        moments: Mean and deviation to have.
    """
    mean, deviation = moments
    gain = deviation / float(values.std())
    return gain, mean - gain * float(values.mean())


def constant(values: Float) -> bool:
    """Return whether values differ by no more than a rounding."""
    return bool(np.ptp(values) <= 1e-9 * max(1.0, float(np.abs(values).max())))


def matched_concordance(target: Float, values: Float, moments: tuple[float, float] | None) -> float:
    """Return the concordance correlation of values, matched to the moments if any, with their target; 0 where one does not vary."""
    if constant(values):
        return 0.0
    gain, offset = (1.0, 0.0) if moments is None else matching(values, moments)
    return score_attributes(target[:, None], (gain * values + offset)[:, None], ["value"])["ccc_value"]
