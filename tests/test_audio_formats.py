"""Every format and rate comes back as the sound that was written, at its place and of its length, within what the codec loses."""

from itertools import product
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from emojudge.audio import SAMPLE_RATE, inspect_audio, load_audio, load_with_digest

RATES = (8_000, 11_025, 16_000, 22_050, 32_000, 44_100, 48_000)
OPUS_RATES = (8_000, 12_000, 16_000, 24_000, 48_000)
EXACT = {
    ("WAV", "PCM_U8"): 1 / 128,
    ("WAV", "PCM_16"): 1 / 32768,
    ("WAV", "PCM_24"): 2 / 2**23,
    ("WAV", "PCM_32"): 2**-24,
    ("WAV", "FLOAT"): 2**-24,
    ("FLAC", "PCM_16"): 1 / 32768,
    ("FLAC", "PCM_24"): 2 / 2**23,
}
"""Largest error of a sample, full scale being 1: one step of the form that is written."""
LOSSY = [
    *product([("OGG", "VORBIS"), ("MP3", "MPEG_LAYER_III")], RATES),
    *product([("OGG", "OPUS")], OPUS_RATES),
]
RESAMPLED = 3e-5
"""Largest error of soxr's high quality on these tones, full scale being 1."""


def bursts(rate: int) -> NDArray[np.float64]:
    """Return a second of two tone bursts that no shift of time maps onto themselves, quiet at both ends."""
    time_s = np.arange(rate) / rate
    high = 0.4 * np.sin(2 * np.pi * 900 * time_s) * np.exp(-(((time_s - 0.3) / 0.03) ** 2))
    return high + 0.4 * np.sin(2 * np.pi * 440 * time_s) * np.exp(-(((time_s - 0.6) / 0.08) ** 2))


def written(folder: Path, form: tuple[str, str], rate: int) -> Path:
    path = folder / f"a.{form[0].lower()}"
    soundfile.write(path, bursts(rate), rate, format=form[0], subtype=form[1])
    return path


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("form", EXACT, ids="-".join)
def test_lossless_forms_lose_a_step_and_what_resampling_loses(tmp_path: Path, form: tuple[str, str], rate: int) -> None:
    loaded = load_audio(written(tmp_path, form, rate))
    assert loaded.shape == (SAMPLE_RATE,)
    assert np.abs(loaded - bursts(SAMPLE_RATE)).max() <= EXACT[form] * (1 if rate == SAMPLE_RATE else 1.5) + RESAMPLED * (
        rate != SAMPLE_RATE
    )


@pytest.mark.parametrize(("form", "rate"), LOSSY)
def test_codecs_keep_length_place_and_sound(tmp_path: Path, form: tuple[str, str], rate: int) -> None:
    loaded, expected = load_audio(written(tmp_path, form, rate)), bursts(SAMPLE_RATE)
    assert loaded.shape == (SAMPLE_RATE,)  # the encoder's delay and padding are taken off again
    lag = int(np.correlate(loaded, expected, "full").argmax()) - (SAMPLE_RATE - 1)
    assert abs(lag) <= 1
    assert np.corrcoef(loaded, expected)[0, 1] > 0.98


@pytest.mark.parametrize("form", [("WAV", "PCM_16"), ("FLAC", "PCM_16"), ("OGG", "OPUS"), ("MP3", "MPEG_LAYER_III")], ids="-".join)
def test_a_stereo_file_of_any_form_is_the_mean_of_its_channels(tmp_path: Path, form: tuple[str, str]) -> None:
    path = tmp_path / f"a.{form[0].lower()}"
    sound = bursts(48_000)
    soundfile.write(path, np.stack([sound, 0.5 * sound], axis=1), 48_000, format=form[0], subtype=form[1])
    loaded = load_audio(path)
    assert loaded.shape == (SAMPLE_RATE,)
    expected = 0.75 * bursts(SAMPLE_RATE)
    assert np.dot(loaded, expected) / np.dot(expected, expected) == pytest.approx(1, abs=0.03)
    assert np.corrcoef(loaded, expected)[0, 1] > 0.98


@pytest.mark.parametrize("rate", [16_000, 44_100])
def test_samples_and_digest_come_from_one_decoding(tmp_path: Path, rate: int) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, np.random.default_rng(0).normal(0, 0.1, (rate, 2)), rate)
    samples, digest = load_with_digest(path)
    assert np.array_equal(samples, load_audio(path))
    assert digest == inspect_audio(path).digest
