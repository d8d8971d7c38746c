"""Whisper's encoder over a clip's own frames: a slow plain version, transformers' own encoder, and what padding must not change."""

import logging
import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from emojudge.errors import ConfigError
from emojudge.nn.encoders import WhisperEncoder
from emojudge.nn.encoders.whisper.log_mel import WhisperMel
from emojudge.nn.tuning import Everything, Frozen, TopLayers

SIZES = {
    "model_type": "whisper",
    "d_model": 16,
    "encoder_layers": 3,
    "encoder_attention_heads": 2,
    "encoder_ffn_dim": 32,
    "decoder_layers": 1,
    "decoder_attention_heads": 2,
    "decoder_ffn_dim": 16,
    "vocab_size": 60,
    "num_mel_bins": 20,
    "max_source_positions": 50,  # one second
    "pad_token_id": 0,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "decoder_start_token_id": 1,
}
LENGTHS = [16000, 9001, 481, 320, 161, 7]


def tiny(layer="last", tuning=None, padded=False, spec_augment=False, gradient_checkpointing=False, **sizes):
    torch.manual_seed(0)
    encoder = WhisperEncoder(
        {**SIZES, **sizes},
        pretrained=False,
        layer=layer,
        tuning=tuning,
        padded=padded,
        spec_augment=spec_augment,
        gradient_checkpointing=gradient_checkpointing,
    )
    with torch.no_grad():  # away from zero biases and unit norms
        for name, p in encoder.model.named_parameters():
            if "embed_positions" not in name:
                p.add_(torch.randn(p.shape) / 10)
    return encoder


def batch_of(lengths, size=None, seed=0):
    mask = torch.arange(size or max(lengths)) < torch.tensor(lengths)[:, None]
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(mask.shape, generator=generator) * torch.rand(mask.shape, generator=generator) ** 3 / 10 * mask, mask


def plain_log_mel(samples, filters):
    """Frames ``(mels, frames)`` of one clip ``(samples,)``: those with their centre in it, and nothing of what is behind it."""
    n_frames = math.ceil(len(samples) / 160)
    padded = F.pad(samples, (0, 1000))
    padded = torch.cat([padded[1:201].flip(0), padded]).double()
    window = 0.5 - 0.5 * torch.cos(2 * math.pi * torch.arange(400, dtype=torch.float64) / 400)
    power = torch.stack([torch.fft.rfft(padded[160 * k : 160 * k + 400] * window).abs() ** 2 for k in range(n_frames)], dim=1)
    mel = (filters.double() @ power).clamp(min=1e-10).log10()
    return ((mel.clamp(min=float(mel.max()) - 8) + 4) / 4).float()


def plain_whisper(encoder, samples):
    """States of one clip by functional torch alone: the transformer's input, what each layer gives, and the last one after its norm."""
    model = encoder.model
    mel = plain_log_mel(samples, encoder.log_mel.filterbank)[None]
    x = F.gelu(F.conv1d(mel, model.conv1.weight, model.conv1.bias, padding=1))
    x = F.gelu(F.conv1d(x, model.conv2.weight, model.conv2.bias, padding=1, stride=2))[0].T  # (frames, features)
    x = x + model.embed_positions.weight[: len(x)]
    states = [x]

    def linear(module, y):
        return F.linear(y, module.weight, module.bias)

    def norm(module, y):
        return F.layer_norm(y, (y.shape[1],), module.weight, module.bias, module.eps)

    for layer in model.layers:
        y, attention = norm(layer.self_attn_layer_norm, x), layer.self_attn
        heads = []
        for part in (slice(0, 8), slice(8, 16)):
            query, key, value = (linear(p, y)[:, part] for p in (attention.q_proj, attention.k_proj, attention.v_proj))
            heads.append((query @ key.T / math.sqrt(8)).softmax(dim=1) @ value)
        x = x + linear(attention.out_proj, torch.cat(heads, dim=1))
        x = x + linear(layer.fc2, F.gelu(linear(layer.fc1, norm(layer.final_layer_norm, x))))
        states.append(x)
    return states, norm(model.layer_norm, x)


@pytest.mark.parametrize("n", LENGTHS)
def test_a_clip_has_the_frames_of_a_slow_plain_version(n):
    encoder = tiny().eval()
    waveform, mask = batch_of([n], seed=n)
    frames, frame_mask = encoder(waveform, mask)
    assert frame_mask.all()
    assert frames.shape == (1, math.ceil(math.ceil(n / 160) / 2), 16)
    torch.testing.assert_close(frames[0], plain_whisper(encoder, waveform[0])[1], atol=1e-4, rtol=0)


def test_layers_are_those_of_the_slow_plain_version():
    waveform, mask = batch_of([9001])
    states, last = plain_whisper(tiny(), waveform[0])
    for n in (1, 2, 3):
        encoder = tiny(layer=n).eval()
        assert len(encoder.model.layers) == n
        torch.testing.assert_close(encoder(waveform, mask)[0][0], states[n], atol=1e-4, rtol=0)
    mixed = tiny(layer="weighted").eval()
    with torch.no_grad():
        mixed.mixture.score.copy_(torch.tensor([0.0, 1.0, -1.0, 0.5]))
    weights = torch.tensor([0.0, 1.0, -1.0, 0.5]).softmax(dim=0)
    expected = sum(w * state for w, state in zip(weights, [*states[:3], last], strict=True))
    torch.testing.assert_close(mixed(waveform, mask)[0][0], expected, atol=1e-4, rtol=0)


@pytest.mark.parametrize("padded", [False, True])
def test_padding_changes_no_utterance(padded):
    encoder = tiny(padded=padded).eval()
    waveform, mask = batch_of(LENGTHS, size=20000)
    frames, frame_mask = encoder(waveform, mask)
    assert frame_mask.sum(dim=1).tolist() == [50, 29, 2, 1, 1, 1]
    for i, n in enumerate(LENGTHS):
        single, single_mask = encoder(waveform[i : i + 1, :n], mask[i : i + 1, :n])
        assert single_mask.sum() == frame_mask[i].sum()
        torch.testing.assert_close(frames[i][frame_mask[i]], single[single_mask], atol=1e-4, rtol=0)


def test_what_stands_on_padded_places_does_not_matter():
    encoder = tiny().eval()
    waveform, mask = batch_of([9001, 4000])
    loud = torch.where(mask, waveform, torch.tensor(5.0))
    torch.testing.assert_close(encoder(loud, mask)[0][mask_of(encoder, mask)], encoder(waveform, mask)[0][mask_of(encoder, mask)])


def mask_of(encoder, mask):
    return encoder(torch.zeros(mask.shape), mask)[1]


def whole_model(**sizes):
    from transformers import WhisperConfig, WhisperForConditionalGeneration

    torch.manual_seed(1)
    sizes = {name: value for name, value in {**SIZES, **sizes}.items() if name != "model_type"}
    return WhisperForConditionalGeneration(WhisperConfig(**sizes)).eval()


@pytest.mark.parametrize("whole", [True, False])
def test_the_padded_form_is_transformers_own_encoder_on_its_own_features(tmp_path, whole):
    from transformers import WhisperFeatureExtractor

    theirs = whole_model(max_source_positions=1500)
    (theirs if whole else theirs.model).save_pretrained(tmp_path)
    encoder = WhisperEncoder(str(tmp_path), padded=True).eval()
    waveform, mask = batch_of([31000, 16000])
    clips = [waveform[0].numpy(), waveform[1, :16000].numpy()]
    features = WhisperFeatureExtractor(feature_size=20)(clips, sampling_rate=16000, return_tensors="pt").input_features
    with torch.no_grad():
        expected = theirs.model.encoder(features).last_hidden_state
        frames, frame_mask = encoder(waveform, mask)
    assert frames.shape == (2, 1500, 16)
    torch.testing.assert_close(frames, expected, atol=1e-4, rtol=0)
    assert frame_mask.sum(dim=1).tolist() == [97, 50]


def test_a_clip_that_fills_the_window_is_nearly_the_same_in_both_forms():
    waveform, mask = batch_of([16000])  # as long as the tiny model's positions go
    own, padded = tiny().eval()(waveform, mask)[0], tiny(padded=True).eval()(waveform, mask)[0]
    assert own.shape == padded.shape
    assert (own - padded).abs().max() < 0.05  # the last frame sees silence behind the clip in one, its mirror image in the other
    short, short_mask = batch_of([4000])
    frames = [tiny(padded=padded).eval()(short, short_mask)[0][:, :13] for padded in (False, True)]
    assert (frames[0] - frames[1]).abs().max() > 0.05  # attention to 0.75 s of silence


@pytest.mark.parametrize("n_mels", [80, 128])
@pytest.mark.parametrize("n", [480_000, 100_001, 700, 3])
def test_log_mel_frames_are_those_of_the_feature_extractor(n, n_mels):
    from transformers import WhisperFeatureExtractor

    waveform, mask = batch_of([n], seed=n)
    extractor = WhisperFeatureExtractor(feature_size=n_mels)
    expected = extractor._np_extract_fbank_features(F.pad(waveform, (0, 480_000 - n)).numpy(), "cpu")[0]
    frames, frame_mask = WhisperMel(n_mels)(waveform, mask, 3000)
    np.testing.assert_allclose(frames[0].T, expected, atol=1e-4, rtol=0)
    assert frame_mask.sum() == math.ceil(n / 160)


def test_log_mel_frames_of_real_speech_are_those_of_the_feature_extractor_in_both_forms(speech):
    from transformers import WhisperFeatureExtractor

    extractor, log_mel = WhisperFeatureExtractor(), WhisperMel()
    for clip in speech:
        expected = extractor._np_extract_fbank_features(np.pad(clip, (0, 480_000 - len(clip)))[None], "cpu")[0]
        waveform, mask = torch.from_numpy(clip)[None], torch.ones(1, len(clip), dtype=torch.bool)
        np.testing.assert_allclose(log_mel(waveform, mask, 3000)[0][0].T, expected, atol=1e-4, rtol=0)
        own = log_mel(waveform, mask)[0][0].T
        np.testing.assert_allclose(own, expected[:, : own.shape[1]], atol=1e-4, rtol=0)


@pytest.fixture
def speech():
    from pathlib import Path

    from emojudge.audio import load_audio

    pack = Path(__file__).resolve().parents[3].parent / "shared" / "data" / "ravdess" / "audio"
    if not pack.is_dir():
        pytest.skip(f"there is no development pack {pack}")
    return [load_audio(path) for path in sorted(path for path in pack.rglob("*") if path.is_file())[:40:8]]


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"padded": True},
        {"layer": 2},
        {"layer": "weighted"},
        {"tuning": TopLayers(1)},
        {"tuning": TopLayers(1), "layer": "weighted"},
        {"tuning": Everything()},
        {"tuning": Frozen(), "layer": "weighted"},
        {"spec_augment": True},
        {"gradient_checkpointing": True},
    ],
)
def test_every_trainable_parameter_has_a_gradient(options):
    encoder = tiny(**options).train()
    frames, mask = encoder(*batch_of([16000, 9001]))
    (frames * torch.randn_like(frames))[mask].sum().backward()
    assert [name for name, p in encoder.named_parameters() if p.requires_grad and (p.grad is None or not p.grad.any())] == []
    assert any(p.requires_grad for p in encoder.parameters())
    assert not encoder.model.embed_positions.weight.requires_grad


def test_tuning_chooses_what_is_trained():
    trained = {name.split(".")[0] for name, p in tiny().model.named_parameters() if p.requires_grad}
    assert trained == {"layers", "layer_norm"}  # the convolutions are frozen, the positions are sinusoids
    assert tiny(tuning=Everything()).model.conv1.weight.requires_grad
    top = tiny(tuning=TopLayers(1)).model
    assert [layer.fc1.weight.requires_grad for layer in top.layers] == [False, False, True]
    frozen = tiny(tuning=Frozen(), dropout=0.5).train()
    waveform, mask = batch_of([9001])
    assert not frozen(waveform, mask)[0].requires_grad
    torch.testing.assert_close(frozen(waveform, mask), frozen(waveform, mask))


def test_lora_adapts_the_queries_and_values():
    pytest.importorskip("peft")
    from emojudge.nn.tuning import LoRA

    encoder = tiny(tuning=LoRA(rank=2)).train()
    frames, _ = encoder(*batch_of([9001]))
    frames.square().sum().backward()
    trained = [name for name, p in encoder.named_parameters() if p.requires_grad]
    assert {name.split(".")[4] for name in trained} == {"q_proj", "v_proj"}
    assert all(encoder.get_parameter(name).grad is not None for name in trained)


def test_gradient_checkpointing_gives_the_same_gradients():
    gradients = []
    for checkpointing in (False, True):
        encoder = tiny(gradient_checkpointing=checkpointing, dropout=0.2).train()
        torch.manual_seed(3)
        encoder(*batch_of([16000, 9001]))[0].square().sum().backward()
        gradients.append([p.grad for p in encoder.parameters() if p.requires_grad])
    for one, other in zip(*gradients, strict=True):
        torch.testing.assert_close(one, other, atol=1e-6, rtol=1e-5)


def test_spec_augment_hides_stretches_in_training_only():
    encoder = tiny(spec_augment=True, mask_time_prob=0.5, mask_time_length=10)
    waveform, mask = batch_of([16000, 9001])
    encoder.train()
    assert not torch.allclose(encoder(waveform, mask)[0], encoder(waveform, mask)[0])
    encoder.eval()
    assert torch.equal(encoder(waveform, mask)[0], tiny().eval()(waveform, mask)[0])
    for n in (7, 1500, 1601):  # shorter than a span, or hardly longer
        assert encoder.train()(*batch_of([n]))[0].isfinite().all()


def test_half_precision_stays_near_full_precision():
    encoder = tiny().eval()
    waveform, mask = batch_of([16000, 9001])
    full, frame_mask = encoder(waveform, mask)
    with torch.autocast("cpu", torch.bfloat16):
        half = encoder(waveform, mask)[0].float()
    assert 0 < (half - full)[frame_mask].abs().max() < 0.1 * full[frame_mask].std()


def test_a_clip_longer_than_the_positions_is_refused_and_padding_beyond_them_is_not():
    encoder = tiny().eval()
    waveform, mask = batch_of([16001])
    with pytest.raises(ConfigError, match=r"is 1.00 s long, and the whisper model hears 1 s; set data.init_args.max_duration_s to 1"):
        encoder(waveform, mask)
    assert encoder(*batch_of([16000], size=30000))[0].shape[1] == 50


def test_no_decoder_is_built_or_loaded_and_loading_is_quiet(tmp_path, caplog):
    theirs = whole_model()
    theirs.half().save_pretrained(tmp_path)
    with caplog.at_level(logging.WARNING):
        encoder = WhisperEncoder(str(tmp_path))
    assert caplog.records == []
    assert not any("decoder" in name for name, _ in encoder.named_parameters())
    assert {p.dtype for p in encoder.parameters()} == {torch.float32}
    assert all(module.training for module in encoder.modules())
    for name, value in theirs.model.encoder.state_dict().items():
        torch.testing.assert_close(encoder.model.state_dict()[name], value.float())


def test_it_is_built_again_without_its_folder(tmp_path):
    whole_model().save_pretrained(tmp_path)
    encoder = WhisperEncoder(str(tmp_path), layer=2).eval()
    again = WhisperEncoder(**encoder.rebuild_arguments(), layer=2).eval()
    again.load_state_dict(encoder.state_dict())
    waveform, mask = batch_of([8000])
    torch.testing.assert_close(again(waveform, mask), encoder(waveform, mask))


def test_what_cannot_be_loaded_says_what_a_folder_must_hold(tmp_path, monkeypatch):
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(ConfigError, match=r"'openai/whisper-small' is neither a local folder nor .* must hold config.json"):
        WhisperEncoder()
    with pytest.raises(ConfigError, match=r"there is no folder .*/whisper; a model's folder must hold config.json"):
        WhisperEncoder(str(tmp_path / "whisper"))
    whole_model().config.save_pretrained(tmp_path)
    with pytest.raises(ConfigError, match=r"cannot be loaded; it must hold config.json and model.safetensors"):
        WhisperEncoder(str(tmp_path))


def test_other_models_and_layers_are_refused():
    with pytest.raises(ConfigError, match="takes no wavlm model; give it a Whisper model, or choose HuggingFaceEncoder"):
        WhisperEncoder({"model_type": "wavlm"}, pretrained=False)
    with pytest.raises(ConfigError, match="there is no layer 4: the encoder has 3"):
        tiny(layer=4)
    with pytest.raises(ConfigError, match=r"'d_modle' is no size of a whisper model. Did you mean 'd_model'"):
        tiny(d_modle=4)
