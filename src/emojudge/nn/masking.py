"""Time and frequency masks on spectra: an augmentation, passed to an encoder of log-mel frames."""

import torch
from torch import Tensor, nn


class SpectrumMasking(nn.Module):
    """Zero random stretches of time and bands of frequency in training, as SpecAugment does.

    Each mask has a width drawn from 0 to its maximum and a place drawn within the utterance's real frames, anew
    for every utterance. Evaluation passes through.

    Args:
        time_masks: Number of stretches an utterance.
        time_frames: Longest stretch, in frames; at most half of an utterance is masked at once.
        frequency_masks: Number of bands an utterance.
        frequency_bins: Widest band, in mel bins.
    """

    def __init__(self, time_masks: int = 2, time_frames: int = 20, frequency_masks: int = 2, frequency_bins: int = 10) -> None:
        super().__init__()
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
        n_frames, n_mels = mask.sum(dim=1), torch.tensor(frames.shape[3], device=frames.device)
        for _ in range(self.time_masks):
            hidden = _stretch(n_frames, (n_frames // 2).clamp(max=self.time_frames), frames.shape[1])
            frames = frames.masked_fill(hidden[:, :, None, None], 0)
        for _ in range(self.frequency_masks):
            hidden = _stretch(n_mels.expand(len(frames)), n_mels.clamp(max=self.frequency_bins).expand(len(frames)), frames.shape[3])
            frames = frames.masked_fill(hidden[:, None, None, :], 0)
        return frames


def _stretch(length: Tensor, widest: Tensor, size: int) -> Tensor:
    """Return ``(batch, size)``, True on one random stretch within the first ``length`` places of each row."""
    width = (torch.rand(length.shape, device=length.device) * (widest + 1)).long()  # (batch,)
    start = (torch.rand(length.shape, device=length.device) * (length - width + 1)).long()
    place = torch.arange(size, device=length.device)
    return (place >= start[:, None]) & (place < (start + width)[:, None])
