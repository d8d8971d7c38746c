import pytest
import torch
import torch.nn.functional as F

from emojudge.nn.encoders import EcapaTdnn, LogMel
from emojudge.nn.masking import SpectrumMasking

SMALL = {"channels": 16, "features": 24, "bottleneck": 8, "scale": 4}


def small(**options):
    torch.manual_seed(0)
    return EcapaTdnn(log_mel=LogMel(n_mels=20, hop_s=0.02), **SMALL | options)


def padded(lengths, size=None, seed=0):
    mask = torch.arange(size or max(lengths)) < torch.tensor(lengths)[:, None]
    return torch.randn(mask.shape, generator=torch.Generator().manual_seed(seed)) * mask, mask


def trained(encoder):
    """Return the encoder with running statistics that are not those of its construction."""
    for seed in range(3):
        encoder.train()(*padded([9000, 16000, 4000], seed=seed))
    return encoder.eval()


OPTIONS = [
    {},
    {"normalize": "train"},
    {"normalize": "both", "raw_frames": True},
    {"normalize": "none", "scale": 1},
    {"stride": 2, "raw_frames": True},
    {"kernel": 3, "stride": 3, "dilations": [1]},
]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_padding_changes_no_utterance(options):
    encoder = trained(small(**options))
    lengths = [16000, 7001, 300, 1]
    waveform, mask = padded(lengths, size=24000)
    frames, frame_mask = encoder(waveform, mask)
    assert frames.shape == (*frame_mask.shape, encoder.features_out)
    for i, n in enumerate(lengths):
        single, single_mask = encoder(waveform[i : i + 1, :n], mask[i : i + 1, :n])
        assert single_mask.all()
        torch.testing.assert_close(frames[i][frame_mask[i]], single[0], atol=1e-4, rtol=0)


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_every_trainable_parameter_has_a_gradient(options):
    encoder = small(**options)
    frames, frame_mask = encoder(*padded([16000, 7001]))
    (frames * torch.randn_like(frames))[frame_mask].sum().backward()
    assert [name for name, p in encoder.named_parameters() if p.grad is None or not p.grad.any()] == []


def plain_ecapa(encoder, log_mels):
    """One utterance ``(mels, frames)`` by functional torch alone, after the figure of the publication."""

    def layer(module, x):
        c, n = module.convolution, module.norm
        x = F.relu(F.conv1d(x, c.weight, c.bias, dilation=c.dilation, padding=c.dilation[0] * (c.kernel_size[0] // 2)))
        return F.batch_norm(x, n.running_mean, n.running_var, n.weight, n.bias)

    x = layer(encoder.first, (log_mels - log_mels.mean(dim=1, keepdim=True))[None])
    outputs = []
    for block in encoder.blocks:
        y = layer(block.enter, x)
        groups = [y[:, k : k + 4] for k in range(0, 16, 4)]
        second = layer(block.res2[0], groups[1])
        third = layer(block.res2[1], groups[2] + second)
        fourth = layer(block.res2[2], groups[3] + third)
        y = layer(block.leave, torch.cat([groups[0], second, third, fourth], dim=1))
        hidden = F.relu(F.conv1d(y.mean(dim=2, keepdim=True), block.squeeze.weight, block.squeeze.bias))
        x = x + y * torch.sigmoid(F.conv1d(hidden, block.excite.weight, block.excite.bias))
        outputs.append(x)
    return layer(encoder.mix, torch.cat(outputs, dim=1))[0]


def test_it_is_the_published_network():
    encoder = trained(small())
    waveform, mask = padded([8000])
    log_mels = encoder.log_mel(waveform, mask)[0][0].T
    torch.testing.assert_close(encoder(waveform, mask)[0][0].T, plain_ecapa(encoder, log_mels), atol=1e-5, rtol=1e-4)


def test_default_sizes_are_the_published_ones():
    encoder = EcapaTdnn()
    assert [block.res2[0].convolution.dilation[0] for block in encoder.blocks] == [2, 3, 4]
    assert encoder.first.convolution.weight.shape == (512, 80, 5)
    assert [len(block.res2) for block in encoder.blocks] == [7, 7, 7]
    assert encoder.mix.convolution.weight.shape == (1536, 1536, 1)
    assert encoder.features_out == 1536


def test_utterance_normalisation_takes_the_level_away():
    waveform, mask = padded([8000])
    mel = LogMel(n_mels=20, hop_s=0.02, floor=1e-12)
    for normalize, equal in (("utterance", True), ("none", False), ("train", False)):
        torch.manual_seed(0)
        encoder = EcapaTdnn(mel, normalize, **SMALL).eval()
        assert torch.allclose(encoder(waveform, mask)[0], encoder(3 * waveform, mask)[0], atol=1e-4) == equal


def test_train_normalisation_is_by_all_training_frames_and_frozen_in_evaluation():
    encoder = small(normalize="train")
    seen = []
    for seed in range(2):
        waveform, mask = padded([9000, 5000], seed=seed)
        frames, frame_mask = encoder.log_mel(waveform, mask)
        seen.append(frames[frame_mask])
        encoder(waveform, mask)
    torch.testing.assert_close(encoder.running.mean, torch.cat(seen).mean(dim=0))
    encoder.eval()(waveform * 5, mask)
    torch.testing.assert_close(encoder.running.mean, torch.cat(seen).mean(dim=0))


def test_both_views_double_the_input_and_raw_frames_join_the_output():
    encoder = small(normalize="both", raw_frames=True)
    assert encoder.first.convolution.in_channels == 40
    assert encoder.features_out == 24 + 40
    frames, frame_mask = trained(encoder)(*padded([8000]))
    views = encoder._normalized(*encoder.log_mel(*padded([8000])))
    torch.testing.assert_close(frames[..., 24:], views)
    assert frame_mask.all()


def test_stride_halves_the_frames_and_thins_the_raw_ones():
    encoder = trained(small(stride=2, raw_frames=True))
    waveform, mask = padded([8000])  # 26 frames of 20 ms
    frames, _ = encoder(waveform, mask)
    assert frames.shape[1] == 13
    raw = encoder._normalized(*encoder.log_mel(waveform, mask))
    torch.testing.assert_close(frames[0, 3, 24:], raw[0, 6:8].mean(dim=0))


def test_masking_and_dropout_act_in_training_only():
    waveform, mask = padded([16000])
    for encoder in (small(masking=SpectrumMasking(frequency_masks=4)), small(dropout=0.5)):
        encoder.train()
        assert not torch.allclose(encoder(waveform, mask)[0], encoder(waveform, mask)[0])
        encoder.eval()
        torch.testing.assert_close(encoder(waveform, mask)[0], encoder(waveform, mask)[0])


def test_masking_hides_bands_of_both_views():
    torch.manual_seed(0)
    encoder = small(normalize="both", masking=SpectrumMasking(time_masks=0, frequency_masks=1, frequency_bins=20), raw_frames=True)
    frames, _ = encoder(*padded([16000]))
    hidden = (frames[0, :, 24:] == 0).all(dim=0)
    assert hidden.any()
    assert (hidden[:20] == hidden[20:]).all()


def test_channels_must_fit_the_scale():
    with pytest.raises(ValueError, match="multiple of scale"):
        EcapaTdnn(channels=30, scale=8)


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"normalize": "uterance"}, "normalize is 'uterance', expected one of utterance, train, both, none"),
        ({"stride": 0}, r"found 0 and \[2, 3, 4\]"),
        ({"dilations": []}, r"found 1 and \[\]"),
    ],
)
def test_a_setting_that_would_be_passed_over_or_break_later_is_refused(setting, message):
    with pytest.raises(ValueError, match=message):
        small(**setting)
