"""The tokenizer of a run: what makes it, what it gives way to, and what is said where there is none."""

import logging
from pathlib import Path

import pytest

from emojudge.data.run_tokenizer import RunTokenizer
from emojudge.data.tokenizer import train_tokenizer
from emojudge.errors import ConfigError

SENTENCES = ["the cat sat on the mat", "the dog sat on the log"] * 5
OTHER = ["quite other words were spoken here"] * 5


def made(folder: Path, sentences: list[str]) -> RunTokenizer:
    tokenizer = RunTokenizer("corpus", vocab_size=290, max_tokens=5)
    tokenizer.make(None, str(folder), lambda: sentences)
    return tokenizer


def test_a_fit_makes_it_anew_and_other_stages_find_it(tmp_path: Path) -> None:
    made(tmp_path, OTHER)
    fitted = made(tmp_path, SENTENCES).needed(None)
    assert fitted.text == train_tokenizer(SENTENCES, 290)
    assert len(fitted.encode(SENTENCES)[0]) == 5
    later = RunTokenizer("corpus", vocab_size=1, max_tokens=5)
    later.find(None, str(tmp_path))
    assert later.needed(None).text == fitted.text


def test_a_checkpoints_tokenizer_beats_the_folders_but_not_that_of_a_fit(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    kept = train_tokenizer(OTHER, 290)
    tokenizer = made(tmp_path, SENTENCES)
    with pytest.raises(ConfigError, match="trained with another tokenizer"):
        tokenizer.take(kept, str(tmp_path), fitting=True)
    with caplog.at_level(logging.WARNING):
        tokenizer.take(kept, str(tmp_path), fitting=False)
    assert f"that in {tmp_path} is another one" in caplog.text
    assert tokenizer.needed(None).text == kept
    caplog.clear()
    tokenizer.take(kept, str(tmp_path), fitting=True)
    assert not caplog.records


def test_where_there_is_none_the_places_are_named(tmp_path: Path) -> None:
    tokenizer = RunTokenizer("corpus", vocab_size=290, max_tokens=5)
    tokenizer.find(None, str(tmp_path))
    with pytest.raises(ConfigError, match=rf"no tokenizer: .* {tmp_path}/tokenizer.json; name the checkpoint with --ckpt_path"):
        tokenizer.needed(str(tmp_path))
