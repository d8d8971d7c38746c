"""Pooling: the frames of an utterance become one vector."""

import torch
from torch import Tensor, nn


class AttentiveStatisticsPooling(nn.Module):
    """Weighted mean and standard deviation over frames, the weights learnt from the frames.

    Attentive statistics pooling (paper, section 4.3): ``score = v . tanh(W x + b)``, a softmax over the real
    frames of an utterance, then the mean and the deviation under these weights.

    Paper: it puts an L2 penalty on the attention's own parameters without its size; we take 1e-4 times the
    squared norms of ``W`` and ``v``.

    Paper: it does not give the size of the attention's hidden layer; we take 128.

    Args:
        features: Size of a frame.
        hidden: Size of the attention's hidden layer, the rows of ``W``.
        l2: Weight of the penalty on ``W`` and ``v``.
        floor: Least variance, so that the root has a gradient where frames do not vary.
    """

    def __init__(self, features: int, hidden: int = 128, l2: float = 1e-4, floor: float = 1e-5) -> None:
        super().__init__()
        self.features_out = 2 * features
        self.l2 = l2
        self.floor = floor
        self.project = nn.Linear(features, hidden)
        self.score = nn.Linear(hidden, 1, bias=False)  # a bias would cancel in the softmax

    def forward(self, frames: Tensor, mask: Tensor) -> Tensor:
        """Return the weighted mean and standard deviation over frames.

        Args:
            frames: Encoder output, ``(batch, frames, features)``.
            mask: True where a frame is real, ``(batch, frames)``; the others get no weight, whatever they hold.

        Returns:
            ``(batch, 2 * features)``: means first, then standard deviations.

        Raises:
            ValueError: If an utterance has no real frame.
        """
        weight = self.weights(frames, mask).unsqueeze(2)  # (batch, frames, 1)
        return _statistics(frames, mask, weight, self.floor)

    def weights(self, frames: Tensor, mask: Tensor) -> Tensor:
        """Return how much each frame counts, ``(batch, frames)``: 1 in sum over an utterance, 0 where padded.

        Raises:
            ValueError: If an utterance has no real frame.
        """
        _check_frames(mask)
        score = self.score(torch.tanh(self.project(_only_real(frames, mask)))).squeeze(2)  # (batch, frames)
        score = score.to(torch.promote_types(score.dtype, torch.float32))
        return score.masked_fill(~mask, -torch.inf).softmax(dim=1)  # type: ignore[no-any-return]

    def penalty(self) -> Tensor:
        """Return ``l2`` times the squared norms of ``W`` and ``v``, to be added to the loss."""
        return self.l2 * (self.project.weight.square().sum() + self.score.weight.square().sum())


class MeanStdPooling(nn.Module):
    """Mean and standard deviation over real frames, each counting the same.

    Args:
        features: Size of a frame.
        floor: Least variance, so that the root has a gradient where frames do not vary.
    """

    def __init__(self, features: int, floor: float = 1e-5) -> None:
        super().__init__()
        self.features_out = 2 * features
        self.floor = floor

    def forward(self, frames: Tensor, mask: Tensor) -> Tensor:
        """Return ``(batch, 2 * features)``, means first, of ``(batch, frames, features)`` with real frames ``(batch, frames)``.

        Raises:
            ValueError: If an utterance has no real frame.
        """
        return _statistics(frames, mask, _equal_weights(mask), self.floor)


class MeanPooling(nn.Module):
    """Mean over real frames.

    Args:
        features: Size of a frame.
    """

    def __init__(self, features: int) -> None:
        super().__init__()
        self.features_out = features

    def forward(self, frames: Tensor, mask: Tensor) -> Tensor:
        """Return ``(batch, features)`` of ``(batch, frames, features)`` with real frames ``(batch, frames)``.

        Raises:
            ValueError: If an utterance has no real frame.
        """
        return (_equal_weights(mask) * _only_real(frames, mask)).sum(dim=1)


class FirstFrame(nn.Module):
    """The first frame: that of a token which stands for the whole, or the only one of an encoder that pools by itself.

    Args:
        features: Size of a frame.
    """

    def __init__(self, features: int) -> None:
        super().__init__()
        self.features_out = features

    def forward(self, frames: Tensor, mask: Tensor) -> Tensor:
        """Return ``(batch, features)`` of ``(batch, frames, features)`` with real frames ``(batch, frames)``.

        Raises:
            ValueError: If an utterance's first frame is not real.
        """
        _check_frames(mask[:, :1])
        return frames[:, 0]


def _statistics(frames: Tensor, mask: Tensor, weight: Tensor, floor: float) -> Tensor:
    """Return mean and standard deviation under weights ``(batch, frames, 1)``, ``(batch, 2 * features)``."""
    # a variance in half precision loses too much
    frames = _only_real(frames, mask).to(torch.promote_types(frames.dtype, torch.float32))
    mean = (weight * frames).sum(dim=1)  # (batch, features)
    variance = (weight * (frames - mean.unsqueeze(1)).square()).sum(dim=1)
    return torch.cat([mean, variance.clamp(min=floor).sqrt()], dim=1)


def _equal_weights(mask: Tensor) -> Tensor:
    """Return ``1 / n`` on an utterance's ``n`` real frames and 0 on the others, ``(batch, frames, 1)`` float32."""
    _check_frames(mask)
    real = mask.unsqueeze(2).to(torch.float32)
    return real / real.sum(dim=1, keepdim=True)


def _check_frames(mask: Tensor) -> None:
    real = mask.any(dim=1)
    if not real.all():
        row = int(real.int().argmin())
        raise ValueError(f"utterance {row} of the batch has no real frame; leave it out before pooling")


def _only_real(frames: Tensor, mask: Tensor) -> Tensor:
    """Return the frames with zeros where padded: a NaN there would reach the gradients even with no weight."""
    return frames.masked_fill(~mask.unsqueeze(2), 0)
