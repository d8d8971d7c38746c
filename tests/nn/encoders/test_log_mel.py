import cmath
import math

import pytest
import torch

from emojudge.nn.encoders import DecibelMel, LogMel
from emojudge.nn.encoders.log_mel import mel_filterbank


def test_a_frame_is_the_logarithm_of_filtered_power():
    torch.manual_seed(0)
    log_mel = LogMel(n_mels=4, window_s=16 / 1000, hop_s=8 / 1000, sample_rate=1000, f_min_hz=0)
    x = torch.randn(40)
    frames, mask = log_mel(x[None], torch.ones(1, 40, dtype=torch.bool))
    assert frames.shape == (1, 6, 4)
    assert mask.all()
    window = [0.5 - 0.5 * math.cos(2 * math.pi * k / 16) for k in range(16)]
    energy = sum(w * w for w in window)
    for t in (0, 2, 5):
        samples = [float(x[8 * t - 8 + k]) if 0 <= 8 * t - 8 + k < 40 else 0.0 for k in range(16)]
        power = [
            abs(sum(w * s * cmath.exp(-2j * math.pi * f * k / 16) for k, (w, s) in enumerate(zip(window, samples, strict=True)))) ** 2
            / energy
            for f in range(9)
        ]
        expected = (mel_filterbank(4, 16, 1000, 0) @ torch.tensor(power) + 1e-6).log()
        torch.testing.assert_close(frames[0, t], expected, atol=1e-4, rtol=1e-4)


def test_filters_are_those_of_librosa():
    filters = pytest.importorskip("librosa.filters")
    theirs = filters.mel(sr=16000, n_fft=512, n_mels=64, fmin=50, fmax=7600, htk=True, norm=None)
    torch.testing.assert_close(mel_filterbank(64, 512, 16000, 50, 7600), torch.from_numpy(theirs))


def test_a_tone_falls_into_the_band_of_its_pitch():
    time = torch.arange(16000) / 16000
    log_mel = LogMel(n_mels=40, f_min_hz=0)
    for pitch_hz in (300, 1000, 4000):
        frames, _ = log_mel(torch.sin(2 * math.pi * pitch_hz * time)[None], torch.ones(1, 16000, dtype=torch.bool))
        centres = [2595 * math.log10(1 + 8000 / 700) * (k + 1) / 41 for k in range(40)]
        nearest = min(range(40), key=lambda k: abs(centres[k] - 2595 * math.log10(1 + pitch_hz / 700)))
        assert abs(int(frames[0, 50].argmax()) - nearest) <= 1


def test_white_noise_of_unit_variance_has_unit_power_a_bin():
    x = torch.randn(1, 160000, generator=torch.Generator().manual_seed(0))
    log_mel = LogMel(n_mels=20)
    frames, _ = log_mel(x, torch.ones_like(x, dtype=torch.bool))
    power = frames.exp().mean(dim=1)[0] / log_mel.filterbank.sum(dim=1)
    torch.testing.assert_close(power, torch.ones(20), atol=0.1, rtol=0)


def test_padding_changes_no_real_frame_whatever_it_holds():
    torch.manual_seed(0)
    x, mask = torch.randn(3, 9000), torch.arange(9000) < torch.tensor([[9000], [4321], [10]])
    frames, frame_mask = LogMel()(x, mask)
    assert frame_mask.sum(dim=1).tolist() == [57, 28, 1]
    for i, n in enumerate([9000, 4321, 10]):
        single, single_mask = LogMel()(x[i : i + 1, :n], mask[i : i + 1, :n])
        assert single_mask.all()
        torch.testing.assert_close(frames[i][frame_mask[i]], single[0], atol=1e-4, rtol=1e-5)


def test_more_bands_than_bins_are_refused():
    with pytest.raises(ValueError, match="200 mel bands are too many"):
        LogMel(n_mels=200)


def test_bands_above_half_of_the_sample_rate_are_refused():
    with pytest.raises(ValueError, match="f_max_hz is 7600, but sound at 8000 Hz ends at 4000 Hz"):
        LogMel(n_mels=20, f_max_hz=7600.0, sample_rate=8000)


@pytest.mark.parametrize("kind", [LogMel, DecibelMel])
@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"hop_s": 0.0}, "hop_s is 0, which at 16000 Hz is less than a sample"),
        ({"window_s": 1e-5}, "window_s is 1e-05, which at 16000 Hz is less than a sample"),
        ({"n_mels": 0}, "n_mels must be 1 or more, found 0"),
        ({"f_min_hz": 7000.0, "f_max_hz": 100.0}, "f_min_hz is 7000, expected 0 or more and less than f_max_hz, which is 100"),
    ],
)
def test_frames_that_cannot_be_are_refused(kind, setting, message):
    with pytest.raises(ValueError, match=message):
        kind(**setting)


def test_half_precision_leaves_the_spectrum_alone():
    x = torch.randn(1, 8000)
    mask = torch.ones(1, 8000, dtype=torch.bool)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        torch.testing.assert_close(LogMel()(x, mask)[0], LogMel()(x, mask)[0])
        assert LogMel()(x, mask)[0].dtype == torch.float32
