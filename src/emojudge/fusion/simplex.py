"""Weights of branches, each at least 0 and together 1, searched for by a score that has no gradient."""

from collections.abc import Callable
from itertools import combinations

import numpy as np

from .linear import Float

SHARES = np.linspace(0.0, 1.0, 21)[np.argsort(np.abs(np.arange(21) - 10), kind="stable")]
"""How two branches divide what they weigh together, equal shares first, so that these win among equals."""


def best_weights(score: Callable[[Float], float], n_branches: int) -> tuple[Float, Float, list[float]]:
    """Return the best weights found, ``(branches,)``, all that were tried, ``(tries, branches)``, and the score of each.

    For two branches it is the whole grid of 21. For more, each pair in turn divides its common weight anew, from the best of equal
    weights and each branch alone on, until no pair gains by it: every change is a gain, and a score of decisions takes
    finitely many values, so it ends. The outcome is at least as good as the mean and as every single branch.

    Args:
        score: Of weights ``(branches,)``; the more the better.
        n_branches: Number of branches.
    """
    tried: dict[tuple[float, ...], float] = {}

    def look(weights: Float) -> float:
        key = tuple(np.round(weights, 12).tolist())
        if key not in tried:
            tried[key] = round(score(weights), 12)
        return tried[key]

    weights = max([np.full(n_branches, 1 / n_branches), *np.eye(n_branches)], key=look)
    gained = True
    while gained:
        before = look(weights)
        for i, j in combinations(range(n_branches), 2):
            ways = np.tile(weights, (len(SHARES) + 1, 1))  # (ways, branches), the first as it is
            ways[1:, i], ways[1:, j] = SHARES * (weights[i] + weights[j]), (1 - SHARES) * (weights[i] + weights[j])
            weights = ways[int(np.argmax([look(way) for way in ways]))]
        gained = look(weights) > before
    return weights, np.array(list(tried)), list(tried.values())
