"""What splits share that should be apart: speakers, recordings, sound and words."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain

from ...errors import plural
from .findings import Finding, Severity
from .material import Material

TOLD_WORDS = 5
"""Fewest words of a transcript that two utterances do not share by chance. Shorter ones ("Yeah.", "I don't know.") recur in
any conversation: of 134 transcripts that train and test of MELD share, 3 have five words or more, and those three are copies."""

TOLD_CHARACTERS = 20
"""Fewest characters instead, where a transcript has no spaces, as in Chinese or Japanese."""


def check_leaks(material: Material) -> Iterator[Finding]:
    """Yield what splits share.

    Splits of different roles (``fit``, ``tune``, ``hold``) must not share a speaker: a score on one would partly
    measure how well voices of the other were learned. Splits of one role may, such as two test splits: a note.
    """
    yield from _speakers(material)
    yield from _recordings(material)
    yield from _sounds(material)
    yield from _words(material)


def _speakers(material: Material) -> Iterator[Finding]:
    speakers = material.column("speaker")
    for pair, shared in material.shared(speakers).items():
        rows = _rows(shared)
        are = "speaker is" if len(shared) == 1 else "speakers are"
        message = f"{len(shared):,} {are} in both {_both(material, pair, rows)}"
        yield material.finding("speaker_shared", _severity(material, pair, "error"), message, rows, shared)
    unknown = [row for row, speaker in enumerate(speakers) if speaker is None]
    if unknown:
        message = f"{plural(len(unknown), 'utterance')} without a known speaker ({material.by_split(unknown)}): shared ones cannot be seen"
        yield material.finding("speaker_unknown", "note", message, unknown)


def _recordings(material: Material) -> Iterator[Finding]:
    """Yield recordings that are in two splits, beyond those that already share a speaker.

    Where every speaker in it is known and in one split only, the room and the topic are shared and no voice: a warning,
    such as two speakers of one podcast. Where a speaker is unknown it may be one voice: an error.
    """
    speakers = material.column("speaker")
    for pair, shared in material.shared(material.column("recording")).items():
        apart: dict[str, list[int]] = {}
        doubtful: dict[str, list[int]] = {}
        for recording, rows in shared.items():
            voices = [{speakers[row] for row in rows if material.split[row] == split} for split in pair]
            if None in voices[0] | voices[1]:
                doubtful[recording] = rows
            elif not voices[0] & voices[1]:
                apart[recording] = rows
        cases: tuple[tuple[dict[str, list[int]], Severity, str], ...] = (
            (doubtful, "error", "of speakers not all known"),
            (apart, "warning", "of different speakers"),
        )
        for found, severity, remark in cases:
            if found:
                rows = _rows(found)
                are = "recording is" if len(found) == 1 else "recordings are"
                message = f"{len(found):,} {are} in both {_both(material, pair, rows)}, {remark}"
                yield material.finding("recording_shared", _severity(material, pair, severity), message, rows, found)


def _sounds(material: Material) -> Iterator[Finding]:
    """Yield audio that occurs twice, by the digest of its samples; silence is left to another check."""
    digests = [None if facts is None or facts.silent else facts.digest for facts in material.facts]
    for pair, shared in material.shared(digests).items():
        rows = _rows(shared)
        message = f"{plural(len(shared), 'sound')} in both {_both(material, pair, rows)}, sample for sample"
        yield material.finding("audio_shared", "error", message, rows)
    emotions = material.column("emotion")
    for split, members in material.splits.items():
        where: dict[str, list[int]] = {}
        for row in members:
            digest = digests[row]
            if digest is not None:
                where.setdefault(digest, []).append(row)
        groups = [rows for rows in where.values() if len(rows) > 1]
        if groups:
            n_differing = sum(len({emotions[row] for row in rows}) > 1 for rows in groups)
            rows = [row for group in groups for row in group]
            labels = f", {n_differing} with different labels" if n_differing else ""
            message = (
                f"{plural(len(groups), 'sound')} more than once in {split}, sample for sample ({plural(len(rows), 'utterance')}{labels})"
            )
            yield material.finding("audio_doubled", "warning", message, rows)


def _words(material: Material) -> Iterator[Finding]:
    """Yield transcripts that two splits share, without regard to case and space; short ones apart."""
    texts = [None if text is None else " ".join(text.casefold().split()) for text in material.column("transcript")]
    long = [text if text is not None and _tells(text) else None for text in texts]
    short = [text if text is not None and not _tells(text) else None for text in texts]
    for pair, shared in material.shared(long).items():
        rows = _rows(shared)
        what = f"{plural(len(shared), 'transcript')} of {TOLD_WORDS} or more words"
        message = f"{what} in both {_both(material, pair, rows)}"
        yield material.finding("transcript_shared", _severity(material, pair, "warning"), message, rows)
    for pair, shared in material.shared(short).items():
        rows = _rows(shared)
        message = f"{plural(len(shared), 'short transcript')} in both {_both(material, pair, rows)}, as is usual"
        yield material.finding("short_transcript_shared", "note", message, rows)


def _tells(text: str) -> bool:
    """Whether a transcript is long enough to be nobody else's."""
    n_words = text.count(" ") + 1
    return n_words >= TOLD_WORDS or (n_words == 1 and len(text) >= TOLD_CHARACTERS and not text.isascii())


def _severity(material: Material, pair: tuple[str, str], across: Severity) -> Severity:
    """Return the severity of sharing: a note between splits of one role."""
    return "note" if material.roles[pair[0]] == material.roles[pair[1]] else across


def _both(material: Material, pair: tuple[str, str], rows: Iterable[int]) -> str:
    """Return two splits with their roles and how many of some utterances each has."""
    counts = Counter(material.split[row] for row in rows)
    return " and ".join(f"{split} ({material.roles[split]}, {plural(counts[split], 'utterance')})" for split in pair)


def _rows(shared: Mapping[str, list[int]]) -> list[int]:
    return sorted(chain.from_iterable(shared.values()))
