"""One audio file becomes mono float32 samples; soundfile decodes, soxr resamples."""

import hashlib
import math
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .errors import AudioError

SAMPLE_RATE = 16_000
"""Sample rate of every network and descriptor, Hz (paper, section 4.1)."""

SILENCE_PEAK = 1e-4
"""A recording whose largest absolute sample stays below this (-80 dBFS) counts as silent."""

CLIP_LEVEL = 32767 / 32768
"""Largest positive sample of 16-bit audio; what is cut off there stays there for two samples or more."""

_BLOCK_FRAMES = 1 << 16
"""Frames that :func:`inspect_audio` holds at a time: four seconds at 16 kHz, half a megabyte as float64."""

_STATED_BYTES = re.compile(r"(?:data|SSND) : (\d+) \(should be (\d+)\)")
"""libsndfile's remark on a WAV or AIFF file whose header gives another length than it has; it reads on without an error."""

_STREAMED = 0x7FFFF000
"""Lengths from here on stand for "not known": the header was written before the end of a stream was."""

_NO_LENGTH = 1 << 62
"""From this number of frames on libsndfile says that it does not know it: a FLAC stream may leave its length open."""

_NO_END = "Last page lacks an end-of-stream bit"
"""libsndfile's remark on an Ogg file that is cut short."""


@dataclass(frozen=True)
class AudioFacts:
    """What one pass over an audio file tells about it; samples of all channels count alike, full scale is 1."""

    duration_s: float
    sample_rate: int
    channels: int
    peak: float
    """Largest absolute sample."""
    rms: float
    """Root mean square of the samples."""
    dc_offset: float
    """Mean of the samples."""
    clipped: float
    """Share of samples that follow another one at full scale. A level that was set to the largest peak touches full
    scale in single samples and has none; what was cut off below full scale is not seen."""
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
    """Return what an audio file is like after decoding all of it, block by block: memory does not grow with its length.

    Raises:
        AudioError: As :func:`load_audio` does.
    """
    with _open(path) as file:
        rate, wanted, tally = int(file.samplerate), int(file.frames), _Tally(int(file.channels))
        open_end = wanted >= _NO_LENGTH
        file.seekable = lambda: False  # else soundfile seeks after each read, and MP3 decodes to other samples after a seek
        buffer: NDArray[np.float32] = np.empty((min(wanted, _BLOCK_FRAMES), tally.channels), dtype=np.float32)
        while len(block := file.read(out=buffer[: wanted - tally.frames])):
            tally.add(block)
    _check(path, tally.frames, tally.frames if open_end else wanted, finite=math.isfinite(tally.energy))
    return tally.facts(rate)


def header_duration(path: str | Path) -> float:
    """Return the duration that the header of an audio file states, in seconds, without decoding it.

    Only a stream whose header leaves the length open is decoded to its end.

    Raises:
        AudioError: If the file is missing, is not audio, has no sample or is known to be cut short.
    """
    with _open(path) as file:
        _check(path, file.frames, file.frames, finite=True)
        if file.frames < _NO_LENGTH:
            return float(file.frames / file.samplerate)
    return inspect_audio(path).duration_s


@dataclass
class _Tally:
    """What the blocks of a file add up to."""

    channels: int
    frames: int = 0
    peak: float = 0.0
    energy: float = 0.0
    """Sum of squares; in float64 it is finite just where every float32 sample is."""
    total: float = 0.0
    clipped: int = 0
    digest: Any = field(default_factory=lambda: hashlib.blake2b(digest_size=16))
    last: NDArray[np.bool_] | None = None
    """Which channels of the last frame were at full scale, ``(1, channels)``."""

    def add(self, block: NDArray[np.float32]) -> None:
        """Count in a block, ``(frames, channels)``."""
        self.digest.update(block)
        self.frames += len(block)
        peak = max(float(block.max()), -float(block.min()))
        self.peak = max(self.peak, peak)
        self.energy += float(np.square(block, dtype=np.float64).sum())
        self.total += float(block.sum(dtype=np.float64))
        full = np.abs(block) >= CLIP_LEVEL if peak >= CLIP_LEVEL else None
        if full is not None:
            self.clipped += int((full[1:] & full[:-1]).sum())
            self.clipped += 0 if self.last is None else int((full[:1] & self.last).sum())
        self.last = None if full is None else full[-1:]

    def facts(self, rate: int) -> AudioFacts:
        """Return what is known at the end of the file."""
        self.digest.update(_form(rate, self.channels))
        n_samples = self.frames * self.channels
        return AudioFacts(
            duration_s=self.frames / rate,
            sample_rate=rate,
            channels=self.channels,
            peak=self.peak,
            rms=(self.energy / n_samples) ** 0.5,
            dc_offset=self.total / n_samples,
            clipped=self.clipped / n_samples,
            digest=self.digest.hexdigest(),
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
    digest.update(_form(rate, samples.shape[1]))
    return digest.hexdigest()


def _form(rate: int, channels: int) -> bytes:
    """Return what a digest of samples ends with: the same numbers at another rate are another sound."""
    return f"{rate} {channels}".encode()


def _decode(path: str | Path, max_duration_s: float | None) -> tuple[NDArray[np.float32], int]:
    """Return float32 samples ``(samples, channels)`` and the rate of the file."""
    with _open(path) as file:
        rate = int(file.samplerate)
        wanted = file.frames if max_duration_s is None else min(file.frames, round(max_duration_s * rate))
        samples: NDArray[np.float32]
        if file.frames < _NO_LENGTH:
            samples = file.read(wanted, dtype="float32", always_2d=True)
        else:
            samples = _read_to_end(file, wanted)
            wanted = len(samples)
    _check(path, len(samples), wanted, finite=bool(np.isfinite(samples).all()))
    return samples, rate


def _read_to_end(file: Any, most: int) -> NDArray[np.float32]:
    """Return the samples of an open file whose length is not known, ``(samples, channels)``, ``most`` at most."""
    file.seekable = lambda: False  # a stream is read on, never back
    blocks: list[NDArray[np.float32]] = [np.empty((0, int(file.channels)), dtype=np.float32)]
    while most and len(block := file.read(min(most, _BLOCK_FRAMES), dtype="float32", always_2d=True)):
        blocks.append(block)
        most -= len(block)
    return np.concatenate(blocks)


@contextmanager
def _open(path: str | Path) -> Iterator[Any]:
    """Yield an open ``soundfile.SoundFile``; what speaks against the file, now or while it is read, is an AudioError."""
    import soundfile

    if not os.path.isfile(path):
        raise AudioError(f"{path}: there is no such audio file")
    try:
        with soundfile.SoundFile(path) as file:
            _check_remarks(path, str(file.extra_info))
            yield file
    except (soundfile.SoundFileError, RuntimeError) as error:
        reason = str(error).removeprefix(f"Error opening {str(path)!r}: ").removeprefix("Error : ").strip(" .")
        raise AudioError(f"{path}: not readable as audio ({reason or type(error).__name__})") from error


def _check_remarks(path: str | Path, remarks: str) -> None:
    """Raise where libsndfile noticed on opening that a file is cut short."""
    stated = _STATED_BYTES.search(remarks)
    if stated is not None and int(stated[2]) < int(stated[1]) < _STREAMED:
        raise AudioError(f"{path}: the header promises {stated[1]} bytes of audio, the file has {stated[2]}; the file is cut short")
    if _NO_END in remarks:
        raise AudioError(f"{path}: the last page of the stream is missing; the file is cut short")


def _check(path: str | Path, n_frames: int, wanted: int, *, finite: bool) -> None:
    """Raise where a file has no samples, fewer than it promised, or some that are not finite."""
    if n_frames == 0:
        raise AudioError(f"{path}: the audio file has no samples")
    if n_frames < wanted:
        raise AudioError(f"{path}: the audio ends after {n_frames} of {wanted} samples; the file is cut short")
    if not finite:
        raise AudioError(f"{path}: the audio holds samples that are not finite (NaN or infinity)")
