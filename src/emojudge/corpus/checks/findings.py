"""What a check says: one finding a fact, with its numbers and everything that it speaks of."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, TypeAlias

Severity: TypeAlias = Literal["error", "warning", "note"]

SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")
"""``error``: figures obtained on the corpus would be wrong, or utterances cannot be used. ``warning``: look at it; it may be
meant so. ``note``: what somebody who trains on the corpus should know; nothing to mend."""


@dataclass(frozen=True)
class Finding:
    """One fact about a corpus."""

    kind: str
    """Short name of what is checked, the same in every corpus: ``speaker_shared``, ``clipped``."""
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
