"""Tests beside the bootstrap: McNemar's of two accuracies, and Holm's correction of many p."""

import math
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class McNemar:
    """Of how many utterances only one of two systems is right, and the exact test of both having the same accuracy."""

    n_only_a: int
    n_only_b: int
    p: float
    """Two-sided; 1 where both are right on the same utterances."""


def mcnemar(truth: Iterable[Hashable], a: Iterable[Hashable | None], b: Iterable[Hashable | None]) -> McNemar:
    """Return the exact test of McNemar (1947) by the binomial distribution.

    It is about accuracy, not about macro-F1, and blind to clusters: it takes every utterance as independent of the others, so that p is
    too small where speakers differ. :func:`~emojudge.evaluation.paired_bootstrap` is the test to report.

    Args:
        truth: Class of each utterance.
        a: Predicted class of each by one system; None, where it had no input, is wrong.
        b: By the other.

    Raises:
        ValueError: If the lengths differ.

    >>> mcnemar("aaaaaab", "aaaaaaa", "abbbbbb")
    McNemar(n_only_a=5, n_only_b=1, p=0.21875)
    """
    from scipy.stats import binomtest

    right = [(x == true, y == true) for true, x, y in zip(truth, a, b, strict=True)]
    only_a, only_b = right.count((True, False)), right.count((False, True))
    p = float(binomtest(only_a, only_a + only_b).pvalue) if only_a + only_b else 1.0
    return McNemar(only_a, only_b, p)


def holm(p_values: Sequence[float]) -> list[float]:
    """Return p corrected for their number (Holm, 1979), in the order given; NaN, where there was no test, stays and does not count.

    >>> [round(p, 3) for p in holm([0.01, 0.04, 0.03])]
    [0.03, 0.06, 0.06]
    """
    tested = sorted((p, i) for i, p in enumerate(p_values) if not math.isnan(p))
    corrected = [math.nan] * len(p_values)
    largest = 0.0
    for rank, (p, i) in enumerate(tested):
        largest = max(largest, min(1.0, p * (len(tested) - rank)))
        corrected[i] = largest
    return corrected
