"""The log-mel frames that Whisper hears."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ....audio import SAMPLE_RATE
from ..log_mel import power_spectrum

HOP = 160
"""Samples from frame to frame: 10 ms."""

_N_FFT = 400


class WhisperMel(nn.Module):
    """Whisper's log-mel frames (Radford et al., 2022): one every 10 ms, of 25 ms, with an utterance's range cut to 80 dB.

    The triangles are Slaney's. The first frame sees the waveform mirrored at its beginning; behind its end is silence.

    Args:
        n_mels: Number of bands, 80 or 128 in the published models.
    """

    window: Tensor
    filterbank: Tensor

    def __init__(self, n_mels: int = 80) -> None:
        super().__init__()
        from transformers.audio_utils import mel_filter_bank

        self.n_mels = n_mels
        filters = mel_filter_bank(_N_FFT // 2 + 1, n_mels, 0.0, 8000.0, SAMPLE_RATE, norm="slaney", mel_scale="slaney")
        # both follow from the arguments: nothing to keep in a checkpoint
        self.register_buffer("window", torch.hann_window(_N_FFT), persistent=False)
        self.register_buffer("filterbank", torch.from_numpy(filters.T).float().contiguous(), persistent=False)

    def forward(self, waveform: Tensor, mask: Tensor, n_frames: int | None = None) -> tuple[Tensor, Tensor]:
        """Return frames, and which of them have their centre in the utterance.

        Args:
            waveform: ``(batch, samples)`` at 16 kHz, full scale being 1.
            mask: True where a sample is real, ``(batch, samples)``.
            n_frames: Frames to pad to with silence, as Whisper was trained; an utterance's range is then measured
                over all of them, as its feature extractor does. None pads to the batch's longest, and measures over
                real frames; the others are zero.

        Returns:
            ``(batch, frames, n_mels)`` and ``(batch, frames)``.
        """
        n_out = -(-waveform.shape[1] // HOP) if n_frames is None else n_frames
        size = n_out * HOP + (_N_FFT if n_frames is None else 0)  # the mirror image at the end is out of every frame's sight
        with torch.autocast(waveform.device.type, enabled=False):  # a spectrum in half precision is noise
            samples = F.pad((waveform * mask).float(), (0, size - waveform.shape[1]))
            power = power_spectrum(samples, _N_FFT, HOP, self.window, around="reflect")[:, :, :n_out]  # (batch, bins, frames)
            frames = (self.filterbank @ power).clamp(min=1e-10).log10().transpose(1, 2)  # (batch, frames, n_mels)
        real = torch.arange(n_out, device=mask.device) * HOP < mask.sum(dim=1, keepdim=True)  # (batch, frames)
        heard = (real if n_frames is None else torch.ones_like(real)).unsqueeze(2)
        loudest = frames.masked_fill(~heard, -torch.inf).amax(dim=(1, 2), keepdim=True)  # (batch, 1, 1)
        return ((frames.maximum(loudest - 8) + 4) / 4).masked_fill(~heard, 0), real
