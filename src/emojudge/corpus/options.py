"""Options of a reader as a config or a command line gives them: checked before the reader starts."""

import inspect
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, get_args, get_origin

from ..errors import ConfigError, nearest

_HANDED_ON = ("faults", "progress")
"""Parameters of a reader that are no options of its user."""


def checked_options(reader: str, read: Callable[..., Any], options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options of a reader after comparing them with its signature.

    YAML makes numbers, dates and truth values of what was meant as text: ``2024``, ``2024-05-01``, ``no``. They are
    refused where text is expected, since their spelling is lost; only an integer that is a key (``class_map: {1: angry}``)
    is taken for the text of its digits.

    Args:
        reader: Its name, for messages.
        read: The function that reads; the annotations of its parameters say what they take.
        options: By name.

    Raises:
        ConfigError: If the reader has no option of some name, one that it needs is missing, or a value has another type.
    """
    signature = inspect.signature(read)
    known = [name for name in signature.parameters if name not in _HANDED_ON]
    checked: dict[str, Any] = {}
    for name, value in options.items():
        if name not in known:
            raise ConfigError(f"reader '{reader}' has no option '{name}' (known: {', '.join(known)}).{nearest(name, known)}")
        checked[name] = _checked(f"reader '{reader}': option '{name}'", value, signature.parameters[name].annotation)
    missing = [name for name in known if name not in options and signature.parameters[name].default is inspect.Parameter.empty]
    if missing:
        raise ConfigError(f"reader '{reader}': missing a required argument: '{missing[0]}'")
    return checked


def _checked(option: str, value: Any, kind: Any) -> Any:
    """Return a value that is of the annotated kind, the keys of a mapping as text."""
    kinds = get_args(kind) if get_origin(kind) not in (Mapping, Sequence) else (kind,)
    if value is None and type(None) in kinds:
        return None
    first = kinds[0] if kinds else kind
    if get_origin(first) is Mapping:
        return _mapping(option, value, nullable=type(None) in get_args(get_args(first)[1]))
    if get_origin(first) is Sequence:
        return _texts(option, value)
    if Path in kinds:
        if not isinstance(value, os.PathLike) and not (isinstance(value, str) and value.strip()):
            raise ConfigError(f"{option} is {_shown(value)}, expected a path as text{_quote(value)}")
    elif type(value) is not first:
        words = {bool: "true or false", int: "a whole number"}[first]
        raise ConfigError(f"{option} is {_shown(value)}, expected {words}")
    return value


def _texts(option: str, value: Any) -> list[str]:
    if isinstance(value, str | Mapping) or not isinstance(value, Sequence):
        raise ConfigError(f"{option} is {_shown(value)}, expected a list of texts, such as [angry, sad]")
    for entry in value:
        if not isinstance(entry, str) or not entry:
            raise ConfigError(f"{option} holds {_shown(entry)}, expected texts only{_quote(entry)}")
    return list(value)


def _mapping(option: str, value: Any, *, nullable: bool) -> dict[str, str | None]:
    if not isinstance(value, Mapping):
        raise ConfigError(f"{option} is {_shown(value)}, expected texts by name, such as {{ours: theirs}}")
    texts: dict[str, str | None] = {}
    for key, entry in value.items():
        if not isinstance(key, str) and type(key) is not int:
            raise ConfigError(f"{option} has the key {_shown(key)}, expected text{_quote(key)}")
        if not isinstance(entry, str) and not (nullable and entry is None):
            raise ConfigError(f"{option} gives '{key}' the value {_shown(entry)}, expected text{_quote(entry)}")
        if str(key) in texts:
            raise ConfigError(f"{option} has the key '{key}' twice, as a number and as text; keep one")
        texts[str(key)] = entry
    return texts


def _shown(value: Any) -> str:
    """Return a value as a message shows it."""
    return "null" if value is None else "empty" if value == "" else f"{value!r} ({type(value).__name__})"


def _quote(value: Any) -> str:
    """Return what to do about a value that YAML took for something else than text."""
    return "" if value is None or isinstance(value, str | Mapping | Sequence) else "; put it in quotes"
