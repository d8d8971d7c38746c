"""What the fusion of every task does alike: branches joined or alone, and out-of-fold rows."""

import logging
import warnings
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, Generic, Self, TypeVar, cast

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import GroupKFold, KFold

from ..errors import FusionError, nearest, some
from ..predictions import align
from ..predictions.rows import Rows
from .linear import Float, Folds
from .saved import SavedFusion

UNFITTED = ("mean", "interpolation", "best")
"""Methods that fit no regression: the mean of the branches, weights of them, or the best one."""

AnyRows = TypeVar("AnyRows", bound=Rows)
Truth = TypeVar("Truth")

log = logging.getLogger(__name__)


class LateFusion(SavedFusion, Generic[AnyRows, Truth]):
    """A joint model of all branches, and one of each branch alone for utterances that lack another.

    A task says what its features, targets and models are; this class decides which rows a model is fitted on and
    which model a row is predicted by.
    """

    METHODS: ClassVar[tuple[str, ...]]
    """How branches may be joined: by a regression, or as :data:`UNFITTED` says."""

    folds: int
    grid: Sequence[float]
    seed: int
    method: str

    def fit(self, branches: Sequence[AnyRows], truth: Mapping[str, Truth], groups: Mapping[str, str]) -> Self:
        """Fit the joint model and one model a branch on the labelled utterances."""
        self._check(branches, truth, groups)
        labelled = self._labelled(branches, truth)
        self._fit(branches, labelled, truth, groups)
        if self.method not in UNFITTED and len({groups[id] for id in labelled}) == 1:
            log.warning("the fitting split has one speaker: C is chosen by folds of utterances, and other speakers may need another")
        return self

    def predict(self, branches: Sequence[AnyRows]) -> AnyRows:
        """Return fused rows, each with the branches that it rests on.

        Rows of the splits that it was fitted on are in-sample here, which a warning says; :meth:`fit_predict` gives out-of-fold ones.

        Raises:
            FusionError: If the branches, or what they predict, are not those it was fitted on.
        """
        fused = self._settled(self._predict(branches))
        seen = [split for split in self.fitted_on_["splits"] if split in fused.split]
        if seen and fused.info.corpus == self.fitted_on_["corpus"]:
            log.warning(
                "this fusion was fitted on %s: its rows of that are in-sample, and a score of them is too good; "
                "out-of-fold ones were written when it was fitted",
                ", ".join(seen),
            )
        return fused

    def _predict(self, branches: Sequence[AnyRows]) -> AnyRows:
        """Return fused rows before what is done to all rows of a split together."""
        rows = align(*self._ordered(branches))
        for info in (p.info for p in rows):
            if info.names != self.names_:
                raise FusionError(f"'{info.system}' predicts {list(info.names)}, this fusion was fitted on {list(self.names_)}")
            if not set(info.absent) <= set(self.absent_):
                raise FusionError(f"'{info.system}' cannot predict {some(info.absent)}, which this fusion was fitted with; fit it again")
        features = self._features(rows)
        numbers = np.full((len(rows[0]), len(self.names_)), np.nan)  # (utterances, names)
        used = [""] * len(rows[0])
        kept = self._kept_columns()
        left = np.ones(len(rows[0]), dtype=bool)
        for name, chosen in self._by_preference():
            take = np.flatnonzero(left & _known(features, chosen))
            if len(take):
                numbers[take[:, None], kept] = self._apply(self.models_[name], _joined(features, chosen)[take])
            rests_on = self._rests_on(name)
            for i in take:
                used[i] = rests_on
            left[take] = False
        form = cast(Any, type(rows[0]))
        fused = form(rows[0].id, rows[0].split, numbers, self._info(rows), used=used, fold=np.full(len(used), -1))
        return cast(AnyRows, fused)

    def fit_predict(
        self,
        branches: Sequence[AnyRows],
        truth: Mapping[str, Truth],
        groups: Mapping[str, str],
        progress: Callable[[int, int], None] | None = None,
    ) -> AnyRows:
        """Fit, and return fused rows for every utterance of ``branches``: out-of-fold ones for the fitting split.

        The rows of a speaker group come from a fusion, its C included, that was fitted without that
        group, so that scores on the fitting split are not in-sample with respect to the fusion.

        Args:
            branches: Predictions of each branch, over all their splits.
            truth: As ``fit`` takes it: for the fitting split only.
            groups: Speaker group by utterance id.
            progress: Called with (folds done, folds in all).

        Raises:
            FusionError: As ``fit`` does, and if there are fewer than two speaker groups.
        """
        self._check(branches, truth, groups)
        ids = list(truth)
        labelled = self._labelled(branches, truth)
        if labelled and len({groups[id] for id in labelled}) < 2:
            raise FusionError("the fitting split has fewer than two speakers; grouped folds need two (is the column 'speaker' filled?)")
        fused = self.fit(branches, truth, groups)._predict(branches)
        folds = self._split(self._target([truth[id] for id in labelled]), [groups[id] for id in labelled])
        if self.method not in UNFITTED and len({groups[id] for id in labelled}) == 2:
            log.warning("the fitting split has two speakers: the C of each out-of-fold model is chosen within the one that is left")
        fold_of = {groups[labelled[i]]: k for k, (_, held) in enumerate(folds) for i in held}
        assert fused.used is not None
        assert fused.fold is not None
        row = {id: i for i, id in enumerate(fused.id)}
        for k in range(len(folds)):
            held = [id for id in ids if fold_of.get(groups[id]) == k]
            part = type(self)(**self.get_params())._fit(branches, [id for id in labelled if fold_of[groups[id]] != k], truth, groups)
            outcome = part._predict([p.select(held) for p in branches])
            assert outcome.used is not None
            for i, id in enumerate(held):
                fused.numbers[row[id]], fused.used[row[id]], fused.fold[row[id]] = outcome.numbers[i], outcome.used[i], k
            if progress is not None:
                progress(k + 1, len(folds))
        return self._settled(fused)

    def _check(self, branches: Sequence[AnyRows], truth: Mapping[str, Truth], groups: Mapping[str, str]) -> None:
        """Raise where a setting, or what is to be fitted on, makes no sense; a task adds its own settings."""
        if self.folds < 2:
            raise FusionError(f"folds is {self.folds}; cross-validation needs at least 2")
        if self.method not in self.METHODS:
            raise FusionError(
                f"method '{self.method}' is not known (known: {', '.join(self.METHODS)}).{nearest(self.method, self.METHODS)}"
            )
        if not len(self.grid) or not all(c > 0 and np.isfinite(c) for c in self.grid):
            raise FusionError(f"grid is {list(self.grid)}; the values of C must be above 0, at least one")
        systems = [p.info.system for p in branches]
        if not systems:
            raise FusionError("there is no branch to fuse; give the predictions of at least one")
        if doubled := [name for name, n in Counter(systems).items() if n > 1]:
            raise FusionError(f"{some(doubled)} is the name of more than one branch; give each its own as the system of its predictions")
        if ungrouped := [id for id in truth if id not in groups]:
            raise FusionError(f"{len(ungrouped)} utterances of the fitting split have no speaker group: {some(ungrouped)}")

    def _fit(self, branches: Sequence[AnyRows], ids: Sequence[str], truth: Mapping[str, Truth], groups: Mapping[str, str]) -> Self:
        """Fit on some utterances, which may lack a class: the fusion of one fold does."""
        if not ids:
            raise FusionError("the fitting split has no labelled utterance")
        rows = align(*(p.select(ids) for p in branches))
        self.branches_ = [p.info.system for p in branches]
        self.names_ = branches[0].info.names
        self.absent_ = absent(branches)
        self.n_fitted_ = len(ids)
        self.fitted_on_ = {"corpus": branches[0].info.corpus, "splits": sorted(set(rows[0].split))}
        target = self._target([truth[id] for id in ids])
        features = self._features(rows)
        self.models_: dict[str, Any] = {}
        self.curves_: dict[str, Any] = {}
        for name, chosen in self._subsets().items():
            known = np.flatnonzero(_known(features, chosen))
            if not len(known):
                raise FusionError(f"no utterance of the fitting split has input for {name}; leave that branch out")
            speakers = [groups[ids[i]] for i in known.tolist()]
            self.models_[name], self.curves_[name] = self._fit_model(name, _joined(features, chosen)[known], target[known], speakers)
        return self

    def _split(self, target: NDArray[Any], groups: Sequence[str]) -> Folds:
        """Return speaker-grouped folds, as many as there are speakers up to ``folds``.

        Where one speaker is left (the fold models of a split with two), C is chosen by folds of
        utterances instead.
        """
        n_groups = len(set(groups))
        n_folds = min(self.folds, n_groups if n_groups > 1 else len(target))
        if n_folds < 2:
            raise FusionError(f"{groups[0]} has too few utterances to choose C on")
        splitter = self._splitter(target, n_folds, grouped=n_groups > 1)
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="The least populated class")  # it misses some folds; its logit is NEVER_SEEN there
            by = groups if n_groups > 1 else None
            return [(fit, held) for fit, held in splitter.split(target, target, by) if len(held) and len(fit)]

    def _splitter(self, target: NDArray[Any], n_folds: int, *, grouped: bool) -> Any:
        """Return the splitter of :meth:`_split`, by groups or by utterances."""
        return (GroupKFold if grouped else KFold)(n_splits=n_folds, shuffle=True, random_state=self.seed)

    def _identity(self) -> dict[str, Any]:
        """Return what a fused file says of its origin."""
        kind = self.method if self.method in UNFITTED else ""
        system = f"{self.branches_[0]}_{kind or 'refitted'}" if len(self.branches_) == 1 else kind or "fused"
        return {"system": system, "checkpoint": self._digest()}

    def _kept(self) -> list[str]:
        """Return the classes or attributes that every branch knows."""
        return [name for name in self.names_ if name not in self.absent_]

    def _kept_columns(self) -> list[int]:
        return [k for k, name in enumerate(self.names_) if name not in self.absent_]

    def _subsets(self) -> dict[str, list[int]]:
        """Return the joint model's branches, then each branch alone, as positions in ``branches_``."""
        alone = {name: [k] for k, name in enumerate(self.branches_)}
        return {"+".join(self.branches_): list(range(len(self.branches_))), **alone}

    def _by_preference(self) -> list[tuple[str, list[int]]]:
        """Return the subsets with the joint model first, then single branches by their cross-validated score."""
        joint, *alone = self._subsets().items()
        return [joint, *sorted(alone, key=lambda item: -self._quality(self.curves_[item[0]]))]

    def _ordered(self, branches: Sequence[AnyRows]) -> list[AnyRows]:
        given = {p.info.system: p for p in branches}
        if sorted(given) != sorted(self.branches_):
            raise FusionError(f"this fusion joins {some(self.branches_)}, but was given {some(given)}")
        return [given[name] for name in self.branches_]

    def _labelled(self, branches: Sequence[AnyRows], truth: Mapping[str, Truth]) -> list[str]:
        """Return the utterances to fit on."""
        raise NotImplementedError

    def _target(self, truths: Sequence[Truth]) -> NDArray[Any]:
        """Return what is fitted, a row an utterance."""
        raise NotImplementedError

    def _features(self, rows: Sequence[AnyRows]) -> list[Float]:
        """Return each branch's features, ``(utterances, features)``, NaN where it had no input."""
        raise NotImplementedError

    def _fit_model(self, name: str, features: Float, target: NDArray[Any], groups: Sequence[str]) -> tuple[Any, Any]:
        """Return the model of some branches and the curve of its C."""
        raise NotImplementedError

    def _apply(self, model: Any, features: Float) -> Float:
        """Return what a model predicts, ``(utterances, kept)``."""
        raise NotImplementedError

    def _quality(self, curve: Any) -> float:
        """Return the cross-validated score of a model, from its curve."""
        raise NotImplementedError

    def _rests_on(self, name: str) -> str:
        """Return the branches that a model looks at, joined by ``+``: all that it was fitted on, but for those of weight 0."""
        return name

    def _settled(self, fused: AnyRows) -> AnyRows:
        """Return fused rows after what is done to all rows of a split together, without their labels; here nothing."""
        return fused

    def _info(self, branches: Sequence[AnyRows]) -> Any:
        """Return what the fused file says of itself, from what the branches say."""
        raise NotImplementedError


def absent(branches: Sequence[Rows]) -> tuple[str, ...]:
    """Return the classes or attributes that some branch has not seen in training, in the order of their list."""
    return tuple(name for name in branches[0].info.names if any(name in p.info.absent for p in branches))


def _joined(features: Sequence[Float], chosen: Sequence[int]) -> Float:
    return np.concatenate([features[k] for k in chosen], axis=1)


def _known(features: Sequence[Float], chosen: Sequence[int]) -> NDArray[np.bool_]:
    """Return True for each row that has all the chosen branches."""
    return np.asarray(np.isfinite(_joined(features, chosen)).all(axis=1))
