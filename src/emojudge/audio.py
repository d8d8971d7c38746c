"""One audio file becomes mono float32 samples; soundfile decodes, soxr resamples."""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .errors import AudioError

SAMPLE_RATE = 16_000
"""Sample rate of every network and descriptor, Hz (paper, section 4.1)."""

SILENCE_PEAK = 1e-4
"""A recording whose largest absolute sample stays below this (-80 dBFS) counts as silent."""


_STATED_BYTES = re.compile(r"(?:data|SSND) : (\d+) \(should be (\d+)\)")
"""libsndfile's remark on a WAV or AIFF file whose header gives another length than it has; it reads on without an error."""

_STREAMED = 0x7FFFF000
"""Lengths from here on stand for "not known": the header was written before the end of a stream was."""

_NO_END = "Last page lacks an end-of-stream bit"
"""libsndfile's remark on an Ogg file that is cut short."""


@dataclass(frozen=True)
class AudioFacts:
    """What one pass over an audio file tells about it."""

    duration_s: float
    sample_rate: int
    channels: int
    peak: float
    digest: str
    """BLAKE2 of the decoded samples: it changes when the sound changes, and only then."""

    @property
    def silent(self) -> bool:
        """Whether the recording never rises above -80 dBFS."""
        return self.peak < SILENCE_PEAK


def load_audio(path: str | Path, sample_rate: int = SAMPLE_RATE, *, max_duration_s: float | None = None) -> NDArray[np.float32]:
    """Return the samples of an audio file, mono, at ``sample_rate``, ``(samples,)``.

    Channels are averaged, other rates are resampled by soxr in high quality. The result has at least one sample.

    Args:
        path: Any file that libsndfile reads: WAV, FLAC, OGG, MP3.
        sample_rate: Rate of the result in Hz.
        max_duration_s: Keep at most this much from the beginning, in seconds.

    Raises:
        AudioError: If the file is missing, is not audio, has no sample, ends early or holds a
            sample that is not finite.
    """
    return _mono(*_decode(path, max_duration_s), sample_rate)


def load_with_digest(path: str | Path, sample_rate: int = SAMPLE_RATE) -> tuple[NDArray[np.float32], str]:
    """Return the samples of a file as :func:`load_audio` does, and its digest as :func:`inspect_audio` does, from one decoding.

    Raises:
        AudioError: As :func:`load_audio` does.
    """
    samples, rate = _decode(path, None)
    return _mono(samples, rate, sample_rate), _digest(samples, rate)


def inspect_audio(path: str | Path) -> AudioFacts:
    """Return duration, rate, channels, peak and digest of an audio file after decoding all of it.

    Raises:
        AudioError: As :func:`load_audio` does.
    """
    samples, rate = _decode(path, None)
    return AudioFacts(
        duration_s=len(samples) / rate,
        sample_rate=rate,
        channels=samples.shape[1],
        peak=float(np.abs(samples).max()),
        digest=_digest(samples, rate),
    )


def _mono(samples: NDArray[np.float32], rate: int, wanted: int) -> NDArray[np.float32]:
    """Return the mean of the channels at the wanted rate, ``(samples,)``."""
    mono = samples.mean(axis=1) if samples.shape[1] > 1 else samples[:, 0]
    if rate != wanted:
        import soxr

        resampled = soxr.resample(mono, rate, wanted, quality="HQ")
        mono = resampled if len(resampled) else mono[:1]  # a recording shorter than one sample of the new rate
    return np.ascontiguousarray(mono, dtype=np.float32)


def _digest(samples: NDArray[np.float32], rate: int) -> str:
    digest = hashlib.blake2b(samples.data, digest_size=16)
    digest.update(f"{rate} {samples.shape[1]}".encode())
    return digest.hexdigest()


def _decode(path: str | Path, max_duration_s: float | None) -> tuple[NDArray[np.float32], int]:
    """Return float32 samples ``(samples, channels)`` and the rate of the file."""
    import soundfile

    path = Path(path)
    if not path.is_file():
        raise AudioError(f"{path}: there is no such audio file")
    try:
        with soundfile.SoundFile(path) as file:
            rate, remarks = int(file.samplerate), str(file.extra_info)
            wanted = file.frames if max_duration_s is None else min(file.frames, round(max_duration_s * rate))
            samples: NDArray[np.float32] = file.read(wanted, dtype="float32", always_2d=True)
    except (soundfile.SoundFileError, RuntimeError) as error:
        reason = str(error).removeprefix(f"Error opening {str(path)!r}: ").removeprefix("Error : ").strip(" .")
        raise AudioError(f"{path}: not readable as audio ({reason or type(error).__name__})") from error
    stated = _STATED_BYTES.search(remarks)
    if stated is not None and int(stated[2]) < int(stated[1]) < _STREAMED:
        raise AudioError(f"{path}: the header promises {stated[1]} bytes of audio, the file has {stated[2]}; the file is cut short")
    if _NO_END in remarks:
        raise AudioError(f"{path}: the last page of the stream is missing; the file is cut short")
    if len(samples) == 0:
        raise AudioError(f"{path}: the audio file has no samples")
    if len(samples) < wanted:
        raise AudioError(f"{path}: the audio ends after {len(samples)} of {wanted} samples; the file is cut short")
    if not np.isfinite(samples).all():
        raise AudioError(f"{path}: the audio holds samples that are not finite (NaN or infinity)")
    return samples, rate
