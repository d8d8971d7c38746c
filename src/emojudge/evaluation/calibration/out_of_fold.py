"""``scaled``: the predictions of a system with calibrated posteriors, out-of-fold where the scaling was fitted."""

import hashlib
import json
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.model_selection import GroupKFold, StratifiedGroupKFold

from ...errors import FusionError, PredictionsError
from ...predictions import Predictions
from ..prior import target_distribution
from .scaling import AnyScaling
from .scores import Float, prior_weights

FOLDS = 5


def scaled(
    predictions: Predictions,
    truth: Mapping[str, str | None],
    groups: Mapping[str, str],
    scaling: AnyScaling,
    *,
    folds: int = FOLDS,
    seed: int = 0,
) -> Predictions:
    """Return a system's predictions with scaled log-posteriors: out-of-fold for the fitting split, by the whole fit for the others.

    Where the source prior of the predictions is known, utterances of the fitting split are weighted to it, so that the posteriors
    still assume that prior after scaling. Where it is not known, the scaling is fitted on the split as it is, and a bias then learns the
    split's class frequencies: they are the source prior of the result. A refined file keeps its labels.

    Rows that have a fold already, as those of a fusion do, keep it: the scaling of a fold is fitted on the other folds' rows, whose
    fusions have seen that fold's labels. So it is in any stacking; scores of whole other splits are free of it.

    Args:
        predictions: Of one system, over all splits.
        truth: Emotion by utterance id, for the fitting split only; None where it has no label.
        groups: Speaker group by utterance id: rows of a group stay in one fold.
        scaling: What to fit, left as it is: ``TemperatureScaling()`` or ``VectorScaling()``.
        folds: How many, where the rows have none; fewer where there are fewer speakers.
        seed: Of these folds.

    Returns:
        Rows of the same utterances, of the system ``<system>_temperature`` or ``<system>_vector``; ``fold`` is filled for ``truth``.

    Raises:
        FusionError: If no utterance of the fitting split has a label and input, or there are fewer than two speaker groups.
        PredictionsError: If an utterance of ``truth`` was not predicted; the message names it.
    """
    ids = list(truth)
    fitting = predictions.select(ids)
    target = class_places(predictions.info.classes, [truth[id] for id in ids])
    group = np.array([groups[id] for id in ids], dtype=object)
    usable = fitting.predicted & (target >= 0)
    if not usable.any():
        raise FusionError(f"'{predictions.info.system}': no utterance of the fitting split has a label and input to fit on")
    weight = declared_weights(predictions, target[usable])
    whole = clone(scaling).fit(fitting.logits, target, weight)
    logits = whole.transform(predictions.logits)
    fold = _folds(fitting, target, group, usable, folds, seed)
    fold_of = np.full(len(predictions), -1)
    row = {id: i for i, id in enumerate(predictions.id)}
    place = np.array([row[id] for id in ids], dtype=np.int64)
    for k in np.unique(fold[fold >= 0]):  # a speaker without a usable label has none, and nothing was fitted on it
        held = fold == k
        kept = target[~held]
        part = clone(scaling).fit(fitting.logits[~held], kept, declared_weights(predictions, kept[usable[~held]]))
        logits[place[held]] = part.transform(fitting.logits[held])
    fold_of[place] = fold
    digest = hashlib.sha256(json.dumps([predictions.info.checkpoint, whole.to_json()]).encode()).hexdigest()[:16]
    info = replace(
        predictions.info,
        system=f"{predictions.info.system}_{scaling.NAME}",
        checkpoint=digest,
        source_prior=predictions.info.source_prior or (tuple(_frequencies(predictions, target[usable])) if whole.bias_.any() else None),
    )
    return replace(predictions, logits=logits, info=info, fold=fold_of)


def class_places(classes: Sequence[str], emotions: Sequence[str | None]) -> NDArray[np.int64]:
    """Return the place of each emotion in the class list, -1 for None.

    Raises:
        PredictionsError: If an emotion is not in the list.
    """
    place: dict[str | None, int] = {None: -1} | {name: k for k, name in enumerate(classes)}
    if strangers := {*emotions} - {*place}:
        raise PredictionsError(f"the truth has labels {sorted(map(str, strangers))}, which are not in the class list {list(classes)}")
    return np.array([place[emotion] for emotion in emotions], dtype=np.int64)


def declared_weights(predictions: Predictions, target: NDArray[np.int64]) -> Float | None:
    """Return the weight of each class that gives labelled utterances the prior that the posteriors assume; None if it is not known."""
    prior = predictions.info.source_prior
    return None if prior is None else prior_weights(target, target_distribution(list(prior), predictions.present.astype(float)))


def _frequencies(predictions: Predictions, target: NDArray[np.int64]) -> list[float]:
    counts = np.bincount(target, minlength=len(predictions.info.classes)) * predictions.present
    return (counts / counts.sum()).tolist()  # type: ignore[no-any-return]


def _folds(
    fitting: Predictions, target: NDArray[np.int64], group: NDArray[Any], usable: NDArray[np.bool_], folds: int, seed: int
) -> NDArray[np.int64]:
    """Return the fold of each row of the fitting split: its own where all have one, else by speaker, stratified as far as that goes."""
    if fitting.fold is not None and (fitting.fold >= 0)[usable].all() and len(np.unique(fitting.fold[usable])) > 1:
        return fitting.fold
    n_groups = len(set(group[usable]))
    if n_groups < 2:
        raise FusionError("the fitting split has fewer than two speakers; grouped folds need two (is the column 'speaker' filled?)")
    n_folds = min(folds, n_groups)
    stratified = int(np.bincount(target[usable]).max()) >= n_folds
    splitter = (StratifiedGroupKFold if stratified else GroupKFold)(n_splits=n_folds, shuffle=True, random_state=seed)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="The least populated class")  # a fold without it keeps its scale 1 and bias 0
        parts = [held for _, held in splitter.split(target[usable], target[usable], group[usable])]
    fold_of = {name: k for k, held in enumerate(parts) for name in group[usable][held]}
    return np.array([fold_of.get(name, -1) for name in group], dtype=np.int64)
