"""One fractional logit: logistic regression with a target anywhere between 0 and 1."""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from scipy.special import expit, logit

from ..errors import FusionError
from ..labels import ATTRIBUTE_RANGE
from .linear import Float, LinearModel, standardisation

LOWEST, HIGHEST = ATTRIBUTE_RANGE
"""What becomes 0 and 1."""


class FractionalModel(LinearModel):
    """A fitted regression, whose output is brought back from logits to the scale of 1 to 7."""

    def __call__(self, features: Float) -> Float:
        """Return the value of each row of ``features``, ``(utterances, features)``, between 1 and 7."""
        return np.asarray(LOWEST + (HIGHEST - LOWEST) * expit(super().__call__(features)))

    def to_json(self) -> dict[str, Any]:
        """Return the numbers as lists, and that they are of a logit."""
        return {"link": "logit", **super().to_json()}

    @classmethod
    def from_json(cls, raw: dict[str, Any]) -> Self:
        """Return the model that :meth:`to_json` described."""
        return super().from_json({name: value for name, value in raw.items() if name != "link"})


def fit_fractional(features: Float, target: Float, grid: Sequence[float]) -> list[FractionalModel]:
    """Return the fractional logit on standardised features for each C of a grid.

    Each minimises the cross-entropy of ``(target - 1) / 6``, summed over rows, plus ``|coefficients|^2 / (2 C)``; the intercept is
    free. Newton's method with halved steps, each fit from the one before.

    Paper: "logistic regression" for attributes (section 4.5), read to the letter (Papke and Wooldridge, 1996).

    Args:
        features: ``(utterances, features)``.
        target: Value of each row in 1 to 7, ``(utterances,)``.
        grid: Inverse strengths of the L2 penalty on the coefficients.

    Raises:
        FusionError: If a target is outside 1 to 7.
    """
    if target.min() < LOWEST or target.max() > HIGHEST:
        raise FusionError(f"a fractional logit needs values from 1 to 7, found {target.min():g} to {target.max():g}; use method 'ridge'")
    mean, scale = standardisation(features)
    share = (target - LOWEST) / (HIGHEST - LOWEST)
    start = np.zeros(features.shape[1] + 1)  # (features + 1,), the intercept last
    start[-1] = logit(np.clip(share.mean(), 1e-12, 1 - 1e-12))
    if np.ptp(target) == 0:  # no slope, and at an end of the scale an infinite intercept
        return [FractionalModel(mean, scale, start[:-1], start[-1], c) for c in grid]
    x = np.column_stack([(features - mean) / scale, np.ones(len(features))])
    models = []
    for c in grid:
        penalty = np.append(np.full(features.shape[1], 1 / c), 0.0)
        start = _minimum(x, share, penalty, start)
        models.append(FractionalModel(mean, scale, start[:-1], np.asarray(start[-1]), c))
    return models


def _minimum(x: Float, share: Float, penalty: Float, start: Float) -> Float:
    """Return the coefficients of least penalised cross-entropy, ``(features + 1,)``."""

    def loss(coefficients: Float) -> float:
        scores = x @ coefficients
        return float((np.logaddexp(0.0, scores) - share * scores).sum() + penalty @ coefficients**2 / 2)

    here, now = start, loss(start)
    for _ in range(100):
        p = expit(x @ here)  # (utterances,)
        gradient = x.T @ (p - share) + penalty * here
        step = np.linalg.solve((x * (p * (1 - p))[:, None]).T @ x + np.diag(penalty), gradient)
        decrement = float(gradient @ step)  # twice what a quadratic loss would fall by
        if decrement <= 1e-12 * len(x):
            return np.asarray(here - step)  # the error of a Newton step is the square of that before it
        while (then := loss(here - step)) > now and np.abs(step).max() > 1e-12:
            step = step / 2
        here, now = here - step, then
    raise FusionError(f"the fractional logit with C = {1 / penalty[0]:g} did not converge; use a smaller C or method 'ridge'")
