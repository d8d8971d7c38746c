"""Time and frequency masks on spectra: an augmentation, passed to an encoder of log-mel frames."""

import torch
from torch import Tensor, nn


class SpectrumMasking(nn.Module):
    """Zero random stretches of time and bands of frequency in training, as SpecAugment does (Park et al., 2019).

    Each mask has a width drawn from 0 to its maximum and a place drawn within the utterance's real frames, anew
    for every utterance, by torch's generator. Evaluation passes through. The masks of one utterance together hide at most half of
    its frames and half of its bands, so that of a short clip something is left to learn from.

    Args:
        time_masks: Number of stretches an utterance; 0 for none.
        time_frames: Longest stretch, in frames.
        frequency_masks: Number of bands an utterance; 0 for none.
        frequency_bins: Widest band, in mel bins.

    Raises:
        ValueError: If a setting is negative.
    """

    def __init__(self, time_masks: int = 2, time_frames: int = 20, frequency_masks: int = 2, frequency_bins: int = 10) -> None:
        super().__init__()
        settings = {
            "time_masks": time_masks,
            "time_frames": time_frames,
            "frequency_masks": frequency_masks,
            "frequency_bins": frequency_bins,
        }
        for name, value in settings.items():
            if value < 0:
                raise ValueError(f"{name} must be 0 or more, found {value}")
        self.time_masks = time_masks
        self.time_frames = time_frames
        self.frequency_masks = frequency_masks
        self.frequency_bins = frequency_bins

    def forward(self, frames: Tensor, mask: Tensor) -> Tensor:
        """Return masked frames.

        Args:
            frames: Normalised log-mel frames, ``(batch, frames, views, mels)``: one or more normalisations of
                the same spectrum, which lose the same bands.
            mask: True where a frame is real, ``(batch, frames)``.
        """
        if not self.training:
            return frames
        n_frames = mask.sum(dim=1)  # (batch,)
        n_mels = torch.full_like(n_frames, frames.shape[3])
        for _ in range(self.time_masks):
            widest = (n_frames // (2 * self.time_masks)).clamp(max=self.time_frames)
            frames = frames.masked_fill(_stretch(n_frames, widest, frames.shape[1])[:, :, None, None], 0)
        for _ in range(self.frequency_masks):
            widest = (n_mels // (2 * self.frequency_masks)).clamp(max=self.frequency_bins)
            frames = frames.masked_fill(_stretch(n_mels, widest, frames.shape[3])[:, None, None, :], 0)
        return frames

    def extra_repr(self) -> str:
        """Return the settings, for printing."""
        return (
            f"time_masks={self.time_masks}, time_frames={self.time_frames}, "
            f"frequency_masks={self.frequency_masks}, frequency_bins={self.frequency_bins}"
        )


def _stretch(length: Tensor, widest: Tensor, size: int) -> Tensor:
    """Return ``(batch, size)``, True on one random stretch within the first ``length`` places of each row."""
    width = (torch.rand(length.shape, device=length.device) * (widest + 1)).long().minimum(widest)  # (batch,); rounding may reach one more
    start = (torch.rand(length.shape, device=length.device) * (length - width + 1)).long()
    place = torch.arange(size, device=length.device)
    return (place >= start[:, None]) & (place < (start + width)[:, None])
