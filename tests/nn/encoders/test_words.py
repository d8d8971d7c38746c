import json

import pytest
import tiny_models
import torch
from tiny_models import text, tokens
from transformers import AutoConfig, AutoModel, AutoModelForMaskedLM

from emojudge.errors import ConfigError
from emojudge.nn.encoders import HuggingFaceTextEncoder

FAMILIES = list(tiny_models.TEXT)


@pytest.mark.parametrize("layer", ["last", "weighted"])
@pytest.mark.parametrize("family", FAMILIES)
def test_padding_changes_no_utterance_whatever_it_holds(family, layer):
    encoder = text(family, layer=layer).eval()
    for name, parameter in encoder.named_parameters():
        if name.endswith("bias"):  # zero in a new model, where padding could hide
            torch.nn.init.normal_(parameter, std=0.3)
    given, mask = tokens([9, 5, 1], size=12)
    frames, frame_mask = encoder(given, mask)
    for i, n in enumerate([9, 5, 1]):
        single, _ = encoder(given[i : i + 1, :n], mask[i : i + 1, :n])
        torch.testing.assert_close(frames[i][frame_mask[i]], single[0], atol=1e-4, rtol=0)


@pytest.mark.parametrize("family", FAMILIES)
def test_it_gives_what_the_library_gives_for_a_text(family):
    encoder = text(family).eval()
    library = AutoModel.from_config(AutoConfig.for_model(**tiny_models.TEXT[family]), attn_implementation="eager").eval()
    library.load_state_dict(encoder.model.state_dict(), strict=False)
    given, mask = tokens([9])
    torch.testing.assert_close(encoder(given, mask)[0], library(given).last_hidden_state, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("family", FAMILIES)
def test_the_last_token_reaches_the_first_and_there_is_no_pooler(family):
    encoder = text(family).eval()
    given, mask = tokens([9])
    other = given.clone()
    other[0, -1] = 4
    assert not torch.allclose(encoder(given, mask)[0][0, 0], encoder(other, mask)[0][0, 0], atol=1e-3)
    assert not any("pooler" in name for name, _ in encoder.named_parameters())


def test_more_tokens_than_positions_are_refused_with_both_numbers():
    encoder = text()
    encoder(*tokens([12]))
    with pytest.raises(ConfigError, match="a transcript has 13 tokens, the text encoder takes 12"):
        encoder(*tokens([13]))


@pytest.mark.parametrize("family", FAMILIES)
def test_a_local_folder_gives_its_weights_and_is_not_needed_again(tmp_path, family):
    encoder = text(family).eval()
    encoder.model.save_pretrained(tmp_path)
    loaded = HuggingFaceTextEncoder(str(tmp_path))
    again = HuggingFaceTextEncoder(**json.loads(json.dumps(loaded.rebuild_arguments())))  # a checkpoint keeps plain values
    again.load_state_dict(loaded.state_dict())
    given = tokens([9, 5])
    torch.testing.assert_close(again.eval()(*given)[0], encoder(*given)[0])


@pytest.mark.parametrize("family", ["roberta", "deberta", "deberta-v3"])
def test_a_folder_of_a_model_of_masked_words_gives_the_encoder_in_it(tmp_path, family):
    library = AutoModelForMaskedLM.from_config(AutoConfig.for_model(**tiny_models.TEXT[family])).eval()
    library.config.save_pretrained(tmp_path)
    torch.save(library.state_dict(), tmp_path / "pytorch_model.bin")  # the form that DeBERTa's weights have on the hub
    given, mask = tokens([9])
    expected = library.base_model(given).last_hidden_state
    torch.testing.assert_close(HuggingFaceTextEncoder(str(tmp_path)).eval()(given, mask)[0], expected, atol=1e-5, rtol=1e-4)


def test_deberta_without_its_extra_sizes_is_another_model():
    given = tokens([9])
    plain = {name: value for name, value in tiny_models.TEXT["deberta-v3"].items() if name not in ("share_att_key", "norm_rel_ebd")}
    other = HuggingFaceTextEncoder(plain, pretrained=False)
    assert other.state_dict().keys() != text("deberta-v3").state_dict().keys()
    assert other(*given)[0].shape == text("deberta-v3")(*given)[0].shape


@pytest.mark.parametrize("model_type", ["gpt2", "bart", "wav2vec2", "whisper", "vit", "funnel"])
def test_what_does_not_read_a_whole_text_is_refused(model_type):
    with pytest.raises(ConfigError, match=f"a {model_type} model does not serve as a text encoder; choose"):
        HuggingFaceTextEncoder({"model_type": model_type}, pretrained=False)


@pytest.mark.parametrize("name", ["microsoft/deberta-nobody", "nobody"])
def test_an_unreachable_name_says_what_a_folder_must_hold(monkeypatch, name):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(ConfigError, match=rf"'{name}' is neither a local folder nor .* must hold config.json"):
        HuggingFaceTextEncoder(name)
