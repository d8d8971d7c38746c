"""The one definition of every reported number: training monitors, tables and reports call these functions."""

from collections.abc import Hashable, Iterable, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

OVERALL = ("macro_f1", "macro_f1_all", "macro_f1_union", "weighted_f1", "accuracy", "uar")
"""Measures of a whole split."""
PER_CLASS = ("f1", "precision", "recall")
"""Measures of a class."""

Labels: TypeAlias = list[Hashable | None]


def score_emotions(
    truth: Iterable[Hashable], prediction: Iterable[Hashable | None], classes: Sequence[Hashable] | None = None
) -> dict[str, float]:
    """Return macro-F1, accuracy and unweighted average recall of predicted classes, and the scores of each class.

    The paper's Task 1 metrics (section 3.2). Macro-F1 and ``uar`` are means over the classes that occur in
    the truth; an utterance that was not predicted (None) counts as wrong.

    Paper: silent on which classes macro-F1 is over. Three conventions are in use, and they differ where a class does not occur:
    ``macro_f1`` is ours, ``macro_f1_union`` also has a 0 for each class that is predicted but does not occur (scikit-learn's
    ``f1_score(average="macro")``), and ``macro_f1_all`` a 0 for each of the class list that does not occur.

    Args:
        truth: Class of each utterance, names or numbers.
        prediction: Predicted class of each; None where the system had no input.
        classes: The run's class list; by default every class that occurs, sorted.

    Returns:
        ``macro_f1``, ``macro_f1_all``, ``macro_f1_union``, ``weighted_f1`` (F1 of each class by how often it occurs), ``accuracy``,
        ``uar``, ``n`` (utterances), and for each class ``f1_<class>``, ``precision_<class>``, ``recall_<class>`` and ``n_<class>``.
        A class that is never predicted has precision 0; one that does not occur in the truth has NaN for all but its count.

    Raises:
        ValueError: If the lengths differ, nothing is to be scored, or a class is not in the list.

    >>> scores = score_emotions(["sad", "sad", "happy"], ["sad", "happy", None])
    >>> round(scores["macro_f1"], 3), scores["uar"], round(scores["accuracy"], 3)
    (0.333, 0.25, 0.333)
    """
    rows, columns, classes = class_numbers(truth, prediction, classes)
    confusion = _confusion(rows, columns, len(classes))
    n_true = confusion.sum(axis=1)
    measures = emotion_measures(np.diagonal(confusion), n_true, confusion[:, :-1].sum(axis=0))
    scores = {name: float(measures[name]) for name in OVERALL} | {"n": len(rows)}
    for k, name in enumerate(classes):
        scores |= {f"{kind}_{name}": float(measures[kind][k]) for kind in PER_CLASS}
        scores[f"n_{name}"] = int(n_true[k])
    return scores


def confusion_matrix(
    truth: Iterable[Hashable], prediction: Iterable[Hashable | None], classes: Sequence[Hashable] | None = None
) -> NDArray[np.int64]:
    """Return how many utterances of each true class were predicted as each class, ``(classes, classes + 1)``.

    Rows are true classes, columns predicted ones in the same order; the last column counts utterances that were not predicted (None).

    Args:
        truth: Class of each utterance, names or numbers.
        prediction: Predicted class of each; None where the system had no input.
        classes: The run's class list; by default every class that occurs, sorted.

    Raises:
        ValueError: If the lengths differ, nothing is to be scored, or a class is not in the list.

    >>> confusion_matrix(["sad", "sad", "happy"], ["sad", "happy", None], ["happy", "sad"]).tolist()
    [[0, 0, 1], [1, 1, 0]]
    """
    rows, columns, classes = class_numbers(truth, prediction, classes)
    return _confusion(rows, columns, len(classes))


def emotion_measures(hits: ArrayLike, n_true: ArrayLike, n_predicted: ArrayLike) -> dict[str, NDArray[np.float64]]:
    """Return every measure of :func:`score_emotions` of counts by class.

    Args:
        hits: Utterances of a class that were found, ``(..., classes)``.
        n_true: Utterances of a class.
        n_predicted: Utterances predicted as a class.

    Returns:
        Measures of the whole, ``(...)``, and ``f1``, ``precision`` and ``recall``, ``(..., classes)``, NaN for a class that does not occur.
    """
    hits, n_true, n_predicted = (np.asarray(counts, dtype=np.float64) for counts in (hits, n_true, n_predicted))
    occurs = n_true > 0
    either = n_true + n_predicted
    recall = hits / np.where(occurs, n_true, 1)
    precision = hits / np.where(n_predicted > 0, n_predicted, 1)
    f1 = 2 * hits / np.where(either > 0, either, 1)  # 0 for a class that does not occur
    with np.errstate(invalid="ignore"):  # nothing at all: NaN
        n, n_occurring = n_true.sum(axis=-1), occurs.sum(axis=-1)
        return {
            "macro_f1": f1.sum(axis=-1) / n_occurring,
            "macro_f1_all": f1.mean(axis=-1),
            "macro_f1_union": f1.sum(axis=-1) / (either > 0).sum(axis=-1),
            "weighted_f1": (f1 * n_true).sum(axis=-1) / n,
            "accuracy": hits.sum(axis=-1) / n,
            "uar": recall.sum(axis=-1) / n_occurring,
            **{name: np.where(occurs, value, np.nan) for name, value in (("f1", f1), ("precision", precision), ("recall", recall))},
        }


def class_numbers(
    truth: Iterable[Hashable], prediction: Iterable[Hashable | None], classes: Sequence[Hashable] | None = None
) -> tuple[NDArray[np.int64], NDArray[np.int64], list[Any]]:
    """Return the place of each true and each predicted class in the class list, one past its end for None, and the list.

    Raises:
        ValueError: If the lengths differ, nothing is to be scored, or a class is not in the list.
    """
    true, predicted = _plain(truth), _plain(prediction)
    if len(true) != len(predicted):
        raise ValueError(f"{len(true)} true classes but {len(predicted)} predictions; both need one entry an utterance")
    if not true:
        raise ValueError("there is no labelled utterance to score")
    if classes is None:
        found = {*true, *(label for label in predicted if label is not None)}
        classes = sorted(found, key=lambda label: (str(type(label)), label))
    names = _plain(classes)
    index = {name: k for k, name in enumerate(names)}
    unknown = {*true, *predicted} - {*index, None} or {*true} - {*index}
    if unknown:
        raise ValueError(f"class {sorted(map(repr, unknown))[0]} is not in the class list {names}")
    rows = np.fromiter((index[label] for label in true), dtype=np.int64, count=len(true))
    columns = np.fromiter((index.get(label, len(names)) for label in predicted), dtype=np.int64, count=len(true))
    return rows, columns, names


def _plain(labels: Iterable[Hashable | None]) -> Labels:
    return labels.tolist() if isinstance(labels, np.ndarray) else list(labels)


def _confusion(rows: NDArray[np.int64], columns: NDArray[np.int64], n_classes: int) -> NDArray[np.int64]:
    """Return counts by true and predicted class, ``(classes, classes + 1)``; the last column is "not predicted"."""
    width = n_classes + 1
    return np.bincount(rows * width + columns, minlength=n_classes * width).reshape(n_classes, width)
