"""Options of a reader as a config or a command line gives them: checked before the reader starts."""

import inspect
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

from ..errors import ConfigError, nearest

_HANDED_ON = ("faults", "progress")
"""Parameters of a reader that are no options of its user."""

_OF_LOADING = ("reader", "on_bad_utterance", "splits", "roles", *_HANDED_ON)
"""Settings of ``load_table`` itself, which have places of their own in a config."""

_ONE = {Path: "a path as text", str: "text", bool: "true or false", int: "a whole number", float: "a number"}
_MANY = {Path: "paths", str: "texts", bool: "truth values", int: "whole numbers", float: "numbers"}


def readers_own(reader: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options of a reader as a config gives them, ready to be handed to ``load_table`` by name.

    Raises:
        ConfigError: If one of them is a setting of ``load_table`` itself, which no config can give as a reader's option.
    """
    for name in options:
        if name in _OF_LOADING:
            raise ConfigError(f"reader '{reader}' has no option '{name}': it is a setting beside the reader's options, not one of them")
    return dict(options)


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


def _checked(what: str, value: Any, kind: Any) -> Any:
    """Return a value that is of the annotated kind, the keys of a mapping as text.

    Args:
        what: The option, or the part of it that the value is, for messages.
        value: As YAML or Python gave it.
        kind: An annotation: scalars, ``Path``, ``Literal``, ``Sequence``, ``Mapping`` with text as keys, and unions of them.
    """
    kinds = _alternatives(kind)
    if isinstance(value, Mapping) and (form := _of_origin(kinds, Mapping)):
        return _mapping(what, value, get_args(form)[1])
    if value and isinstance(value, Sequence) and not isinstance(value, str | bytes) and (form := _of_origin(kinds, Sequence)):
        return [_checked(f"{what}: entry {i}", entry, get_args(form)[0]) for i, entry in enumerate(value, start=1)]
    if not (value is None and NoneType in kinds) and not any(_is(value, one) for one in kinds):
        raise ConfigError(f"{what} is {_shown(value)}, expected {_words(kinds)}{_quote(value, kinds)}")
    return value


def _mapping(what: str, value: Mapping[Any, Any], kind: Any) -> dict[str, Any]:
    checked: dict[str, Any] = {}
    for key, entry in value.items():
        if not isinstance(key, str) and type(key) is not int:
            raise ConfigError(f"{what} has the key {_shown(key)}, expected text{_quote(key, [str])}")
        if str(key) in checked:
            raise ConfigError(f"{what} has the key '{key}' twice, as a number and as text; keep one")
        checked[str(key)] = _checked(f"{what}: '{key}'", entry, kind)
    return checked


def _is(value: Any, kind: Any) -> bool:
    """Return whether a value that is neither list nor mapping is of a kind."""
    if get_origin(kind) is Literal:
        return value in get_args(kind)
    if kind in (str, Path):
        return (kind is Path and isinstance(value, os.PathLike)) or (isinstance(value, str) and bool(value.strip()))
    if kind is float:
        return type(value) in (int, float)
    return type(value) is kind


def _alternatives(kind: Any) -> list[Any]:
    return list(get_args(kind)) if get_origin(kind) in (Union, UnionType) else [kind]


def _of_origin(kinds: Sequence[Any], origin: Any) -> Any:
    return next((kind for kind in kinds if get_origin(kind) is origin), None)


def _words(kinds: Sequence[Any]) -> str:
    """Return what is expected, for a message."""
    scalars = [kind for kind in kinds if kind in _ONE and not (kind is str and Path in kinds)]
    words = [_ONE[kind] for kind in scalars]
    for kind in kinds:
        if get_origin(kind) is Literal:
            words += [str(value) for value in get_args(kind)]
        elif get_origin(kind) is Sequence:
            words.append(_plural(kind) + (", such as [angry, sad]" if get_args(kind) == (str,) and len(words) == 0 else ""))
        elif get_origin(kind) is Mapping:
            words.append(f"{_plural(get_args(kind)[1])} by name" + (", such as {ours: theirs}" if len(words) == 0 else ""))
    return " or ".join(words)


def _plural(kind: Any) -> str:
    """Return what many values of a kind are called; a list is named with what it holds."""
    first = next(one for one in _alternatives(kind) if one is not NoneType)
    if get_origin(first) is Sequence:
        return f"a list of {_plural(get_args(first)[0])}"
    return _MANY[Path if Path in _alternatives(kind) else first]


def _shown(value: Any) -> str:
    """Return a value as a message shows it."""
    if value is None:
        return "null"
    if not value and isinstance(value, str | list):
        return "empty" if isinstance(value, str) else "an empty list"
    return f"{value!r} ({type(value).__name__})"


def _quote(value: Any, kinds: Sequence[Any]) -> str:
    """Return what to do about a value that YAML took for something else than text."""
    texts = str in kinds or Path in kinds
    return "; put it in quotes" if texts and value is not None and not isinstance(value, str | Mapping | Sequence) else ""
