"""The one definition of every reported number: training monitors, tables and reports call these functions."""

from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

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

    ``macro_f1_uniform`` is what macro-F1 would be if each class that occurs were as frequent: the precision of a rare class is then
    not at the mercy of a frequent one. It is what a class-balanced test shows, and what chooses for one.

    Args:
        truth: Class of each utterance, names or numbers.
        prediction: Predicted class of each; None where the system had no input.
        classes: The run's class list; by default every class that occurs, sorted.

    Returns:
        ``macro_f1``, ``macro_f1_all``, ``macro_f1_union``, ``macro_f1_uniform``, ``weighted_f1`` (F1 of each class by how often it
        occurs), ``accuracy``, ``uar``, ``n`` (utterances), and for each class ``f1_<class>``, ``precision_<class>``,
        ``recall_<class>`` and ``n_<class>``.
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
    counts = [array.astype(np.float64) for array in (np.diagonal(confusion), n_true, confusion[:, :-1].sum(axis=0))]
    scores = {name: float(measure(*counts)) for name, measure in OVERALL.items()}
    scores |= {UNIFORM: float(macro_f1_uniform(confusion)), "n": len(rows)}
    by_class = {kind: np.where(n_true > 0, measure(*counts), np.nan) for kind, measure in PER_CLASS.items()}
    for k, name in enumerate(classes):
        scores |= {f"{kind}_{name}": float(values[k]) for kind, values in by_class.items()}
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


Counts: TypeAlias = NDArray[np.float64]
"""Utterances by class, ``(..., classes)``: found, true, or predicted."""


def f1(hits: Counts, n_true: Counts, n_predicted: Counts) -> Counts:
    """Return F1 of each class, 0 for one that is neither true nor predicted."""
    return _ratio(2 * hits, n_true + n_predicted)


def precision(hits: Counts, n_true: Counts, n_predicted: Counts) -> Counts:
    """Return the part of what was predicted as each class that is right, 0 for one that is never predicted."""
    return _ratio(hits, n_predicted)


def recall(hits: Counts, n_true: Counts, n_predicted: Counts) -> Counts:
    """Return the part of each class that was found, 0 for one that does not occur."""
    return _ratio(hits, n_true)


OVERALL: dict[str, Callable[[Counts, Counts, Counts], Counts]] = {
    "macro_f1": lambda hits, n_true, n_predicted: f1(hits, n_true, n_predicted).sum(-1) / _n(n_true),
    "macro_f1_all": lambda hits, n_true, n_predicted: f1(hits, n_true, n_predicted).mean(-1),
    "macro_f1_union": lambda hits, n_true, n_predicted: f1(hits, n_true, n_predicted).sum(-1) / _n(n_true + n_predicted),
    "weighted_f1": lambda hits, n_true, n_predicted: (f1(hits, n_true, n_predicted) * n_true).sum(-1) / _nan(n_true.sum(-1)),
    "accuracy": lambda hits, n_true, n_predicted: hits.sum(-1) / _nan(n_true.sum(-1)),
    "uar": lambda hits, n_true, n_predicted: recall(hits, n_true, n_predicted).sum(-1) / _n(n_true),
}
"""Measures of a whole split by the counts of its classes, from three ``(..., classes)`` to ``(...)``; NaN of nothing."""
UNIFORM = "macro_f1_uniform"
"""The one measure that needs to know which class was taken for which."""
PER_CLASS = {"f1": f1, "precision": precision, "recall": recall}
"""Measures of each class, likewise to ``(..., classes)``; not defined for a class that does not occur."""


def macro_f1_uniform(confusion: NDArray[Any]) -> Counts:
    """Return macro-F1 under equally frequent classes, ``(...)``, from counts ``(..., classes, classes + 1)``; NaN of nothing."""
    n_true = confusion.sum(axis=-1)  # (..., classes)
    share = confusion / np.where(n_true > 0, n_true, 1)[..., None]
    hits = np.diagonal(share, axis1=-2, axis2=-1)
    occurs = (n_true > 0).astype(np.float64)
    value: Counts = f1(hits, occurs, share[..., :-1].sum(axis=-2)).sum(-1) / _n(occurs)
    return value


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


def _ratio(part: Counts, whole: Counts) -> Counts:
    return part / np.where(whole > 0, whole, 1.0)


def _n(counts: Counts) -> Counts:
    """Return how many classes have a count, NaN for none."""
    return _nan((counts > 0).sum(-1))


def _nan(n: NDArray[Any]) -> Counts:
    return np.where(n > 0, n, np.nan)


def _plain(labels: Iterable[Hashable | None]) -> Labels:
    return labels.tolist() if isinstance(labels, np.ndarray) else list(labels)


def _confusion(rows: NDArray[np.int64], columns: NDArray[np.int64], n_classes: int) -> NDArray[np.int64]:
    """Return counts by true and predicted class, ``(classes, classes + 1)``; the last column is "not predicted"."""
    width = n_classes + 1
    return np.bincount(rows * width + columns, minlength=n_classes * width).reshape(n_classes, width)
