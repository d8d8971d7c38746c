"""Words for numbers: where a value stands among the quantiles of a reference."""

import json
from dataclasses import replace

import numpy as np
import pytest

from emojudge.errors import JudgeError
from emojudge.judge import describe, train_reference
from emojudge.judge.description import DEFAULT_REFERENCE, LEVELS, description_text, levels
from emojudge.judge.prosody import Prosody

RECORD = Prosody(
    duration_s=3.3,
    peak=0.4,
    rms=0.05,
    loudness_db=-24.0,
    pitch_hz=121.0,
    pitch_low_hz=95.0,
    pitch_high_hz=157.0,
    pitch_range_semitones=8.7,
    voiced_fraction=0.7,
    speech_s=2.9,
    n_pauses=2,
    pause_fraction=0.21,
    longest_pause_s=0.6,
    syllables_per_s=4.0,
    words_per_s=4.3,
)


def test_a_value_gets_the_word_between_its_quantiles():
    words = [
        levels(replace(RECORD, pitch_hz=value), {"pitch_hz": [1, 2, 3, 4]})["pitch_hz"] for value in (0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4, 4.5)
    ]
    assert words == ["very low", "low", "low", "average", "average", "average", "high", "high", "very high"]


def test_train_quantiles_give_each_word_its_share():
    records = [replace(RECORD, loudness_db=float(value)) for value in np.random.default_rng(0).normal(-25, 5, 1000)]
    reference = train_reference(records)
    words = [levels(record, reference)["loudness_db"] for record in records]
    np.testing.assert_allclose([words.count(word) / 1000 for word in LEVELS], [0.1, 0.15, 0.5, 0.15, 0.1], atol=0.002)
    assert json.loads(json.dumps(reference)) == reference


def test_a_constant_measure_is_average_and_one_with_few_values_has_no_word():
    records = [RECORD] * 9 + [replace(RECORD, pitch_hz=None)]
    reference = train_reference(records)
    assert "pitch_hz" not in reference
    assert set(levels(RECORD, reference).values()) == {"average"}
    assert "Pitch median 121 Hz." in description_text(RECORD, reference)


def test_the_text_holds_numbers_and_words():
    assert description_text(RECORD) == (
        "Duration 3.3 s (average). Loudness -24 dBFS (average). Peak amplitude 0.40 (average), RMS amplitude 0.050. "
        "Pitch median 121 Hz (average). Pitch range 95 to 157 Hz, 8.7 semitones (average). Voiced 70 % of the speech (average). "
        "Speaking rate 4.3 words per second (very high). 2 pauses, 21 % of the time (high), the longest 0.6 s."
    )


def test_without_a_transcript_the_rate_counts_syllables():
    assert "4.0 syllables per second (average)" in description_text(replace(RECORD, words_per_s=None))


def test_the_reference_matters():
    wave = 0.1 * np.sin(2 * np.pi * 200 * np.arange(16_000) / 16_000)
    quiet, loud = ({"loudness_db": [value] * 4} for value in (-60.0, 0.0))
    assert "dBFS (very high)" in describe(wave, 16_000, reference=quiet).text
    record, text = describe(wave, 16_000, "one word", reference=loud)
    assert "dBFS (very low)" in text
    assert record.words_per_s == pytest.approx(2, rel=0.03)


def test_silent_short_and_unvoiced_recordings_are_described_as_such():
    assert description_text(Prosody(1.0, 0.0, 0.0)) == "Duration 1.0 s (very low). The recording is silent: nothing can be heard in it."
    assert "too short for pitch" in description_text(Prosody(0.05, 0.5, 0.1))
    unvoiced = replace(RECORD, pitch_hz=None, pitch_low_hz=None, pitch_high_hz=None, pitch_range_semitones=None, n_pauses=0)
    assert "No pitch could be measured" in description_text(unvoiced)
    assert description_text(unvoiced).endswith("No pauses.")


@pytest.mark.parametrize("quantiles", [[1, 2, 3], [1, 2, 3, np.nan], [4, 3, 2, 1]])
def test_a_reference_of_another_form_is_refused(quantiles):
    with pytest.raises(JudgeError, match="four ascending numbers"):
        levels(RECORD, {"pitch_hz": quantiles})


def test_an_unknown_measure_is_refused_with_the_nearest():
    with pytest.raises(JudgeError, match="Did you mean 'pitch_hz'"):
        levels(RECORD, {"pitch_h": [1, 2, 3, 4]})


def test_the_shipped_reference_has_the_documented_form():
    assert levels(RECORD, DEFAULT_REFERENCE) == levels(RECORD)
