"""The form of SpeechBrain: its weights under its names, and its arithmetic written out plainly for one utterance."""

import math

import pytest
import torch
import torch.nn.functional as F

from emojudge.errors import ConfigError
from emojudge.nn.encoders import DecibelMel, EcapaTdnn
from emojudge.nn.tuning import Frozen, LoRA, TopLayers

CHANNELS, FEATURES, EMBEDDING, SQUEEZE, ATTENTION, SCALE = 16, 24, 12, 128, 128, 8
LENGTHS = [16000, 9001, 700, 161, 1]  # the last three are shorter than a window, than the mirrored margins, than a hop


def speechbrain_weights(seed=0, channels=CHANNELS, features=FEATURES, embedding=EMBEDDING):
    """Return random weights under the names and in the shapes that ``ECAPA_TDNN`` of SpeechBrain has."""
    generator = torch.Generator().manual_seed(seed)
    weights = {}

    def convolution(name, n_out, n_in, kernel=1):
        weights[f"{name}.conv.weight"] = torch.randn(n_out, n_in, kernel, generator=generator) / math.sqrt(n_in * kernel)
        weights[f"{name}.conv.bias"] = torch.randn(n_out, generator=generator) / 4

    def norm(name, n):
        weights[f"{name}.norm.weight"] = 1 + torch.randn(n, generator=generator) / 4
        weights[f"{name}.norm.bias"] = torch.randn(n, generator=generator) / 4
        weights[f"{name}.norm.running_mean"] = torch.randn(n, generator=generator) / 4
        weights[f"{name}.norm.running_var"] = 0.5 + torch.rand(n, generator=generator)
        weights[f"{name}.norm.num_batches_tracked"] = torch.tensor(7)

    def tdnn(name, n_out, n_in, kernel=1):
        convolution(f"{name}.conv", n_out, n_in, kernel)
        norm(f"{name}.norm", n_out)

    tdnn("blocks.0", channels, 80, 5)
    for block in (1, 2, 3):
        tdnn(f"blocks.{block}.tdnn1", channels, channels)
        for layer in range(SCALE - 1):
            tdnn(f"blocks.{block}.res2net_block.blocks.{layer}", channels // SCALE, channels // SCALE, 3)
        tdnn(f"blocks.{block}.tdnn2", channels, channels)
        convolution(f"blocks.{block}.se_block.conv1", SQUEEZE, channels)
        convolution(f"blocks.{block}.se_block.conv2", channels, SQUEEZE)
    tdnn("mfa", features, 3 * channels)
    tdnn("asp.tdnn", ATTENTION, 3 * features)
    convolution("asp.conv", features, ATTENTION)
    norm("asp_bn", 2 * features)
    convolution("fc", embedding, 2 * features)
    return weights


def fbank(samples):
    """SpeechBrain's filterbank and sentence normalisation of one waveform ``(samples,)``, by plain sums: ``(80, frames)``."""
    padded = F.pad(samples, (200, 200))
    window = 0.54 - 0.46 * torch.cos(2 * math.pi * torch.arange(400) / 400)
    power = torch.stack([torch.fft.rfft(padded[k : k + 400] * window).abs() ** 2 for k in range(0, len(samples) + 1, 160)])
    top = 2595 * math.log10(1 + 8000 / 700)
    hz = [700 * (10 ** (top * k / 81 / 2595) - 1) for k in range(82)]
    bands = []
    for k in range(1, 81):
        width = hz[k] - hz[k - 1]
        heights = [(b, 1 - abs(40 * b - hz[k]) / width) for b in range(201)]
        bands.append(sum((height * power[:, b] for b, height in heights if height > 0), start=torch.zeros(len(power))))
    decibels = 10 * torch.stack(bands).clamp(min=1e-10).log10()
    decibels = decibels.clamp(min=float(decibels.max()) - 80)
    return decibels - decibels.mean(dim=1, keepdim=True)


def plain_ecapa(weights, samples):
    """One utterance through ECAPA-TDNN as in SpeechBrain, from its weights: ``(embedding,)``."""

    def same(name, x, dilation=1):
        weight = weights[f"{name}.conv.weight"]
        margin = dilation * (weight.shape[2] - 1) // 2
        while margin:  # in steps, since torch mirrors no more than there is
            step = min(margin, x.shape[2] - 1)
            x, margin = (F.pad(x, (step, step), mode="reflect"), margin - step) if step else (F.pad(x, (margin, margin), "replicate"), 0)
        return F.conv1d(x, weight, weights[f"{name}.conv.bias"], dilation=dilation)

    def norm(name, x):
        w = {key: weights[f"{name}.norm.{key}"] for key in ("running_mean", "running_var", "weight", "bias")}
        return F.batch_norm(x, w["running_mean"], w["running_var"], w["weight"], w["bias"])

    def tdnn(name, x, dilation=1):
        return norm(f"{name}.norm", F.relu(same(f"{name}.conv", x, dilation)))

    x = tdnn("blocks.0", fbank(samples)[None])
    outputs = []
    for block, dilation in ((1, 2), (2, 3), (3, 4)):
        name = f"blocks.{block}"
        groups = tdnn(f"{name}.tdnn1", x).chunk(SCALE, dim=1)
        done = [groups[0], tdnn(f"{name}.res2net_block.blocks.0", groups[1], dilation)]
        for k in range(2, SCALE):
            done.append(tdnn(f"{name}.res2net_block.blocks.{k - 1}", groups[k] + done[-1], dilation))
        y = tdnn(f"{name}.tdnn2", torch.cat(done, dim=1))
        gate = torch.sigmoid(same(f"{name}.se_block.conv2", F.relu(same(f"{name}.se_block.conv1", y.mean(dim=2, keepdim=True)))))
        x = x + gate * y
        outputs.append(x)
    x = tdnn("mfa", torch.cat(outputs, dim=1))
    mean, std = x.mean(dim=2, keepdim=True), x.var(dim=2, keepdim=True, correction=0).clamp(min=1e-12).sqrt()
    score = same("asp.conv", torch.tanh(tdnn("asp.tdnn", torch.cat([x, mean.expand_as(x), std.expand_as(x)], dim=1))))
    weight = score.softmax(dim=2)
    mean = (weight * x).sum(dim=2, keepdim=True)
    std = (weight * (x - mean) ** 2).sum(dim=2, keepdim=True).clamp(min=1e-12).sqrt()
    return same("fc", norm("asp_bn", torch.cat([mean, std], dim=1)))[0, :, 0]


@pytest.fixture
def folder(tmp_path):
    torch.save(speechbrain_weights(), tmp_path / "embedding_model.ckpt")
    return tmp_path


def padded(lengths, size=None, seed=0):
    mask = torch.arange(size or max(lengths)) < torch.tensor(lengths)[:, None]
    generator = torch.Generator().manual_seed(seed)
    level = torch.rand(len(mask), mask.shape[1] // 1000 + 1, generator=generator).repeat_interleave(1000, dim=1)[:, : mask.shape[1]]
    return torch.randn(mask.shape, generator=generator) * level**4 / 10 * mask, mask


def small(**options):
    torch.manual_seed(0)
    return EcapaTdnn(channels=CHANNELS, features=FEATURES, embedding=EMBEDDING, **options)


@pytest.mark.parametrize("n", LENGTHS)
def test_single_utterances_are_those_of_a_plain_speechbrain_network(folder, n):
    encoder = EcapaTdnn(model=str(folder)).eval()
    waveform, mask = padded([n], seed=n)
    frames, frame_mask = encoder(waveform, mask)
    assert frames.shape == (1, 1, EMBEDDING)
    assert frame_mask.tolist() == [[True]]
    torch.testing.assert_close(frames[0, 0], plain_ecapa(speechbrain_weights(), waveform[0]), atol=1e-4, rtol=0)


def test_a_batch_mirrors_each_utterance_at_its_own_end(folder):
    encoder = EcapaTdnn(model=str(folder)).eval()
    waveform, mask = padded(LENGTHS, size=24000)
    frames, frame_mask = encoder(waveform, mask)
    assert frame_mask.all()
    for i, n in enumerate(LENGTHS):
        torch.testing.assert_close(frames[i], encoder(waveform[i : i + 1, :n], mask[i : i + 1, :n])[0][0], atol=1e-4, rtol=0)


def test_its_frames_are_those_of_the_plain_filterbank():
    waveform, mask = padded([16000, 5000])
    frames, frame_mask = DecibelMel()(waveform, mask)
    for i, n in enumerate((16000, 5000)):
        real = frames[i][frame_mask[i]]
        assert real.max() - real.min() == pytest.approx(80, abs=1e-3)  # the range is cut, in this utterance's own terms
        torch.testing.assert_close((real - real.mean(dim=0)).T, fbank(waveform[i, :n]), atol=1e-3, rtol=0)  # decibels


def test_sizes_come_from_the_file_and_the_input_is_raw(folder):
    encoder = EcapaTdnn(model=str(folder))
    assert encoder.sizes == {"channels": CHANNELS, "features": FEATURES, "embedding": EMBEDDING}
    assert encoder.features_out == EMBEDDING
    assert encoder.takes_raw_waveform
    assert not EcapaTdnn(channels=16, features=24).takes_raw_waveform
    assert isinstance(encoder.log_mel, DecibelMel)


def test_every_trainable_parameter_has_a_gradient():
    for encoder in (small(), small(tuning=TopLayers(1))):
        waveform, mask = padded([16000, 7001, 300])
        frames, _ = encoder.train()(waveform, mask)
        (frames * torch.randn_like(frames)).sum().backward()
        # what the softmax or the last batch norm takes away again has a gradient of nearly zero
        assert [name for name, p in encoder.named_parameters() if p.requires_grad and (p.grad is None or not p.grad.any())] == []


def test_what_is_frozen_keeps_its_statistics():
    encoder = small(tuning=Frozen()).train()
    before = {name: value.clone() for name, value in encoder.state_dict().items()}
    frames, _ = encoder(*padded([16000, 7001]))
    assert not frames.requires_grad
    assert all(torch.equal(value, before[name]) for name, value in encoder.state_dict().items())
    assert encoder.training
    trained = small(tuning=TopLayers(2))
    assert [block.enter.convolution.weight.requires_grad for block in trained.blocks] == [False, True, True]
    assert trained.mix.norm.weight.requires_grad
    assert trained.embedding.score.weight.requires_grad
    assert not trained.first.norm.weight.requires_grad


def test_lora_finds_nothing_to_adapt():
    with pytest.raises(ConfigError, match="LoRA adapts the linear layers of a transformer, and this encoder has none"):
        small(tuning=LoRA())


def test_one_frame_and_silence_have_finite_gradients():
    for waveform in (torch.zeros(2, 4000), torch.randn(2, 50)):
        encoder = small().train()
        encoder(waveform, torch.ones_like(waveform, dtype=torch.bool))[0].square().sum().backward()
        assert all(p.grad is None or p.grad.isfinite().all() for p in encoder.parameters())


def test_published_sizes_train_from_scratch():
    encoder = EcapaTdnn(channels=1024, features=3072, embedding=192)
    waveform, mask = padded([8000, 6000])
    optimizer = torch.optim.SGD(encoder.parameters(), lr=1e-3)
    before = encoder.first.convolution.weight.clone()
    frames, _ = encoder(waveform, mask)
    assert frames.shape == (2, 1, 192)
    (frames * torch.randn_like(frames)).sum().backward()
    optimizer.step()
    assert not torch.equal(before, encoder.first.convolution.weight)
    expected = {name: value.shape for name, value in speechbrain_weights(0, 1024, 3072, 192).items() if "num_batches" not in name}
    assert sorted(map(tuple, expected.values())) == sorted(tuple(value.shape) for value in encoder.state_dict().values())


def test_it_is_built_again_without_its_file(folder):
    encoder = EcapaTdnn(model=str(folder)).eval()
    again = EcapaTdnn(**encoder.rebuild_arguments()).eval()
    again.load_state_dict(encoder.state_dict())
    waveform, mask = padded([8000])
    assert torch.equal(again(waveform, mask)[0], encoder(waveform, mask)[0])


def test_weights_that_do_not_fit_are_named_in_one_line(folder):
    def refused(change, **options):
        weights = speechbrain_weights()
        change(weights)
        torch.save(weights, folder / "embedding_model.ckpt")
        with pytest.raises(ConfigError) as error:
            EcapaTdnn(model=str(folder), **options)
        assert "\n" not in str(error.value)
        assert str(folder / "embedding_model.ckpt") in str(error.value)
        return str(error.value)

    assert "1 weight missing: blocks.2.tdnn2.norm.norm.weight" in refused(lambda w: w.pop("blocks.2.tdnn2.norm.norm.weight"))
    assert "1 weight that the network has not: extra" in refused(lambda w: w.update(extra=torch.ones(2)))
    misshaped = refused(lambda w: w.update({"asp.conv.conv.bias": torch.ones(3)}))
    assert f"1 weight of another shape: asp.conv.conv.bias is (3,), expected ({FEATURES},)" in misshaped
    assert "blocks.1.res2net_block.blocks.0" in refused(lambda w: None, scale=4)
    assert "blocks.0.conv.conv.weight is (16, 80, 5), expected (8, 80, 5)" in refused(lambda w: None, channels=8)
    assert "has no fc.conv.bias, so it is no ECAPA-TDNN of SpeechBrain" in refused(lambda w: w.pop("fc.conv.bias"))


def test_files_and_folders_that_hold_no_weights_are_named(tmp_path):
    with pytest.raises(ConfigError, match=r"there is no folder .*/ecapa; a model's folder must hold embedding_model.ckpt"):
        EcapaTdnn(model=str(tmp_path / "ecapa"))
    with pytest.raises(
        ConfigError, match=r"has no embedding_model.ckpt; a model's folder must hold embedding_model.ckpt, .*spkrec-ecapa-voxceleb"
    ):
        EcapaTdnn(model=str(tmp_path))
    path = tmp_path / "embedding_model.ckpt"
    for content in (b"", b"hello", b"PK\x03\x04 half an archive"):
        path.write_bytes(content)
        with pytest.raises(ConfigError, match=r"embedding_model.ckpt holds no weights, or is damaged"):
            EcapaTdnn(model=str(tmp_path))
    for content in ([1], {"model": {"weight": torch.ones(1)}}):
        torch.save(content, path)
        with pytest.raises(ConfigError, match="does not hold tensors by name"):
            EcapaTdnn(model=str(tmp_path))


def test_an_unreachable_name_says_what_a_folder_must_hold(monkeypatch):
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(
        ConfigError, match=r"'speechbrain/spkrec-ecapa-voxceleb' is neither a local folder nor .* must hold embedding_model.ckpt"
    ):
        EcapaTdnn(model="speechbrain/spkrec-ecapa-voxceleb")


def test_half_precision_stays_near_full_precision():
    encoder = small().eval()
    waveform, mask = padded([16000, 9001])
    full = encoder(waveform, mask)[0]
    with torch.autocast("cpu", torch.bfloat16):
        half = encoder(waveform, mask)[0].float()
    assert 0 < (half - full).abs().max() < 0.1 * full.std()


def test_raw_frames_do_not_join_an_embedding():
    with pytest.raises(ValueError, match="raw_frames join frames"):
        small(raw_frames=True)
