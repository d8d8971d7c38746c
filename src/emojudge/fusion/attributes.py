"""Late fusion for attributes: a regression an attribute on what the branches predict (paper, section 4.5), and its comparators."""

import logging
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar, Literal, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ..errors import FusionError, some
from ..predictions import AttributePredictions, AttributesInfo
from .attribute_model import REGRESSIONS, AttributeModel, fit_regression, matched
from .blend import Blend, fit_blend
from .fractional import HIGHEST, LOWEST
from .late import UNFITTED, LateFusion, absent
from .linear import C_GRID, Float, LinearModel
from .matching import Moments

AttributeMethod: TypeAlias = Literal["ridge", "fractional_logit", "interpolation", "mean", "best"]

log = logging.getLogger(__name__)


class AttributeFusion(LateFusion[AttributePredictions, Mapping[str, float | None]]):
    """A regression for each attribute on the predictions of one or more branches, all their attributes together, or a comparator.

    Beside the joint model, one model for each single branch is fitted: an utterance that lacks a
    branch takes the best of those it has, and its ``used`` says so. With one branch it is "that
    branch, refitted", the control that tells what a second branch adds. Fused values are in 1 to 7, not clipped.

    Paper: section 4.5 speaks of logistic regression for both tasks, which a continuous target does not fit. Here it is the
    squared error with the same L2 penalty, C = 1 / lambda, from the same 13 values: on standardised inputs, fitted on predictions
    that the branches were not trained on, with C chosen for each attribute by speaker-grouped cross-validation on the concordance
    correlation. ``fractional_logit`` is what the paper says to the letter: logistic regression on ``(value - 1) / 6``.

    The comparators fit no regression. For each attribute the branches' values of it are averaged (``mean``), weighted, with the weights
    of the best concordance (``interpolation``), or the branch with the best is taken alone (``best``).

    Args:
        folds: Number of speaker-grouped folds; fewer where there are fewer speakers.
        grid: Values of C to choose from.
        seed: Seed of the folds.
        method: ``ridge``, ``fractional_logit``, ``interpolation``, ``mean`` or ``best``.
        moments: Mean and deviation of the training labels by attribute, in 1 to 7, as :func:`~emojudge.fusion.moments_of` gives them:
            fused values are moved and scaled so that out-of-fold ones on the fitting split have them, and C or weights are chosen by
            the concordance after that. A squared error shrinks its values towards their mean, which costs concordance.
    """

    TASK: ClassVar[str] = AttributesInfo.TASK
    NAMES: ClassVar[str] = "attributes"
    METHODS: ClassVar[tuple[str, ...]] = (*REGRESSIONS, *UNFITTED)

    models_: dict[str, dict[str, AttributeModel]]
    curves_: dict[str, dict[str, list[float]]]
    """Concordance of each C of the grid, or of each of the weights that a :class:`~emojudge.fusion.blend.Blend` tried."""

    def __init__(
        self,
        folds: int = 5,
        grid: Sequence[float] = C_GRID,
        seed: int = 0,
        method: AttributeMethod = "ridge",
        moments: Moments | None = None,
    ) -> None:
        self.folds = folds
        self.grid = grid
        self.seed = seed
        self.method = method
        self.moments = moments

    @property
    def attributes_(self) -> tuple[str, ...]:
        """Return the attributes that it was fitted on."""
        return self.names_

    def fit(
        self, branches: Sequence[AttributePredictions], truth: Mapping[str, Mapping[str, float | None]], groups: Mapping[str, str]
    ) -> Self:
        """Fit the joint model and one model a branch, each attribute on the utterances that have a value of it.

        Args:
            branches: Predictions of each branch; rows that are not in ``truth`` are not looked at.
            truth: Value in 1 to 7 by attribute, by utterance id, for the fitting split only; None where it has none.
            groups: Speaker group by utterance id: rows of a group stay in one fold.

        Raises:
            FusionError: If an attribute that the branches were trained on has no value or no moments here, a value is not finite (or,
                with ``fractional_logit``, not in 1 to 7), or a branch has no input at all.
            PredictionsError: If the branches differ in corpus or attributes, or lack an utterance.
        """
        return super().fit(branches, truth, groups)

    def _check(
        self, branches: Sequence[AttributePredictions], truth: Mapping[str, Mapping[str, float | None]], groups: Mapping[str, str]
    ) -> None:
        super()._check(branches, truth, groups)
        for id, values in truth.items():
            for name, value in values.items():
                if value is None:
                    continue
                if not math.isfinite(value):
                    raise FusionError(f"utterance '{id}': {name} is {value}, expected a number; a missing value is None")
                if self.method == "fractional_logit" and not LOWEST <= value <= HIGHEST:
                    raise FusionError(
                        f"utterance '{id}': {name} is {value:g}, a fractional logit needs 1 to 7; correct it, or use method 'ridge'"
                    )
        if self.moments is None:
            return
        trained = [name for name in branches[0].info.attributes if name not in absent(branches)]
        if missing := [name for name in trained if name not in self.moments]:
            raise FusionError(
                f"moments has no {some(missing)} (found: {', '.join(self.moments) or 'none'}); give mean and deviation of each"
            )
        for name in trained:
            mean, deviation = self.moments[name]
            if not (math.isfinite(mean) and math.isfinite(deviation) and deviation > 0):
                raise FusionError(f"moments of {name} are {mean:g} and {deviation:g}, expected a mean and a deviation above 0")

    def _labelled(self, branches: Sequence[AttributePredictions], truth: Mapping[str, Mapping[str, float | None]]) -> list[str]:
        """Return the utterances to fit on: those with a value of an attribute that the branches have seen in training."""
        kept = [name for name in branches[0].info.attributes if name not in absent(branches)]
        return [id for id, values in truth.items() if any(values.get(name) is not None for name in kept)]

    def _target(self, truths: Sequence[Mapping[str, float | None]]) -> NDArray[Any]:
        """Return the values of the attributes that are kept, ``(utterances, attributes)``, NaN where there is none."""
        return np.array([[values.get(name) for name in self._kept()] for values in truths], dtype=np.float64)

    def _features(self, rows: Sequence[AttributePredictions]) -> list[Float]:
        """Return each branch's values of the attributes that every branch knows, ``(utterances, attributes)``."""
        return [p.values[:, self._kept_columns()] for p in rows]

    def _fit_model(
        self, name: str, features: Float, target: NDArray[Any], groups: Sequence[str]
    ) -> tuple[dict[str, AttributeModel], dict[str, list[float]]]:
        models, curves = {}, {}
        for k, (attribute, values) in enumerate(zip(self._kept(), target.T, strict=True)):
            known = np.flatnonzero(~np.isnan(values))
            if not len(known):
                raise FusionError(
                    f"no utterance of the fitting split, or of it without one fold, has input for {name} and a value of {attribute}; "
                    "fit on a split where several speakers have one"
                )
            x, y = features[known], values[known]
            moments = None if self.moments is None else self.moments[attribute]
            joined: LinearModel | Blend
            if self.method in UNFITTED:
                joined, curves[attribute] = fit_blend(self.method, x, y, k, len(self._subsets()[name]), moments)
                held = joined(x)
            else:
                folds = self._split(y, [groups[i] for i in known.tolist()])
                joined, held, curves[attribute] = fit_regression(REGRESSIONS[self.method], x, y, folds, self.grid, moments)
            model = None if moments is None else matched(joined, x, held, moments)
            if moments is not None and model is None:
                log.warning("the %s fused from %s is constant: it has no deviation to match to that of train, and stays", attribute, name)
            models[attribute] = model or AttributeModel(joined)
        return models, curves

    def _apply(self, model: dict[str, AttributeModel], features: Float) -> Float:
        return np.stack([model[name](features) for name in self._kept()], axis=1)

    def _quality(self, curve: dict[str, list[float]]) -> float:
        return float(np.mean([max(scores) for scores in curve.values()]))

    def _rests_on(self, name: str) -> str:
        chosen = self._subsets()[name]
        joined = [model.joined for model in self.models_[name].values()]
        weight = sum(each.weights if isinstance(each, Blend) else np.ones(len(chosen)) for each in joined)  # (branches,)
        return "+".join(self.branches_[k] for k, share in zip(chosen, np.atleast_1d(weight), strict=True) if share)

    def _info(self, branches: Sequence[AttributePredictions]) -> AttributesInfo:
        return replace(branches[0].info, **self._identity(), absent_attributes=self.absent_)

    def _to_json(self) -> dict[str, Any]:
        raw = super()._to_json()
        if self.moments is not None:
            raw["settings"]["moments"] = {name: [float(value) for value in pair] for name, pair in self.moments.items()}
        return raw

    def _model_to_json(self, model: dict[str, AttributeModel]) -> dict[str, Any]:
        return {name: each.to_json() for name, each in model.items()}

    @classmethod
    def _model_from_json(cls, raw: dict[str, Any]) -> dict[str, AttributeModel]:
        return {name: AttributeModel.from_json(each) for name, each in raw.items()}
