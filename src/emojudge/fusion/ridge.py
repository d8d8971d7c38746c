"""One ridge regression for one attribute."""

from collections.abc import Sequence

import numpy as np

from .linear import Float, LinearModel, standardisation


def fit_ridge(features: Float, target: Float, grid: Sequence[float]) -> list[LinearModel]:
    """Return the ridge regression on standardised features for each C of a grid.

    Each minimises ``|target - features @ coefficients - intercept|^2 + |coefficients|^2 / C``, the sum over rows; one
    eigendecomposition serves the whole grid.

    Args:
        features: ``(utterances, features)``.
        target: Value of each row, ``(utterances,)``.
        grid: Inverse strengths of the L2 penalty on the coefficients, 1 / lambda; the intercept is free.
    """
    mean, scale = standardisation(features)
    x, centre = (features - mean) / scale, target.mean()
    values, vectors = np.linalg.eigh(x.T @ x)  # (features,), (features, features)
    projected = vectors.T @ (x.T @ (target - centre))
    return [LinearModel(mean, scale, vectors @ (projected / (values + 1 / c)), np.asarray(centre), c) for c in grid]
