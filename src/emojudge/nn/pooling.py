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
        # a variance in half precision loses too much
        frames = _only_real(frames, mask).to(torch.promote_types(frames.dtype, torch.float32))
        mean = (weight * frames).sum(dim=1)  # (batch, features)
        variance = (weight * (frames - mean.unsqueeze(1)).square()).sum(dim=1)
        return torch.cat([mean, variance.clamp(min=self.floor).sqrt()], dim=1)

    def weights(self, frames: Tensor, mask: Tensor) -> Tensor:
        """Return how much each frame counts, ``(batch, frames)``: 1 in sum over an utterance, 0 where padded.

        Raises:
            ValueError: If an utterance has no real frame.
        """
        if not mask.any(dim=1).all():
            row = int(mask.any(dim=1).int().argmin())
            raise ValueError(f"utterance {row} of the batch has no real frame; leave it out before pooling")
        score = self.score(torch.tanh(self.project(_only_real(frames, mask)))).squeeze(2)  # (batch, frames)
        score = score.to(torch.promote_types(score.dtype, torch.float32))
        return score.masked_fill(~mask, -torch.inf).softmax(dim=1)  # type: ignore[no-any-return]

    def penalty(self) -> Tensor:
        """Return ``l2`` times the squared norms of ``W`` and ``v``, to be added to the loss."""
        return self.l2 * (self.project.weight.square().sum() + self.score.weight.square().sum())


def _only_real(frames: Tensor, mask: Tensor) -> Tensor:
    """Return the frames with zeros where padded: a NaN there would reach the gradients even with no weight."""
    return frames.masked_fill(~mask.unsqueeze(2), 0)
