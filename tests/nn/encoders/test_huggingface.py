import json
import logging

import pytest
import tiny_models
import torch
from tiny_models import KNOWN_SPEECH, speech, waveforms
from transformers import AutoConfig, AutoModel, AutoModelForAudioClassification, AutoModelForCTC

from emojudge.errors import ConfigError
from emojudge.nn.encoders import HuggingFaceEncoder
from emojudge.nn.encoders.transformer import reached
from emojudge.nn.tuning import Frozen

FAMILIES = list(tiny_models.SPEECH)
SEE_PADDING = [
    "wavlm-base",
    "hubert-base",
    "wav2vec2-base",
    "wav2vec2-large",
    "unispeech-sat",
    "data2vec-audio",
    "wav2vec2-conformer",
    "sew",
]
NO_DROPOUT = dict.fromkeys(["hidden_dropout", "attention_dropout", "activation_dropout", "feat_proj_dropout"], 0.0)


# padding


@pytest.mark.parametrize(
    ("family", "layer"), [*((family, "last") for family in FAMILIES), *((family, "weighted") for family in FAMILIES if family != "sew")]
)
def test_padding_changes_no_utterance_in_evaluation(family, layer):
    encoder = speech(family, layer=layer).eval()
    assert not encoder.depends_on_padding
    lengths = [16000, 9001, 399, 7]  # the last two are shorter than a frame
    waveform, mask = waveforms(lengths, size=20000)
    frames, frame_mask = encoder(waveform, mask)
    assert frame_mask.sum(dim=1).tolist() == ([49, 27, 1, 1] if family != "sew" else [49, 27, 2, 2])  # SEW joins two
    for i, n in enumerate(lengths):
        single, single_mask = encoder(waveform[i : i + 1, :n], mask[i : i + 1, :n])
        assert single_mask.all()
        torch.testing.assert_close(frames[i][frame_mask[i]], single[0], atol=1e-4, rtol=0)


@pytest.mark.parametrize("family", FAMILIES)
def test_without_exact_evaluation_the_models_that_see_padding_are_those_that_say_so(family):
    encoder = speech(family, exact=False).eval()
    waveform, mask = waveforms([16000, 9001])
    frames, frame_mask = encoder(waveform, mask)
    single, _ = encoder(waveform[1:, :9001], mask[1:, :9001])
    differs = (frames[1][frame_mask[1]] - single[0]).abs().max() > 1e-3
    assert differs == encoder.depends_on_padding == (family in SEE_PADDING)


def test_a_frozen_encoder_gives_in_training_what_it_gives_in_evaluation():
    encoder = speech("hubert-base", tuning=Frozen())
    given = waveforms([16000, 9001])
    torch.testing.assert_close(encoder.train()(*given), encoder.eval()(*given))


# against the transformers library


@pytest.mark.parametrize("family", FAMILIES)
def test_it_gives_what_the_library_gives_for_a_clip(family):
    encoder = speech(family).eval()
    torch.manual_seed(0)
    library = AutoModel.from_config(AutoConfig.for_model(**tiny_models.SPEECH[family]), attn_implementation="eager").eval()
    library.load_state_dict(encoder.model.state_dict(), strict=False)
    for n in (16000, 9001):
        waveform, mask = waveforms([n])
        torch.testing.assert_close(encoder(waveform, mask)[0], library(waveform).last_hidden_state, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize(
    ("family", "layer"), [*((family, "last") for family in KNOWN_SPEECH), ("wavlm-base", "weighted"), ("hubert-base", "weighted")]
)
def test_a_classifier_of_the_library_on_our_frames_gives_what_it_gives_by_itself(family, layer):
    encoder = speech(family, layer=layer).eval()
    torch.manual_seed(0)
    config = AutoConfig.for_model(**tiny_models.SPEECH[family], use_weighted_layer_sum=layer == "weighted", num_labels=4)
    library = AutoModelForAudioClassification.from_config(config, attn_implementation="eager").eval()
    library.base_model.load_state_dict(encoder.model.state_dict(), strict=False)
    if layer == "weighted":
        torch.nn.init.normal_(library.layer_weights)
        encoder.mixture.load_state_dict({"score": library.layer_weights})
    waveform, mask = waveforms([16000, 9001])
    frames, frame_mask = encoder(waveform, mask)
    for i, n in enumerate([16000, 9001]):
        ours = library.classifier(library.projector(frames[i][frame_mask[i]]).mean(dim=0))
        torch.testing.assert_close(ours, library(waveform[i : i + 1, :n]).logits[0], atol=1e-5, rtol=1e-4)


# layers and what is trained


def test_the_feature_extractor_is_frozen_and_all_layers_run():
    encoder = speech(sizes={"layerdrop": 0.9})
    assert not any(p.requires_grad for p in encoder.model.feature_extractor.parameters())
    assert all(p.requires_grad for p in encoder.model.encoder.parameters())
    assert encoder.model.config.layerdrop == 0


def test_frame_lengths_are_those_of_the_convolutions():
    encoder = speech()
    assert encoder.n_samples_min == 400
    for n in (400, 719, 720, 16000, 33333):
        frames, mask = encoder(*waveforms([n]))
        assert mask.sum() == frames.shape[1] == (n - 400) // 320 + 1


# SpecAugment


def test_spec_augment_is_off_unless_asked_for():
    given = waveforms([32000])
    sizes = {"mask_time_prob": 0.5, **NO_DROPOUT}
    encoder = speech(sizes=sizes).train()
    torch.testing.assert_close(encoder(*given)[0], encoder(*given)[0])
    assert not hasattr(encoder.model, "masked_spec_embed")
    masking = speech(sizes=sizes, spec_augment=True).train()
    assert not torch.allclose(masking(*given)[0], masking(*given)[0])
    assert not masking.model.masked_spec_embed.requires_grad
    masking.load_state_dict(encoder.state_dict(), strict=False)
    torch.testing.assert_close(masking.eval()(*given)[0], encoder.eval()(*given)[0])


@pytest.mark.parametrize("family", KNOWN_SPEECH)
def test_spec_augment_puts_the_vector_on_real_frames(family):
    encoder = speech(family, {"mask_time_prob": 0.5, "mask_time_length": 5, **NO_DROPOUT}, spec_augment=True).train()
    given = []
    encoder.model.encoder.register_forward_pre_hook(lambda module, args: given.append(args[0].clone()))
    encoder(*waveforms([16000, 9001, 1000]))
    masked = (given[0] == encoder.model.masked_spec_embed).all(dim=2)
    n_masked = masked.sum(dim=1).tolist()
    assert 5 <= n_masked[0] < 49
    assert 5 <= n_masked[1] < 27
    assert n_masked[2] == 0  # two frames
    assert not masked[1, 27:].any()


@pytest.mark.parametrize("n", [10, 400, 3000, 3599, 3600])
def test_spec_augment_takes_clips_shorter_than_its_span(n):
    sizes = {"mask_time_prob": 0.5, "mask_time_length": 10, "mask_feature_prob": 0.5, "mask_feature_length": 4}
    frames, mask = speech(sizes=sizes, spec_augment=True).train()(*waveforms([n, n // 2 + 1]))
    assert frames.isfinite().all()
    assert mask.any(dim=1).all()


def test_spec_augment_masks_the_input_of_a_frozen_encoder_too():
    encoder = speech(sizes={"mask_time_prob": 0.5}, spec_augment=True, tuning=Frozen()).train()
    given = waveforms([32000])
    assert not torch.allclose(encoder(*given)[0], encoder(*given)[0])


def test_spec_augment_of_another_kind_of_model_is_refused():
    with pytest.raises(ConfigError, match="spec_augment is not offered for a sew model; turn it off"):
        speech("sew", spec_augment=True)


# folders and names


def test_a_local_folder_gives_its_weights_in_float32(tmp_path):
    source = speech()
    source.model.half().save_pretrained(tmp_path / "tiny")
    encoder = HuggingFaceEncoder(str(tmp_path / "tiny"))
    assert {p.dtype for p in encoder.parameters()} == {torch.float32}
    assert all(module.training for module in encoder.modules())
    for name, value in source.model.state_dict().items():
        torch.testing.assert_close(encoder.model.state_dict()[name], value.float())
    random = HuggingFaceEncoder(str(tmp_path / "tiny"), pretrained=False)
    assert not torch.equal(random.model.feature_projection.projection.weight, encoder.model.feature_projection.projection.weight)


def test_it_is_built_again_without_its_folder(tmp_path):
    speech(spec_augment=True).model.save_pretrained(tmp_path / "tiny")
    encoder = HuggingFaceEncoder(str(tmp_path / "tiny"), spec_augment=True)
    again = HuggingFaceEncoder(**encoder.rebuild_arguments(), spec_augment=True)
    again.load_state_dict(encoder.state_dict())
    given = waveforms([8000])
    torch.testing.assert_close(again.eval()(*given), encoder.eval()(*given))


def test_a_configuration_with_names_that_its_class_does_not_know_is_built_again(tmp_path):
    speech().model.save_pretrained(tmp_path)
    config = json.loads((tmp_path / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps({**config, "freeze_feat_extract_train": True, "replace_prob": 0.5}))
    encoder = HuggingFaceEncoder(str(tmp_path))
    again = HuggingFaceEncoder(**encoder.rebuild_arguments())
    assert encoder.config["replace_prob"] == again.config["replace_prob"] == 0.5


def test_a_folder_that_lacks_weights_is_refused(tmp_path):
    model = speech().model
    model.save_pretrained(tmp_path, state_dict={name: value for name, value in model.state_dict().items() if "layers.1" not in name})
    with pytest.raises(ConfigError, match=r"has no weights for encoder.layers.1.* and \d+ more, which would stay random"):
        HuggingFaceEncoder(str(tmp_path))


def test_a_folder_of_a_model_with_a_head_gives_the_encoder_in_it(tmp_path):
    config = AutoConfig.for_model(**tiny_models.SPEECH["wav2vec2-base"], vocab_size=20)
    library = AutoModelForCTC.from_config(config).eval()
    library.save_pretrained(tmp_path)
    waveform, mask = waveforms([9000])
    expected = library.wav2vec2(waveform).last_hidden_state
    torch.testing.assert_close(HuggingFaceEncoder(str(tmp_path)).eval()(waveform, mask)[0], expected, atol=1e-5, rtol=1e-4)


def test_code_in_a_folder_is_not_run(tmp_path):
    (tmp_path / "config.json").write_text('{"model_type": "mine", "auto_map": {"AutoConfig": "mine.Config", "AutoModel": "mine.Model"}}')
    (tmp_path / "mine.py").write_text("raise SystemExit('code of the folder was run')")
    with pytest.raises(ConfigError, match=r"cannot be loaded; it must hold config.json"):
        HuggingFaceEncoder(str(tmp_path))


def test_a_damaged_file_of_weights_is_named(tmp_path):
    speech().model.save_pretrained(tmp_path)
    file = tmp_path / "model.safetensors"
    file.write_bytes(file.read_bytes()[:1000])
    with pytest.raises(ConfigError, match=r"cannot be loaded; it must hold config.json and model.safetensors"):
        HuggingFaceEncoder(str(tmp_path))
    file.rename(tmp_path / "pytorch_model.bin")
    with pytest.raises(ConfigError, match=r"cannot be loaded; it must hold config.json and model.safetensors"):
        HuggingFaceEncoder(str(tmp_path))


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
    speech().model.config.save_pretrained(tmp_path)
    with pytest.raises(ConfigError, match=r"cannot be loaded; it must hold config.json and model.safetensors"):
        HuggingFaceEncoder(str(tmp_path))


def test_sizes_are_checked():
    with pytest.raises(ConfigError, match=r"'hiden_size' is no size of a wavlm model. Did you mean 'hidden_size'"):
        speech(sizes={"hiden_size": 4})
    with pytest.raises(ConfigError, match=r"no model_type 'wavelm'. Did you mean 'wavlm'"):
        HuggingFaceEncoder({"model_type": "wavelm"}, pretrained=False)
    with pytest.raises(ConfigError, match="needs 'model_type'"):
        HuggingFaceEncoder({"hidden_size": 4}, pretrained=False)
    with pytest.raises(ConfigError, match="no pretrained weights: set pretrained to false"):
        HuggingFaceEncoder({"model_type": "wavlm"})
    with pytest.raises(ConfigError, match=r"no wavlm model has these sizes: .*conv_dim"):
        speech(sizes={"conv_dim": [8] * 6})
    with pytest.raises(ConfigError, match="a roberta model does not take raw samples"):
        HuggingFaceEncoder({"model_type": "roberta"}, pretrained=False)


def test_a_name_whose_model_is_there_but_cannot_be_loaded_gives_the_reason():
    def load(name):
        raise ValueError("the configuration asks for code\nof its own")

    with pytest.raises(ConfigError, match=r"^'nobody/wavlm' cannot be loaded \(the configuration asks for code\)$"):
        reached(load, "nobody/wavlm")


def test_loading_is_quiet(tmp_path, caplog):
    speech().model.save_pretrained(tmp_path)
    with caplog.at_level(logging.WARNING):
        HuggingFaceEncoder(str(tmp_path))
    assert caplog.records == []
