"""A voice that says words: pulses and noise through formant filters that change from syllable to syllable."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ...audio import SAMPLE_RATE
from .settings import BANDWIDTHS_HZ, FORMANTS_HZ, FRICATIVES_HZ, Speech, Voice, VoiceSpread

Array: TypeAlias = NDArray[np.floating[Any]]

_WINDOW, _HOP = 512, 128
_SYLLABLE = re.compile(r"([^aeiouy]*)([aeiouy]+)")


@dataclass(frozen=True)
class Speaker:
    """Somebody's own voice, before any emotion."""

    number: int
    gender: str
    pitch_hz: float
    tract: float
    """Factor on formant frequencies."""
    level_db: float
    rate: float
    """Factor on syllables per second."""
    tilt_db: float
    breath_db: float


def draw_speaker(number: int, gender: str, rng: np.random.Generator) -> Speaker:
    """Return a random speaker of a gender (``Female`` or ``Male``)."""
    spread = VoiceSpread()
    pitch_st, tract, level, rate, tilt, breath = rng.normal(size=6)
    return Speaker(
        number=number,
        gender=gender,
        pitch_hz=dict(spread.pitch_hz)[gender] * 2 ** (spread.speaker_pitch_st * pitch_st / 12),
        tract=dict(spread.tract)[gender] * float(np.exp(spread.speaker_tract * tract)),
        level_db=spread.speaker_level_db * level,
        rate=float(np.exp(spread.speaker_rate * rate)),
        tilt_db=spread.speaker_tilt_db * tilt,
        breath_db=spread.speaker_breath_db * breath,
    )


@dataclass(frozen=True)
class Delivery:
    """How one utterance is said: speaker, emotion and chance together."""

    speaker: Speaker
    voice: Voice
    strength: float
    pitch_hz: float
    level_db: float
    """Relative to the neutral level of the average speaker, dB."""
    rate: float
    tilt_db: float
    breath_db: float


def draw_delivery(speaker: Speaker, voice: Voice, rng: np.random.Generator) -> Delivery:
    """Return a random delivery of an emotion's voice by a speaker; its strength is uniform."""
    spread = VoiceSpread()
    strength = float(rng.uniform(*spread.strength))
    pitch_st, level, rate, tilt, breath = rng.normal(size=5)
    return Delivery(
        speaker=speaker,
        voice=voice,
        strength=strength,
        pitch_hz=speaker.pitch_hz * 2 ** ((voice.pitch_st * strength + spread.pitch_st * pitch_st) / 12),
        level_db=speaker.level_db + voice.level_db * strength + spread.level_db * level,
        rate=speaker.rate * voice.rate_factor**strength * float(np.exp(spread.rate * rate)),
        tilt_db=speaker.tilt_db + voice.tilt_db * strength + spread.tilt_db * tilt,
        breath_db=speaker.breath_db + voice.breath_db * strength + spread.breath_db * breath,
    )


def speak(words: Sequence[str], delivery: Delivery, rng: np.random.Generator, *, duration_s: tuple[float, float]) -> NDArray[np.float32]:
    """Return the sound of some words at 16 kHz, ``(samples,)`` within -1 to 1.

    A pulse a glottal period (with jitter and shimmer) and breath noise pass the resonances of the
    vowel; consonants are noise bands or weak voicing; all of it by filtering short frames.

    Args:
        words: Lower-case words; their letters decide vowels and consonants.
        delivery: How they are said.
        rng: Source of every chance.
        duration_s: Shortest and longest result; the speaking rate gives way to it.
    """
    speech = Speech()
    line = _Timeline.of(words, delivery, rng, duration_s, speech)
    pitch = _pitch_track(line, delivery, rng, speech)
    n_samples = line.n_frames * _HOP
    strength, voice = delivery.strength, delivery.voice
    pulses = _pulses(
        np.interp(np.arange(n_samples), np.arange(line.n_frames) * _HOP, pitch),
        speech.jitter + voice.jitter * strength,
        speech.shimmer + voice.shimmer * strength,
        rng,
    )
    pulses += 10 ** ((speech.breath_db + delivery.breath_db) / 20) * rng.normal(size=n_samples)
    frequency: Array = np.arange(_WINDOW // 2 + 1) * (SAMPLE_RATE / _WINDOW)  # (bins,)
    slope = np.maximum(frequency / 200, 1) ** ((speech.tilt_db + delivery.tilt_db) / 6.02)
    slope[0] = 0  # lips radiate no constant pressure
    voiced = _unit_power(_resonances(frequency, line.formants_hz * delivery.speaker.tract) * slope)  # (frames, bins)
    noise = _unit_power(np.exp(-0.5 * (np.log2(np.maximum(frequency, 60) / line.noise_hz[:, None]) / 0.5) ** 2))
    noise *= 10 ** (speech.noise_db / 20) * line.noise[:, None]
    sound = _filtered(pulses, voiced * line.voicing[:, None]) + _filtered(rng.normal(size=n_samples), noise)
    loud = np.repeat(line.voicing > 0.5, _HOP)
    sound *= 10 ** ((speech.level_db + delivery.level_db) / 20) / np.sqrt(np.mean(sound[loud] ** 2))
    sound += 10 ** (speech.floor_db / 20) * rng.normal(size=n_samples)
    return (sound / max(1.0, float(np.abs(sound).max()) / 0.99)).astype(np.float32)


@dataclass(frozen=True)
class _Timeline:
    """What the mouth does, frame by frame (8 ms)."""

    voicing: Array
    """Gain of the voice, ``(frames,)``."""
    noise: Array
    """Gain of the fricative, ``(frames,)``."""
    noise_hz: Array
    """Centre of the fricative, ``(frames,)``."""
    formants_hz: Array
    """``(frames, 4)``."""
    accents: list[tuple[int, int]]
    """First and last frame of each word's first syllable."""

    @property
    def n_frames(self) -> int:
        return len(self.voicing)

    @classmethod
    def of(
        cls, words: Sequence[str], delivery: Delivery, rng: np.random.Generator, bounds: tuple[float, float], speech: Speech
    ) -> "_Timeline":
        """Lay out silence, consonants and vowels one after the other."""
        pause_s = speech.pause_s * delivery.voice.pause_factor**delivery.strength
        segments: list[tuple[float, float, float, str, str]] = []  # seconds, voicing, noise, vowel, consonant
        stressed = []
        for word in words:
            segments.append((rng.exponential(pause_s) if segments else 0.0, 0.0, 0.0, "e", ""))
            stressed.append(len(segments))
            for consonant, vowel in syllables(word):
                length = float(np.exp(rng.normal(0, 0.2))) / (speech.syllables_per_s * delivery.rate)
                unvoiced = consonant in FRICATIVES_HZ
                segments.append((length * speech.consonant_share, 0.0 if unvoiced else 0.35, float(unvoiced), vowel, consonant))
                segments.append((length * (1 - speech.consonant_share), 1.0, 0.0, vowel, ""))
        lengths = np.array([s[0] for s in segments])
        inside = np.clip(lengths.sum(), bounds[0] - 2 * speech.edge_s, bounds[1] - 2 * speech.edge_s - 2 * _HOP / SAMPLE_RATE)
        ends = speech.edge_s + np.cumsum(lengths) * inside / lengths.sum()
        n_frames = int(np.ceil((ends[-1] + speech.edge_s) * SAMPLE_RATE / _HOP))
        at = np.searchsorted(ends, np.arange(n_frames) * _HOP / SAMPLE_RATE, side="right").clip(max=len(segments) - 1)  # (frames,)
        speaking = (np.arange(n_frames) * _HOP / SAMPLE_RATE >= speech.edge_s) & (np.arange(n_frames) * _HOP / SAMPLE_RATE < ends[-1])
        frames = np.concatenate([[speech.edge_s], ends]) * SAMPLE_RATE / _HOP
        return cls(
            voicing=_smooth(np.array([s[1] for s in segments])[at] * speaking),
            noise=_smooth(np.array([s[2] for s in segments])[at] * speaking),
            noise_hz=np.array([FRICATIVES_HZ.get(s[4], 2000.0) for s in segments])[at],
            formants_hz=np.stack([_smooth(track) for track in np.array([FORMANTS_HZ[s[3]] for s in segments])[at].T], axis=1),
            accents=[(int(frames[i]), int(frames[min(i + 2, len(segments))])) for i in stressed],
        )


def syllables(word: str) -> list[tuple[str, str]]:
    """Return the syllables of an English word, roughly: the consonant letter before each vowel letter, and that vowel."""
    found = [(consonants[-1:], vowels[0]) for consonants, vowels in _SYLLABLE.findall(word)]
    if len(found) > 1 and word.endswith("e"):
        found.pop()
    return found or [("", "e")]


def _pitch_track(line: _Timeline, delivery: Delivery, rng: np.random.Generator, speech: Speech) -> Array:
    """Return the fundamental frequency of each frame in Hz, ``(frames,)``: fall, accents, final movement and drift."""
    place = np.linspace(0, 1, line.n_frames)
    semitones = speech.fall_st * (0.5 - place) + delivery.voice.final_st * delivery.strength * np.maximum(place - 2 / 3, 0) * 3
    size = speech.accent_st * delivery.voice.range_factor**delivery.strength
    for first, last in line.accents:
        bump = np.sin(np.linspace(0, np.pi, max(last - first, 1)))
        semitones[first:last] += size * np.exp(rng.normal(0, 0.35)) * bump[: len(semitones[first:last])]
    semitones += 0.3 * _smooth(rng.normal(size=line.n_frames), 15) * np.sqrt(15)
    pitch: Array = delivery.pitch_hz * 2 ** (semitones / 12)
    return pitch


def _pulses(pitch_hz: Array, jitter: float, shimmer: float, rng: np.random.Generator) -> Array:
    """Return one pulse a period at unit power, ``(samples,)``, each between two samples."""
    phase = np.cumsum(pitch_hz / SAMPLE_RATE)
    at = np.interp(np.arange(1, int(phase[-1])), phase, np.arange(len(phase)))  # (pulses,)
    period = SAMPLE_RATE / pitch_hz[at.astype(int)]
    at = (at + jitter * period * rng.normal(size=len(at))).clip(0, len(pitch_hz) - 2)
    size = np.sqrt(period) * np.maximum(1 + shimmer * rng.normal(size=len(at)), 0)
    whole = at.astype(int)
    rest = at - whole
    n_samples = len(pitch_hz)
    pulses = np.bincount(whole, size * (1 - rest), n_samples) + np.bincount(whole + 1, size * rest, n_samples)
    return np.asarray(pulses, dtype=np.float64)


def _resonances(frequency: Array, formants_hz: Array) -> Array:
    """Return the gain of four resonances in a row, ``(frames, bins)``."""
    gain = np.ones((len(formants_hz), len(frequency)))
    for centre, bandwidth in zip(formants_hz.T, BANDWIDTHS_HZ, strict=True):
        square = centre[:, None] ** 2
        gain *= square / np.sqrt((square - frequency**2) ** 2 + (bandwidth * frequency) ** 2)
    return gain


def _filtered(signal: Array, gain: Array) -> Array:
    """Return a signal whose spectrum follows ``gain`` ``(frames, bins)``, without delay: overlapping Hann frames are filtered and added."""
    padded = np.concatenate([np.zeros(_WINDOW // 2), signal, np.zeros(_WINDOW)])
    frames = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)[::_HOP][: len(gain)]  # (frames, window), centred on k * hop
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(_WINDOW) / _WINDOW)
    frames = np.fft.irfft(np.fft.rfft(frames * window) * gain, _WINDOW)
    total = np.zeros(len(padded))
    for quarter in range(_WINDOW // _HOP):
        block = frames[:, quarter * _HOP : (quarter + 1) * _HOP].ravel()
        total[quarter * _HOP : quarter * _HOP + len(block)] += block
    return total[_WINDOW // 2 : _WINDOW // 2 + len(signal)] / 2  # four Hann windows add up to two


def _unit_power(gain: Array) -> Array:
    """Return gains ``(frames, bins)`` that leave the power of white noise as it is."""
    scaled: Array = gain / np.sqrt(np.mean(gain**2, axis=1, keepdims=True))
    return scaled


def _smooth(track: Array, width: int = 5) -> Array:
    """Return a moving average over ``width`` frames, the ends repeated."""
    padded = np.pad(track, width // 2, mode="edge")
    return np.convolve(padded, np.full(width, 1 / width), mode="valid")
