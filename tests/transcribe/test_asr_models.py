"""A recogniser is found by name or folder, known by what it is, and refused in one line."""

import shutil
from pathlib import Path

import pytest
from transformers import BertConfig, Wav2Vec2Config, Wav2Vec2Model

from emojudge.errors import ConfigError
from emojudge.transcribe.models import find_device, find_model, load_recognizer


def test_a_folder_is_shown_by_its_last_name(ctc, monkeypatch):
    assert find_model(ctc).label == "tiny-ctc"
    monkeypatch.chdir(ctc)
    assert find_model(".").label == "tiny-ctc"


def test_identity_is_that_of_the_content(ctc, tmp_path):
    copy = shutil.copytree(ctc, tmp_path / "elsewhere")
    assert find_model(str(copy)).identity() == find_model(ctc).identity()
    weights = copy / "model.safetensors"
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(content)
    assert find_model(str(copy)).identity() != find_model(ctc).identity()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("/no/where", "there is no folder /no/where; a model's folder must hold"),
        ("./no", "there is no folder ./no"),
        ("nobody/nothing", "'nobody/nothing' is neither a local folder nor reachable on the Hugging Face hub"),
    ],
)
def test_a_model_that_cannot_be_had_is_one_line(name, words):
    with pytest.raises(ConfigError) as error:
        find_model(name)
    assert str(error.value).startswith(words)
    assert "\n" not in str(error.value)


def test_a_model_of_another_kind_is_refused(tmp_path):
    BertConfig(hidden_size=8, num_attention_heads=2).save_pretrained(tmp_path)
    with pytest.raises(ConfigError, match="is a bert model; speech is recognised by Whisper models"):
        find_model(str(tmp_path))


def test_an_encoder_without_a_trained_head_is_refused(ctc, tmp_path):
    copy = Path(shutil.copytree(ctc, tmp_path / "encoder"))
    Wav2Vec2Model(Wav2Vec2Config.from_pretrained(ctc)).save_pretrained(copy)
    with pytest.raises(ConfigError, match=r"has no weights for lm_head\.bias, lm_head\.weight: it was not trained to recognise speech"):
        load_recognizer(find_model(str(copy)), device="cpu")


def cut_short(path):
    path.write_bytes(path.read_bytes()[:-100])


@pytest.mark.parametrize("spoil", [Path.unlink, cut_short])
@pytest.mark.parametrize("part", ["preprocessor_config.json", "model.safetensors"])
def test_a_part_that_is_missing_or_damaged_is_one_line(ctc, tmp_path, part, spoil):
    copy = Path(shutil.copytree(ctc, tmp_path / "partial"))
    spoil(copy / part)
    with pytest.raises(ConfigError, match=r"cannot be loaded; it must hold config\.json and model\.safetensors .* tokenizer's files"):
        load_recognizer(find_model(str(copy)), device="cpu")


def test_a_ctc_model_takes_no_language(ctc):
    with pytest.raises(ConfigError, match="a language is chosen for Whisper models"):
        find_model(ctc, "pl")


def test_devices_are_found_by_name(monkeypatch):
    monkeypatch.setattr("torch.cuda.device_count", lambda: 0)
    assert find_device("auto").type == find_device("cpu").type == "cpu"
    with pytest.raises(ConfigError, match="device 'cuda': torch sees 0 CUDA devices"):
        find_device("cuda")
    monkeypatch.setattr("torch.cuda.device_count", lambda: 2)
    assert find_device("auto").type == "cuda"
    assert find_device("cuda:1").index == 1
    with pytest.raises(ConfigError, match="torch sees 2 CUDA devices"):
        find_device("cuda:2")
    for name in ("gpu", "meta", "cuda:x"):
        with pytest.raises(ConfigError, match=f"there is no device '{name}'"):
            find_device(name)
