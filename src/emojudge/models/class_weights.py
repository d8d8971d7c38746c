"""How much an utterance of each class counts, from the training utterances of each."""

import math
from collections.abc import Sequence
from typing import Literal, TypeAlias

import torch
from torch import Tensor

from ..errors import ConfigError

ClassWeighting: TypeAlias = Literal["inverse", "inverse_sqrt", "effective_number", "none"] | Sequence[float]
"""A rule of :func:`class_weights`, or one weight a class."""


def class_weights(counts: Tensor, weighting: ClassWeighting = "inverse", *, beta: float = 0.999) -> Tensor:
    """Return one weight a class, ``(classes,)`` float64; 0 for a class without a training utterance.

    With ``n_c`` utterances of class ``c``, the weight is in proportion to

    - ``inverse``: ``1 / n_c``, so that each class counts as much as any other;
    - ``inverse_sqrt``: ``1 / sqrt(n_c)``, half-way there;
    - ``effective_number``: ``(1 - beta) / (1 - beta ** n_c)`` (Cui et al., 2019, "Class-Balanced Loss Based on Effective Number of
      Samples"): beyond about ``1 / (1 - beta)`` utterances more of them change little;
    - ``none``: 1.

    Rules are scaled so that the mean weight over the training utterances is 1; then a change of rule does not change the
    scale of the loss, and with it the part of a penalty, and ``inverse`` is ``N / (K n_c)`` over the ``K`` classes that occur.
    A list is taken as it is.

    Paper: section 5.1 names weights and no formula; ``inverse`` is our default. Cui et al. scale to a mean of 1 over classes.

    Args:
        counts: Training utterances of each class, or sums of their shares of votes, ``(classes,)``.
        weighting: The rule, or one weight a class.
        beta: Of the effective number, 0 or more and below 1; 0 is ``none``, near 1 it is ``inverse``.

    Raises:
        ConfigError: If there is no training utterance, the rule is not known, ``beta`` is out of its range, or a list has another
            length or a weight that is not above 0 for a class that occurs.

    >>> class_weights(torch.tensor([900, 100, 0])).tolist()
    [0.5555555555555556, 5.0, 0.0]
    """
    n = counts.double().cpu()  # (classes,)
    present = n > 0
    if not present.any():
        raise ConfigError("no training utterance has a label of the class list; check the table and its classes")
    if not isinstance(weighting, str):
        return _given(weighting, present)
    if not 0 <= beta < 1:
        raise ConfigError(f"beta of the effective number of utterances must be 0 or more and below 1, found {beta}")
    n = n.where(present, 1)
    match weighting:
        case "inverse":
            weight = 1 / n
        case "inverse_sqrt":
            weight = n.rsqrt()
        case "effective_number":
            weight = -1 / torch.expm1(n * math.log(beta)) if beta else torch.ones_like(n)  # expm1: 1 - beta^n is near 0 for beta near 1
        case "none":
            weight = torch.ones_like(n)
        case _:
            known = "inverse, inverse_sqrt, effective_number, none, or a list"
            raise ConfigError(f"class_weighting '{weighting}' is not known (known: {known})")
    weight = weight * present
    return weight * n[present].sum() / (weight * n).sum()


def _given(weights: Sequence[float], present: Tensor) -> Tensor:
    weight = torch.tensor(list(weights), dtype=torch.float64)
    if weight.shape != present.shape:
        raise ConfigError(f"class_weighting has {len(weight)} weights for {len(present)} classes; give one a class, in their order")
    if not weight.isfinite().all() or (weight < 0).any() or (weight[present] == 0).any():
        raise ConfigError(f"class_weighting {list(weights)}: expected a number above 0 for each class that occurs in training")
    return weight * present
