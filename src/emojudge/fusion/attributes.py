"""Late fusion for attributes: one ridge regression an attribute on what the branches predict (paper, section 4.5)."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from ..errors import FusionError
from ..predictions import AttributePredictions, AttributesInfo
from .late import LateFusion, absent
from .linear import C_GRID, Float, LinearModel
from .ridge import choose_c, fit_ridge


class AttributeFusion(LateFusion[AttributePredictions, Mapping[str, float | None]]):
    """Ridge regression for each attribute on the predictions of one or more branches, all their attributes together.

    Beside the joint model, one model for each single branch is fitted: an utterance that lacks a
    branch takes the best of those it has, and its ``used`` says so. With one branch it is "that
    branch, refitted", the control that tells what a second branch adds. Fused values are in 1 to 7, not clipped.

    Paper: section 4.5 speaks of logistic regression for both tasks, which a continuous target does not fit. Here it is the
    squared error with the same L2 penalty, C = 1 / lambda, from the same 13 values: on standardised inputs, fitted on predictions
    that the branches were not trained on, with C chosen for each attribute by speaker-grouped cross-validation on the concordance
    correlation.

    Args:
        folds: Number of speaker-grouped folds; fewer where there are fewer speakers.
        grid: Values of C to choose from.
        seed: Seed of the folds.
    """

    TASK: ClassVar[str] = AttributesInfo.TASK
    NAMES: ClassVar[str] = "attributes"
    METHODS: ClassVar[tuple[str, ...]] = ("ridge",)

    method: str = "ridge"

    models_: dict[str, dict[str, LinearModel]]
    curves_: dict[str, dict[str, list[float]]]

    def __init__(self, folds: int = 5, grid: Sequence[float] = C_GRID, seed: int = 0) -> None:
        self.folds = folds
        self.grid = grid
        self.seed = seed

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
            FusionError: If an attribute that the branches were trained on has no value here, or a branch has no input at all.
            PredictionsError: If the branches differ in corpus or attributes, or lack an utterance.
        """
        return super().fit(branches, truth, groups)

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
    ) -> tuple[dict[str, LinearModel], dict[str, list[float]]]:
        models, curves = {}, {}
        for attribute, values in zip(self._kept(), target.T, strict=True):
            known = np.flatnonzero(~np.isnan(values))
            if not len(known):
                raise FusionError(
                    f"no utterance of the fitting split, or of it without one fold, has input for {name} and a value of {attribute}; "
                    "fit on a split where several speakers have one"
                )
            x, y = features[known], values[known]
            c, curves[attribute] = choose_c(x, y, self._split(y, [groups[i] for i in known.tolist()]), self.grid)
            (models[attribute],) = fit_ridge(x, y, [c])
        return models, curves

    def _apply(self, model: dict[str, LinearModel], features: Float) -> Float:
        return np.stack([model[name](features) for name in self._kept()], axis=1)

    def _quality(self, curve: dict[str, list[float]]) -> float:
        return float(np.mean([max(scores) for scores in curve.values()]))

    def _info(self, branch: AttributePredictions) -> AttributesInfo:
        return replace(branch.info, **self._identity(), absent_attributes=self.absent_)

    def _model_to_json(self, model: dict[str, LinearModel]) -> dict[str, Any]:
        return {name: ridge.to_json() for name, ridge in model.items()}

    @classmethod
    def _model_from_json(cls, raw: dict[str, Any]) -> dict[str, LinearModel]:
        return {name: LinearModel.from_json(ridge) for name, ridge in raw.items()}
