"""The model of one attribute: a regression or a blend of branches, and the matching of its moments."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Self, TypeAlias

import numpy as np

from .blend import Blend
from .fractional import FractionalModel, fit_fractional
from .linear import Float, Folds, LinearModel, best_c
from .matching import constant, matched_concordance, matching
from .ridge import fit_ridge

Fit: TypeAlias = Callable[[Float, Float, Sequence[float]], Sequence[LinearModel]]
"""From features, targets and values of C to a model each."""

REGRESSIONS: dict[str, Fit] = {"ridge": fit_ridge, "fractional_logit": fit_fractional}


@dataclass(frozen=True)
class AttributeModel:
    """What joins the branches, then ``gain * value + offset``."""

    joined: LinearModel | Blend
    gain: float = 1.0
    offset: float = 0.0

    def __call__(self, features: Float) -> Float:
        """Return the value of each row of ``features``, ``(utterances, branches * attributes)``; never clipped."""
        return self.gain * self.joined(features) + self.offset

    def to_json(self) -> dict[str, Any]:
        """Return the numbers as lists."""
        return {**self.joined.to_json(), "gain": self.gain, "offset": self.offset}

    @classmethod
    def from_json(cls, raw: dict[str, Any]) -> Self:
        """Return the model that :meth:`to_json` described; one written without gain and offset was not matched."""
        rest = {name: value for name, value in raw.items() if name not in ("gain", "offset")}
        kind: type[LinearModel] | type[Blend] = Blend if "weights" in raw else FractionalModel if "link" in raw else LinearModel
        return cls(kind.from_json(rest), float(raw.get("gain", 1.0)), float(raw.get("offset", 0.0)))


def matched(joined: LinearModel | Blend, features: Float, held: Float, moments: tuple[float, float]) -> AttributeModel | None:
    """Return a model whose out-of-fold outputs have the moments, or None where its output is constant, which no gain can change.

    Args:
        joined: Fitted on all rows.
        features: Those rows, ``(utterances, branches * attributes)``.
        held: What models of its kind gave for each row without having seen it, ``(utterances,)``.
        moments: Mean and deviation to have.
    """
    if constant(held) or constant(joined(features)):
        return None
    return AttributeModel(joined, *matching(held, moments))


def fit_regression(
    fit: Fit, features: Float, target: Float, folds: Folds, grid: Sequence[float], moments: tuple[float, float] | None
) -> tuple[LinearModel, Float, list[float]]:
    """Return the regression with the best C, its out-of-fold outputs, ``(utterances,)``, and the curve of C.

    The curve is the concordance correlation of all out-of-fold outputs together, after they are matched.

    Args:
        fit: One of :data:`REGRESSIONS`.
        features: ``(utterances, features)``.
        target: Value of each row, ``(utterances,)``.
        folds: See :data:`~emojudge.fusion.linear.Folds`.
        grid: Values of C to try, ascending.
        moments: What the outputs are matched to before they are scored, if anything.
    """
    held = np.empty((len(grid), len(target)))
    for fit_rows, held_rows in folds:
        for k, model in enumerate(fit(features[fit_rows], target[fit_rows], grid)):
            held[k, held_rows] = model(features[held_rows])
    curve = [matched_concordance(target, row, moments) for row in held]
    c = best_c(grid, curve)
    return fit(features, target, [c])[0], held[list(grid).index(c)], curve
