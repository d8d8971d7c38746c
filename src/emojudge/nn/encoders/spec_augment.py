"""Masks of time and features on the input of a pretrained transformer, in training."""

from typing import Any

import torch
from torch import Tensor, nn

from ...errors import ConfigError
from ..masked import first_places


class SpecAugment(nn.Module):
    """The masks of wav2vec 2.0 and its like (Baevski et al., 2020), as a model's configuration sizes them.

    Spans of a fixed length start anywhere in the real frames of a clip, each clip's drawn by itself; frames in them become the
    model's mask vector. A clip shorter than a span is left alone. Spans over features, the same for all frames of
    a clip, become zero. Spans may overlap.

    The transformers library draws them from NumPy's generator; these come from torch's, which recomputed passes and
    processes of their own seed rely on.

    Args:
        config: A transformers configuration with ``mask_time_prob``, ``mask_time_length`` and so on.

    Raises:
        ConfigError: If the configuration masks nothing, or a span of features is wider than a frame.
    """

    def __init__(self, config: Any) -> None:
        super().__init__()
        self.time = (config.mask_time_prob, config.mask_time_length, config.mask_time_min_masks)
        least = getattr(config, "mask_feature_min_masks", 0)  # WavLM has no such setting
        self.features = (config.mask_feature_prob, config.mask_feature_length, least)
        if self.time[0] <= 0 and self.features[0] <= 0:
            raise ConfigError("spec_augment is on, but the model's mask_time_prob and mask_feature_prob are 0: turn it off, or set one")
        if self.features[0] > 0 and self.features[1] > config.hidden_size:
            raise ConfigError(f"mask_feature_length is {self.features[1]}, but a frame has {config.hidden_size} features")

    def forward(self, frames: Tensor, mask: Tensor, vector: Tensor) -> Tensor:
        """Return masked frames.

        Args:
            frames: ``(batch, frames, features)``.
            mask: True where a frame is real, ``(batch, frames)``.
            vector: What stands on masked frames, ``(features,)``.
        """
        n_frames = mask.sum(dim=1)
        hidden = spans(n_frames, frames.shape[1], *self.time)  # (batch, frames)
        frames = torch.where(hidden[:, :, None], vector.to(frames.dtype), frames)
        n_features = torch.full_like(n_frames, frames.shape[2])
        return frames.masked_fill(spans(n_features, frames.shape[2], *self.features)[:, None, :], 0)


def spans(lengths: Tensor, size: int, share: float, width: int, least: int) -> Tensor:
    """Return ``(batch, size)``, True on random spans within the first ``lengths`` places of each row.

    Args:
        lengths: ``(batch,)``.
        size: Places of a row.
        share: Share of a row's length that its spans cover together, before they overlap; 0 for none.
        width: Places of a span.
        least: Spans of a row at the least, if they have room side by side.
    """
    n_most = max(int(share * size / width + 1), least) if share > 0 else 0
    draw = torch.rand(len(lengths), 1 + n_most, device=lengths.device)
    wanted = (share * lengths / width + draw[:, 0]).long().clamp(min=least)  # rounded up or down by chance
    n_spans = wanted.minimum(lengths // width)
    room = (lengths - width + 1).clamp(min=1)[:, None]
    start = (draw[:, 1:] * room).long().minimum(room - 1)  # (batch, spans)
    place = torch.arange(size, device=lengths.device)
    inside = (place >= start[:, :, None]) & (place < start[:, :, None] + width)  # (batch, spans, size)
    return (inside & first_places(n_spans, n_most)[:, :, None]).any(dim=1)
