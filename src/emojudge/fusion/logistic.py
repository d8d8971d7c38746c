"""One L2-regularised logistic regression, with its C chosen by grouped cross-validation."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..evaluation.prior import log_softmax, shift_prior, target_distribution
from .linear import Float, Folds, Int, LinearModel, best_c, standardisation

NEVER_SEEN = -30.0
"""Logit of a class that the fitted rows did not contain: a posterior of about 1e-13, finite so that it can be shifted."""


@dataclass(frozen=True)
class LogisticModel(LinearModel):
    """A fitted regression, whose output are logits."""

    prior: Float
    """Class frequencies of the fitted rows, ``(classes,)``: the prior that the posterior assumes."""

    def log_posterior(self, features: Float) -> Float:
        """Return log-posteriors under :attr:`prior`, ``(utterances, classes)``."""
        return log_softmax(self(features))


def fit_logistic(features: Float, target: Int, n_classes: int, c: float) -> LogisticModel:
    """Return the multinomial logistic regression on standardised features.

    Args:
        features: ``(utterances, features)``.
        target: Class of each row, ``(utterances,)``.
        n_classes: Number of classes; one without a row gets the logit :data:`NEVER_SEEN`.
        c: Inverse strength of the L2 penalty on the coefficients; the intercept is free.
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    mean, scale = standardisation(features)
    seen = np.unique(target)
    coefficients = np.zeros((n_classes, features.shape[1]))
    intercept = np.full(n_classes, NEVER_SEEN)
    if len(seen) == 1:
        intercept[seen] = 0.0
    else:
        # newton-cholesky: exact Newton steps, cheap for tens of features however many rows there are
        model = LogisticRegression(C=c, solver="newton-cholesky", max_iter=200, tol=1e-6)
        with warnings.catch_warnings():
            warnings.simplefilter("error", ConvergenceWarning)
            model.fit((features - mean) / scale, target)
        if len(seen) == 2:  # one row of coefficients, for the second class against the first
            coefficients[seen] = np.vstack([-model.coef_ / 2, model.coef_ / 2])
            intercept[seen] = np.concatenate([-model.intercept_ / 2, model.intercept_ / 2])
        else:
            coefficients[seen], intercept[seen] = model.coef_, model.intercept_
    prior = np.bincount(target, minlength=n_classes) / len(target)
    return LogisticModel(mean, scale, coefficients, intercept, c, prior)


def choose_c(
    features: Float, target: Int, folds: Folds, n_classes: int, grid: Sequence[float], target_prior: Any
) -> tuple[float, list[float]]:
    """Return the best C and the whole curve, by macro-F1 under the target prior over out-of-fold predictions.

    Args:
        features: ``(utterances, features)``.
        target: Class of each row, ``(utterances,)``.
        folds: See :data:`~emojudge.fusion.linear.Folds`.
        n_classes: Number of classes.
        grid: Values of C to try, ascending.
        target_prior: As :class:`~emojudge.fusion.EmotionFusion` takes it.
    """
    curve = []
    for c in grid:
        predicted = np.empty(len(target), dtype=np.int64)
        for fit_rows, held_rows in folds:
            model = fit_logistic(features[fit_rows], target[fit_rows], n_classes, c)
            predicted[held_rows] = shifted(model, features[held_rows], target_prior).argmax(axis=1)
        curve.append(macro_f1_under_prior(target, predicted, n_classes, target_prior))
    return best_c(grid, curve), curve


def shifted(model: LogisticModel, features: Float, target_prior: Any) -> Float:
    """Return a model's log-posteriors under the declared prior, ``(utterances, classes)``."""
    return shift_prior(model.log_posterior(features), model.prior, target_distribution(target_prior, model.prior))


def macro_f1_under_prior(truth: Int, predicted: Int, n_classes: int, target_prior: Any) -> float:
    """Return the macro-F1 that these decisions would have if the classes came with the target prior.

    The rows of the confusion matrix are scaled to the prior; with ``natural`` it is the plain macro-F1.
    Only classes that occur in the truth count.
    """
    confusion = np.zeros((n_classes, n_classes))
    np.add.at(confusion, (truth, predicted), 1.0)
    count = confusion.sum(axis=1)
    prior = target_distribution(target_prior, count / count.sum())
    scaled = confusion * np.divide(prior, count, out=np.zeros(n_classes), where=count > 0)[:, None]
    hit, both = np.diag(scaled), scaled.sum(axis=0) + scaled.sum(axis=1)
    f1 = np.divide(2 * hit, both, out=np.zeros(n_classes), where=both > 0)
    return float(f1[count > 0].mean())
