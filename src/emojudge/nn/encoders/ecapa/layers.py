"""What an ECAPA-TDNN is made of; padded frames come out of every layer as zeros."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ...masked import MaskedBatchNorm, masked_mean


class TimeDelay(nn.Module):
    """Convolution over time, ReLU, batch norm.

    Args:
        channels_in: Size of the frames that go in.
        channels_out: Size of those that come out.
        kernel: Frames that one output sees, an odd number.
        dilation: Step between them.
        stride: Step between outputs.
        mirrored: Whether an utterance goes on beyond its ends as its mirror image, otherwise as zeros.
    """

    def __init__(
        self, channels_in: int, channels_out: int, kernel: int, dilation: int = 1, stride: int = 1, mirrored: bool = False
    ) -> None:
        super().__init__()
        self.stride = stride
        margin = dilation * (kernel - 1) // 2
        self.n_mirrored = margin if mirrored else 0
        self.convolution = nn.Conv1d(channels_in, channels_out, kernel, stride=stride, dilation=dilation, padding=0 if mirrored else margin)
        self.norm = MaskedBatchNorm(channels_out)

    def forward(self, x: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Return ``(batch, channels_out, frames / stride)`` and the mask ``(batch, 1, frames / stride)`` of every ``stride``-th frame."""
        if self.n_mirrored:
            x = mirrored(x, mask, self.n_mirrored)
        mask = mask[:, :, :: self.stride]
        return self.norm(F.relu(self.convolution(x)), mask), mask


class SERes2Block(nn.Module):
    """1x1 layer, Res2Net layer, 1x1 layer, squeeze and excitation; added to its input."""

    def __init__(self, channels: int, dilation: int, scale: int, bottleneck: int, dropout: float, mirrored: bool = False) -> None:
        super().__init__()
        self.enter = TimeDelay(channels, channels, 1)
        n_layers, width = max(scale - 1, 1), channels // scale
        self.passes_first = scale > 1
        self.res2 = nn.ModuleList(TimeDelay(width, width, 3, dilation, mirrored=mirrored) for _ in range(n_layers))
        self.leave = TimeDelay(channels, channels, 1)
        self.squeeze = nn.Conv1d(channels, bottleneck, 1)
        self.excite = nn.Conv1d(bottleneck, channels, 1)
        self.dropout = nn.Dropout1d(dropout)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """Return ``(batch, channels, frames)``, the size that came in."""
        y, _ = self.enter(x, mask)  # (batch, channels, frames)
        y, _ = self.leave(self._res2net(y, mask), mask)
        gate = torch.sigmoid(self.excite(F.relu(self.squeeze(masked_mean(y, mask)))))  # (batch, channels, 1)
        return x + self.dropout(y * gate)  # type: ignore[no-any-return]

    def _res2net(self, x: Tensor, mask: Tensor) -> Tensor:
        """Each group of channels goes through its layer after the output of the group before was added; the first one passes."""
        groups = list(x.chunk(len(self.res2) + self.passes_first, dim=1))
        outputs = [groups.pop(0)] if self.passes_first else []
        last: Tensor | None = None
        for layer, group in zip(self.res2, groups, strict=True):
            last, _ = layer(group if last is None else group + last, mask)
            outputs.append(last)
        return torch.cat(outputs, dim=1)


class UtteranceEmbedding(nn.Module):
    """Attentive statistics over frames, batch norm, a linear layer: frames become one embedding (Desplanques et al., 2020).

    Each channel has an attention of its own, which sees the frame beside the mean and the deviation of its utterance.
    It is another pooling than the paper's ``AttentiveStatisticsPooling``, whose attention is one for all channels.

    Args:
        channels: Size of the frames.
        attention: Size of the attention's hidden layer.
        features: Size of the embedding.
        floor: Least variance.
    """

    def __init__(self, channels: int, attention: int, features: int, floor: float = 1e-12) -> None:
        super().__init__()
        self.channels = channels
        self.floor = floor
        self.attention = TimeDelay(3 * channels, attention, 1)
        self.score = nn.Conv1d(attention, channels, 1)
        self.norm = MaskedBatchNorm(2 * channels)
        self.project = nn.Conv1d(2 * channels, features, 1)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """Return embeddings ``(batch, features, 1)`` of frames ``(batch, channels, frames)`` with their mask ``(batch, 1, frames)``."""
        x = x.to(torch.promote_types(x.dtype, torch.float32))  # a variance in half precision loses too much
        weight = self._weights(x, mask)  # (batch, channels, frames)
        pooled = self._statistics(x, weight)  # (batch, 2 * channels, 1)
        return self.project(self.norm(pooled, mask.any(dim=2, keepdim=True)))  # type: ignore[no-any-return]

    def _weights(self, x: Tensor, mask: Tensor) -> Tensor:
        context = self._statistics(x, mask / mask.sum(dim=2, keepdim=True))
        # one convolution of frames beside their context, without a copy of the context for each frame
        layer, weight = self.attention, self.attention.convolution.weight
        hidden = F.conv1d(x, weight[:, : self.channels], layer.convolution.bias) + F.conv1d(context, weight[:, self.channels :])
        hidden = torch.tanh(layer.norm(F.relu(hidden), mask))  # (batch, attention, frames)
        score = self.score(hidden).to(x.dtype)
        return score.masked_fill(~mask, -torch.inf).softmax(dim=2)  # type: ignore[no-any-return]

    def _statistics(self, x: Tensor, weight: Tensor) -> Tensor:
        """Return weighted means and deviations over frames, ``(batch, 2 * channels, 1)``."""
        mean = (weight * x).sum(dim=2, keepdim=True)
        variance = (weight * (x - mean).square()).sum(dim=2, keepdim=True)
        return torch.cat([mean, variance.clamp(min=self.floor).sqrt()], dim=1)


def mirrored(x: Tensor, mask: Tensor, n: int) -> Tensor:
    """Return frames with ``n`` more at both ends of each utterance, its own mirrored about its first and its last frame.

    An utterance of fewer frames is mirrored again and again; one of a single frame repeats it.

    Args:
        x: ``(batch, channels, frames)``.
        mask: True where a frame is real, ``(batch, 1, frames)``.
        n: Frames to add at each end.

    Returns:
        ``(batch, channels, frames + 2 * n)``; what stands further than ``n`` behind an utterance's end means nothing.
    """
    last = mask.sum(dim=2) - 1  # (batch, 1)
    period = (2 * last).clamp(min=1)  # there and back
    place = torch.arange(-n, x.shape[2] + n, device=x.device).abs() % period  # (batch, frames + 2 * n)
    source = torch.minimum(place, period - place)
    return x.gather(2, source[:, None, :].expand(-1, x.shape[1], -1))
