"""What a check says: one finding a fact, with its numbers and everything that it speaks of."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, TypeAlias

Severity: TypeAlias = Literal["error", "warning", "note"]

SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")
"""``error``: figures obtained on the corpus would be wrong, or utterances cannot be used. ``warning``: look at it; it may be
meant so. ``note``: what somebody who trains on the corpus should know; nothing to mend."""


KINDS = {
    "unreadable": "the corpus as a whole cannot be read",
    "empty": "no utterance can be used",
    "unusable": "utterances cannot be used, each with its reason",
    "audio_changed": "other sound than when the table was made",
    "left_out": "utterances left out when the table was made",
    "caution": "what must be said wherever figures obtained on this corpus stand",
    "speaker_shared": "speakers in two splits",
    "speaker_unknown": "utterances whose speaker is not known",
    "recording_shared": "recordings in two splits, beyond those that share a speaker",
    "audio_shared": "the same samples in two splits",
    "audio_doubled": "the same samples twice in one split",
    "transcript_shared": "a transcript of five or more words in two splits",
    "short_transcript_shared": "a shorter one",
    "class_unused": "a class of the list that occurs nowhere",
    "class_absent": "a class that a split lacks",
    "class_rare": "a class with fewer than 5 utterances in a split",
    "class_few": "a class with fewer than 20",
    "unlabelled": "utterances without a class",
    "label_empty": "an empty label where others have one",
    "out_of_range": "an attribute not from 1 to 7",
    "unrated": "utterances without an attribute that others have",
    "votes_differ": "labels that are not the most voted class",
    "votes_agree": "X or O although one class has the most votes",
    "silent": "recordings below -80 dB of full scale",
    "clipped": "samples cut off at full scale",
    "dc_offset": "a mean far from zero",
    "sample_rates": "files of another rate than most",
    "channels": "files of other channels than most",
    "very_short": "utterances under 0.1 s",
    "far_shorter": "durations far below the others",
    "far_longer": "durations far above the others",
    "transcript_missing": "no transcript where others of the split have one",
    "transcript_withheld": "a split without transcripts",
    "transcript_wordless": "no letter or digit",
    "transcript_placeholder": "words that may stand for a missing transcript",
    "audio_missing": "a transcript and no audio where others have both",
    "nothing_to_judge": "neither audio nor transcript",
}
"""Every kind of finding and what it is about; a reader's own notes (``without_ratings``) come beside them."""


@dataclass(frozen=True)
class Finding:
    """One fact about a corpus."""

    kind: str
    """Short name of what is checked, the same in every corpus: one of :data:`KINDS`, or what a reader went on with."""
    severity: Severity
    message: str
    """One line with the numbers."""
    ids: tuple[str, ...] = ()
    """Utterances that the finding speaks of, all of them, in the order of the corpus."""
    names: tuple[str, ...] = ()
    """Speakers or recordings, where the finding speaks of those; ``ids`` are their utterances then."""
    reasons: Mapping[str, str] = field(default_factory=dict)
    """What is wrong with each utterance, where that differs."""


@dataclass(frozen=True)
class CorpusReport:
    """Everything that was found out about a corpus."""

    source: str
    """The reader and what it read, for people."""
    splits: Mapping[str, int]
    """Utterances that can be used, by split."""
    n_unusable: int
    """Utterances that cannot be used; the other checks leave them out."""
    findings: tuple[Finding, ...]
    """Errors first, then warnings, then notes."""

    def count(self, severity: Severity) -> int:
        """Return the number of findings of a severity."""
        return sum(finding.severity == severity for finding in self.findings)

    def to_json(self) -> dict[str, Any]:
        """Return the report as plain dicts and lists: everything in it, with the number of findings by severity."""
        counts = {f"n_{severity}s": self.count(severity) for severity in SEVERITIES}
        return {
            "schema_version": 1,
            "source": self.source,
            "splits": dict(self.splits),
            "n_unusable": self.n_unusable,
            **counts,
            "findings": [asdict(finding) for finding in self.findings],
        }


def ordered(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return findings with errors first, otherwise in the order in which they were made."""
    return tuple(sorted(findings, key=lambda finding: SEVERITIES.index(finding.severity)))
