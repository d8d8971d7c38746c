"""ECAPA-TDNN on log-mel frames, in the published form or small enough to train from scratch on a CPU."""

from collections.abc import Sequence
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..masked import MaskedBatchNorm, RunningNormalization, masked_mean
from .log_mel import LogMel

Normalization = Literal["utterance", "train", "both", "none"]


class EcapaTdnn(nn.Module):
    """Frames of an ECAPA-TDNN (Desplanques et al., 2020): the output of its feature aggregation.

    One time-delay layer, then squeeze-and-excitation Res2Net blocks with growing dilation; the outputs of all
    blocks are joined and mixed by one more layer. Defaults are the published sizes. Padding changes nothing:
    every layer sees zeros there, as at the ends of a single utterance, and every mean is over real frames.

    Paper: it takes the 192 values an utterance of a pretrained ECAPA-TDNN (section 4.2). Trained from scratch,
    the frames are exposed instead, so that the paper's own pooling and head come after them.

    Args:
        log_mel: What turns waveforms into frames; by default 80 mels every 10 ms.
        normalize: ``utterance`` subtracts the utterance's mean of each mel, ``train`` normalises by all training
            frames, ``both`` joins the two views, ``none`` leaves the logarithm as it is.
        masking: An augmentation of the normalised frames, such as ``SpectrumMasking``; None for none.
        channels: Size of every layer but the last.
        features: Size of the frames that come out.
        kernel: Width of the first layer, in frames.
        stride: Step of the first layer, in frames; 2 halves the cost of all that follows.
        dilations: One block for each, its middle layer widened by this factor.
        scale: Groups of a Res2Net layer; 1 makes it a plain layer.
        bottleneck: Hidden size of squeeze and excitation.
        dropout: Share of a block's channels dropped, whole channels at a time.
        raw_frames: Whether the normalised log-mel frames join those that come out.

    Raises:
        ValueError: If ``channels`` is not a multiple of ``scale``.
    """

    def __init__(
        self,
        log_mel: LogMel | None = None,
        normalize: Normalization = "utterance",
        masking: nn.Module | None = None,
        channels: int = 512,
        features: int = 1536,
        kernel: int = 5,
        stride: int = 1,
        dilations: Sequence[int] = (2, 3, 4),
        scale: int = 8,
        bottleneck: int = 128,
        dropout: float = 0.0,
        raw_frames: bool = False,
    ) -> None:
        super().__init__()
        if channels % scale:
            raise ValueError(f"channels must be a multiple of scale, found {channels} and {scale}")
        self.log_mel = LogMel() if log_mel is None else log_mel
        self.sample_rate = self.log_mel.sample_rate
        self.normalize = normalize
        self.masking = masking
        self.stride = stride
        self.raw_frames = raw_frames
        self.n_views = 2 if normalize == "both" else 1
        n_in = self.n_views * self.log_mel.n_mels
        self.running = RunningNormalization(n_in) if normalize in ("train", "both") else None
        self.first = _TimeDelay(n_in, channels, kernel, stride=stride)
        self.blocks = nn.ModuleList(_SERes2Block(channels, dilation, scale, bottleneck, dropout) for dilation in dilations)
        self.mix = _TimeDelay(len(dilations) * channels, features, 1)
        self.features_out = features + (n_in if raw_frames else 0)

    def forward(self, waveform: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Return frames and which of them are real.

        Args:
            waveform: ``(batch, samples)``.
            mask: True where a sample is real, ``(batch, samples)``, at least one a row.

        Returns:
            ``(batch, frames, features_out)``, zero where padded, and ``(batch, frames)``.
        """
        frames, frame_mask = self.log_mel(waveform, mask)
        frames = self._normalized(frames, frame_mask)  # (batch, frames, views * mels)
        if self.masking is not None:
            frames = self.masking(frames.reshape(*frames.shape[:2], self.n_views, -1), frame_mask).flatten(2)
        x, real = frames.transpose(1, 2), frame_mask[:, None, :]  # (batch, views * mels, frames), (batch, 1, frames)
        out, out_real = self.first(x, real)  # (batch, channels, frames / stride)
        outputs = []
        for block in self.blocks:
            out = block(out, out_real)
            outputs.append(out)
        out, _ = self.mix(torch.cat(outputs, dim=1), out_real)  # (batch, features, frames / stride)
        if self.raw_frames:
            out = torch.cat([out, _thinned(x, real, self.stride)], dim=1)
        return out.transpose(1, 2), out_real[:, 0]

    def _normalized(self, frames: Tensor, mask: Tensor) -> Tensor:
        real = mask.unsqueeze(2)
        if self.normalize in ("utterance", "both"):
            mean = (frames * real).sum(dim=1, keepdim=True) / real.sum(dim=1, keepdim=True)
            centred = frames - mean
            frames = centred if self.normalize == "utterance" else torch.cat([frames, centred], dim=2)
        return frames * real if self.running is None else self.running(frames, mask)


class _TimeDelay(nn.Module):
    """Convolution over time, ReLU, batch norm."""

    def __init__(self, channels_in: int, channels_out: int, kernel: int, dilation: int = 1, stride: int = 1) -> None:
        super().__init__()
        self.stride = stride
        self.convolution = nn.Conv1d(
            channels_in, channels_out, kernel, stride=stride, dilation=dilation, padding=dilation * (kernel - 1) // 2
        )
        self.norm = MaskedBatchNorm(channels_out)

    def forward(self, x: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        mask = mask[:, :, :: self.stride]
        return self.norm(F.relu(self.convolution(x)), mask), mask


class _SERes2Block(nn.Module):
    """1x1 layer, Res2Net layer, 1x1 layer, squeeze and excitation; added to its input."""

    def __init__(self, channels: int, dilation: int, scale: int, bottleneck: int, dropout: float) -> None:
        super().__init__()
        self.enter = _TimeDelay(channels, channels, 1)
        n_layers, width = max(scale - 1, 1), channels // scale
        self.passes_first = scale > 1
        self.res2 = nn.ModuleList(_TimeDelay(width, width, 3, dilation) for _ in range(n_layers))
        self.leave = _TimeDelay(channels, channels, 1)
        self.squeeze = nn.Conv1d(channels, bottleneck, 1)
        self.excite = nn.Conv1d(bottleneck, channels, 1)
        self.dropout = nn.Dropout1d(dropout)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
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


def _thinned(x: Tensor, mask: Tensor, stride: int) -> Tensor:
    """Return the mean of each ``stride`` frames, over the real ones."""
    if stride == 1:
        return x
    n = F.avg_pool1d(mask.to(x.dtype), stride, ceil_mode=True)
    return F.avg_pool1d(x * mask, stride, ceil_mode=True) / n.clamp(min=1e-6)
