"""The sound of the synthetic corpus has the properties that its settings name."""

from dataclasses import replace

import numpy as np
import pytest

from emojudge.audio import SAMPLE_RATE
from emojudge.corpus.synthetic.settings import VOICES, Voice
from emojudge.corpus.synthetic.voice import Delivery, Speaker, draw_delivery, draw_speaker, speak, syllables

SPEAKER = Speaker(number=1, gender="Male", pitch_hz=120.0, tract=1.0, level_db=0.0, rate=1.0, tilt_db=0.0, breath_db=0.0)
PLAIN = Delivery(SPEAKER, Voice(), strength=1.0, pitch_hz=120.0, level_db=0.0, rate=1.0, tilt_db=0.0, breath_db=0.0)
SENTENCE = ["we", "put", "the", "melon", "near", "my", "window"]


def sound(seed=0, words=SENTENCE, bounds=(0.3, 9.0), **changes):
    return speak(words, replace(PLAIN, **changes), np.random.default_rng(seed), duration_s=bounds).astype(np.float64)


def pitch_of(samples):
    """Return the pitch of each loud 64 ms frame by the peak of its autocorrelation, in Hz."""
    frames = np.lib.stride_tricks.sliding_window_view(samples, 1024)[::256]
    frames = frames[np.sqrt((frames**2).mean(axis=1)) > 0.5 * np.sqrt((samples**2).mean())]
    spectrum = np.fft.rfft(frames * np.hanning(1024), 4096)
    correlation = np.fft.irfft(np.abs(spectrum) ** 2)
    lag = 32 + correlation[:, 32:250].argmax(axis=1)  # 64 to 500 Hz
    return SAMPLE_RATE / lag


def slope_of(samples):
    """Return the ratio of power above 2 kHz to that below 1 kHz, in dB."""
    power, hz = np.abs(np.fft.rfft(samples)) ** 2, np.fft.rfftfreq(len(samples), 1 / SAMPLE_RATE)
    return 10 * np.log10(power[hz > 2000].sum() / power[hz < 1000].sum())


def level_of(samples):
    return 10 * np.log10((samples**2).mean())


@pytest.mark.parametrize("pitch_hz", [100.0, 150.0, 220.0])
def test_the_median_pitch_is_the_one_asked_for(pitch_hz):
    assert np.median(pitch_of(sound(pitch_hz=pitch_hz))) == pytest.approx(pitch_hz, rel=0.12)


def test_the_pitch_range_follows_the_voice():
    spread = [np.diff(np.percentile(np.log2(pitch_of(sound(voice=Voice(range_factor=f)))), [10, 90]))[0] for f in (0.3, 3.0)]
    assert spread[1] > 1.5 * spread[0]


def test_a_final_rise_is_heard_at_the_end():
    def ending(final_st):
        pitch = pitch_of(sound(voice=Voice(final_st=final_st)))
        return 12 * np.log2(np.median(pitch[-10:]) / np.median(pitch[: len(pitch) // 2]))

    assert ending(8.0) - ending(0.0) > 3


@pytest.mark.parametrize("gain", [-6.0, 6.0])
def test_the_level_follows_in_decibels(gain):
    assert level_of(sound(level_db=gain)) - level_of(sound()) == pytest.approx(gain, abs=0.1)


def test_a_pressed_voice_is_brighter():
    voiced = ["my", "melon", "near", "window"]
    assert slope_of(sound(words=voiced, tilt_db=4.0)) - slope_of(sound(words=voiced, tilt_db=-4.0)) > 6


def test_breath_fills_the_gaps_between_harmonics():
    def harmonicity(samples):
        frames = np.lib.stride_tricks.sliding_window_view(samples, 1024)[::256]
        frames = frames[np.sqrt((frames**2).mean(axis=1)) > 0.7 * np.sqrt((samples**2).mean())]
        correlation = np.fft.irfft(np.abs(np.fft.rfft(frames * np.hanning(1024), 4096)) ** 2)
        return np.median(correlation[:, 100:170].max(axis=1) / correlation[:, 0])

    assert harmonicity(sound(breath_db=20.0)) < harmonicity(sound()) - 0.1
    assert harmonicity(sound(voice=Voice(jitter=0.05))) < harmonicity(sound()) - 0.02
    assert harmonicity(sound(voice=Voice(shimmer=0.5))) < harmonicity(sound()) - 0.005


def test_speaking_faster_takes_less_time():
    assert len(sound(rate=2.0)) < 0.7 * len(sound())
    assert len(sound(voice=Voice(pause_factor=4.0))) > len(sound())


@pytest.mark.parametrize("bounds", [(0.5, 0.8), (4.0, 4.2)])
def test_the_duration_stays_within_its_bounds(bounds):
    seconds = len(sound(bounds=bounds)) / SAMPLE_RATE
    assert bounds[0] <= seconds <= bounds[1]


def test_the_result_fits_into_a_file():
    loud = sound(level_db=60.0)
    assert np.abs(loud).max() <= 0.99 + 1e-6
    assert len(loud) % 128 == 0


def test_the_same_seed_says_the_same():
    np.testing.assert_array_equal(sound(seed=3), sound(seed=3))
    assert not np.array_equal(sound(seed=3)[:1000], sound(seed=4)[:1000])


@pytest.mark.parametrize(
    ("word", "expected"),
    [("melon", [("m", "e"), ("l", "o")]), ("lake", [("l", "a")]), ("the", [("h", "e")]), ("my", [("m", "y")]), ("hm", [("", "e")])],
)
def test_letters_decide_the_syllables(word, expected):
    assert syllables(word) == expected


def test_an_emotion_scales_with_its_strength_and_a_neutral_one_changes_nothing():
    speaker = draw_speaker(1, "Female", np.random.default_rng(0))
    draws = {name: [draw_delivery(speaker, voice, np.random.default_rng(k)) for k in range(200)] for name, voice in VOICES.items()}
    level = {name: np.mean([d.level_db for d in found]) - speaker.level_db for name, found in draws.items()}
    assert level["neutral"] == pytest.approx(0, abs=0.5)
    assert level["angry"] - level["neutral"] == pytest.approx(VOICES["angry"].level_db * 0.9, abs=0.3)
    strengths = [d.strength for d in draws["angry"]]
    assert np.corrcoef(strengths, [d.level_db - n.level_db for d, n in zip(draws["angry"], draws["neutral"], strict=True)])[0, 1] > 0.99


def test_women_speak_higher_than_men():
    rng = np.random.default_rng(0)
    pitch = {gender: [draw_speaker(1, gender, rng).pitch_hz for _ in range(100)] for gender in ("Female", "Male")}
    assert np.median(pitch["Female"]) > 1.5 * np.median(pitch["Male"])
