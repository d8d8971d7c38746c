"""What our two configurable commands share: configs by name, and usage errors of one line."""

import re
import sys
from collections.abc import Sequence
from importlib import import_module
from inspect import signature
from typing import NoReturn

from jsonargparse import ArgumentParser, set_parsing_settings

from ..configs import find_config
from ..errors import nearest

PARSER_MODE = "omegaconf+"
"""``${...}`` works across files, defaults and overrides; see :func:`set_up_parsing`."""


def set_up_parsing() -> None:
    """Let ``${data.init_args.x}`` in one file refer to another file, and show the docstrings of settings in ``--help``."""
    set_parsing_settings(omegaconf_absolute_to_relative_paths=True, docstring_parse_attribute_docstrings=True)


def resolve_configs(arguments: Sequence[str]) -> list[str]:
    """Return the arguments with every ``--config NAME`` replaced by the path that it names.

    Raises:
        ConfigError: If there is neither a file nor a shipped config of that name.
    """
    resolved: list[str] = []
    for i, argument in enumerate(arguments):
        name, equals, value = argument.partition("=")
        if name in ("--config", "-c") and equals:
            resolved.append(f"{name}={find_config(value)}")
        elif i and arguments[i - 1] in ("--config", "-c"):
            resolved.append(str(find_config(argument)))
        else:
            resolved.append(argument)
    return resolved


class OneLineErrors(ArgumentParser):
    """A parser that says in one line what is wrong with the usage, with the nearest valid name, and exits with 2."""

    def error(self, message: str, ex: Exception | None = None) -> NoReturn:
        """Print the message and exit with status 2."""
        parser = getattr(ex, "subcommand_parser", None) or self
        text = " ".join(str(message).split())
        sys.stderr.write(f"emojudge: {text}{_suggestion(text, parser)}\n")
        raise SystemExit(2)


def _suggestion(message: str, parser: ArgumentParser) -> str:
    """Return ``' Did you mean ...?'`` for the first name that the message calls unknown."""
    unknown = re.search(r"(?:[Kk]ey '|[Uu]nrecognized arguments: (?:--)?|[Oo]ption '--?|No action for key \"?)([\w.+]+)", message)
    if unknown is None:
        return ""
    known = {action.dest for action in parser._actions} | {name for action in parser._actions for name in action.option_strings}
    for class_path in re.findall(r"class_path '?\"?([\w.]+)", message):
        try:
            module, _, name = class_path.rpartition(".")
            known |= set(signature(getattr(import_module(module), name)).parameters)
        except (ImportError, AttributeError, ValueError):  # no such class: the message itself says so
            continue
    name = unknown.group(1)
    return nearest(name, known) or nearest(name.rsplit(".", 1)[-1], {known_name.rsplit(".", 1)[-1] for known_name in known})
