"""Late fusion for emotions: one logistic regression on the branches' log-posteriors (paper, section 4.5)."""

import hashlib
import json
import logging
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.model_selection import GroupKFold, KFold, StratifiedGroupKFold, StratifiedKFold

from ..errors import FusionError, some
from ..evaluation.prior import TargetPrior, log_softmax, target_distribution
from ..files import write_text
from ..predictions import Predictions, PredictionsInfo, align
from .logistic import Float, Int, LogisticModel, choose_c, fit_logistic, shifted

SCHEMA_VERSION = 1
C_GRID = tuple(float(c) for c in np.logspace(-3, 3, 13))
"""13 log-spaced values over [1e-3, 1e3] (paper, section 4.5)."""

log = logging.getLogger(__name__)


class EmotionFusion(BaseEstimator):  # type: ignore[misc]
    """L2-regularised logistic regression on the log-posteriors of one or more branches.

    Beside the joint model, one model for each single branch is fitted: an utterance that lacks a
    branch takes the best of those it has, and its ``used`` says so. With one branch it is "that
    branch, refitted", the control that tells what a second branch adds.

    Paper: section 4.5 feeds logits and does not say on what the regression is fitted. Here it is
    fed log-posteriors, standardised, so that branches of different scale meet the same penalty; it is
    fitted on predictions that the branches were not trained on, with C chosen by speaker-grouped
    cross-validation on macro-F1 under the target prior.

    Args:
        target_prior: Class distribution to decide under: ``uniform``, ``natural`` (that of the
            fitting split) or one number a class.
        folds: Number of speaker-grouped folds; fewer where there are fewer speakers.
        grid: Values of C to choose from.
        seed: Seed of the folds.
    """

    def __init__(self, target_prior: TargetPrior = "uniform", folds: int = 5, grid: Sequence[float] = C_GRID, seed: int = 0) -> None:
        self.target_prior = target_prior
        self.folds = folds
        self.grid = grid
        self.seed = seed

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
        if self.folds < 2:
            raise FusionError(f"folds is {self.folds}; cross-validation needs at least 2")
        labelled = self._labelled(branches, truth)
        if left_out := sum(emotion is not None for emotion in truth.values()) - len(labelled):
            log.warning(
                "%d utterances of the fitting split have a class that training did not (%s): left out", left_out, some(_absent(branches))
            )
        self._fit(branches, labelled, truth, groups)
        if len({groups[id] for id in labelled}) == 1:
            log.warning("the fitting split has one speaker: C is chosen by folds of utterances, and other speakers may need another")
        missing = [name for k, name in enumerate(self._kept()) if not self.models_["+".join(self.branches_)].prior[k]]
        if missing:
            raise FusionError(
                f"the fitting split has no utterance of {', '.join(missing)} with every branch; "
                "fit on a split that has every class, or drop the class"
            )
        return self

    def _fit(self, branches: Sequence[Predictions], ids: Sequence[str], truth: Mapping[str, str | None], groups: Mapping[str, str]) -> Self:
        """Fit on some utterances, which may lack a class: the fusion of one fold does."""
        if not ids:
            raise FusionError("the fitting split has no labelled utterance")
        rows = align(*(p.select(ids) for p in branches))
        self.branches_ = [p.info.system for p in branches]
        self.classes_ = branches[0].info.classes
        self.absent_ = _absent(branches)
        self.n_fitted_ = len(ids)
        self.fitted_on_ = {"corpus": branches[0].info.corpus, "splits": sorted(set(rows[0].split))}
        target = self._target([truth[id] for id in ids])
        features = self._features(rows)
        self.models_: dict[str, LogisticModel] = {}
        self.curves_: dict[str, list[float]] = {}
        for name, chosen in self._subsets().items():
            known = np.flatnonzero(_known(features, chosen))
            if not len(known):
                raise FusionError(f"no utterance of the fitting split has input for {name}; leave that branch out")
            x, y, g = _joined(features, chosen)[known], target[known], [groups[ids[i]] for i in known.tolist()]
            c, self.curves_[name] = choose_c(x, y, self._split(y, g), len(self._kept()), self.grid, self._prior())
            self.models_[name] = fit_logistic(x, y, len(self._kept()), c)
        return self

    def predict(self, branches: Sequence[Predictions]) -> Predictions:
        """Return fused log-posteriors under the target prior, with the branches that each row rests on.

        Raises:
            FusionError: If the branches, or their classes, are not those it was fitted on.
        """
        rows = align(*self._ordered(branches))
        for info in (p.info for p in rows):
            if info.classes != self.classes_:
                raise FusionError(f"'{info.system}' predicts {list(info.classes)}, this fusion was fitted on {list(self.classes_)}")
            if not set(info.absent_classes) <= set(self.absent_):
                raise FusionError(
                    f"'{info.system}' cannot predict {some(info.absent_classes)}, which this fusion was fitted with; fit it again"
                )
        features = self._features(rows)
        logits = np.full((len(rows[0]), len(self.classes_)), np.nan)
        used = [""] * len(rows[0])
        kept = [self.classes_.index(name) for name in self._kept()]
        left = np.ones(len(rows[0]), dtype=bool)
        for name, chosen in self._by_preference():
            take = np.flatnonzero(left & _known(features, chosen))
            if len(take):
                logits[take[:, None], kept] = shifted(self.models_[name], _joined(features, chosen)[take], self._prior())
            for i in take:
                used[i] = name
            left[take] = False
        return Predictions(rows[0].id, rows[0].split, logits, self._info(rows[0].info), used=used, fold=np.full(len(used), -1))

    def fit_predict(
        self,
        branches: Sequence[Predictions],
        truth: Mapping[str, str | None],
        groups: Mapping[str, str],
        progress: Callable[[int, int], None] | None = None,
    ) -> Predictions:
        """Fit, and return fused rows for every utterance of ``branches``: out-of-fold ones for the fitting split.

        The rows of a speaker group come from a fusion, its C included, that was fitted without that
        group, so that scores on the fitting split are not in-sample with respect to the fusion.

        Args:
            branches: Predictions of each branch, over all their splits.
            truth: Emotion by utterance id, for the fitting split only; None where it has no label.
            groups: Speaker group by utterance id.
            progress: Called with (folds done, folds in all).

        Raises:
            FusionError: As :meth:`fit` does, and if there are fewer than two speaker groups.
        """
        ids = list(truth)
        labelled = self._labelled(branches, truth)
        if labelled and len({groups[id] for id in labelled}) < 2:
            raise FusionError("the fitting split has fewer than two speakers; grouped folds need two (is the column 'speaker' filled?)")
        fused = self.fit(branches, truth, groups).predict(branches)
        folds = self._split(self._target([truth[id] for id in labelled]), [groups[id] for id in labelled])
        if len({groups[id] for id in labelled}) == 2:
            log.warning("the fitting split has two speakers: the C of each out-of-fold model is chosen within the one that is left")
        fold_of = {groups[labelled[i]]: k for k, (_, held) in enumerate(folds) for i in held}
        assert fused.used is not None
        assert fused.fold is not None
        row = {id: i for i, id in enumerate(fused.id)}
        for k in range(len(folds)):
            held = [id for id in ids if fold_of.get(groups[id]) == k]
            part = EmotionFusion(**self.get_params())._fit(branches, [id for id in labelled if fold_of[groups[id]] != k], truth, groups)
            outcome = part.predict([p.select(held) for p in branches])
            assert outcome.used is not None
            for i, id in enumerate(held):
                fused.logits[row[id]], fused.used[row[id]], fused.fold[row[id]] = outcome.logits[i], outcome.used[i], k
            if progress is not None:
                progress(k + 1, len(folds))
        return fused

    def save(self, path: str | Path) -> None:
        """Write the fitted fusion to a JSON file, whole or not at all."""
        write_text(path, json.dumps(self._to_json(), indent=1) + "\n")

    @classmethod
    def load(cls, path: str | Path) -> "EmotionFusion":
        """Return a fusion that :meth:`save` wrote.

        Raises:
            FusionError: If the file is missing, is not JSON of the documented form, or has another schema version.
        """
        try:
            raw = json.loads(Path(path).read_text(encoding="utf-8"))
            if raw["schema_version"] != SCHEMA_VERSION:
                raise FusionError(
                    f"{path}: schema version {raw['schema_version']}, this release reads {SCHEMA_VERSION}; fit the fusion again"
                )
            fusion = cls(**raw["settings"])
            fusion.branches_, fusion.classes_ = raw["branches"], tuple(raw["classes"])
            fusion.absent_, fusion.n_fitted_ = tuple(raw["absent_classes"]), raw["n_fitted"]
            fusion.fitted_on_ = raw["fitted_on"]
            fusion.models_ = {name: LogisticModel.from_json(model) for name, model in raw["models"].items()}
            fusion.curves_ = raw["curves"]
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise FusionError(f"{path}: not a fusion written by emojudge ({type(error).__name__}: {error})") from error
        return fusion

    def _to_json(self) -> dict[str, Any]:
        settings = {**self.get_params(), "grid": list(self.grid)}
        return {
            "schema_version": SCHEMA_VERSION,
            "settings": settings,
            "branches": self.branches_,
            "classes": list(self.classes_),
            "absent_classes": list(self.absent_),
            "fitted_on": self.fitted_on_,
            "n_fitted": self.n_fitted_,
            "models": {name: model.to_json() for name, model in self.models_.items()},
            "curves": self.curves_,
        }

    def _info(self, branch: PredictionsInfo) -> PredictionsInfo:
        """Return what the fused file says of itself: the digest of the fusion stands for the checkpoint."""
        joint = self.models_["+".join(self.branches_)]
        prior = np.zeros(len(self.classes_))
        prior[[self.classes_.index(name) for name in self._kept()]] = target_distribution(self._prior(), joint.prior)
        digest = hashlib.sha256(json.dumps(self._to_json()).encode()).hexdigest()[:16]
        system = "fused" if len(self.branches_) > 1 else f"{self.branches_[0]}_refitted"
        return replace(branch, system=system, checkpoint=digest, source_prior=tuple(prior.tolist()), absent_classes=self.absent_)

    def _features(self, rows: Sequence[Predictions]) -> list[Float]:
        """Return each branch's log-posteriors over the classes that every branch knows, ``(utterances, classes)``."""
        kept = [self.classes_.index(name) for name in self._kept()]
        return [log_softmax(p.logits[:, kept]) for p in rows]

    def _labelled(self, branches: Sequence[Predictions], truth: Mapping[str, str | None]) -> list[str]:
        """Return the utterances to fit on: those with a label that the branches have seen in training."""
        absent = _absent(branches)
        return [id for id, emotion in truth.items() if emotion is not None and emotion not in absent]

    def _kept(self) -> list[str]:
        return [name for name in self.classes_ if name not in self.absent_]

    def _prior(self) -> Any:
        """Return the target prior over the classes that are kept."""
        if isinstance(self.target_prior, str) or len(self.target_prior) != len(self.classes_):
            return self.target_prior
        return [p for p, name in zip(self.target_prior, self.classes_, strict=True) if name not in self.absent_]

    def _target(self, emotions: Sequence[str | None]) -> Int:
        kept = self._kept()
        strangers = sorted({str(emotion) for emotion in emotions} - set(kept))
        if strangers:
            raise FusionError(f"the fitting split has labels {strangers}, which the branches cannot predict (they know {', '.join(kept)})")
        return np.array([kept.index(str(emotion)) for emotion in emotions], dtype=np.int64)

    def _subsets(self) -> dict[str, list[int]]:
        """Return the joint model's branches, then each branch alone, as positions in ``branches_``."""
        alone = {name: [k] for k, name in enumerate(self.branches_)}
        return {"+".join(self.branches_): list(range(len(self.branches_))), **alone}

    def _by_preference(self) -> list[tuple[str, list[int]]]:
        """Return the subsets with the joint model first, then single branches by their cross-validated score."""
        joint, *alone = self._subsets().items()
        return [joint, *sorted(alone, key=lambda item: -max(self.curves_[item[0]]))]

    def _ordered(self, branches: Sequence[Predictions]) -> list[Predictions]:
        given = {p.info.system: p for p in branches}
        if sorted(given) != sorted(self.branches_):
            raise FusionError(f"this fusion joins {some(self.branches_)}, but was given {some(given)}")
        return [given[name] for name in self.branches_]

    def _split(self, target: Int, groups: Sequence[str]) -> list[tuple[Int, Int]]:
        """Return speaker-grouped folds, as many as there are speakers up to ``folds``, stratified as far as groups allow.

        Where one speaker is left (the fold models of a split with two), C is chosen by folds of
        utterances instead.
        """
        n_groups, largest = len(set(groups)), int(np.bincount(target).max())
        n_folds = min(self.folds, n_groups if n_groups > 1 else len(target))
        if n_folds < 2:
            raise FusionError(f"{groups[0]} has too few utterances to choose C on")
        settings = {"n_splits": n_folds, "shuffle": True, "random_state": self.seed}
        if n_groups > 1:  # stratified as long as some class reaches into every fold
            splitter = (StratifiedGroupKFold if largest >= n_folds else GroupKFold)(**settings)
        else:
            splitter = (StratifiedKFold if largest >= n_folds else KFold)(**settings)
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="The least populated class")  # it misses some folds; its logit is NEVER_SEEN there
            by = groups if n_groups > 1 else None
            return [(fit, held) for fit, held in splitter.split(target, target, by) if len(held) and len(fit)]


def _absent(branches: Sequence[Predictions]) -> tuple[str, ...]:
    """Return the classes that some branch has not seen in training, in the order of the class list."""
    return tuple(name for name in branches[0].info.classes if any(name in p.info.absent_classes for p in branches))


def _joined(features: Sequence[Float], chosen: Sequence[int]) -> Float:
    return np.concatenate([features[k] for k in chosen], axis=1)


def _known(features: Sequence[Float], chosen: Sequence[int]) -> NDArray[np.bool_]:
    """Return True for each row that has all the chosen branches."""
    return np.asarray(np.isfinite(_joined(features, chosen)).all(axis=1))
