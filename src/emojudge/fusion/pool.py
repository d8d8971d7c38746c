"""Branches joined without a regression: the mean of their posteriors, their weighted interpolation, or the best of them."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from ..evaluation.prior import TargetPrior, log_softmax, macro_f1_under_prior, shift_prior, target_distribution
from .linear import Float, Int
from .simplex import best_weights


@dataclass(frozen=True)
class Pool:
    """Weights of branches, whose posteriors are joined under one prior.

    Features are log-posteriors under the uniform prior, ``(utterances, branches * classes)``, so nothing here is fitted to the class
    frequencies of a split.
    """

    weights: Float
    """One a branch, at least 0, together 1, ``(branches,)``."""
    prior: Float
    """Class frequencies of the rows that the weights were chosen on, ``(classes,)``: what ``natural`` means."""
    linear: bool
    """Whether posteriors are averaged, or log-posteriors, which lets one branch rule a class out."""
    tried: Float
    """All weights that were compared, ``(tries, branches)``, in the order of their curve."""

    def under(self, features: Float, target_prior: TargetPrior) -> Float:
        """Return log-posteriors under a declared prior, ``(utterances, classes)``."""
        return _joined(_shifted(features, self.prior, target_prior), self.weights, self.linear)

    def to_json(self) -> dict[str, Any]:
        """Return the numbers as lists."""
        return {name: value.tolist() if isinstance(value, np.ndarray) else value for name, value in vars(self).items()}

    @classmethod
    def from_json(cls, raw: dict[str, Any]) -> Self:
        """Return the pool that :meth:`to_json` described."""
        arrays = {name: np.asarray(raw[name], dtype=np.float64) for name in ("weights", "prior", "tried")}
        return cls(**arrays, linear=bool(raw["linear"]))


def fit_pool(method: str, features: Float, target: Int, n_classes: int, target_prior: TargetPrior) -> tuple[Pool, list[float]]:
    """Return the pool of a method, and the macro-F1 under the target prior of all weights that it compared.

    ``mean`` compares nothing, ``best`` the branches, ``interpolation`` the weights of :func:`~emojudge.fusion.simplex.best_weights`. A few
    weights chosen on thousands of rows need no folds.

    Args:
        method: ``mean``, ``best`` or ``interpolation``.
        features: ``(utterances, branches * classes)``, log-posteriors under the uniform prior.
        target: Class of each row, ``(utterances,)``.
        n_classes: Number of classes.
        target_prior: ``uniform``, ``natural`` or one number a class.
    """
    prior = np.bincount(target, minlength=n_classes) / len(target)
    posteriors = _shifted(features, prior, target_prior)
    linear, n_branches = method == "mean", posteriors.shape[1]

    def score(weights: Float) -> float:
        return macro_f1_under_prior(target, _joined(posteriors, weights, linear).argmax(axis=1), n_classes, target_prior)

    if method == "interpolation":
        weights, tried, curve = best_weights(score, n_branches)
    else:
        tried = np.full((1, n_branches), 1 / n_branches) if linear else np.eye(n_branches)
        curve = [round(score(each), 12) for each in tried]
        weights = tried[int(np.argmax(curve))]
    return Pool(weights, prior, linear, tried), curve


def _shifted(features: Float, prior: Float, target_prior: TargetPrior) -> Float:
    """Return each branch's log-posteriors under the declared prior, ``(utterances, branches, classes)``."""
    every = np.full(len(prior), 1 / len(prior))  # a class without a row here is as well known to the branches as the others
    target = target_distribution(target_prior, prior if target_prior == "natural" else every)
    return shift_prior(features.reshape(len(features), -1, len(prior)), every, target)


def _joined(posteriors: Float, weights: Float, linear: bool) -> Float:
    """Return the log of the weighted mean of posteriors, or the normalised weighted mean of log-posteriors, ``(utterances, classes)``."""
    if linear:
        largest = posteriors.max(axis=1, keepdims=True)  # (utterances, 1, classes)
        return np.asarray(np.log(np.einsum("k,nkc->nc", weights, np.exp(posteriors - largest))) + largest[:, 0])
    return log_softmax(np.einsum("k,nkc->nc", weights, posteriors))
