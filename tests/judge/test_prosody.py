"""Descriptors of tones whose pitch, level, pauses and rate are known."""

import warnings

import numpy as np
import pytest

from emojudge.errors import AudioError
from emojudge.judge.prosody import Prosody, count_words, measure_prosody

RATE = 16_000


def voice(pitch_hz, level=0.1, sample_rate=RATE):
    """Return a buzz of ten harmonics whose pitch follows ``pitch_hz``, ``(samples,)``."""
    phase = 2 * np.pi * np.cumsum(np.asarray(pitch_hz, dtype=np.float64)) / sample_rate
    return level * sum(np.sin(k * phase) / k for k in range(1, 11))


def steady(pitch_hz=150.0, duration_s=1.0, **options):
    rate = options.get("sample_rate", RATE)
    return voice(np.full(int(duration_s * rate), pitch_hz), **options)


def silence(duration_s):
    return np.zeros(int(duration_s * RATE))


def hiss(duration_s, level=0.05):
    return level * np.random.default_rng(0).standard_normal(int(duration_s * RATE))


@pytest.mark.parametrize("pitch_hz", [80.0, 150.0, 240.0, 480.0])
def test_pitch_of_a_steady_voice_is_its_pitch_and_its_range_is_nothing(pitch_hz):
    record = measure_prosody(steady(pitch_hz), RATE)
    assert record.condition == "voiced"
    assert record.pitch_hz == pytest.approx(pitch_hz, rel=0.015)
    assert record.pitch_range_semitones < 0.5
    assert record.voiced_fraction > 0.9


def test_a_glide_over_an_octave_has_nine_tenths_of_it_between_the_5th_and_95th_percentile():
    record = measure_prosody(voice(110 * 2 ** np.linspace(0, 1, 3 * RATE)), RATE)
    assert record.pitch_range_semitones == pytest.approx(0.9 * 12, abs=0.6)
    assert record.pitch_hz == pytest.approx(110 * 2**0.5, rel=0.03)
    assert record.pitch_low_hz < record.pitch_hz < record.pitch_high_hz


def test_amplitude_and_loudness_agree_with_the_definitions():
    wave = steady(level=0.2, duration_s=2)
    record = measure_prosody(wave, RATE)
    assert record.peak == pytest.approx(np.abs(wave).max(), rel=1e-6)
    assert record.rms == pytest.approx(np.sqrt(np.mean(wave**2)), rel=1e-5)
    assert record.loudness_db == pytest.approx(20 * np.log10(record.rms), abs=0.1)
    assert record.duration_s == 2


def test_half_the_amplitude_is_six_decibels_less_and_changes_nothing_else():
    wave = np.concatenate([steady(120), silence(0.3), steady(180)])
    loud, soft = measure_prosody(wave, RATE, "one two three"), measure_prosody(wave / 2, RATE, "one two three")
    assert loud.loudness_db - soft.loudness_db == pytest.approx(20 * np.log10(2), abs=1e-3)
    assert loud.pitch_hz == pytest.approx(soft.pitch_hz, rel=1e-3)
    assert (loud.n_pauses, loud.words_per_s, loud.speech_s) == (soft.n_pauses, soft.words_per_s, soft.speech_s)


def test_silence_around_speech_changes_duration_and_rms_only():
    wave = np.concatenate([steady(), silence(0.3), steady()])
    bare, padded = measure_prosody(wave, RATE, "one two"), measure_prosody(np.concatenate([silence(1), wave, silence(1)]), RATE, "one two")
    assert padded.duration_s == bare.duration_s + 2
    assert padded.rms < bare.rms
    assert padded.loudness_db == pytest.approx(bare.loudness_db, abs=0.2)
    assert padded.speech_s == pytest.approx(bare.speech_s, abs=0.04)  # half a window at each end
    assert padded.n_pauses == bare.n_pauses == 1
    assert padded.pitch_hz == pytest.approx(bare.pitch_hz, rel=0.01)


def test_pauses_are_counted_from_a_fifth_of_a_second_on():
    wave = np.concatenate([steady(), silence(0.1), steady(), silence(0.5), steady(), silence(0.3), steady()])
    record = measure_prosody(wave, RATE)
    assert record.n_pauses == 2
    assert record.longest_pause_s == pytest.approx(0.5, abs=0.04)
    assert record.pause_fraction == pytest.approx(0.8 / 4.9, abs=0.02)


def test_syllables_are_the_waves_of_the_level():
    t = np.arange(3 * RATE) / RATE
    record = measure_prosody(steady(duration_s=3) * (0.55 - 0.45 * np.cos(2 * np.pi * 4 * t)), RATE)
    assert record.syllables_per_s == pytest.approx(4, rel=0.1)


def test_speaking_rate_counts_words_over_the_speech():
    record = measure_prosody(np.concatenate([silence(1), steady(duration_s=2)]), RATE, "I can't go - to the café !")
    assert record.words_per_s == pytest.approx(6 / 2, rel=0.03)
    assert record.with_transcript(None).words_per_s is None
    assert record.with_transcript("six").words_per_s == pytest.approx(0.5, rel=0.03)


@pytest.mark.parametrize(
    ("transcript", "words"), [("", None), ("...", None), ("Lubię czytać", 2), ("今日はいい天気", None), ("ok 2 go", 3)]
)
def test_words_are_counted_where_a_script_parts_them(transcript, words):
    assert count_words(transcript) == words


def test_another_sample_rate_gives_the_same_description():
    at_16, at_44 = measure_prosody(steady(), RATE), measure_prosody(steady(sample_rate=44_100), 44_100)
    assert at_44.pitch_hz == pytest.approx(at_16.pitch_hz, rel=0.01)
    assert at_44.loudness_db == pytest.approx(at_16.loudness_db, abs=0.2)


@pytest.mark.parametrize(
    ("wave", "condition"),
    [
        (silence(1), "silent"),
        (silence(1) + 5e-5, "silent"),
        (np.zeros(0), "silent"),
        (np.ones(1) * 0.5, "very short"),
        (steady(duration_s=0.05), "very short"),
        (steady(duration_s=0.11), "voiced"),
        (hiss(1), "unvoiced"),
        (np.eye(1, RATE)[0] * 0.5, "unvoiced"),
    ],
)
def test_odd_recordings_are_described_as_such_without_a_warning(wave, condition):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        record = measure_prosody(wave, RATE, "two words")
    assert record.condition == condition
    assert all(value is None or np.isfinite(value) for value in vars(record).values())
    assert Prosody(**vars(record)) == record


@pytest.mark.parametrize("wave", [np.full(RATE, np.nan), np.zeros((2, RATE)), np.zeros(RATE, np.int16)])
def test_what_is_not_a_mono_waveform_is_refused(wave):
    with pytest.raises(AudioError):
        measure_prosody(wave, RATE)


def test_pitch_agrees_with_the_finer_and_slower_search():
    librosa = pytest.importorskip("librosa")
    wave = voice(160 * 2 ** (0.4 * np.sin(2 * np.pi * 1.5 * np.arange(2 * RATE) / RATE))).astype(np.float32)
    pitch, voiced, _ = librosa.pyin(wave, sr=RATE, fmin=65, fmax=600, frame_length=1024, hop_length=256, resolution=0.1)
    record = measure_prosody(wave, RATE)
    expected = np.percentile(pitch[voiced], [5, 50, 95])
    np.testing.assert_allclose([record.pitch_low_hz, record.pitch_hz, record.pitch_high_hz], expected, rtol=0.015)
