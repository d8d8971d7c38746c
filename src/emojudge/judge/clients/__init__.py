"""Who answers a request: one interface, whether it is a recording, a set of rules or a language model."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol

from ...errors import JudgeError
from ..case import Case
from ..prompt import Messages, Prompt
from ..verdict import verdict_schema


@dataclass(frozen=True)
class Request:
    """One question to the judge.

    What leaves this machine is ``messages`` and ``schema``; ``id`` is for the host alone.
    """

    key: str
    id: str
    case: Case
    prompt: Prompt
    sample: int = 0

    @cached_property
    def messages(self) -> Messages:
        """Return the texts of both roles."""
        return self.prompt.render(self.case, self.key)

    @property
    def schema(self) -> dict[str, Any]:
        """Return the JSON schema that the reply must have."""
        return verdict_schema(self.case.classes)


@dataclass(frozen=True)
class Reply:
    """What came back, byte for byte, and what it cost."""

    raw: bytes
    usage: Mapping[str, Any] = field(default_factory=dict)


class CallFailedError(JudgeError):
    """A request that was certainly not answered; it may be asked again."""


class Client(Protocol):
    """Somebody who answers requests one at a time.

    ``model`` and ``settings`` enter the request's key: whatever changes the answers must stand in them,
    a secret must not. ``repeatable`` says that asking again costs nothing, so that a request whose reply
    was lost is asked again instead of being given up.
    """

    @property
    def model(self) -> str:
        """Name of the model, as results name it."""

    @property
    def settings(self) -> Mapping[str, Any]:
        """A JSON object of what the answers depend on."""

    @property
    def repeatable(self) -> bool:
        """Whether asking twice costs nothing and does no harm."""

    def reply(self, request: Request) -> Reply:
        """Return the reply to a request.

        Raises:
            CallFailedError: If there is certainly no reply. Any other exception leaves open what became of the request.
        """


__all__ = ["CallFailedError", "Client", "Reply", "Request"]
