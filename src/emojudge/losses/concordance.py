"""The concordance loss of attributes, over a batch or over the batches of all processes."""

import torch
from torch import Tensor, nn

FLOOR = 1e-8
"""Least denominator of a coefficient, so that it is 0, with a finite gradient, where neither predictions nor targets vary."""


def concordance_loss(prediction: Tensor, target: Tensor, *, gather: bool = False) -> Tensor:
    """Return the sum over attributes of ``1 - CCC``, the concordance correlation coefficient over the batch.

    Paper, section 5.1. ``CCC = 2 s_py / (s_p^2 + s_y^2 + (m_p - m_y)^2)`` with population variances. It is no mean over utterances: the
    loss of a batch is not the mean of those of its parts, so the batch that it sees is part of the loss.

    Paper: it does not say over which utterances; we take those of the batch that is given, of all processes where ``gather`` says so.

    Where only one utterance is known, or neither predictions nor targets vary, the coefficient is 0; an attribute of which none is
    known adds nothing.

    Args:
        prediction: ``(batch, attributes)``, on the scale of the target.
        target: ``(batch, attributes)``; a value that is NaN is left out, together with its prediction.
        gather: Whether the statistics are those of all processes, which then all have to call this at the same time, one whose batch
            is empty too. Each returns the same loss, and a gradient such that the mean over processes, which is what data-parallel
            training takes, is the gradient of one process on the joined batch. Nothing is sent in the backward pass.

    Returns:
        A scalar, in float32 at least.

    Raises:
        ValueError: If the shapes differ.

    >>> import torch
    >>> y = torch.tensor([[0.0], [0.5], [1.0]])
    >>> round(float(concordance_loss(y + 0.5, y)), 4)  # CCC = 2 / 6 / (1 / 6 + 1 / 6 + 1 / 4)
    0.4286
    """
    if prediction.shape != target.shape or prediction.ndim != 2:
        shapes = f"{tuple(prediction.shape)} and {tuple(target.shape)}"
        raise ValueError(f"expected predictions and targets of one shape (batch, attributes), found {shapes}")
    dtype = torch.promote_types(prediction.dtype, torch.float32)
    known = ~target.isnan()  # (batch, attributes)
    p, y = prediction.to(dtype).where(known, 0), target.to(dtype).where(known, 0)
    n, p_sum, y_sum = _total(torch.stack([known.sum(dim=0).to(dtype), p.sum(dim=0), y.sum(dim=0)]), gather)  # (attributes,) each
    p_mean, y_mean = p_sum / n.clamp(min=1), y_sum / n.clamp(min=1)
    # centred first, then squared: a difference of large squares would lose the variance. Deviations from a mean sum to zero over the
    # joined batch, so that variances have no gradient through the mean; detached, none is missed that other processes would hold
    p_off, y_off = ((x - mean.detach()) * known for x, mean in ((p, p_mean), (y, y_mean)))  # (batch, attributes)
    moments = torch.stack([(p_off * y_off).sum(dim=0), p_off.square().sum(dim=0), y_off.square().sum(dim=0)])
    covariance, p_variance, y_variance = _total(moments, gather) / n.clamp(min=1)
    ccc = 2 * covariance / (p_variance + y_variance + (p_mean - y_mean).square()).clamp(min=FLOOR)  # (attributes,)
    return ((1 - ccc) * (n > 0)).sum()  # type: ignore[no-any-return]


def _total(local: Tensor, gather: bool) -> Tensor:
    """Return sums over all processes, with the gradient of this one's part times the number of processes."""
    if not (gather and torch.distributed.is_available() and torch.distributed.is_initialized()):
        return local
    total = local.detach().clone()
    torch.distributed.all_reduce(total)
    return total + torch.distributed.get_world_size() * (local - local.detach())


class ConcordanceLoss(nn.Module):
    """:func:`concordance_loss` with its setting.

    Args:
        gather: Whether the statistics are those of all processes' batches, with gradients, instead of each one's own.
    """

    def __init__(self, gather: bool = False) -> None:
        super().__init__()
        self.gather = gather

    def forward(self, prediction: Tensor, target: Tensor) -> Tensor:
        """Return the loss of ``(batch, attributes)`` predictions against targets, NaN where unknown."""
        return concordance_loss(prediction, target, gather=self.gather)

    def extra_repr(self) -> str:
        """Return the setting, for printing."""
        return f"gather={self.gather}"
