import logging

import pytest
import torch

from emojudge.errors import ConfigError
from emojudge.nn.encoders import HuggingFaceEncoder

SIZES = {
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 32,
    "conv_dim": [8] * 7,
    "num_conv_pos_embeddings": 16,
    "num_conv_pos_embedding_groups": 2,
    "feat_extract_norm": "layer",
    "do_stable_layer_norm": True,
}
FAMILIES = ["wavlm", "hubert", "wav2vec2"]


def tiny(model_type="wavlm", spec_augment=False, **sizes):
    torch.manual_seed(0)
    return HuggingFaceEncoder({"model_type": model_type, **SIZES, **sizes}, pretrained=False, spec_augment=spec_augment)


def padded(lengths, size=None):
    mask = torch.arange(size or max(lengths)) < torch.tensor(lengths)[:, None]
    return torch.randn(mask.shape, generator=torch.Generator().manual_seed(0)) * mask, mask


@pytest.mark.parametrize("family", FAMILIES)
def test_padding_changes_no_utterance(family):
    encoder = tiny(family).eval()
    lengths = [16000, 9001, 399, 7]  # the last two are shorter than a frame
    waveform, mask = padded(lengths, size=20000)
    frames, frame_mask = encoder(waveform, mask)
    assert frame_mask.sum(dim=1).tolist() == [49, 27, 1, 1]
    for i, n in enumerate(lengths):
        single, single_mask = encoder(waveform[i : i + 1, :n], mask[i : i + 1, :n])
        assert single_mask.all()
        torch.testing.assert_close(frames[i][frame_mask[i]], single[0], atol=1e-4, rtol=0)


@pytest.mark.parametrize("family", FAMILIES)
def test_every_trainable_parameter_has_a_gradient(family):
    for encoder in (tiny(family), tiny(family, spec_augment=True)):
        frames, mask = encoder.train()(*padded([16000, 12000]))
        (frames * torch.randn_like(frames))[mask].sum().backward()
        assert [name for name, p in encoder.named_parameters() if p.requires_grad and (p.grad is None or not p.grad.any())] == []


def test_the_feature_extractor_is_frozen_and_all_layers_run():
    encoder = tiny(layerdrop=0.9)
    assert not any(p.requires_grad for p in encoder.model.feature_extractor.parameters())
    assert all(p.requires_grad for p in encoder.model.encoder.parameters())
    assert encoder.model.config.layerdrop == 0


def test_frame_lengths_are_those_of_the_convolutions():
    encoder = tiny()
    assert encoder.n_samples_min == 400
    for n in (400, 719, 720, 16000, 33333):
        frames, mask = encoder(*padded([n]))
        assert mask.sum() == frames.shape[1] == (n - 400) // 320 + 1


def test_spec_augment_is_off_unless_asked_for():
    waveform, mask = padded([32000])
    plain = {"hidden_dropout": 0.0, "attention_dropout": 0.0, "activation_dropout": 0.0, "feat_proj_dropout": 0.0}
    encoder = tiny(mask_time_prob=0.5, **plain).train()
    torch.testing.assert_close(encoder(waveform, mask)[0], encoder(waveform, mask)[0])
    assert not hasattr(encoder.model, "masked_spec_embed")
    masking = tiny(mask_time_prob=0.5, spec_augment=True, **plain).train()
    assert not torch.allclose(masking(waveform, mask)[0], masking(waveform, mask)[0])
    assert not masking.model.masked_spec_embed.requires_grad


@pytest.mark.parametrize("n", [10, 400, 3000, 3599, 3600])
def test_spec_augment_takes_clips_shorter_than_its_span(n):
    frames, mask = tiny(mask_time_prob=0.5, mask_time_length=10, spec_augment=True).train()(*padded([n, n // 2 + 1]))
    assert frames.isfinite().all()
    assert mask.any(dim=1).all()


def test_a_local_folder_gives_its_weights_in_float32(tmp_path):
    source = tiny()
    source.model.half().save_pretrained(tmp_path / "tiny")
    encoder = HuggingFaceEncoder(str(tmp_path / "tiny"))
    assert {p.dtype for p in encoder.parameters()} == {torch.float32}
    assert all(module.training for module in encoder.modules())
    for name, value in source.model.state_dict().items():
        torch.testing.assert_close(encoder.model.state_dict()[name], value.float())
    random = HuggingFaceEncoder(str(tmp_path / "tiny"), pretrained=False)
    assert not torch.equal(random.model.feature_projection.projection.weight, encoder.model.feature_projection.projection.weight)


def test_it_is_built_again_without_its_folder(tmp_path):
    tiny(spec_augment=True).model.save_pretrained(tmp_path / "tiny")
    encoder = HuggingFaceEncoder(str(tmp_path / "tiny"), spec_augment=True)
    again = HuggingFaceEncoder(**encoder.rebuild_arguments(), spec_augment=True)
    again.load_state_dict(encoder.state_dict())
    waveform, mask = padded([8000])
    torch.testing.assert_close(again.eval()(waveform, mask), encoder.eval()(waveform, mask))


def test_an_unreachable_name_says_what_a_folder_must_hold(monkeypatch):
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(ConfigError, match=r"'nobody/wavlm-huge' is neither a local folder nor .* must hold config.json"):
        HuggingFaceEncoder("nobody/wavlm-huge")


def test_a_missing_or_empty_folder_is_named(tmp_path):
    with pytest.raises(ConfigError, match=r"there is no folder .*/wavlm; a model's folder must hold config.json"):
        HuggingFaceEncoder(str(tmp_path / "wavlm"))
    with pytest.raises(ConfigError, match=r"has no config.json; a model's folder must hold"):
        HuggingFaceEncoder(str(tmp_path))
    tiny().model.config.save_pretrained(tmp_path)
    with pytest.raises(ConfigError, match=r"cannot be loaded; it must hold config.json and model.safetensors"):
        HuggingFaceEncoder(str(tmp_path))


def test_sizes_are_checked():
    with pytest.raises(ConfigError, match=r"'hiden_size' is no size of a wavlm model. Did you mean 'hidden_size'"):
        tiny(hiden_size=4)
    with pytest.raises(ConfigError, match=r"no model_type 'wavelm'. Did you mean 'wavlm'"):
        tiny("wavelm")
    with pytest.raises(ConfigError, match="needs 'model_type'"):
        HuggingFaceEncoder({"hidden_size": 4}, pretrained=False)
    with pytest.raises(ConfigError, match="no pretrained weights: set pretrained to false"):
        HuggingFaceEncoder({"model_type": "wavlm"})
    with pytest.raises(ConfigError, match="a roberta model does not take raw samples"):
        HuggingFaceEncoder({"model_type": "roberta"}, pretrained=False)


def test_loading_is_quiet(tmp_path, caplog):
    tiny().model.save_pretrained(tmp_path)
    with caplog.at_level(logging.WARNING):
        HuggingFaceEncoder(str(tmp_path))
    assert caplog.records == []
