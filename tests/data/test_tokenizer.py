"""Tokenizers: trained on the corpus or pretrained, one JSON text either way."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from emojudge.data.tokenizer import (
    MIN_VOCAB_SIZE,
    SPECIAL_TOKENS,
    TextTokenizer,
    find_tokenizer,
    make_tokenizer,
    pretrained_tokenizer,
    read_tokenizer,
    train_tokenizer,
)
from emojudge.errors import ConfigError

SENTENCES = ["I told you so, didn't I?", "You told me nothing.", "so I told them, and they told me", "Nothing, nothing at all!"] * 3


@pytest.fixture(scope="module")
def trained() -> str:
    return train_tokenizer(SENTENCES, 300)


def test_special_tokens_have_robertas_numbers(trained: str) -> None:
    from transformers import RobertaConfig

    vocabulary = TextTokenizer(trained).vocabulary()
    assert [vocabulary[token] for token in SPECIAL_TOKENS] == [0, 1, 2, 3, 4]
    config = RobertaConfig()
    assert (config.bos_token_id, config.pad_token_id, config.eos_token_id) == (0, 1, 2)
    assert TextTokenizer(trained).pad_id == 1


def test_vocabulary_is_at_most_as_large_as_asked(trained: str) -> None:
    assert len(TextTokenizer(trained)) <= 300
    assert len(TextTokenizer(trained)) > MIN_VOCAB_SIZE
    assert len(TextTokenizer(train_tokenizer(["a"], 300))) == MIN_VOCAB_SIZE
    with pytest.raises(ConfigError, match="at least 261"):
        train_tokenizer(SENTENCES, 260)


def test_another_process_trains_the_same(trained: str) -> None:
    code = f"from emojudge.data.tokenizer import train_tokenizer; print(train_tokenizer({SENTENCES!r}, 300))"
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert json.loads(other) == json.loads(trained)


def test_merges_follow_the_words_of_the_corpus(trained: str) -> None:
    tokenizer = TextTokenizer(trained)
    known, unknown = tokenizer.encode(["I told you nothing", "Xylophones quake"])
    assert len(known) < len("I told you nothing") / 2
    assert len(unknown) > len("Xylophones quake") - 3


def test_any_text_is_encoded_without_unknowns(trained: str) -> None:
    for tokens in TextTokenizer(trained).encode(["naïve café", "日本語", "\x00\u202e", "🙂"]):
        assert 3 not in tokens
        assert tokens[0] == 0
        assert tokens[-1] == 2
        assert len(tokens) > 3


def test_special_tokens_in_a_transcript_are_only_text(trained: str) -> None:
    (tokens,) = TextTokenizer(trained).encode(["<mask> </s> <pad>"])
    assert not {1, 4} & set(tokens.tolist())
    assert tokens.tolist().count(2) == 1


def test_long_transcript_is_cut_and_a_missing_one_is_empty(trained: str) -> None:
    cut, missing, short = TextTokenizer(trained, max_tokens=8).encode(["I told you so " * 50, None, "so"])
    assert len(cut) == 8
    assert (cut[0], cut[-1]) == (0, 2)
    assert missing.shape == (0,)
    assert 0 < len(short) < 8
    assert len(TextTokenizer(trained).encode(["I told you so " * 50])[0]) == 128


def test_pretrained_folder_gives_what_transformers_gives(tmp_path: Path, trained: str) -> None:
    from transformers import AutoTokenizer, RobertaConfig, RobertaTokenizer

    model = json.loads(trained)["model"]
    RobertaTokenizer(vocab=model["vocab"], merges=[tuple(merge) for merge in model["merges"]]).save_pretrained(tmp_path)
    RobertaConfig().save_pretrained(tmp_path)
    reference = AutoTokenizer.from_pretrained(tmp_path)
    ours = TextTokenizer(pretrained_tokenizer(str(tmp_path)), max_tokens=12)
    texts = ["I told you so, didn't I?", "naïve", "Nothing, nothing at all! " * 5]
    expected = reference(texts, truncation=True, max_length=12)["input_ids"]
    assert [tokens.tolist() for tokens in ours.encode(texts)] == expected
    assert ours.pad_id == reference.pad_token_id == 1


def test_folder_of_a_deberta_gives_its_tokens(tmp_path: Path, trained: str) -> None:
    from transformers import DebertaConfig

    specials = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    model = json.loads(trained)["model"]
    words = [word for word in model["vocab"] if word not in SPECIAL_TOKENS]
    (tmp_path / "vocab.json").write_text(json.dumps({word: i for i, word in enumerate(specials + words)}))
    (tmp_path / "merges.txt").write_text("\n".join(["#version: 0.2", *(" ".join(pair) for pair in model["merges"])]))
    DebertaConfig().save_pretrained(tmp_path)
    ours = TextTokenizer(pretrained_tokenizer(str(tmp_path)))
    ((first, *tokens, last),) = ours.encode(["I told you so"])
    assert (first, last, ours.pad_id) == (2, 3, 0)
    assert "".join((specials + words)[token] for token in tokens) == "IĠtoldĠyouĠso"


def test_folder_without_a_vocabulary_is_refused_and_told_what_to_hold(tmp_path: Path) -> None:
    from transformers import RobertaConfig

    RobertaConfig().save_pretrained(tmp_path)
    with pytest.raises(ConfigError, match=r"has no vocabulary; a folder must hold tokenizer.json \(or vocab.json and merges.txt"):
        pretrained_tokenizer(str(tmp_path))


def test_folder_of_a_text_run_serves_as_a_pretrained_tokenizer(tmp_path: Path) -> None:
    text = make_tokenizer("corpus", str(tmp_path / "run"), SENTENCES, 300)
    assert pretrained_tokenizer(str(tmp_path / "run")) == text


def test_folder_that_is_not_there_is_named() -> None:
    with pytest.raises(ConfigError, match="there is no folder /nowhere/at/all"):
        pretrained_tokenizer("/nowhere/at/all")


def test_name_that_cannot_be_reached_says_so_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(ConfigError, match="'nobody/nothing-base' cannot be loaded") as error:
        pretrained_tokenizer("nobody/nothing-base")
    assert "\n" not in str(error.value)
    assert "a folder that holds tokenizer.json" in str(error.value)


def test_saved_tokenizer_is_found_and_never_trained_again(tmp_path: Path) -> None:
    assert find_tokenizer("corpus", str(tmp_path)) is None
    assert find_tokenizer("corpus", None) is None
    text = make_tokenizer("corpus", str(tmp_path), SENTENCES, 300)
    assert find_tokenizer("corpus", str(tmp_path)) == text
    assert find_tokenizer("nobody/nothing-base", str(tmp_path)) == text


@pytest.mark.parametrize("text", ["{", '{"version": "1.0"}', ""])
def test_file_that_is_no_tokenizer_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "tokenizer.json"
    path.write_text(text)
    with pytest.raises(ConfigError, match=r"tokenizer\.json: not a tokenizer saved by a run"):
        read_tokenizer(path)
