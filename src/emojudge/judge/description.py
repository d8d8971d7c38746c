"""How an utterance sounds, in words: each descriptor with its number and where it stands among others."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from ..errors import JudgeError, nearest
from .prosody import Prosody, measure_prosody

LEVELS = ("very low", "low", "average", "high", "very high")
"""The five words, below, between and above the four quantiles of a reference."""
QUANTILES = (0.1, 0.25, 0.75, 0.9)

Reference: TypeAlias = Mapping[str, Sequence[float]]
"""The four quantiles of each measure; a plain JSON object."""

DEFAULT_REFERENCE: dict[str, tuple[float, float, float, float]] = {
    "duration_s": (1.5, 2.5, 6.0, 10.0),
    "peak": (0.1, 0.2, 0.6, 0.9),
    "loudness_db": (-38.0, -30.0, -19.0, -15.0),
    "pitch_hz": (95.0, 115.0, 205.0, 240.0),
    "pitch_range_semitones": (5.0, 7.0, 12.0, 16.0),
    "voiced_fraction": (0.4, 0.55, 0.85, 0.95),
    "pause_fraction": (0.0, 0.0, 0.2, 0.35),
    "syllables_per_s": (2.8, 3.4, 4.8, 5.5),
    "words_per_s": (2.0, 2.6, 3.5, 4.2),
}
"""What is used without a corpus of one's own, rounded from what phonetics reports for adults in conversation.

Pitch: men near 120 Hz, women near 210 Hz, spread 2 to 4 semitones (Traunmüller and Eriksson, 1995). Rate: 160 to 210
words a minute, about 4.3 syllables a second (Tauroza and Allison, 1990). Duration, peak, loudness, voicing and pauses
have no norm, as they depend on recording and segmentation: these are round figures, and a train split's own quantiles
(:func:`train_reference`) are better.
"""

MIN_RECORDS = 10
"""A measure with fewer values than this gets no quantiles, and so no word."""


class Description(NamedTuple):
    """What :func:`describe` returns."""

    record: Prosody
    text: str


def describe(waveform: ArrayLike, sample_rate: int, transcript: str | None = None, *, reference: Reference | None = None) -> Description:
    """Return the prosody record of an utterance and its text.

    The audio description that the judge reads (paper, section 4.6).

    Args:
        waveform: Mono samples, ``(samples,)``, full scale 1.
        sample_rate: In Hz.
        transcript: What is said, if known; the speaking rate then counts its words, else syllable nuclei.
        reference: Quantiles by measure, such as :func:`train_reference` gives; :data:`DEFAULT_REFERENCE` without.

    Raises:
        AudioError: If the waveform is not one-dimensional, holds integers, NaN or infinity.
        JudgeError: If the reference is not of the documented form.
    """
    record = measure_prosody(waveform, sample_rate, transcript)
    return Description(record, description_text(record, reference))


def train_reference(records: Iterable[Prosody]) -> dict[str, list[float]]:
    """Return the quantiles .1, .25, .75 and .9 of each measure over many records.

    Records without a value (silent, unvoiced) are left out of that measure; a measure with fewer than ten
    values is left out altogether, and descriptions then give its number without a word.
    """
    records = list(records)
    reference = {}
    for measure in DEFAULT_REFERENCE:
        values = [value for record in records if (value := getattr(record, measure)) is not None]
        if len(values) >= MIN_RECORDS:
            reference[measure] = [float(q) for q in np.quantile(values, QUANTILES)]
    return reference


def levels(record: Prosody, reference: Reference | None = None) -> dict[str, str]:
    """Return the word of each measure that the record and the reference both have.

    Raises:
        JudgeError: If the reference names an unknown measure or does not hold four ascending numbers.
    """
    reference = DEFAULT_REFERENCE if reference is None else _checked(reference)
    words = {}
    for measure, quantiles in reference.items():
        value = getattr(record, measure)
        if value is not None:
            below, above = (sum(value < q for q in quantiles[:2]), sum(value > q for q in quantiles[2:]))
            words[measure] = LEVELS[2 - below + above]
    return words


def description_text(record: Prosody, reference: Reference | None = None) -> str:
    """Return the record as a few sentences: each measure with its number and its word.

    Raises:
        JudgeError: As :func:`levels` does.
    """
    words = levels(record, reference)

    def said(number: str, measure: str) -> str:
        return f"{number} ({words[measure]})" if measure in words else number

    condition = record.condition
    duration = f"Duration {said(f'{record.duration_s:.1f} s', 'duration_s')}."
    if condition == "silent":
        return f"{duration} The recording is silent: nothing can be heard in it."
    amplitude = f"Peak amplitude {said(f'{record.peak:.2f}', 'peak')}, RMS amplitude {record.rms:.3f}."
    if condition == "very short":
        return f"{duration} {amplitude} The recording is too short for pitch, pauses and speaking rate."
    sentences = [duration, f"Loudness {said(f'{record.loudness_db:.0f} dBFS', 'loudness_db')}.", amplitude]
    if record.pitch_hz is None:
        sentences.append("No pitch could be measured: the sound is unvoiced, such as a whisper, breath or noise.")
    else:
        semitones = said(f"{record.pitch_range_semitones:.1f} semitones", "pitch_range_semitones")
        sentences.append(f"Pitch median {said(f'{record.pitch_hz:.0f} Hz', 'pitch_hz')}.")
        sentences.append(f"Pitch range {record.pitch_low_hz:.0f} to {record.pitch_high_hz:.0f} Hz, {semitones}.")
        sentences.append(f"Voiced {said(f'{100 * (record.voiced_fraction or 0):.0f} % of the speech', 'voiced_fraction')}.")
    if record.words_per_s is not None:
        sentences.append(f"Speaking rate {said(f'{record.words_per_s:.1f} words per second', 'words_per_s')}.")
    elif record.pitch_hz is not None:
        sentences.append(f"Speaking rate {said(f'{record.syllables_per_s:.1f} syllables per second', 'syllables_per_s')}.")
    sentences.append(_pauses(record, words))
    return " ".join(sentences)


def _pauses(record: Prosody, words: Mapping[str, str]) -> str:
    if not record.n_pauses:
        return "No pauses."
    share = f"{100 * (record.pause_fraction or 0):.0f} % of the time"
    share += f" ({words['pause_fraction']})" if "pause_fraction" in words else ""
    return f"{record.n_pauses} {'pause' if record.n_pauses == 1 else 'pauses'}, {share}, the longest {record.longest_pause_s:.1f} s."


def _checked(reference: Reference) -> Reference:
    for measure, quantiles in reference.items():
        if measure not in DEFAULT_REFERENCE:
            known = ", ".join(DEFAULT_REFERENCE)
            raise JudgeError(f"the reference has a measure '{measure}' (known: {known}).{nearest(measure, DEFAULT_REFERENCE)}")
        values = np.asarray(quantiles, dtype=np.float64)
        if values.shape != (len(QUANTILES),) or not np.isfinite(values).all() or (np.diff(values) < 0).any():
            raise JudgeError(
                f"the reference holds {list(quantiles)} for '{measure}', expected four ascending numbers (quantiles {QUANTILES})"
            )
    return reference
