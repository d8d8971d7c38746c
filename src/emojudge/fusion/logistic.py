"""One L2-regularised logistic regression, with its C chosen by grouped cross-validation."""

import logging
import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..evaluation.prior import TargetPrior, log_softmax, macro_f1_under_prior, shift_prior, target_distribution
from .linear import Float, Folds, Int, LinearModel, best_c, standardisation

NEVER_SEEN = -30.0
"""Logit of a class that the fitted rows did not contain: a posterior of about 1e-13, finite so that it can be shifted."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class LogisticModel(LinearModel):
    """A fitted regression, whose output are logits."""

    prior: Float
    """Class frequencies of the fitted rows, ``(classes,)``: the prior that the posterior assumes."""

    def log_posterior(self, features: Float) -> Float:
        """Return log-posteriors under :attr:`prior`, ``(utterances, classes)``."""
        return log_softmax(self(features))

    def under(self, features: Float, target_prior: TargetPrior) -> Float:
        """Return log-posteriors under a declared prior, ``(utterances, classes)``; ``natural`` is :attr:`prior`."""
        return shift_prior(self.log_posterior(features), self.prior, target_distribution(target_prior, self.prior))


def fit_logistic(features: Float, target: Int, n_classes: int, grid: Sequence[float]) -> list[LogisticModel]:
    """Return the multinomial logistic regression on standardised features for each C of a grid.

    Each fit starts from the one before, which takes a third of the time and ends in the same place: the loss is convex. One that
    cannot reach the tolerance in floating point, as on separable rows with next to no penalty, is kept with a warning.

    Args:
        features: ``(utterances, features)``.
        target: Class of each row, ``(utterances,)``.
        n_classes: Number of classes; one without a row gets the logit :data:`NEVER_SEEN`.
        grid: Inverse strengths of the L2 penalty on the coefficients; the intercept is free.
    """
    from scipy.linalg import LinAlgWarning
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    mean, scale = standardisation(features)
    seen = np.unique(target)
    prior = np.bincount(target, minlength=n_classes) / len(target)
    standardised = (features - mean) / scale
    # newton-cholesky: exact Newton steps, cheap for tens of features however many rows there are
    regression = LogisticRegression(solver="newton-cholesky", max_iter=200, tol=1e-8, warm_start=True)
    models = []
    for c in grid:
        coefficients, intercept = np.zeros((n_classes, features.shape[1])), np.full(n_classes, NEVER_SEEN)
        if len(seen) == 1:
            intercept[seen] = 0.0
        else:
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                regression.set_params(C=c).fit(standardised, target)
            for warning in caught:  # an ill-conditioned Hessian makes it go on by another solver, which warns where that fails too
                if not issubclass(warning.category, ConvergenceWarning | LinAlgWarning):
                    warnings.warn_explicit(warning.message, warning.category, warning.filename, warning.lineno)
            if faults := [str(w.message).splitlines()[0] for w in caught if issubclass(w.category, ConvergenceWarning)]:
                log.warning("the logistic regression with C = %g is kept though not at its optimum: %s", c, faults[0])
            weights, bias = regression.coef_, regression.intercept_
            if len(seen) == 2:  # one row of coefficients, for the second class against the first
                weights, bias = np.vstack([-weights / 2, weights / 2]), np.concatenate([-bias / 2, bias / 2])
            coefficients[seen], intercept[seen] = weights, bias
        models.append(LogisticModel(mean, scale, coefficients, intercept, c, prior))
    return models


def choose_c(
    features: Float, target: Int, folds: Folds, n_classes: int, grid: Sequence[float], target_prior: TargetPrior
) -> tuple[float, list[float]]:
    """Return the best C and the whole curve, by macro-F1 under the target prior over out-of-fold predictions.

    Args:
        features: ``(utterances, features)``.
        target: Class of each row, ``(utterances,)``.
        folds: See :data:`~emojudge.fusion.linear.Folds`.
        n_classes: Number of classes.
        grid: Values of C to try, ascending.
        target_prior: ``uniform``, ``natural`` or one number a class.
    """
    predicted = np.empty((len(grid), len(target)), dtype=np.int64)
    for fit_rows, held_rows in folds:
        for k, model in enumerate(fit_logistic(features[fit_rows], target[fit_rows], n_classes, grid)):
            predicted[k, held_rows] = model.under(features[held_rows], target_prior).argmax(axis=1)
    curve = [macro_f1_under_prior(target, row, n_classes, target_prior) for row in predicted]
    return best_c(grid, curve), curve
