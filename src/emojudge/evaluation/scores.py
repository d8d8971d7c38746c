"""The one definition of every reported number: training monitors, tables and reports call these functions."""

from collections.abc import Hashable, Iterable, Sequence

import numpy as np
from numpy.typing import NDArray


def score_emotions(
    truth: Iterable[Hashable], prediction: Iterable[Hashable | None], classes: Sequence[Hashable] | None = None
) -> dict[str, float]:
    """Return macro-F1, accuracy and unweighted average recall of predicted classes, and the scores of each class.

    The paper's Task 1 metrics (section 3.2). Macro-F1 and ``uar`` are means over the classes that occur in
    the truth; an utterance that was not predicted (None) counts as wrong.

    Args:
        truth: Class of each utterance, names or numbers.
        prediction: Predicted class of each; None where the system had no input.
        classes: The run's class list; by default every class that occurs, sorted.

    Returns:
        ``macro_f1``, ``accuracy``, ``uar``, ``n`` (utterances), and for each class ``f1_<class>``,
        ``precision_<class>``, ``recall_<class>`` and ``n_<class>``. A class that is never predicted has
        precision 0; one that does not occur in the truth has NaN for all but its count.

    Raises:
        ValueError: If the lengths differ, nothing is to be scored, or a class is not in the list.

    >>> scores = score_emotions(["sad", "sad", "happy"], ["sad", "happy", None])
    >>> round(scores["macro_f1"], 3), scores["uar"], round(scores["accuracy"], 3)
    (0.333, 0.25, 0.333)
    """
    truth, prediction = _plain(truth), _plain(prediction)
    if len(truth) != len(prediction):
        raise ValueError(f"{len(truth)} true classes but {len(prediction)} predictions; both need one entry an utterance")
    if not truth:
        raise ValueError("there is no labelled utterance to score")
    if classes is None:
        classes = sorted({*truth, *(label for label in prediction if label is not None)}, key=lambda label: (str(type(label)), label))
    confusion = _confusion(truth, prediction, _plain(classes))

    hits = np.diagonal(confusion).astype(float)  # (classes,)
    n_true = confusion.sum(axis=1)
    n_predicted = confusion[:, :-1].sum(axis=0)
    occurs = n_true > 0
    with np.errstate(divide="ignore", invalid="ignore"):
        recall = hits / n_true
        precision = np.where(n_predicted > 0, hits / n_predicted, 0.0)
        f1 = 2 * hits / (n_true + n_predicted)
    scores = {
        "macro_f1": float(f1[occurs].mean()),
        "accuracy": float(hits.sum() / len(truth)),
        "uar": float(recall[occurs].mean()),
        "n": len(truth),
    }
    for k, name in enumerate(classes):
        for measure, value in (("f1", f1), ("precision", precision), ("recall", recall)):
            scores[f"{measure}_{name}"] = float(value[k]) if occurs[k] else float("nan")
        scores[f"n_{name}"] = int(n_true[k])
    return scores


def _plain(labels: Iterable[Hashable | None]) -> list[Hashable | None]:
    return labels.tolist() if isinstance(labels, np.ndarray) else list(labels)


def _confusion(truth: list[Hashable | None], prediction: list[Hashable | None], classes: list[Hashable | None]) -> NDArray[np.int64]:
    """Return counts by true and predicted class, ``(classes, classes + 1)``; the last column is "not predicted"."""
    index: dict[Hashable | None, int] = {name: k for k, name in enumerate(classes)}
    unknown = {*truth, *prediction} - {*index, None} or {*truth} - {*index}
    if unknown:
        raise ValueError(f"class {sorted(map(repr, unknown))[0]} is not in the class list {list(classes)}")
    rows = np.fromiter((index[label] for label in truth), dtype=np.int64, count=len(truth))
    columns = np.fromiter((index.get(label, len(classes)) for label in prediction), dtype=np.int64, count=len(truth))
    width = len(classes) + 1
    return np.bincount(rows * width + columns, minlength=len(classes) * width).reshape(len(classes), width)
