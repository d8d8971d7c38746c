"""Scores of class scores, not of labels alone: top two, and distances to the votes of raters."""

from collections.abc import Hashable, Iterable, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .prior import log_softmax
from .scores import class_numbers


def score_posteriors(
    truth: Iterable[Hashable | None], logits: ArrayLike, classes: Sequence[Hashable], votes: ArrayLike | None = None
) -> dict[str, float]:
    """Return how often the true class is among the best two, and how far the posterior is from the votes of the raters.

    Paper: scores labels alone; votes tell a near miss from a far one.

    Args:
        truth: Class of each utterance; None where it has none, which leaves it out of ``top_2`` and ``cross_entropy``.
        logits: Scores of each class up to a constant an utterance, ``(utterances, classes)``. NaN in a whole row where the system
            had no input: not among the best two, and left out of the distances. NaN in some places: classes that it does not know.
        classes: The run's class list, in the order of the columns.
        votes: Share or number of votes for each class, ``(utterances, classes)``; a row of zeros or NaN where there is none.

    Returns:
        ``top_2``, with a tie counted against the system; ``cross_entropy`` to the true class in nats; ``n_posterior``, utterances with
        a posterior; and with votes ``vote_js``, the mean Jensen-Shannon distance (the root of the divergence to base 2, 0 to 1),
        ``vote_cross_entropy`` in nats, and ``n_votes``, utterances with both. All are finite: a probability counts as at least 1e-12.
        NaN is the score of nothing.

    Raises:
        ValueError: If shapes differ, a class is not in the list, or a logit or vote is infinite or a vote negative.

    >>> scores = score_posteriors(["sad"], [[1.0, 0.0, -30.0]], ["happy", "sad", "angry"], votes=[[2, 2, 0]])
    >>> scores["top_2"], round(scores["vote_js"], 3), round(scores["vote_cross_entropy"], 3)
    (1.0, 0.203, 0.813)
    """
    true = list(truth.tolist() if isinstance(truth, np.ndarray) else truth)
    values = _table("logits", logits, len(true), len(classes))
    given = ~np.asarray(np.isnan(values).all(axis=1))
    log_posterior = np.where(np.isnan(values), -np.inf, log_softmax(values))
    labelled = np.array([label is not None for label in true], dtype=bool)
    scores = {"top_2": float("nan"), "cross_entropy": float("nan"), "n_posterior": int(given.sum())}
    if labelled.any():
        names = [label for label in true if label is not None]
        k, _, _ = class_numbers(names, names, classes)
        of_true = log_posterior[labelled, k]
        as_good = (log_posterior[labelled] >= of_true[:, None]).sum(axis=1)  # itself among them
        scores["top_2"] = float((np.isfinite(of_true) & (as_good <= 2)).mean())
        scores["cross_entropy"] = _mean(-_floored(of_true[given[labelled]]))
    if votes is not None:
        scores |= _votes(log_posterior, given, _table("votes", votes, len(true), len(classes)))
    return scores


def _votes(log_posterior: NDArray[np.float64], given: NDArray[np.bool_], votes: NDArray[np.float64]) -> dict[str, float]:
    from scipy.special import rel_entr

    if (votes < 0).any():
        raise ValueError(f"votes has a negative number in row {int((votes < 0).any(axis=1).argmax())}; expected shares or counts")
    votes = np.nan_to_num(votes)
    both = given & (votes.sum(axis=1) > 0)
    p = votes[both] / votes[both].sum(axis=1, keepdims=True)
    log_q = log_posterior[both]
    q = np.exp(log_q)
    middle = (p + q) / 2
    divergence = (rel_entr(p, middle) + rel_entr(q, middle)).sum(axis=1) / 2 / np.log(2)
    return {
        "vote_js": _mean(np.sqrt(np.clip(divergence, 0, 1))),
        "vote_cross_entropy": _mean(-(p * _floored(log_q)).sum(axis=1)),
        "n_votes": int(both.sum()),
    }


def _floored(log_posterior: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.maximum(log_posterior, np.log(1e-12))


def _mean(values: NDArray[np.float64]) -> float:
    return float(values.mean()) if len(values) else float("nan")


def _table(what: str, values: ArrayLike, n: int, n_classes: int) -> NDArray[np.float64]:
    table = np.asarray(values, dtype=np.float64)
    if table.shape != (n, n_classes):
        raise ValueError(f"{what} has the shape {table.shape}, expected {(n, n_classes)}: an utterance a row, a class a column")
    if np.isinf(table).any():
        raise ValueError(f"{what} has an infinite value in row {int(np.isinf(table).any(axis=1).argmax())}; there is no score with it")
    return table
