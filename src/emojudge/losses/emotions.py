"""Losses of emotions: plain functions on tensors, and thin modules that keep their settings."""

import torch.nn.functional as F
from torch import Tensor, nn


def focal_loss(logits: Tensor, target: Tensor, *, alpha: Tensor | None = None, gamma: float = 2.0, label_smoothing: float = 0.0) -> Tensor:
    """Return the weighted focal loss, ``-alpha_y (1 - p_y)^gamma log p_y``, averaged over utterances.

    Paper, section 5.1. With ``gamma=0`` and no ``alpha`` it is cross-entropy.

    Paper: it names neither ``gamma`` nor how utterances are averaged; we take 2 and the plain mean, so
    that the weights are not normalised within a batch and accumulation over batches stays exact.

    Paper: knows one label an utterance. For a distribution ``q`` of votes we take the loss expected under it, the sum of ``q_c`` times
    the loss of class ``c``.

    Args:
        logits: Unnormalised scores, ``(batch, classes)``. A class of weight 0 may be masked with ``-inf``.
        target: Index of the true class, ``(batch,)`` int64, or its distribution, ``(batch, classes)``; utterances without
            either are left out before.
        alpha: One weight a class, ``(classes,)``; ones by default.
        gamma: How much utterances that are already right are played down; 0 or more.
        label_smoothing: Share of the target that is spread over the classes of a weight above 0; each then adds its own term.

    Returns:
        A scalar.

    Raises:
        ValueError: If distributions are of another shape than the logits.

    >>> import torch
    >>> logits = torch.tensor([[0.25, 0.75]]).log()
    >>> round(float(focal_loss(logits, torch.tensor([1]))), 4)  # 0.25 ** 2 * -log(0.75)
    0.018
    """
    log_p = logits.log_softmax(dim=-1)  # (batch, classes)
    alpha = log_p.new_ones(logits.shape[-1]) if alpha is None else alpha
    present = alpha > 0  # (classes,)
    share = _shares(target, log_p)  # (batch, classes)
    weight = (share * (1 - label_smoothing) + label_smoothing * present / present.sum()) * alpha  # (batch, classes)
    # expm1 keeps 1 - p exact near p = 1, the floor keeps the gradient finite there for gamma below 1;
    # a masked class has log p = -inf, and -inf times its weight 0 would be NaN
    wrong = (-log_p.expm1()).clamp(min=1e-30)
    loss = -weight * wrong**gamma * log_p.masked_fill(weight == 0, 0)
    return loss.sum(dim=-1).mean()


def kl_divergence_loss(logits: Tensor, target: Tensor, *, alpha: Tensor | None = None) -> Tensor:
    """Return the divergence of the predicted distribution from that of the votes, ``sum q log(q / p)``, averaged over utterances.

    It is cross-entropy less the least that this can be: 0 where the prediction is the votes' distribution, and of the same gradient.
    Weights apply as to cross-entropy, vote by vote, so that ``p`` is drawn to ``q'`` in proportion to ``alpha q``, and the loss is
    ``sum alpha_c q_c log(q'_c / p_c)``. Of a label it is the weighted cross-entropy.

    Args:
        logits: Unnormalised scores, ``(batch, classes)``. A class of weight 0 may be masked with ``-inf``.
        target: Distribution of the votes, ``(batch, classes)``, or index of the true class, ``(batch,)`` int64.
        alpha: One weight a class, ``(classes,)``; ones by default.

    Returns:
        A scalar.

    Raises:
        ValueError: If distributions are of another shape than the logits.

    >>> import torch
    >>> logits = torch.tensor([[0.25, 0.75]]).log()
    >>> round(float(kl_divergence_loss(logits, torch.tensor([[0.5, 0.5]]))), 4)  # 0.5 log 2 + 0.5 log (2 / 3)
    0.1438
    """
    log_p = logits.log_softmax(dim=-1)  # (batch, classes)
    share = _shares(target, log_p)  # (batch, classes)
    weight = share if alpha is None else share * alpha
    total = weight.sum(dim=-1, keepdim=True)  # (batch, 1)
    log_q = (weight / total).log()
    counts = weight > 0  # elsewhere both logarithms may be -inf
    return (weight * (log_q.where(counts, 0) - log_p.where(counts, 0))).sum(dim=-1).mean()


def _shares(target: Tensor, log_p: Tensor) -> Tensor:
    """Return class indices or distributions as distributions, ``(batch, classes)`` in the type of the log-posteriors."""
    if target.ndim > 1 and target.shape != log_p.shape:
        raise ValueError(f"targets of shape {tuple(target.shape)} are no distributions for logits of shape {tuple(log_p.shape)}")
    return (target if target.ndim > 1 else F.one_hot(target, log_p.shape[-1])).to(log_p.dtype)


class FocalLoss(nn.Module):
    """:func:`focal_loss` with its settings; ``alpha`` comes with each call, since the data decide it.

    Args:
        gamma: How much utterances that are already right are played down; 0 is cross-entropy.
        label_smoothing: Share of the target that is spread over the classes of a weight above 0.
    """

    def __init__(self, gamma: float = 2.0, label_smoothing: float = 0.0) -> None:
        super().__init__()
        if not gamma >= 0 or not 0 <= label_smoothing < 1:
            raise ValueError(f"gamma must be 0 or more and label_smoothing in [0, 1), found {gamma} and {label_smoothing}")
        self.gamma = gamma
        self.label_smoothing = label_smoothing

    def forward(self, logits: Tensor, target: Tensor, alpha: Tensor | None = None) -> Tensor:
        """Return the mean loss of ``(batch, classes)`` logits against ``(batch,)`` class indices or ``(batch, classes)`` shares."""
        return focal_loss(logits, target, alpha=alpha, gamma=self.gamma, label_smoothing=self.label_smoothing)

    def extra_repr(self) -> str:
        """Return the settings, for printing."""
        return f"gamma={self.gamma}, label_smoothing={self.label_smoothing}"


class CrossEntropyLoss(FocalLoss):
    """Weighted cross-entropy, of labels or (soft-label cross-entropy) of votes; like the focal loss a plain mean over utterances.

    ``torch.nn.CrossEntropyLoss(weight=...)`` divides by the sum of the weights in the batch instead.

    Args:
        label_smoothing: Share of the target that is spread over the classes of a weight above 0.
    """

    def __init__(self, label_smoothing: float = 0.0) -> None:
        super().__init__(gamma=0.0, label_smoothing=label_smoothing)


class KLDivergenceLoss(nn.Module):
    """:func:`kl_divergence_loss` as a module; ``alpha`` comes with each call, since the data decide it.

    It trains as :class:`CrossEntropyLoss` does; its value says how far the predictions are from the votes.
    """

    def forward(self, logits: Tensor, target: Tensor, alpha: Tensor | None = None) -> Tensor:
        """Return the mean loss of ``(batch, classes)`` logits against ``(batch, classes)`` shares or ``(batch,)`` class indices."""
        return kl_divergence_loss(logits, target, alpha=alpha)
