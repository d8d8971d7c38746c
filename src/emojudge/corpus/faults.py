"""Faults of single utterances: an error by default, or left out, counted and listed on request."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from ..errors import CorpusError

OnBadUtterance: TypeAlias = Literal["error", "skip"]


@dataclass
class Faults:
    """The utterances a reader cannot use, each with a reason that names the file.

    A reader adds what it finds and calls :meth:`settle` once: with ``error`` that raises the first
    fault and counts the rest; with ``skip`` it returns the columns without the bad rows.
    """

    on_bad_utterance: OnBadUtterance = "error"
    found: dict[str, str] = field(default_factory=dict)

    def add(self, id: str, reason: str) -> None:
        """Note that utterance ``id`` cannot be used; the first reason is kept."""
        self.found.setdefault(id, reason)

    def settle(self, columns: Mapping[str, Sequence[Any]]) -> dict[str, list[Any]]:
        """Return the columns without every row of a faulty id.

        Raises:
            CorpusError: If there is a fault and ``on_bad_utterance`` is ``error``.
        """
        if self.found and self.on_bad_utterance == "error":
            id, reason = next(iter(self.found.items()))
            more = f" ({len(self.found) - 1} more utterances have faults)" if len(self.found) > 1 else ""
            raise CorpusError(
                f"utterance '{id}': {reason}{more}. Mend the corpus, or go on without such utterances: on_bad_utterance: skip"
            )
        keep = [i for i, id in enumerate(columns["id"]) if id not in self.found]
        return {name: [values[i] for i in keep] for name, values in columns.items()}
