"""How an utterance sounds, in numbers: duration, amplitude, loudness, pitch, voicing, pauses and rate."""

import unicodedata
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .._extras import need
from ..audio import SAMPLE_RATE, SILENCE_PEAK
from ..errors import AudioError

VERSION = 1
"""Raised whenever the same sound would give other numbers; caches of another version are not used."""

SHORT_S = 0.1
"""A recording shorter than this holds too few frames for pitch, pauses or rate, in seconds."""
PITCH_MIN_HZ, PITCH_MAX_HZ = 65.0, 600.0
"""Bounds of the pitch search: a low male voice, and a raised female or a child's voice."""
ACTIVE_RANGE_DB = 25.0
"""A frame counts as speech while it is at most this far below the loud frames (their 95th percentile)."""
PAUSE_S = 0.2
"""Silence inside the speech counts as a pause from this length on, in seconds."""

_HOP = 160  # 10 ms
_WINDOW = 400  # 25 ms
_PITCH_FRAME, _PITCH_HOP = 1024, 256  # 64 ms and 16 ms: four periods of the lowest pitch, four frames to a window
_SYLLABLE_DIP_DB = 2.0
_MIN_VOICED_FRAMES = 5

Condition: TypeAlias = Literal["silent", "very short", "unvoiced", "voiced"]


@dataclass(frozen=True)
class Prosody:
    """The descriptors of one utterance; what could not be measured is None.

    Plain numbers only, so that ``dataclasses.asdict`` gives a JSON object or a parquet row and
    ``Prosody(**row)`` gives the record back.
    """

    duration_s: float
    peak: float
    """Largest absolute sample, full scale 1."""
    rms: float
    """Root mean square over the whole recording, full scale 1."""
    loudness_db: float | None = None
    """RMS level of the speech frames in dBFS (0 dB: a full-scale square wave); pauses are gated out."""
    pitch_hz: float | None = None
    """Median over voiced frames."""
    pitch_low_hz: float | None = None
    """5th percentile over voiced frames."""
    pitch_high_hz: float | None = None
    """95th percentile over voiced frames."""
    pitch_range_semitones: float | None = None
    """From the 5th to the 95th percentile."""
    voiced_fraction: float | None = None
    """Voiced part of the speech frames, 0 to 1."""
    speech_s: float | None = None
    """From the first to the last speech frame: the recording without silence at its ends."""
    n_pauses: int | None = None
    pause_fraction: float | None = None
    """Part of ``speech_s`` spent in pauses, 0 to 1."""
    longest_pause_s: float | None = None
    syllables_per_s: float | None = None
    """Syllable nuclei found in the sound per second of ``speech_s``."""
    words_per_s: float | None = None
    """Words of the transcript per second of ``speech_s``."""

    @property
    def condition(self) -> Condition:
        """Return what kind of recording this is; only a voiced one has every descriptor."""
        if self.peak < SILENCE_PEAK:
            return "silent"
        if self.duration_s < SHORT_S:
            return "very short"
        return "unvoiced" if self.pitch_hz is None else "voiced"

    def with_transcript(self, transcript: str | None) -> "Prosody":
        """Return the record with the speaking rate that a transcript gives."""
        words = None if transcript is None else count_words(transcript)
        if words is None or not self.speech_s:
            return replace(self, words_per_s=None)
        return replace(self, words_per_s=words / self.speech_s)


def measure_prosody(waveform: ArrayLike, sample_rate: int, transcript: str | None = None) -> Prosody:
    """Return the descriptors of one utterance.

    The audio features that the paper's judge reads (section 4.6), by librosa. Pitch is probabilistic
    YIN (``librosa.pyin``) on frames of 64 ms every 16 ms.

    Paper: names amplitude, pitch range, loudness, duration and speaking rate, without definitions. We
    measure loudness over speech frames only, so that silence around an utterance does not make it
    quieter; call the 5th to 95th percentile of voiced frames the pitch range, since the extremes are
    mostly errors; and count words from the transcript per second between the first and the last
    speech frame. Syllable nuclei are peaks of the level with a dip of 2 dB before them in voiced
    frames (de Jong and Wempe, 2009). ITU-R BS.1770 loudness is not used: it is undefined below 0.4 s.

    Args:
        waveform: Mono samples, ``(samples,)``, full scale 1; none at all is described as very short.
        sample_rate: In Hz; other rates than 16 kHz are resampled.
        transcript: What is said, if known.

    Raises:
        AudioError: If the waveform is not one-dimensional, holds integers, NaN or infinity.
        MissingExtraError: If librosa is not installed.
    """
    found = np.asarray(waveform)
    if found.ndim != 1 or found.dtype.kind != "f":
        raise AudioError(
            f"expected mono floats of shape (samples,), full scale 1, found {found.dtype} {found.shape}; see emojudge.audio.load_audio"
        )
    wave = found.astype(np.float32)
    if not np.isfinite(wave).all():
        raise AudioError("the waveform holds samples that are not finite (NaN or infinity)")
    duration_s = len(wave) / sample_rate
    peak = float(np.abs(wave).max(initial=0.0))
    rms = float(np.sqrt(np.mean(wave.astype(np.float64) ** 2))) if len(wave) else 0.0
    record = Prosody(duration_s, peak, rms)
    if record.condition in ("silent", "very short"):
        return record
    if sample_rate != SAMPLE_RATE:
        import soxr

        wave = soxr.resample(wave, sample_rate, SAMPLE_RATE, quality="HQ")
    level = _level_db(wave, _WINDOW)  # (frames,)
    active = level > np.percentile(level, 95) - ACTIVE_RANGE_DB
    pitch = _pitch_hz(wave, active)  # (frames,), NaN where unvoiced
    measured: dict[str, Any] = _rhythm(wave, active, ~np.isnan(pitch)) | _pitch_range(pitch)
    loudness_db = float(10 * np.log10(np.mean(10 ** (level[active] / 10))))
    voiced_fraction = float(np.count_nonzero(~np.isnan(pitch)) / np.count_nonzero(active))
    return replace(record, loudness_db=loudness_db, voiced_fraction=voiced_fraction, **measured).with_transcript(transcript)


def count_words(transcript: str) -> int | None:
    """Return the number of words in a transcript; None if it holds none, or is in a script that does not space them."""
    if any(unicodedata.name(c, "").startswith(("CJK", "HIRAGANA", "KATAKANA", "THAI", "LAO", "KHMER", "MYANMAR")) for c in transcript):
        return None
    return sum(any(c.isalnum() for c in word) for word in transcript.split()) or None


def _level_db(wave: NDArray[np.float32], window: int) -> NDArray[np.float64]:
    """Return the RMS level of windows centred every 10 ms in dBFS, ``(frames,)``; digital silence is -200."""
    energy = np.concatenate([[0.0], np.cumsum(wave.astype(np.float64) ** 2)])  # (samples + 1,)
    centre = np.arange(0, len(wave), _HOP)  # (frames,)
    start, end = np.maximum(centre - window // 2, 0), np.minimum(centre + window // 2, len(wave))
    mean = np.maximum(energy[end] - energy[start], 0.0) / (end - start)
    return np.asarray(10 * np.log10(mean + 1e-20))


def _pitch_hz(wave: NDArray[np.float32], active: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return the pitch of each 10 ms frame, ``(frames,)``, NaN where it is unvoiced or not speech."""
    librosa = need("librosa", "judge")
    # A fifth of a semitone instead of a tenth makes the Viterbi search four times cheaper; thresholds of mean .15 (the
    # second of the three priors in Mauch and Dixon, 2014) keep the voicing that the coarser grid would lose.
    pitch, voiced, _ = librosa.pyin(
        wave,
        sr=SAMPLE_RATE,
        fmin=PITCH_MIN_HZ,
        fmax=PITCH_MAX_HZ,
        frame_length=_PITCH_FRAME,
        hop_length=_PITCH_HOP,
        resolution=0.2,
        beta_parameters=(2, 34 / 3),
    )
    voiced &= pitch > PITCH_MIN_HZ * 1.02  # the lowest bin collects rumble
    nearest = np.minimum(np.round(np.arange(len(active)) * _HOP / _PITCH_HOP).astype(np.int64), len(pitch) - 1)
    return np.where(voiced[nearest] & active, pitch[nearest], np.nan)


def _pitch_range(pitch: NDArray[np.float64]) -> dict[str, float]:
    voiced = pitch[~np.isnan(pitch)]
    if len(voiced) < _MIN_VOICED_FRAMES:
        return {}
    low, median, high = (float(value) for value in np.percentile(voiced, [5, 50, 95]))
    semitones = 12 * float(np.log2(high / low))
    return {"pitch_hz": median, "pitch_low_hz": low, "pitch_high_hz": high, "pitch_range_semitones": semitones}


def _rhythm(wave: NDArray[np.float32], active: NDArray[np.bool_], voiced: NDArray[np.bool_]) -> dict[str, float | int]:
    """Return speech time, pauses and syllable rate."""
    frames = np.flatnonzero(active)
    first, last = int(frames[0]), int(frames[-1])
    edges = np.flatnonzero(np.diff(active[first : last + 1].astype(np.int8)))  # silence begins and ends, in turn
    gaps_s = (edges[1::2] - edges[::2]) * _HOP / SAMPLE_RATE
    pauses_s = gaps_s[gaps_s >= PAUSE_S - 1e-9]
    speech_s = (last - first + 1) * _HOP / SAMPLE_RATE
    return {
        "speech_s": speech_s,
        "n_pauses": len(pauses_s),
        "pause_fraction": float(pauses_s.sum() / speech_s),
        "longest_pause_s": float(pauses_s.max(initial=0.0)),
        "syllables_per_s": _n_syllables(_level_db(wave, _PITCH_FRAME), active & voiced) / speech_s,
    }


def _n_syllables(level: NDArray[np.float64], voiced: NDArray[np.bool_]) -> int:
    """Return the number of voiced peaks of the level that a dip of 2 dB parts from the peak before."""
    n, lowest, peak = 0, -np.inf, None  # `lowest`: since the last peak; `peak`: the candidate, not yet followed by a dip
    for value, is_voiced in zip(level, voiced, strict=True):
        if peak is not None and value <= peak - _SYLLABLE_DIP_DB:
            n, lowest, peak = n + 1, value, None
        elif peak is not None:
            peak = max(peak, value)
        elif is_voiced and value >= lowest + _SYLLABLE_DIP_DB:
            peak = value
        else:
            lowest = min(lowest, value)
    return n + (peak is not None)
