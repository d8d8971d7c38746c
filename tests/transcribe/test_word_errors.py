"""Error rates agree with errors counted by hand."""

import math

import pytest

from emojudge.corpus.table import TableInfo, build_table
from emojudge.transcribe import error_rates, normalised


def table(rows):
    ids, splits, texts, sources = zip(*rows, strict=True)
    return build_table({"id": ids, "split": splits, "transcript": texts, "transcript_source": sources}, TableInfo("by hand"))


def test_errors_are_counted_over_all_words_of_a_split():
    corpus = table(
        [
            ("a", "train", "The cat sat on the mat.", "human"),  # 6 words: one substituted, one missing
            ("b", "train", "Yes!", "human"),  # 1 word: two added
            ("c", "dev", "Zażółć gęślą jaźń", "human"),  # 3 words: all right
            ("d", "dev", "not heard", "human"),
            ("e", "dev", "by a machine", "asr:x"),
        ]
    )
    rates = error_rates(corpus, {"a": "the cat sit on mat", "b": "oh yes, yes", "c": "ZAŻÓŁĆ, GĘŚLĄ: JAŹŃ?", "e": "nothing alike"})
    assert list(rates) == ["train", "dev", "all"]
    assert rates["train"].wer == pytest.approx(4 / 7)
    assert rates["dev"].wer == rates["dev"].cer == 0
    assert rates["all"].wer == pytest.approx(4 / 10)
    assert [(rate.n_utterances, rate.n_words) for rate in rates.values()] == [(2, 7), (1, 3), (3, 10)]
    # "sit" for "sat", "the " missing: 5 of 22 characters; "oh " and " yes" added to 3
    assert rates["train"].cer == pytest.approx((1 + 4 + 3 + 4) / (22 + 3))


def test_nothing_heard_is_every_word_missing_and_words_over_silence_are_added():
    corpus = table([("a", "dev", "one two three", "human"), ("b", "dev", "...", "human")])
    assert error_rates(corpus, {"a": None})["dev"].wer == 1
    assert error_rates(corpus, {"a": "one two three", "b": "hm"})["dev"].wer == pytest.approx(1 / 3)
    alone = error_rates(corpus, {"b": "hm"})["dev"]
    assert alone.n_words == 0
    assert math.isnan(alone.wer)


def test_nothing_to_compare_gives_no_rate():
    assert error_rates(table([("a", "dev", None, "none")]), {"a": "words"}) == {}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Don't — ŻÓŁĆ, well-known!", "dont żółć well known"),
        ("  „Cudzysłów”…  £5 ", "cudzysłów 5"),
        ("e\u0301te\u0301", "été"),
        ("नमस्ते।", "नमस्ते"),  # vowel signs are marks, not punctuation
        ("?!", ""),
    ],
)
def test_transcripts_are_compared_without_case_and_punctuation(text, words):
    assert normalised(text) == words
