"""Mel frames of waveforms, by plain torch: our own logarithm of them, and SpeechBrain's decibels."""

import math

import torch
from torch import Tensor, nn

from ..masked import first_places


class LogMel(nn.Module):
    """Logarithm of the power in mel bands, one frame every ``hop_s`` seconds.

    A waveform of unit variance has about unit power in a band as wide as one Fourier bin. Frames are centred on
    their time, with silence around the waveform, so that padding changes no real frame.

    Args:
        n_mels: Number of bands.
        window_s: Length of a (Hann) window, in seconds.
        hop_s: Time from frame to frame, in seconds.
        f_min_hz: Lower edge of the lowest band.
        f_max_hz: Upper edge of the highest band; by default half of the sample rate.
        sample_rate: Of the waveforms, in Hz.
        floor: Added to the power before the logarithm.
    """

    window: Tensor
    filterbank: Tensor

    def __init__(
        self,
        n_mels: int = 80,
        window_s: float = 0.025,
        hop_s: float = 0.01,
        f_min_hz: float = 20.0,
        f_max_hz: float | None = None,
        sample_rate: int = 16000,
        floor: float = 1e-6,
    ) -> None:
        super().__init__()
        self.n_mels = n_mels
        self.sample_rate = sample_rate
        self.hop = _n_samples("hop_s", hop_s, sample_rate)
        self.floor = floor
        n_window = _n_samples("window_s", window_s, sample_rate)
        self.n_fft = 2 ** math.ceil(math.log2(n_window))
        window = torch.hann_window(n_window)
        # both follow from the arguments: nothing to keep in a checkpoint
        self.register_buffer("window", window / window.square().sum().sqrt(), persistent=False)
        self.register_buffer("filterbank", mel_filterbank(n_mels, self.n_fft, sample_rate, f_min_hz, f_max_hz), persistent=False)

    def forward(self, waveform: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Return log-mel frames, and which of them are real.

        Args:
            waveform: ``(batch, samples)``.
            mask: True where a sample is real, ``(batch, samples)``.

        Returns:
            Frames ``(batch, frames, n_mels)`` and their mask ``(batch, frames)``: one frame more than there are
            whole hops in an utterance; the shortest clip has one.
        """
        with torch.autocast(waveform.device.type, enabled=False):  # a spectrum in half precision is noise
            power = power_spectrum((waveform * mask).float(), self.n_fft, self.hop, self.window)  # (batch, bins, frames)
            frames = (self.filterbank @ power + self.floor).log().transpose(1, 2)  # (batch, frames, n_mels)
        return frames, _frame_mask(mask, self.hop, frames.shape[1])


class DecibelMel(nn.Module):
    """Power in mel bands in decibels, as SpeechBrain's ``Fbank`` has it: what its pretrained models hear.

    A Hamming window, a Fourier transform as long as the window, triangles as wide on both sides as the step to the band below,
    and nothing below ``top_db`` under the loudest band and frame of the utterance. Frames are centred on their time, with
    silence around the waveform.

    Args:
        n_mels: Number of bands.
        window_s: Length of a window, in seconds.
        hop_s: Time from frame to frame, in seconds.
        f_min_hz: Lower edge of the lowest band.
        f_max_hz: Upper edge of the highest band; by default half of the sample rate.
        sample_rate: Of the waveforms, in Hz.
        top_db: Range of an utterance, in dB.
    """

    window: Tensor
    filterbank: Tensor

    def __init__(
        self,
        n_mels: int = 80,
        window_s: float = 0.025,
        hop_s: float = 0.01,
        f_min_hz: float = 0.0,
        f_max_hz: float | None = None,
        sample_rate: int = 16000,
        top_db: float = 80.0,
    ) -> None:
        super().__init__()
        self.n_mels = n_mels
        self.sample_rate = sample_rate
        self.hop = _n_samples("hop_s", hop_s, sample_rate)
        self.top_db = top_db
        self.n_fft = _n_samples("window_s", window_s, sample_rate)
        self.register_buffer("window", torch.hamming_window(self.n_fft), persistent=False)
        self.register_buffer("filterbank", _even_triangles(n_mels, self.n_fft, sample_rate, f_min_hz, f_max_hz), persistent=False)

    def forward(self, waveform: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Return frames in decibels, and which of them are real.

        Args:
            waveform: ``(batch, samples)``, full scale being 1.
            mask: True where a sample is real, ``(batch, samples)``.

        Returns:
            Frames ``(batch, frames, n_mels)`` and their mask ``(batch, frames)``, as many as ``LogMel`` has.
        """
        with torch.autocast(waveform.device.type, enabled=False):  # a spectrum in half precision is noise
            power = power_spectrum((waveform * mask).float(), self.n_fft, self.hop, self.window)  # (batch, bins, frames)
            frames = 10 * (self.filterbank @ power).clamp(min=1e-10).log10().transpose(1, 2)  # (batch, frames, n_mels)
        frame_mask = _frame_mask(mask, self.hop, frames.shape[1])
        loudest = frames.masked_fill(~frame_mask.unsqueeze(2), -torch.inf).amax(dim=(1, 2), keepdim=True)  # (batch, 1, 1)
        return frames.maximum(loudest - self.top_db), frame_mask


def power_spectrum(waveform: Tensor, n_fft: int, hop: int, window: Tensor, around: str = "constant") -> Tensor:
    """Return the power in each Fourier bin, ``(batch, n_fft // 2 + 1, samples // hop + 1)``, of frames centred on their time.

    Args:
        waveform: ``(batch, samples)`` float32.
        n_fft: Length of the Fourier transform.
        hop: Samples from frame to frame.
        window: At most as long as the transform.
        around: What stands around the waveform: ``constant`` (silence) or ``reflect`` (its mirror image).
    """
    spectrum = torch.stft(waveform, n_fft, hop, len(window), window, pad_mode=around, return_complex=True)
    return spectrum.real.square() + spectrum.imag.square()


def mel_filterbank(n_mels: int, n_fft: int, sample_rate: int, f_min_hz: float = 20.0, f_max_hz: float | None = None) -> Tensor:
    """Return triangular filters, equally wide in mel, ``(n_mels, n_fft // 2 + 1)``, each 1 at its centre.

    Mel as in HTK: ``2595 log10(1 + f / 700)``.

    Raises:
        ValueError: If the highest band ends above half of the sample rate or below the lowest, or a band is so narrow that no
            Fourier bin falls into it.
    """
    f_max_hz = _highest(n_mels, sample_rate, f_min_hz, f_max_hz)
    mel = torch.linspace(_mel(f_min_hz), _mel(f_max_hz), n_mels + 2, dtype=torch.float64)
    edge = 700 * (10 ** (mel / 2595) - 1)  # (n_mels + 2,)
    frequency = torch.linspace(0, sample_rate / 2, n_fft // 2 + 1, dtype=torch.float64)
    rising = (frequency - edge[:-2, None]) / (edge[1:-1] - edge[:-2])[:, None]  # (n_mels, bins)
    falling = (edge[2:, None] - frequency) / (edge[2:] - edge[1:-1])[:, None]
    filters = torch.minimum(rising, falling).clamp(min=0).float()
    if not filters.any(dim=1).all():
        raise ValueError(
            f"{n_mels} mel bands are too many for windows of {n_fft} samples at {sample_rate} Hz; take fewer, or longer windows"
        )
    return filters


def _even_triangles(n_mels: int, n_fft: int, sample_rate: int, f_min_hz: float, f_max_hz: float | None) -> Tensor:
    """Return SpeechBrain's filters ``(n_mels, n_fft // 2 + 1)``, in float32 throughout as there."""
    f_max_hz = _highest(n_mels, sample_rate, f_min_hz, f_max_hz)
    mel = torch.linspace(_mel(f_min_hz), _mel(f_max_hz), n_mels + 2)
    edge = 700 * (10 ** (mel / 2595) - 1)  # (n_mels + 2,)
    frequency = torch.linspace(0, sample_rate // 2, n_fft // 2 + 1)
    slope = (frequency - edge[1:-1, None]) / (edge[1:-1] - edge[:-2])[:, None]  # (n_mels, bins)
    return torch.minimum(slope + 1, 1 - slope).clamp(min=0)


def _highest(n_mels: int, sample_rate: int, f_min_hz: float, f_max_hz: float | None) -> float:
    """Return the upper edge of the highest band, having looked at the others."""
    f_max_hz = sample_rate / 2 if f_max_hz is None else f_max_hz
    if n_mels < 1:
        raise ValueError(f"n_mels must be 1 or more, found {n_mels}")
    if f_max_hz > sample_rate / 2:
        raise ValueError(f"f_max_hz is {f_max_hz:g}, but sound at {sample_rate} Hz ends at {sample_rate / 2:g} Hz; lower f_max_hz")
    if not 0 <= f_min_hz < f_max_hz:
        raise ValueError(f"f_min_hz is {f_min_hz:g}, expected 0 or more and less than f_max_hz, which is {f_max_hz:g}")
    return f_max_hz


def _n_samples(name: str, seconds: float, sample_rate: int) -> int:
    n = round(seconds * sample_rate)
    if n < 1:
        raise ValueError(f"{name} is {seconds:g}, which at {sample_rate} Hz is less than a sample")
    return n


def _frame_mask(mask: Tensor, hop: int, n_frames_max: int) -> Tensor:
    """Return which frames are real, ``(batch, n_frames_max)``: one more than there are whole hops, none where no sample is real."""
    n_samples = mask.sum(dim=1)
    n_frames = torch.where(n_samples > 0, n_samples // hop + 1, 0)
    return first_places(n_frames, n_frames_max)


def _mel(frequency_hz: float) -> float:
    return 2595 * math.log10(1 + frequency_hz / 700)
