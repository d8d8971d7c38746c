"""How far recognised words are from those that people wrote: word and character error rate, by jiwer."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from .._extras import need
from ..corpus.table import Table

_APOSTROPHES = dict.fromkeys(map(ord, "'’‘ʼ`´"))


@dataclass(frozen=True)
class ErrorRates:
    """Errors over some utterances together: those of all, divided by the words (characters) of all references."""

    n_utterances: int
    n_words: int
    """Words that people wrote."""
    wer: float
    """Substituted, missing and added words / ``n_words``; above 1 where many are added, NaN without a word."""
    cer: float
    """The same of characters, spaces included."""


def error_rates(table: Table, heard: Mapping[str, str | None]) -> dict[str, ErrorRates]:
    """Return the error rates of each split, and of ``all`` utterances together where there are several splits.

    Counted are utterances with a human transcript that were heard. Nothing heard means that every word is missing.

    Args:
        table: The corpus, with the human transcripts.
        heard: What was recognised, by utterance id; None where no word was.

    Raises:
        MissingExtraError: If jiwer is not installed.
    """
    pairs: dict[str, list[tuple[str, str]]] = {split: [] for split in table.splits}
    for id, split, text, source in zip(*(table.column(name) for name in ("id", "split", "transcript", "transcript_source")), strict=True):
        if source == "human" and text is not None and id in heard:
            pairs[split].append((normalised(text), normalised(heard[id] or "")))
    pairs = {split: found for split, found in pairs.items() if found}
    if len(pairs) > 1:
        pairs["all"] = [pair for found in pairs.values() for pair in found]
    return {split: _rates(found) for split, found in pairs.items()}


def normalised(text: str) -> str:
    """Return a transcript as it is compared: lower case, without punctuation, one space between words.

    Apostrophes vanish, every other mark or symbol separates words; letters of every script keep their accents. Numbers
    stay as they are written: "5" and "five" differ.

    >>> normalised("Don't — ŻÓŁĆ, well-known!")
    'dont żółć well known'
    """
    text = unicodedata.normalize("NFC", text).lower().translate(_APOSTROPHES)
    return " ".join("".join(" " if unicodedata.category(letter)[0] in "PS" else letter for letter in text).split())


def _rates(pairs: list[tuple[str, str]]) -> ErrorRates:
    jiwer = need("jiwer", "corpus")
    references, hypotheses = [reference for reference, _ in pairs], [hypothesis for _, hypothesis in pairs]
    n_words = sum(len(reference.split()) for reference in references)
    if n_words == 0:
        return ErrorRates(len(pairs), 0, float("nan"), float("nan"))
    return ErrorRates(len(pairs), n_words, float(jiwer.wer(references, hypotheses)), float(jiwer.cer(references, hypotheses)))
