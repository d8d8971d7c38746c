"""Late fusion for emotions: one logistic regression on the branches' log-posteriors (paper, section 4.5), and its comparators."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar, Literal, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

from ..errors import ConfigError, FusionError, some
from ..evaluation.prior import TargetPrior, check_target_prior, estimate_prior, log_softmax, shift_prior, target_distribution
from ..predictions import Predictions, PredictionsInfo
from .late import UNFITTED, LateFusion, absent
from .linear import C_GRID, Float
from .logistic import LogisticModel, choose_c, fit_logistic
from .pool import Pool, fit_pool

EmotionMethod: TypeAlias = Literal["logistic", "mean", "interpolation", "best"]

LOG_FLOOR = -100.0
"""A log-posterior below it is taken for it: in 32 bits that posterior is 0, and one wild logit must not set the scale of a column."""

log = logging.getLogger(__name__)


class EmotionFusion(LateFusion[Predictions, str | None]):
    """L2-regularised logistic regression on the log-posteriors of one or more branches, or one of its comparators.

    Beside the joint model, one model for each single branch is fitted: an utterance that lacks a
    branch takes the best of those it has, and its ``used`` says so. With one branch it is "that
    branch, refitted", the control that tells what a second branch adds.

    Paper: section 4.5 feeds logits and does not say on what the regression is fitted. Here it is
    fed log-posteriors, standardised, so that branches of different scale meet the same penalty; it is
    fitted on predictions that the branches were not trained on, with C chosen by speaker-grouped
    cross-validation on macro-F1 under the target prior. Fused rows are log-posteriors under that prior.

    The comparators learn no class frequencies: each branch's posterior is taken from its own declared ``source_prior`` to the
    target, then they are averaged (``mean``), their logarithms are weighted, with weights that have the best macro-F1
    under the target prior on the fitting split (``interpolation``), or the branch with the best is taken alone (``best``).

    Args:
        target_prior: Class distribution to decide under: ``uniform``, ``natural`` (that of the fitted rows), ``train``
            (``train_prior``), one number a class, or ``estimated``: at prediction, for each split, from the posteriors of its own rows
            by :func:`~emojudge.evaluation.prior.estimate_prior`, out-of-fold ones on the fitting split. What comes out of that is
            marked ``transductive`` and tells its ``estimated_priors``; C is chosen under ``natural``, as no target is known yet.
        folds: Number of speaker-grouped folds, stratified as far as groups allow; fewer where there are fewer speakers.
        grid: Values of C to choose from.
        seed: Seed of the folds.
        method: ``logistic``, ``mean``, ``interpolation`` or ``best``.
        train_prior: Class frequencies or counts of the training labels, one a class: what ``train`` means.
    """

    TASK: ClassVar[str] = PredictionsInfo.TASK
    NAMES: ClassVar[str] = "classes"
    METHODS: ClassVar[tuple[str, ...]] = ("logistic", *UNFITTED)

    models_: dict[str, LogisticModel | Pool]
    curves_: dict[str, list[float]]
    """Macro-F1 under the target prior of each C of the grid, or of each of the weights that a :class:`Pool` tried."""

    def __init__(
        self,
        target_prior: TargetPrior = "uniform",
        folds: int = 5,
        grid: Sequence[float] = C_GRID,
        seed: int = 0,
        method: EmotionMethod = "logistic",
        train_prior: Sequence[float] | None = None,
    ) -> None:
        self.target_prior = target_prior
        self.folds = folds
        self.grid = grid
        self.seed = seed
        self.method = method
        self.train_prior = train_prior

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
            ConfigError: If the target prior makes no sense, or is ``estimated`` with a method that does not calibrate.
            FusionError: If no utterance is labelled, a branch has no input at all, a class that the branches were trained on has
                no labelled utterance here, or a comparator is given a branch that does not declare its source prior.
            PredictionsError: If the branches differ in corpus or classes, or lack an utterance.
        """
        super().fit(branches, truth, groups)
        if left_out := sum(emotion is not None for emotion in truth.values()) - len(self._labelled(branches, truth)):
            log.warning(
                "%d utterances of the fitting split have a class that training did not (%s): left out", left_out, some(absent(branches))
            )
        missing = [name for k, name in enumerate(self._kept()) if not self.models_["+".join(self.branches_)].prior[k]]
        if missing:
            raise FusionError(
                f"the fitting split has no utterance of {', '.join(missing)} with every branch; "
                "fit on a split that has every class, or drop the class"
            )
        return self

    def _check(self, branches: Sequence[Predictions], truth: Mapping[str, str | None], groups: Mapping[str, str]) -> None:
        super()._check(branches, truth, groups)
        n_classes = len(branches[0].info.classes)
        check_target_prior(self.target_prior, n_classes)
        if self._named == "train":
            if self.train_prior is None:
                raise ConfigError("target_prior 'train' needs train_prior: how often each class occurs in the training labels")
            check_target_prior(self.train_prior, n_classes)
        if self._named == "estimated" and self.method in UNFITTED:
            raise ConfigError(
                f"target_prior 'estimated' needs calibrated posteriors, which method '{self.method}' does not fit; use method 'logistic'"
            )

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
        """Return each branch's log-posteriors over the classes that every branch knows, ``(utterances, classes)``.

        Those for a pool are under the uniform prior.
        """
        features = [log_softmax(p.logits[:, self._kept_columns()]) for p in rows]
        if self.method in UNFITTED:
            features = [shift_prior(x, self._source(p), np.full(x.shape[1], 1 / x.shape[1])) for x, p in zip(features, rows, strict=True)]
        return [np.maximum(x, LOG_FLOOR) for x in features]

    def _source(self, branch: Predictions) -> Float:
        """Return the class distribution that a branch declares, over the classes that are kept."""
        if branch.info.source_prior is None:
            raise FusionError(
                f"'{branch.info.system}' does not declare its source_prior, without which method '{self.method}' cannot shift it to the "
                "target; predict again with this release, add it to the info, or use method 'logistic'"
            )
        declared = [branch.info.source_prior[k] for k in self._kept_columns()]
        return target_distribution(declared, np.ones(len(declared)))

    def _fit_model(self, name: str, features: Float, target: NDArray[Any], groups: Sequence[str]) -> tuple[Any, list[float]]:
        n_classes, prior = len(self._kept()), self._prior("natural")
        if self.method in UNFITTED:
            return fit_pool(self.method, features, target, n_classes, prior)
        c, curve = choose_c(features, target, self._split(target, groups), n_classes, self.grid, prior)
        return fit_logistic(features, target, n_classes, [c])[0], curve

    def _apply(self, model: LogisticModel | Pool, features: Float) -> Float:
        return model.under(features, self._prior("uniform"))

    def _rests_on(self, name: str) -> str:
        model, chosen = self.models_[name], self._subsets()[name]
        weights = model.weights if isinstance(model, Pool) else np.ones(len(chosen))
        return "+".join(self.branches_[k] for k, weight in zip(chosen, weights, strict=True) if weight)

    def _settled(self, fused: Predictions) -> Predictions:
        """Return rows that were under the uniform prior under that of their split, where it is to be estimated."""
        if self._named != "estimated":
            return fused
        columns, priors = self._kept_columns(), {}
        logits, uniform = fused.logits.copy(), np.full(len(columns), 1 / len(columns))
        for split in dict.fromkeys(fused.split):
            rows = np.flatnonzero(fused.predicted & (np.array(fused.split) == split))
            if not len(rows):
                continue
            posteriors = logits[rows[:, None], columns]  # (utterances, classes)
            prior = estimate_prior(posteriors, uniform)
            logits[rows[:, None], columns] = shift_prior(posteriors, uniform, prior)
            whole = np.zeros(len(self.names_))
            whole[columns] = prior
            priors[split] = tuple(whole.tolist())
            told = ", ".join(f"{name} {p:.3f}" for name, p in zip(self._kept(), prior, strict=True))
            log.info("class distribution of %s, estimated from %d utterances without their labels: %s", split, len(rows), told)
        only = next(iter(priors.values())) if len(priors) == 1 else None
        return replace(fused, logits=logits, info=replace(fused.info, source_prior=only, transductive=True, estimated_priors=priors))

    def _quality(self, curve: list[float]) -> float:
        return max(curve)

    def _info(self, branches: Sequence[Predictions]) -> PredictionsInfo:
        """Return the info of the first branch under the declared prior; what rests on a transductive branch is transductive."""
        joint = self.models_["+".join(self.branches_)]
        prior = np.zeros(len(self.names_))
        prior[self._kept_columns()] = target_distribution(self._prior("uniform"), joint.prior)
        return replace(
            branches[0].info,
            **self._identity(),
            source_prior=tuple(prior.tolist()),
            absent_classes=self.absent_,
            transductive=any(branch.info.transductive for branch in branches),
            estimated_priors=None,
        )

    @property
    def _named(self) -> str:
        """Return the name of the target prior, nothing where it is a list."""
        return self.target_prior if isinstance(self.target_prior, str) else ""

    def _prior(self, meanwhile: str) -> TargetPrior:
        """Return the target prior over the classes that are kept; another where it is yet to be estimated."""
        if self._named == "estimated":
            return meanwhile
        target = self.train_prior if self._named == "train" else self.target_prior
        if target is None or isinstance(target, str):
            return self._named
        return [p for p, name in zip(target, self.names_, strict=True) if name not in self.absent_]

    def _splitter(self, target: NDArray[Any], n_folds: int, *, grouped: bool) -> Any:
        """Return a splitter that is stratified as long as some class reaches into every fold."""
        if int(np.bincount(target).max()) < n_folds:
            return super()._splitter(target, n_folds, grouped=grouped)
        return (StratifiedGroupKFold if grouped else StratifiedKFold)(n_splits=n_folds, shuffle=True, random_state=self.seed)

    def _model_to_json(self, model: LogisticModel | Pool) -> dict[str, Any]:
        return model.to_json()

    @classmethod
    def _model_from_json(cls, raw: dict[str, Any]) -> LogisticModel | Pool:
        return Pool.from_json(raw) if "weights" in raw else LogisticModel.from_json(raw)
