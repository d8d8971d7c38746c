"""One ridge regression, with its C chosen by grouped cross-validation on the concordance correlation."""

from collections.abc import Sequence

import numpy as np

from ..evaluation import score_attributes
from .linear import Float, Folds, LinearModel, best_c, standardisation


def fit_ridge(features: Float, target: Float, c: float) -> LinearModel:
    """Return the ridge regression on standardised features.

    It minimises ``|target - features @ coefficients - intercept|^2 + |coefficients|^2 / c``, the sum over rows.

    Args:
        features: ``(utterances, features)``.
        target: Value of each row, ``(utterances,)``.
        c: Inverse strength of the L2 penalty on the coefficients, 1 / lambda; the intercept is free.
    """
    from sklearn.linear_model import Ridge

    mean, scale = standardisation(features)
    model = Ridge(alpha=1 / c).fit((features - mean) / scale, target)
    return LinearModel(mean, scale, np.asarray(model.coef_), np.asarray(model.intercept_), c)


def choose_c(features: Float, target: Float, folds: Folds, grid: Sequence[float]) -> tuple[float, list[float]]:
    """Return the best C and the whole curve, by the concordance correlation of all out-of-fold predictions together.

    Args:
        features: ``(utterances, features)``.
        target: Value of each row, ``(utterances,)``.
        folds: See :data:`~emojudge.fusion.linear.Folds`.
        grid: Values of C to try, ascending.
    """
    curve = []
    for c in grid:
        predicted = np.empty(len(target))
        for fit_rows, held_rows in folds:
            predicted[held_rows] = fit_ridge(features[fit_rows], target[fit_rows], c)(features[held_rows])
        curve.append(score_attributes({"value": target}, {"value": predicted})["ccc_value"])
    return best_c(grid, curve), curve
