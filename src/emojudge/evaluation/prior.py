"""Class priors: what a scorer assumed, what the user declares or the data tell, and the step from one to the other."""

import logging
from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import ConfigError, PredictionsError, nearest

TargetPrior: TypeAlias = str | Sequence[float]
"""One of :data:`TARGET_PRIORS`, or one number a class."""

TARGET_PRIORS = ("uniform", "natural", "train", "estimated")
"""Each class as likely; as in the split that a fusion is fitted on; as in the training labels; as :func:`estimate_prior` finds it."""

SOURCE_FLOOR = 1e-6
"""Smallest prior that is divided by: a class below it in the source keeps a finite log-ratio."""
TARGET_FLOOR = 1e-30
"""What a declared 0 counts as: the class keeps a finite log-posterior, so low that it is never chosen."""


log = logging.getLogger(__name__)


def check_target_prior(target_prior: TargetPrior, n_classes: int) -> None:
    """Refuse a target prior that is no known name, and no distribution over the classes.

    Raises:
        ConfigError: With the nearest name that there is, or the numbers that were found.
    """
    if isinstance(target_prior, str):
        if target_prior not in TARGET_PRIORS:
            known = f"{', '.join(TARGET_PRIORS)}, or a list with one number a class"
            raise ConfigError(f"target_prior '{target_prior}' is not known (known: {known}).{nearest(target_prior, TARGET_PRIORS)}")
    else:
        target = np.asarray(target_prior, dtype=np.float64)
        if target.shape != (n_classes,) or (target < 0).any() or not np.isfinite(target).all() or target.sum() <= 0:
            raise ConfigError(f"target_prior needs {n_classes} numbers, none below 0 and not all 0; found {list(target_prior)}")


def target_distribution(target_prior: TargetPrior, source: ArrayLike) -> NDArray[np.float64]:
    """Return the declared class distribution, ``(classes,)``, over the classes that ``source`` knows.

    Args:
        target_prior: ``uniform``, ``natural`` or one number a class. ``train`` and ``estimated`` are other numbers for each
            corpus and split: whoever has these gives them as a list.
        source: Distribution of the split a scorer was fitted on, ``(classes,)``; 0 marks a class
            that it has never seen, which stays at 0.

    Raises:
        ConfigError: If a list has another length, a negative entry or no mass on the known classes, or the numbers of
            ``train`` or ``estimated`` are not given.
    """
    source = np.asarray(source, dtype=np.float64)
    known = source > 0
    check_target_prior(target_prior, len(source))
    if not isinstance(target_prior, str):
        target = np.where(known, np.asarray(target_prior, dtype=np.float64), 0.0)
    elif target_prior in ("uniform", "natural"):
        target = known.astype(np.float64) if target_prior == "uniform" else source
    else:
        raise ConfigError(f"target_prior '{target_prior}' is not a distribution yet; give its numbers, one a class")
    if target.sum() <= 0:
        raise ConfigError(f"target_prior {list(target)} has no mass on the classes that were fitted")
    return target / target.sum()  # type: ignore[no-any-return]


def shift_prior(log_posterior: ArrayLike, source: ArrayLike, target: ArrayLike) -> NDArray[np.float64]:
    """Return log-posteriors under the ``target`` prior, given those under the ``source`` prior.

    Bayes' rule for label shift: ``log p'(c | x) = log p(c | x) + log(target / source) + const``
    (Saerens, Latinne and Decaestecker, 2002).

    Paper: section 4.5 is silent about priors; a fusion fitted on a natural Development split relearns
    that split's prior, so ours declares the one it is meant for.

    Args:
        log_posterior: ``(utterances, classes)``; NaN rows and columns stay NaN.
        source: Class distribution the posterior assumes, ``(classes,)``.
        target: Class distribution wanted, ``(classes,)``.
    """
    ratio = np.log(np.maximum(np.asarray(target, float), TARGET_FLOOR)) - np.log(np.maximum(np.asarray(source, float), SOURCE_FLOOR))
    return log_softmax(np.asarray(log_posterior, dtype=np.float64) + ratio)


def estimate_prior(log_posterior: ArrayLike, source: ArrayLike, *, tolerance: float = 1e-8, max_steps: int = 10_000) -> NDArray[np.float64]:
    """Return the class distribution of unlabelled utterances, ``(classes,)``, from calibrated posteriors of them.

    Maximum likelihood under label shift by expectation maximisation (Saerens, Latinne and Decaestecker, 2002):
    ``p'(c) = mean of p'(c | x)``, with ``p'(c | x)`` shifted to ``p'``, until it stays. The likelihood is concave in ``p'``, and
    the largest ``mean of p'(c | x) / p'(c)`` bounds what is still missing of it, so the end is known rather than guessed from the
    length of the last step. What scores make of it is transductive: it rests on the very utterances that are scored.

    It is as good as the posteriors: planted distributions of eight classes come back within .02 from 6,000 to 10,000 utterances with
    calibrated posteriors. A few hundred utterances, or posteriors that say little or are off for these speakers, give one that is far
    from the truth, and decisions under it that are worse than under any declared prior.

    Args:
        log_posterior: ``(utterances, classes)``, calibrated under ``source``; rows with NaN had no input and do not count.
        source: Class distribution that the posterior assumes, ``(classes,)``; a class at 0 stays at 0.
        tolerance: Stop as soon as the mean log-likelihood of an utterance is this close to its maximum.
        max_steps: Stop after so many steps all the same, with a warning.

    Raises:
        PredictionsError: If no utterance has a posterior.

    >>> estimate_prior(np.log([[0.9, 0.1], [0.9, 0.1], [0.9, 0.1], [0.1, 0.9]]), [0.5, 0.5]).round(4)
    array([0.8125, 0.1875])
    """
    log_posterior, source = np.asarray(log_posterior, dtype=np.float64), np.asarray(source, dtype=np.float64)
    known = source > 0
    rows = log_posterior[np.isfinite(log_posterior[:, known]).all(axis=1)][:, known]  # (utterances, known)
    if not len(rows):
        raise PredictionsError("there is no utterance with a posterior to estimate the class distribution from")
    likelihood = rows - np.log(np.maximum(source[known], SOURCE_FLOOR))
    likelihood = np.exp(likelihood - likelihood.max(axis=1, keepdims=True))  # up to a factor of each row, which cancels
    prior = source[known] / source[known].sum()
    for _ in range(max_steps):
        gain = likelihood.T @ (1 / (likelihood @ prior)) / len(rows)  # (known,): mean of p'(c | x) / p'(c)
        if np.log(gain.max()) <= tolerance:
            break
        prior = prior * gain
    else:
        log.warning("the class distribution of %d utterances was still moving after %d steps: taken as it is", len(rows), max_steps)
    estimate = np.zeros(len(source))
    estimate[known] = prior / prior.sum()
    return estimate


def macro_f1_under_prior(truth: ArrayLike, predicted: ArrayLike, n_classes: int, target_prior: TargetPrior) -> float:
    """Return the macro-F1 that these decisions would have if the classes came with the target prior.

    The rows of the confusion matrix are scaled to the prior; with ``natural`` it is the plain macro-F1.
    Only classes that occur, in the truth and under the target, count.

    Args:
        truth: Class of each utterance as a number, ``(utterances,)``.
        predicted: Predicted class of each, ``(utterances,)``.
        n_classes: Number of classes.
        target_prior: As :func:`target_distribution` takes it; ``natural`` is how often the classes occur in ``truth``.
    """
    pairs = np.asarray(truth, dtype=np.int64) * n_classes + np.asarray(predicted, dtype=np.int64)
    confusion = np.bincount(pairs, minlength=n_classes**2).reshape(n_classes, n_classes)
    count = confusion.sum(axis=1)
    prior = target_distribution(target_prior, count / count.sum())
    scaled = confusion * np.divide(prior, count, out=np.zeros(n_classes), where=count > 0)[:, None]
    hit, both = np.diag(scaled), scaled.sum(axis=0) + scaled.sum(axis=1)
    f1 = np.divide(2 * hit, both, out=np.zeros(n_classes), where=both > 0)
    return float(f1[prior > 0].mean())


def log_softmax(logits: ArrayLike) -> NDArray[np.float64]:
    """Return log-posteriors over the last axis; NaN entries (absent classes, no input) stay NaN and take no mass."""
    logits = np.asarray(logits, dtype=np.float64)
    known = ~np.isnan(logits)
    largest = np.max(logits, axis=-1, keepdims=True, initial=-np.inf, where=known)
    largest = np.where(np.isfinite(largest), largest, 0.0)
    with np.errstate(over="ignore"):  # two logits further apart than the largest number: that posterior is 0
        below = logits - largest
    mass = np.sum(np.exp(below, where=known, out=np.zeros_like(logits)), axis=-1, keepdims=True)
    return below - np.log(np.where(mass > 0, mass, 1.0))
