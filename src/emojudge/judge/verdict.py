"""The judge's verdict: a strict form that replies must have, and a reader that never guesses."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

from .._extras import need

if TYPE_CHECKING:
    from pydantic import BaseModel

MAX_REASON = 500
"""Characters of a reason that are kept; the journal holds the whole reply anyway."""

Fault: TypeAlias = Literal["empty", "not_utf8", "not_json", "wrong_form", "unknown_label", "no_reply", "lost_reply", "not_asked"]


@dataclass(frozen=True)
class Verdict:
    """A judgement that can be acted on."""

    label: str
    confidence: float
    """0 to 1."""
    reason: str = ""


@dataclass(frozen=True)
class NoVerdict:
    """That there is no judgement, and why.

    ``empty``, ``not_utf8``, ``not_json``, ``wrong_form``, ``unknown_label``: the reply is not a verdict.
    ``no_reply``: the request failed. ``lost_reply``: it was sent, and what became of it is not known.
    ``not_asked``: there was no label or no evidence to judge.
    """

    fault: Fault
    detail: str = ""


Outcome: TypeAlias = Verdict | NoVerdict
"""A verdict is valid or it is none."""


def verdict_schema(classes: Sequence[str]) -> dict[str, Any]:
    """Return the JSON schema of a reply: one of the classes, an integer confidence of 0 to 100, a short reason."""
    return {
        "type": "object",
        "properties": {
            "label": {"type": "string", "enum": list(classes)},
            "confidence": {"type": "integer", "minimum": 0, "maximum": 100},
            "reason": {"type": "string", "description": "at most 30 words"},
        },
        "required": ["label", "confidence", "reason"],
        "additionalProperties": False,
    }


def read_verdict(raw: bytes | str, classes: Sequence[str]) -> Outcome:
    """Return the verdict that a reply states, or why it states none.

    The whole reply must be one JSON object of :func:`verdict_schema`'s form. No label is ever searched for
    in free text, no near match taken, no number converted, no doubled field resolved.

    Args:
        raw: The reply, as it came.
        classes: The class list of the table.

    >>> read_verdict('{"label": "sad", "confidence": 80, "reason": "slow and low"}', ["sad", "happy"])
    Verdict(label='sad', confidence=0.8, reason='slow and low')
    >>> read_verdict("It sounds sad to me.", ["sad", "happy"]).fault
    'not_json'
    """
    try:
        text = (raw.decode("utf-8") if isinstance(raw, bytes) else raw).strip()
    except UnicodeDecodeError as error:
        return NoVerdict("not_utf8", str(error))
    if not text:
        return NoVerdict("empty")
    try:
        value = json.loads(text, object_pairs_hook=_without_doubles, parse_constant=_no_constant)
    except _DoubledFieldError as error:
        return NoVerdict("wrong_form", f"the field {error} occurs twice")
    except (ValueError, RecursionError) as error:
        return NoVerdict("not_json", _printable(str(error)))
    need("pydantic", "judge")
    from pydantic import ValidationError

    try:
        reply = _form(tuple(classes)).model_validate(value)
    except ValidationError as error:
        faults = error.errors(include_url=False, include_input=False)
        detail = "; ".join(f"{'.'.join(map(str, fault['loc'])) or 'reply'}: {fault['msg']}" for fault in faults)
        only_label = all(fault["loc"] == ("label",) and fault["type"] == "literal_error" for fault in faults)
        return NoVerdict("unknown_label" if only_label else "wrong_form", _printable(detail))
    found = reply.model_dump()
    return Verdict(found["label"], found["confidence"] / 100, _printable(found["reason"]))


class _DoubledFieldError(Exception):
    pass


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise _DoubledFieldError(repr(name)[:60])
        found[name] = value
    return found


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _printable(text: str) -> str:
    """Return at most 500 characters that UTF-8 can hold (JSON may spell lone surrogates)."""
    return text[:MAX_REASON].encode("utf-8", "replace").decode("utf-8")


@lru_cache(maxsize=8)
def _form(classes: tuple[str, ...]) -> "type[BaseModel]":
    from pydantic import ConfigDict, Field, create_model

    label: Any = Literal[classes]
    return create_model(
        "Reply",
        __config__=ConfigDict(strict=True, extra="forbid"),
        label=(label, ...),
        confidence=(Annotated[int, Field(ge=0, le=100)], ...),
        reason=(str, ...),
    )
