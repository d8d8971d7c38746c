"""Losses of attributes beside concordance: squared error, and sums of losses."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn


def mean_squared_error_loss(prediction: Tensor, target: Tensor) -> Tensor:
    """Return the mean squared error over all known values; 0 where none is known.

    Args:
        prediction: ``(batch, attributes)``, on the scale of the target.
        target: ``(batch, attributes)``; a value that is NaN is left out, together with its prediction.

    Returns:
        A scalar, in float32 at least.

    Raises:
        ValueError: If the shapes differ.
    """
    if prediction.shape != target.shape:
        raise ValueError(f"expected predictions and targets of one shape, found {tuple(prediction.shape)} and {tuple(target.shape)}")
    dtype = torch.promote_types(prediction.dtype, torch.float32)
    known = ~target.isnan()  # (batch, attributes)
    error = prediction.to(dtype).where(known, 0) - target.to(dtype).where(known, 0)
    return error.square().sum() / known.sum().clamp(min=1)


class MeanSquaredErrorLoss(nn.Module):
    """:func:`mean_squared_error_loss` as a module."""

    def forward(self, prediction: Tensor, target: Tensor) -> Tensor:
        """Return the loss of ``(batch, attributes)`` predictions against targets, NaN where unknown."""
        return mean_squared_error_loss(prediction, target)


class WeightedLoss(nn.Module):
    """A weighted sum of losses of the same predictions and targets, such as concordance with a little squared error.

    Args:
        losses: The losses, each of the same arguments.
        weights: One number a loss.

    Raises:
        ValueError: If there are not as many weights as losses, or none.

    >>> from emojudge.losses import ConcordanceLoss
    >>> loss = WeightedLoss([ConcordanceLoss(), MeanSquaredErrorLoss()], [1.0, 0.5])
    >>> y = torch.tensor([[0.0], [0.5], [1.0]])
    >>> round(float(loss(y + 0.5, y)), 4)  # 3 / 7 + 0.5 * 0.25
    0.5536
    """

    def __init__(self, losses: Sequence[nn.Module], weights: Sequence[float]) -> None:
        super().__init__()
        if len(losses) != len(weights) or not losses:
            raise ValueError(f"expected one weight for each of one or more losses, found {len(losses)} losses and {len(weights)} weights")
        self.losses = nn.ModuleList(losses)
        self.weights = tuple(weights)

    def forward(self, *arguments: Tensor) -> Tensor:
        """Return the weighted sum of what each loss gives for the arguments."""
        return torch.stack([weight * loss(*arguments) for weight, loss in zip(self.weights, self.losses, strict=True)]).sum()

    def extra_repr(self) -> str:
        """Return the weights, for printing."""
        return f"weights={list(self.weights)}"
