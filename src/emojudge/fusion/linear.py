"""A linear model on standardised features, as plain numbers that go into a JSON file."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]
Int = NDArray[np.int64]
Folds = Sequence[tuple[Int, Int]]
"""Pairs of (rows to fit, rows to predict) that together predict each row once."""

C_GRID = tuple(float(c) for c in np.logspace(-3, 3, 13))
"""13 log-spaced values over [1e-3, 1e3] (paper, section 4.5)."""


@dataclass(frozen=True)
class LinearModel:
    """A fitted model: ``(features - mean) / scale @ coefficients.T + intercept``."""

    mean: Float
    scale: Float
    coefficients: Float
    intercept: Float
    c: float
    """Inverse strength of the L2 penalty."""

    def __call__(self, features: Float) -> Float:
        """Return the model's output for each row of ``features``, ``(utterances, features)``."""
        return np.asarray((features - self.mean) / self.scale @ self.coefficients.T + self.intercept)

    def to_json(self) -> dict[str, Any]:
        """Return the numbers as lists."""
        return {name: value.tolist() if isinstance(value, np.ndarray) else value for name, value in vars(self).items()}

    @classmethod
    def from_json(cls, raw: dict[str, Any]) -> Self:
        """Return the model that :meth:`to_json` described."""
        arrays = {name: np.asarray(value, dtype=np.float64) for name, value in raw.items() if name != "c"}
        return cls(**arrays, c=float(raw["c"]))


def standardisation(features: Float) -> tuple[Float, Float]:
    """Return mean and scale of each column, ``(features,)``; a constant column has scale 1."""
    mean, scale = features.mean(axis=0), features.std(axis=0)
    return mean, np.where(scale > 1e-9 * np.abs(mean), scale, 1.0)  # a mean that is rounded makes equal values differ by 1e-16 of it


def best_c(grid: Sequence[float], curve: Sequence[float]) -> float:
    """Return the C with the best score; among equals the smallest, the strongest penalty."""
    return grid[int(np.argmax(np.round(curve, 12)))]
