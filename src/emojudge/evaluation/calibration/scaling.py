"""``TemperatureScaling`` and ``VectorScaling``: posteriors made as sure as they are right."""

from typing import Any, ClassVar, Self, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator

from ...errors import FusionError
from ..prior import log_softmax
from .scores import Float, Scored, scorable

SHARPEST, FLATTEST = 0.01, 100.0
"""Bounds of the temperature: beyond them data are separable, or the logits say nothing."""


class Scaling(BaseEstimator):  # type: ignore[misc]
    """What both scalings do alike: :meth:`transform`, and the plain dictionary that JSON takes."""

    NAME: ClassVar[str]
    """After the name of a scaled system."""

    scale_: Float
    """Factor of each class's log-posterior, ``(classes,)``."""
    bias_: Float
    """What is added to it, ``(classes,)``."""

    def fit(self, logits: ArrayLike, truth: ArrayLike, class_weight: ArrayLike | None = None) -> Self:
        """Fit on the utterances that have a label and input.

        Args:
            logits: Logits or log-posteriors, ``(utterances, classes)``; NaN rows had no input, NaN columns are of absent classes.
            truth: Place of each true class, ``(utterances,)``; -1 where there is no label.
            class_weight: Weight of the utterances of each class, ``(classes,)``: see
                :func:`~emojudge.evaluation.calibration.prior_weights`, without which a bias learns the prior of the fitting split.

        Raises:
            FusionError: If no utterance is left to fit on.
        """
        try:
            scored = scorable(truth, logits, class_weight)
        except ValueError as error:
            raise FusionError(f"{type(self).__name__} cannot be fitted: {error}") from error
        self.scale_, self.bias_ = self._fit(scored, np.asarray(logits).shape[1])
        return self

    def transform(self, logits: ArrayLike) -> Float:
        """Return scaled log-posteriors, ``(utterances, classes)``; NaN rows and columns stay.

        Raises:
            FusionError: If it was fitted on another number of classes.
        """
        values = np.asarray(logits, dtype=np.float64)
        if values.ndim != 2 or values.shape[1] != len(self.scale_):
            raise FusionError(f"this {type(self).__name__} was fitted on {len(self.scale_)} classes, but was given {values.shape}")
        return log_softmax(log_softmax(values) * self.scale_ + self.bias_)

    def to_json(self) -> dict[str, Any]:
        """Return what :meth:`from_json` takes: settings, and the fitted numbers."""
        fitted = {"scale": self.scale_.tolist(), "bias": self.bias_.tolist()}
        return {"scaling": self.NAME, "settings": self.get_params(), **fitted}

    @classmethod
    def from_json(cls, raw: dict[str, Any]) -> Self:
        """Return a fitted scaling that :meth:`to_json` described.

        Raises:
            FusionError: If it is another scaling, or not of that form.
        """
        try:
            if raw["scaling"] != cls.NAME:
                raise FusionError(f"a scaling '{raw['scaling']}', {cls.__name__} is '{cls.NAME}'")
            scaling = cls(**raw["settings"])
            scaling.scale_, scaling.bias_ = (np.array(raw[name], dtype=np.float64) for name in ("scale", "bias"))
        except (KeyError, TypeError, ValueError) as error:
            raise FusionError(f"not a scaling written by emojudge ({type(error).__name__}: {error})") from error
        return scaling

    def _fit(self, scored: Scored, n_classes: int) -> tuple[Float, Float]:
        """Return scale and bias, ``(classes,)`` each."""
        raise NotImplementedError


class TemperatureScaling(Scaling):
    """Logits divided by one temperature: no decision changes, only how sure it is (Guo and others, 2017).

    The temperature is that of the least negative log-likelihood, the root of a derivative that is monotone in its inverse, in 0.01 to 100.
    """

    NAME: ClassVar[str] = "temperature"

    @property
    def temperature_(self) -> float:
        """Return what logits are divided by; above 1 the system was too sure."""
        return 1.0 / float(self.scale_[0])

    def _fit(self, scored: Scored, n_classes: int) -> tuple[Float, Float]:
        return np.full(n_classes, 1.0 / best_temperature(scored)), np.zeros(n_classes)


class VectorScaling(Scaling):
    """A factor and a bias for each class's logit (Guo and others, 2017), drawn towards 1 and 0 by an L2 penalty.

    Args:
        l2: Weight of half the squared distance from 1 and 0, beside the mean negative log-likelihood. A class without a fitted
            utterance keeps 1 and 0 whatever it is.
    """

    NAME: ClassVar[str] = "vector"

    def __init__(self, l2: float = 1e-3) -> None:
        self.l2 = l2

    def _fit(self, scored: Scored, n_classes: int) -> tuple[Float, Float]:
        from scipy.optimize import minimize

        known = len(scored.column)
        identity = np.concatenate([np.ones(known), np.zeros(known)])
        free = np.tile(np.bincount(scored.target, minlength=known) > 0, 2)

        def loss(values: Float) -> tuple[float, Float]:
            value, gradient = vector_loss(_replaced(identity, free, values), scored, self.l2)
            return value, gradient[free]

        found = minimize(loss, identity[free], jac=True, method="L-BFGS-B", options={"maxiter": 1000, "ftol": 1e-12, "gtol": 1e-7})
        fitted = _replaced(identity, free, found.x)
        scale, bias = np.ones(n_classes), np.zeros(n_classes)
        scale[scored.column], bias[scored.column] = fitted[:known], fitted[known:]
        return scale, bias


AnyScaling: TypeAlias = TemperatureScaling | VectorScaling


def best_temperature(scored: Scored) -> float:
    """Return the temperature of the least weighted negative log-likelihood."""
    from scipy.optimize import brentq
    from scipy.special import softmax

    logits, rows = scored.log_posterior, np.arange(len(scored.target))

    def slope(log_temperature: float) -> float:
        """Return the derivative of the loss by the inverse temperature: mean logit under the posterior, less that of the truth."""
        expected = (softmax(logits * np.exp(-log_temperature), axis=1) * logits).sum(axis=1)
        return float(scored.weight @ (expected - logits[rows, scored.target]))

    if slope(np.log(SHARPEST)) <= 0:
        return SHARPEST
    if slope(np.log(FLATTEST)) >= 0:
        return FLATTEST
    return float(np.exp(brentq(slope, np.log(SHARPEST), np.log(FLATTEST), xtol=1e-10)))


def vector_loss(parameters: Float, scored: Scored, l2: float) -> tuple[float, NDArray[np.float64]]:
    """Return the penalised mean negative log-likelihood of scale and bias, ``(2 * classes,)``, and its gradient."""
    n_classes = len(scored.column)
    scale, bias = parameters[:n_classes], parameters[n_classes:]
    rows = np.arange(len(scored.target))
    log_posterior = log_softmax(scored.log_posterior * scale + bias)
    weight = scored.weight / scored.weight.sum()
    residual = np.exp(log_posterior)  # (utterances, classes)
    residual[rows, scored.target] -= 1.0
    residual *= weight[:, None]
    away = np.concatenate([scale - 1.0, bias])
    value = -float(weight @ log_posterior[rows, scored.target]) + l2 / 2 * float(away @ away)
    gradient = np.concatenate([(residual * scored.log_posterior).sum(axis=0), residual.sum(axis=0)]) + l2 * away
    return value, gradient


def _replaced(values: Float, where: NDArray[np.bool_], by: Float) -> Float:
    result = values.copy()
    result[where] = by
    return result
