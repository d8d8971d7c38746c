"""Masks of real frames, and statistics over these only, so that padding changes nothing."""

import torch
from torch import Tensor, nn


def first_places(n: Tensor, size: int) -> Tensor:
    """Return ``(batch, size)``, True on the first ``n`` places of each row; ``n`` is ``(batch,)``."""
    return torch.arange(size, device=n.device) < n[:, None]


def masked_mean(x: Tensor, mask: Tensor) -> Tensor:
    """Return the mean over real frames, ``(batch, channels, 1)``.

    Args:
        x: ``(batch, channels, frames)``, zero where padded.
        mask: True where a frame is real, ``(batch, 1, frames)``.
    """
    return x.sum(dim=2, keepdim=True) / mask.sum(dim=2, keepdim=True)


class MaskedBatchNorm(nn.Module):
    """Batch normalisation over the real frames of a batch; padded frames stay out of it and come back as zero.

    On a batch without padding it is ``torch.nn.BatchNorm1d``, which refuses to train on a single frame. One frame has no variance:
    here it is normalised by the running statistics, and they stay as they are.

    Args:
        channels: Size of the middle dimension.
        momentum: Weight of the newest batch in the running statistics.
        eps: Added to the variance.
    """

    running_mean: Tensor
    running_var: Tensor

    def __init__(self, channels: int, momentum: float = 0.1, eps: float = 1e-5) -> None:
        super().__init__()
        self.momentum = momentum
        self.eps = eps
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))
        self.register_buffer("running_mean", torch.zeros(channels))
        self.register_buffer("running_var", torch.ones(channels))

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """Return the normalised frames, ``(batch, channels, frames)``, zero where ``mask`` ``(batch, 1, frames)`` is False."""
        x = x.to(torch.promote_types(x.dtype, torch.float32))  # sums in half precision lose too much
        real = mask.to(x.dtype)
        if self.training and x.shape[0] * x.shape[2] > 1:
            n = real.sum()
            mean = (x @ real.transpose(1, 2)).sum(dim=0) / n  # (channels, 1)
            centred = (x - mean) * real
            variance = centred.square().sum(dim=(0, 2)) / n  # (channels,)
            with torch.no_grad():
                self.running_mean.lerp_(mean[:, 0], self.momentum)
                self.running_var.lerp_(variance * n / (n - 1).clamp(min=1), self.momentum)
        else:
            centred, variance = (x - self.running_mean[:, None]) * real, self.running_var
        scale = self.weight * (variance + self.eps).rsqrt()
        return torch.addcmul(self.bias[:, None] * real, centred, scale[:, None])


class RunningNormalization(nn.Module):
    """Frames minus the mean and over the deviation of all frames seen in training, each bin by itself.

    The statistics are those of every training batch so far, each frame counting once. Training and
    evaluation use the same ones, and evaluation does not change them.

    Args:
        features: Size of the last dimension.
        eps: Least deviation.
    """

    n: Tensor
    mean: Tensor
    variance: Tensor

    def __init__(self, features: int, eps: float = 1e-3) -> None:
        super().__init__()
        self.eps = eps
        self.register_buffer("n", torch.zeros((), dtype=torch.int64))
        self.register_buffer("mean", torch.zeros(features))
        self.register_buffer("variance", torch.ones(features))

    def forward(self, frames: Tensor, mask: Tensor) -> Tensor:
        """Return normalised ``(batch, frames, features)``, zero where ``mask`` ``(batch, frames)`` is False."""
        if self.training:
            self._see(frames[mask])
        return (frames - self.mean) / self.variance.sqrt().clamp(min=self.eps) * mask.unsqueeze(2)

    @torch.no_grad()
    def _see(self, real: Tensor) -> None:
        """Merge the frames ``(n, features)`` of a batch into the statistics."""
        total = self.n + len(real)
        share = len(real) / total
        step = real.mean(dim=0) - self.mean
        between = share * (1 - share) * step.square()
        self.variance.copy_((1 - share) * self.variance + share * real.var(dim=0, correction=0) + between)
        self.mean.add_(share * step)
        self.n.copy_(total)
