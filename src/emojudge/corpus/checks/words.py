"""Transcripts that are empty or say nothing, and utterances that lack words or sound which the others have."""

from collections.abc import Iterator

from ...errors import plural
from .findings import Finding
from .material import Material

PLACEHOLDERS = ("n/a", "na", "nan", "none", "null", "[inaudible]", "inaudible", "unk", "<unk>")
"""Transcripts that stand for a missing one more often than they were said, in lower case."""


def check_words(material: Material) -> Iterator[Finding]:
    """Yield what is wrong with transcripts, and which utterances lack what a branch needs."""
    texts, audio = material.column("transcript"), material.column("audio")
    if any(text is not None for text in texts):
        yield from _missing(material, texts)
    wordless = [row for row, text in enumerate(texts) if text is not None and not any(character.isalnum() for character in text)]
    if wordless:
        message = f"{plural(len(wordless), 'transcript')} without a letter or a digit ({material.by_split(wordless)})"
        yield material.finding("transcript_wordless", "warning", message, wordless)
    placeholders = [row for row, text in enumerate(texts) if text is not None and text.strip().casefold() in PLACEHOLDERS]
    if placeholders:
        said = ", ".join(sorted({repr(texts[row]) for row in placeholders}))
        message = f"{plural(len(placeholders), 'transcript')} that may stand for a missing one: {said}"
        yield material.finding("transcript_placeholder", "note", message, placeholders)
    without_audio = [row for row, path in enumerate(audio) if path is None]
    if len(without_audio) < len(audio):
        mute = [row for row in without_audio if texts[row] is not None]
        if mute:
            message = f"{plural(len(mute), 'utterance')} with a transcript and no audio, while others have both ({material.by_split(mute)})"
            yield material.finding("audio_missing", "warning", message, mute)
    nothing = [row for row in without_audio if texts[row] is None]
    if nothing:
        message = (
            f"{plural(len(nothing), 'utterance')} with neither audio nor transcript, of no use to any branch ({material.by_split(nothing)})"
        )
        yield material.finding("nothing_to_judge", "warning", message, nothing)


def _missing(material: Material, texts: list[str | None]) -> Iterator[Finding]:
    """Yield the utterances without a transcript; a note where their whole split has none, as withheld tests do."""
    for split, rows in material.splits.items():
        without = [row for row in rows if texts[row] is None]
        if without and len(without) == len(rows):
            message = f"{split} has no transcripts ({plural(len(rows), 'utterance')}): the text branch cannot score it as it is"
            yield material.finding("transcript_withheld", "note", message, without)
        elif without:
            message = f"{plural(len(without), 'utterance')} of {split} without a transcript (of {len(rows):,})"
            yield material.finding("transcript_missing", "warning", message, without)
