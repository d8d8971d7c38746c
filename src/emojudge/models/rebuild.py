"""A network built again from its class paths and arguments: classes of this library only, nothing fetched, nothing else imported."""

import inspect
from collections.abc import Callable, Mapping
from functools import partial
from importlib import import_module
from typing import Any, get_args, get_origin, get_type_hints

from torch import nn

from ..errors import ConfigError
from .network import Network

ROOMS = ("emojudge.models.", "emojudge.nn.")
"""Where the classes of a network may come from."""

_TUNING = "emojudge.nn.tuning"
"""The one home of parts that are no modules."""


def build_network(spec: Mapping[str, Any]) -> Network:
    """Return the network of ``{"class_path": ..., "init_args": {...}}``, with random weights.

    Parts among the arguments are of the same form; one that the network makes itself, for sizes that it knows, becomes a
    function of them, as in a config.

    Raises:
        ConfigError: If a class is not of this library, an argument does not fit, or something would be fetched.
    """
    network = _build(spec, "network")
    if not isinstance(network, Network):
        raise ConfigError(f"network is {spec['class_path']}, expected a network of emojudge.models")
    return network


def library_class(class_path: Any, where: str) -> type:
    """Return the class of a path, if it is a public module or tuning of this library.

    Args:
        class_path: Such as ``emojudge.nn.ResidualHead``.
        where: What it is for, for messages.

    Raises:
        ConfigError: If it is not.
    """
    home, _, name = str(class_path).rpartition(".")
    kind = None
    if f"{home}.".startswith(ROOMS) and not name.startswith("_"):
        try:
            kind = getattr(import_module(home), name, None)
        except ModuleNotFoundError:  # of this library only, as the beginning tells
            kind = None
    ours = isinstance(kind, type) and kind.__module__.startswith(ROOMS) and (issubclass(kind, nn.Module) or kind.__module__ == _TUNING)
    if not ours:
        raise ConfigError(f"{where} is {class_path}; an exported network is made of emojudge's own classes (emojudge.nn, emojudge.models)")
    assert isinstance(kind, type)
    return kind


def _build(spec: Mapping[str, Any], where: str, *, as_function: bool = False) -> Any:
    kind = library_class(spec.get("class_path"), where)
    hints = get_type_hints(kind.__init__)  # type: ignore[misc]
    given: Mapping[str, Any] = spec.get("init_args") or {}
    _check_nothing_is_fetched(kind, given, where)
    arguments = {
        name: _build(value, f"{where}.{name}", as_function=_is_function(hints.get(name))) if _is_spec(value) else value
        for name, value in given.items()
    }
    if as_function:
        return partial(kind, **arguments)
    try:
        return kind(**arguments)
    except (TypeError, ValueError) as error:
        raise ConfigError(f"{where} is {spec['class_path']}, which this release does not build from these arguments ({error})") from error


def _check_nothing_is_fetched(kind: type, given: Mapping[str, Any], where: str) -> None:
    """Refuse a part that would look for a pretrained model, by what it is given and by what it takes otherwise."""
    parameters = inspect.signature(kind).parameters
    taken = {name: given.get(name, parameters[name].default) for name in ("model", "pretrained") if name in parameters}
    if isinstance(taken.get("model"), str) or taken.get("pretrained"):
        raise ConfigError(f"{where} names the pretrained model {taken.get('model')} instead of its sizes; save the checkpoint again")


def _is_spec(value: Any) -> bool:
    return isinstance(value, Mapping) and "class_path" in value


def _is_function(hint: Any) -> bool:
    """Return whether a parameter takes what makes a part, instead of the part."""
    return any(get_origin(option) is Callable or option is Callable for option in (hint, *get_args(hint)))
