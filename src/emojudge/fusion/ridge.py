"""One ridge regression, with its C chosen by grouped cross-validation on the concordance correlation."""

from collections.abc import Sequence

import numpy as np

from ..evaluation import score_attributes
from .linear import Float, Folds, LinearModel, best_c, standardisation


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


def choose_c(features: Float, target: Float, folds: Folds, grid: Sequence[float]) -> tuple[float, list[float]]:
    """Return the best C and the whole curve, by the concordance correlation of all out-of-fold predictions together.

    Args:
        features: ``(utterances, features)``.
        target: Value of each row, ``(utterances,)``.
        folds: See :data:`~emojudge.fusion.linear.Folds`.
        grid: Values of C to try, ascending.
    """
    predicted = np.empty((len(grid), len(target)))
    for fit_rows, held_rows in folds:
        for k, model in enumerate(fit_ridge(features[fit_rows], target[fit_rows], grid)):
            predicted[k, held_rows] = model(features[held_rows])
    curve = [score_attributes({"value": target}, {"value": row})["ccc_value"] for row in predicted]
    return best_c(grid, curve), curve
