import pytest
import torch

from emojudge.nn.masking import SpectrumMasking


def spectrum(lengths, views=2, mels=12):
    return torch.ones(len(lengths), max(lengths), views, mels), torch.arange(max(lengths)) < torch.tensor(lengths)[:, None]


def test_evaluation_passes_through():
    frames, mask = spectrum([9, 5])
    assert SpectrumMasking().eval()(frames, mask) is frames


def test_time_masks_hide_at_most_their_width_anew_for_each_utterance():
    torch.manual_seed(0)
    frames, mask = spectrum([60] * 300)
    hidden = SpectrumMasking(time_masks=1, time_frames=8, frequency_masks=0)(frames, mask) == 0
    width = hidden[:, :, 0, 0].sum(dim=1)
    assert set(width.tolist()) == set(range(9))
    assert (hidden == hidden[:, :, :1, :1]).all()
    assert hidden[:, 0].any()
    assert hidden[:, -1].any()


def test_half_of_a_short_utterance_stays():
    torch.manual_seed(0)
    frames, mask = spectrum([60, 4] * 100)
    hidden = SpectrumMasking(time_masks=1, time_frames=50, frequency_masks=0)(frames, mask)[:, :, 0, 0] == 0
    assert (hidden & mask)[1::2].sum(dim=1).max() == 2


def test_frequency_masks_hide_the_same_band_of_every_view():
    torch.manual_seed(0)
    frames, mask = spectrum([20] * 300)
    hidden = SpectrumMasking(time_masks=0, frequency_masks=1, frequency_bins=5)(frames, mask) == 0
    assert (hidden == hidden[:, :1, :1]).all()
    assert set(hidden[:, 0, 0].sum(dim=1).tolist()) == set(range(6))


def test_the_seed_decides_the_masks():
    frames, mask = spectrum([20, 12])
    masking = SpectrumMasking()
    outputs = []
    for seed in (3, 3, 4):
        torch.manual_seed(seed)
        outputs.append(masking(frames, mask))
    assert (outputs[0] == outputs[1]).all()
    assert (outputs[0] != outputs[2]).any()


@pytest.mark.parametrize("setting", ["time_masks", "time_frames", "frequency_masks", "frequency_bins"])
def test_nothing_to_mask_leaves_the_spectrum(setting):
    frames, mask = spectrum([20, 12])
    with pytest.raises(ValueError, match=f"{setting} must be 0 or more, found -1"):
        SpectrumMasking(**{setting: -1})
    kind = setting.split("_", maxsplit=1)[0]
    other = {"time": "frequency_masks", "frequency": "time_masks"}[kind]
    assert torch.equal(SpectrumMasking(**{setting: 0, other: 0})(frames, mask), frames)


@pytest.mark.parametrize(("n_masks", "n_frames", "most"), [(1, 9, 4), (2, 9, 4), (3, 9, 3), (2, 3, 0), (2, 1, 0)])
def test_all_masks_together_leave_half_of_a_short_clip(n_masks, n_frames, most):
    torch.manual_seed(0)
    frames, mask = spectrum([60, n_frames] * 300)
    hidden = SpectrumMasking(time_masks=n_masks, time_frames=50, frequency_masks=0)(frames, mask)[1::2, :, 0, 0] == 0
    assert hidden.sum(dim=1).max() == most
    assert not hidden[:, n_frames:].any()  # the masks fall on real frames only


def test_all_bands_together_leave_half_of_the_spectrum():
    torch.manual_seed(0)
    frames, mask = spectrum([20] * 500)
    hidden = SpectrumMasking(time_masks=0, frequency_masks=3, frequency_bins=12)(frames, mask)[:, 0, 0] == 0
    assert hidden.sum(dim=1).max() == 6


def test_more_masks_hide_more():
    frames, mask = spectrum([60] * 200)
    shares = []
    for n_masks in (1, 2):
        torch.manual_seed(0)
        shares.append((SpectrumMasking(time_masks=n_masks, time_frames=10, frequency_masks=0)(frames, mask) == 0).float().mean())
    assert shares[1] > 1.5 * shares[0]
