"""Class priors: what a scorer assumed, what the user declares, and the step from one to the other."""

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import ConfigError

TargetPrior: TypeAlias = str | Sequence[float]
"""``uniform`` (each class as likely), ``natural`` (as in the fitting split), or one number a class."""

SOURCE_FLOOR = 1e-6
"""Smallest prior that is divided by: a class below it in the source keeps a finite log-ratio."""
TARGET_FLOOR = 1e-30
"""What a declared 0 counts as: the class keeps a finite log-posterior, so low that it is never chosen."""


def target_distribution(target_prior: TargetPrior, source: ArrayLike) -> NDArray[np.float64]:
    """Return the declared class distribution, ``(classes,)``, over the classes that ``source`` knows.

    Args:
        target_prior: See :data:`TargetPrior`.
        source: Distribution of the split a scorer was fitted on, ``(classes,)``; 0 marks a class
            that it has never seen, which stays at 0.

    Raises:
        ConfigError: If a list has another length, a negative entry or no mass on the known classes.
    """
    source = np.asarray(source, dtype=np.float64)
    known = source > 0
    if isinstance(target_prior, str):
        if target_prior not in ("uniform", "natural"):
            raise ConfigError(f"target_prior '{target_prior}' is not known (known: uniform, natural, or a list with one number a class)")
        target = known.astype(np.float64) if target_prior == "uniform" else source
    else:
        target = np.asarray(target_prior, dtype=np.float64)
        if target.shape != source.shape or (target < 0).any() or not np.isfinite(target).all():
            raise ConfigError(f"target_prior needs {len(source)} numbers, none below 0; found {list(target_prior)}")
        target = np.where(known, target, 0.0)
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


def log_softmax(logits: ArrayLike) -> NDArray[np.float64]:
    """Return log-posteriors over the last axis; NaN entries (absent classes, no input) stay NaN and take no mass."""
    logits = np.asarray(logits, dtype=np.float64)
    known = ~np.isnan(logits)
    largest = np.max(logits, axis=-1, keepdims=True, initial=-np.inf, where=known)
    largest = np.where(np.isfinite(largest), largest, 0.0)
    mass = np.sum(np.exp(logits - largest, where=known, out=np.zeros_like(logits)), axis=-1, keepdims=True)
    return logits - largest - np.log(np.where(mass > 0, mass, 1.0))
