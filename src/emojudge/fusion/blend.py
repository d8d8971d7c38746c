"""One attribute joined without a regression: the mean of what the branches say of it, weights of them, or the best of them."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from .linear import Float
from .matching import matched_concordance
from .simplex import best_weights


@dataclass(frozen=True)
class Blend:
    """Weights of branches for one attribute, which is the same column of each branch."""

    weights: Float
    """One a branch, at least 0, together 1, ``(branches,)``."""
    column: int
    """Where the attribute stands among those of a branch."""
    tried: Float
    """All weights that were compared, ``(tries, branches)``, in the order of their curve."""

    def __call__(self, features: Float) -> Float:
        """Return the weighted mean for each row of ``features``, ``(utterances, branches * attributes)``."""
        return np.asarray(_of_branches(features, self.column, len(self.weights)) @ self.weights)

    def to_json(self) -> dict[str, Any]:
        """Return the numbers as lists."""
        return {"weights": self.weights.tolist(), "column": self.column, "tried": self.tried.tolist()}

    @classmethod
    def from_json(cls, raw: dict[str, Any]) -> Self:
        """Return the blend that :meth:`to_json` described."""
        return cls(np.asarray(raw["weights"], dtype=np.float64), int(raw["column"]), np.asarray(raw["tried"], dtype=np.float64))


def fit_blend(
    method: str, features: Float, target: Float, column: int, n_branches: int, moments: tuple[float, float] | None
) -> tuple[Blend, list[float]]:
    """Return the blend of a method, and the concordance of all weights that it compared.

    ``mean`` compares nothing, ``best`` the branches, ``interpolation`` the weights of :func:`~emojudge.fusion.simplex.best_weights`.
    Given weights fit nothing to the rows, so their concordance over all folds together is that over all rows.

    Args:
        method: ``mean``, ``best`` or ``interpolation``.
        features: ``(utterances, branches * attributes)``.
        target: Value of each row, ``(utterances,)``.
        column: Where the attribute stands among those of a branch.
        n_branches: Number of branches.
        moments: What the blend is matched to before it is scored, if anything.
    """
    values = _of_branches(features, column, n_branches)

    def score(weights: Float) -> float:
        return round(matched_concordance(target, values @ weights, moments), 6)  # a search for more would not end soon

    if method == "interpolation":
        weights, tried, curve = best_weights(score, n_branches)
    else:
        tried = np.full((1, n_branches), 1 / n_branches) if method == "mean" else np.eye(n_branches)
        curve = [score(each) for each in tried]
        weights = tried[int(np.argmax(curve))]
    return Blend(weights, column, tried), curve


def _of_branches(features: Float, column: int, n_branches: int) -> Float:
    """Return what each branch says of one attribute, ``(utterances, branches)``."""
    return features.reshape(len(features), n_branches, -1)[:, :, column]
