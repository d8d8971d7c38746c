"""What a network refuses of a data module before a run."""

from types import SimpleNamespace

import pytest
from tiny_sizes import SIZES, WAVLM
from transformers import RobertaConfig, RobertaModel

from emojudge.errors import ConfigError
from emojudge.models import AcousticNetwork, TextNetwork
from emojudge.nn.encoders import EcapaTdnn, HuggingFaceEncoder, HuggingFaceTextEncoder, LogMel

SPEECH = {**WAVLM, "model_type": "wav2vec2"}
STAGES = ["fit", "validate", "test", "predict"]


def speech(norm="layer", exact=True):
    return AcousticNetwork(HuggingFaceEncoder({**SPEECH, "feat_extract_norm": norm}, pretrained=False, exact=exact), 3)


def words(model, pretrained):
    return TextNetwork(HuggingFaceTextEncoder(model, pretrained=pretrained), 3)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Folder of a RoBERTa with 50 token ids."""
    path = tmp_path_factory.mktemp("roberta")
    RobertaModel(RobertaConfig(vocab_size=50, max_position_embeddings=14, **SIZES), add_pooling_layer=False).save_pretrained(path)
    return str(path)


@pytest.mark.parametrize("stage", STAGES)
def test_waveforms_at_another_rate_are_refused_with_both(stage):
    log_mel = LogMel(n_mels=20, sample_rate=8000)
    for network, ours in [(AcousticNetwork(EcapaTdnn(log_mel, channels=8, features=8), 3), 8000), (speech(), 16000)]:
        network.check_data(SimpleNamespace(sample_rate=ours), stage)
        with pytest.raises(ConfigError, match=rf"waveforms at {ours} Hz, data.init_args.sample_rate is 22050"):
            network.check_data(SimpleNamespace(sample_rate=22050), stage)


@pytest.mark.parametrize(
    ("norm", "exact", "n_together", "warned"),
    [
        ("group", False, 8, True),
        ("group", False, None, True),
        ("group", False, 1, False),
        ("layer", False, 8, False),
        ("group", True, 8, False),
    ],
)
def test_an_encoder_that_hears_padding_is_warned_of_where_utterances_are_evaluated_together(caplog, norm, exact, n_together, warned):
    speech(norm, exact).check_data(SimpleNamespace(sample_rate=16000, eval_batch_size=n_together), "predict")
    said = "the wav2vec2 model gives an utterance other values in a padded batch than alone"
    assert [record.getMessage().startswith(said) for record in caplog.records] == [True] * warned
    assert (f"data.init_args.eval_batch_size is {n_together}: set the encoder's exact to true, or that to 1" in caplog.text) == warned


def test_pretrained_words_need_their_own_tokenizer(folder):
    network = words(folder, pretrained=True)
    with pytest.raises(ConfigError, match=f"set data.init_args.tokenizer: {folder}"):
        network.check_data(SimpleNamespace(tokenizer_name="corpus", n_token_ids=50), "fit")
    network.check_data(SimpleNamespace(tokenizer_name=folder, n_token_ids=50), "fit")
    network.check_data(SimpleNamespace(tokenizer_name="corpus", n_token_ids=None), "predict")  # the checkpoint brings its own
    words(folder, pretrained=False).check_data(SimpleNamespace(tokenizer_name="corpus", n_token_ids=50), "fit")


def test_token_ids_that_the_encoder_does_not_know_are_refused_with_both_numbers(folder):
    network = words(folder, pretrained=False)
    network.check_data(SimpleNamespace(tokenizer_name="corpus", n_token_ids=50), "fit")
    with pytest.raises(ConfigError, match="the tokenizer has 51 token ids, the text encoder's vocab_size is 50"):
        network.check_data(SimpleNamespace(tokenizer_name="corpus", n_token_ids=51), "fit")


def test_what_the_data_do_not_tell_is_not_checked(folder):
    for network in (speech("group"), words(folder, pretrained=True)):
        network.check_data(None, "fit")
