"""Late fusion for emotions: one logistic regression on the branches' log-posteriors (paper, section 4.5)."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

from ..errors import FusionError, some
from ..evaluation.prior import TargetPrior, log_softmax, target_distribution
from ..predictions import Predictions, PredictionsInfo
from .late import LateFusion, absent
from .linear import C_GRID, Float
from .logistic import LogisticModel, choose_c, fit_logistic, shifted

log = logging.getLogger(__name__)


class EmotionFusion(LateFusion[Predictions, str | None]):
    """L2-regularised logistic regression on the log-posteriors of one or more branches.

    Beside the joint model, one model for each single branch is fitted: an utterance that lacks a
    branch takes the best of those it has, and its ``used`` says so. With one branch it is "that
    branch, refitted", the control that tells what a second branch adds.

    Paper: section 4.5 feeds logits and does not say on what the regression is fitted. Here it is
    fed log-posteriors, standardised, so that branches of different scale meet the same penalty; it is
    fitted on predictions that the branches were not trained on, with C chosen by speaker-grouped
    cross-validation on macro-F1 under the target prior. Fused rows are log-posteriors under that prior.

    Args:
        target_prior: Class distribution to decide under: ``uniform``, ``natural`` (that of the
            fitting split) or one number a class.
        folds: Number of speaker-grouped folds, stratified as far as groups allow; fewer where there are fewer speakers.
        grid: Values of C to choose from.
        seed: Seed of the folds.
    """

    TASK: ClassVar[str] = PredictionsInfo.TASK
    NAMES: ClassVar[str] = "classes"

    models_: dict[str, LogisticModel]
    curves_: dict[str, list[float]]

    def __init__(self, target_prior: TargetPrior = "uniform", folds: int = 5, grid: Sequence[float] = C_GRID, seed: int = 0) -> None:
        self.target_prior = target_prior
        self.folds = folds
        self.grid = grid
        self.seed = seed

    @property
    def classes_(self) -> tuple[str, ...]:
        """Return the class list that it was fitted on."""
        return self.names_

    def fit(self, branches: Sequence[Predictions], truth: Mapping[str, str | None], groups: Mapping[str, str]) -> Self:
        """Fit the joint model and one model a branch on the labelled utterances.

        Args:
            branches: Predictions of each branch; rows that are not in ``truth`` are not looked at.
            truth: Emotion by utterance id, for the fitting split only; None where it has no label.
            groups: Speaker group by utterance id: rows of a group stay in one fold.

        Raises:
            FusionError: If no utterance is labelled, a branch has no input at all, or a class that the
                branches were trained on has no labelled utterance here.
            PredictionsError: If the branches differ in corpus or classes, or lack an utterance.
        """
        if left_out := sum(emotion is not None for emotion in truth.values()) - len(self._labelled(branches, truth)):
            log.warning(
                "%d utterances of the fitting split have a class that training did not (%s): left out", left_out, some(absent(branches))
            )
        super().fit(branches, truth, groups)
        missing = [name for k, name in enumerate(self._kept()) if not self.models_["+".join(self.branches_)].prior[k]]
        if missing:
            raise FusionError(
                f"the fitting split has no utterance of {', '.join(missing)} with every branch; "
                "fit on a split that has every class, or drop the class"
            )
        return self

    def _labelled(self, branches: Sequence[Predictions], truth: Mapping[str, str | None]) -> list[str]:
        """Return the utterances to fit on: those with a label that the branches have seen in training."""
        unseen = absent(branches)
        return [id for id, emotion in truth.items() if emotion is not None and emotion not in unseen]

    def _target(self, truths: Sequence[str | None]) -> NDArray[Any]:
        kept = self._kept()
        strangers = sorted({str(emotion) for emotion in truths} - set(kept))
        if strangers:
            raise FusionError(f"the fitting split has labels {strangers}, which the branches cannot predict (they know {', '.join(kept)})")
        return np.array([kept.index(str(emotion)) for emotion in truths], dtype=np.int64)

    def _features(self, rows: Sequence[Predictions]) -> list[Float]:
        """Return each branch's log-posteriors over the classes that every branch knows, ``(utterances, classes)``."""
        return [log_softmax(p.logits[:, self._kept_columns()]) for p in rows]

    def _fit_model(self, name: str, features: Float, target: NDArray[Any], groups: Sequence[str]) -> tuple[LogisticModel, list[float]]:
        n_classes = len(self._kept())
        c, curve = choose_c(features, target, self._split(target, groups), n_classes, self.grid, self._prior())
        return fit_logistic(features, target, n_classes, c), curve

    def _apply(self, model: LogisticModel, features: Float) -> Float:
        return shifted(model, features, self._prior())

    def _quality(self, curve: list[float]) -> float:
        return max(curve)

    def _info(self, branch: Predictions) -> PredictionsInfo:
        joint = self.models_["+".join(self.branches_)]
        prior = np.zeros(len(self.names_))
        prior[self._kept_columns()] = target_distribution(self._prior(), joint.prior)
        return replace(branch.info, **self._identity(), source_prior=tuple(prior.tolist()), absent_classes=self.absent_)

    def _prior(self) -> Any:
        """Return the target prior over the classes that are kept."""
        if isinstance(self.target_prior, str) or len(self.target_prior) != len(self.names_):
            return self.target_prior
        return [p for p, name in zip(self.target_prior, self.names_, strict=True) if name not in self.absent_]

    def _splitter(self, target: NDArray[Any], n_folds: int, *, grouped: bool) -> Any:
        """Return a splitter that is stratified as long as some class reaches into every fold."""
        if int(np.bincount(target).max()) < n_folds:
            return super()._splitter(target, n_folds, grouped=grouped)
        return (StratifiedGroupKFold if grouped else StratifiedKFold)(n_splits=n_folds, shuffle=True, random_state=self.seed)

    def _model_to_json(self, model: LogisticModel) -> dict[str, Any]:
        return model.to_json()

    @classmethod
    def _model_from_json(cls, raw: dict[str, Any]) -> LogisticModel:
        return LogisticModel.from_json(raw)
