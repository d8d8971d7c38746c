"""What our two configurable commands share: configs by name, and usage errors of one line."""

import re
import sys
from collections.abc import Sequence
from contextlib import nullcontext
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

import yaml
from jsonargparse import ArgumentParser, set_parsing_settings
from jsonargparse._common import parser_context

from .._extras import NAMED_IN_CONFIGS
from ..configs import find_config
from ..errors import ConfigError, nearest

PARSER_MODE = "omegaconf+"
"""``${...}`` works across files, defaults and overrides; see :func:`set_up_parsing`."""


def set_up_parsing(attribute_docstrings: bool = False) -> None:
    """Let ``${data.init_args.x}`` in one file refer to another file.

    Args:
        attribute_docstrings: Show the docstrings below a dataclass' fields in ``--help``; reading those of Lightning's
            classes takes a second, and there are none.
    """
    set_parsing_settings(omegaconf_absolute_to_relative_paths=True, docstring_parse_attribute_docstrings=attribute_docstrings)


def resolve_configs(arguments: Sequence[str]) -> list[str]:
    """Return the arguments with every ``--config NAME`` replaced by the path that it names.

    Raises:
        ConfigError: If there is neither a file nor a shipped config of that name, or it is no YAML mapping.
    """
    resolved: list[str] = []
    for i, argument in enumerate(arguments):
        name, equals, value = argument.partition("=")
        if name in ("--config", "-c") and equals:
            resolved.append(f"{name}={_readable(find_config(value))}")
        elif i and arguments[i - 1] in ("--config", "-c"):
            resolved.append(str(_readable(find_config(argument))))
        else:
            resolved.append(argument)
    return resolved


def _readable(path: Path) -> Path:
    """Return the path of a config after checking its form; the parser's own message would not name the file."""
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not a YAML file ({error})") from error
    if not isinstance(content, dict):
        raise ConfigError(f"{path}: expected settings by name, such as 'trainer: ...', found {type(content).__name__}")
    return path


class OneLineErrors(ArgumentParser):
    """A parser that says in one line what is wrong with the usage, with the nearest valid name, and exits with 2."""

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **{"allow_abbrev": False, **settings})

    def _check_value_key(self, action: Any, value: Any, *args: Any, **options: Any) -> Any:
        """Return a checked value; one with ``${...}`` in it is checked when that is known.

        Where a later config names another class, jsonargparse keeps of the earlier one's settings what passes this check, and without
        us no network with a reference in it would.
        """
        with parser_context(lenient_check=True) if "${" in str(value) else nullcontext():
            return super()._check_value_key(action, value, *args, **options)

    def error(self, message: str, ex: Exception | None = None) -> NoReturn:
        """Print the message and exit with status 2."""
        text = " ".join(str(message).split())
        text += _setting_meant(text, getattr(ex, "subcommand_parser", None) or self)
        if not self.exit_on_error:  # reads the arguments of one class; its parent knows where they stand
            super().error(text, ex)
        text = _shortened(text)
        sys.stderr.write(f"emojudge: {text}{_class_meant(text)}{_extra_meant(text)}\n")
        raise SystemExit(2)


_LEVEL = re.compile(r"""(?:Parser key "(?P<key>[\w.]+)"|Problem with given class_path '[\w.]+'|expects a function or a callable class): """)
"""What jsonargparse puts before a message at each level of nested classes."""


def _shortened(message: str) -> str:
    """Return where the mistake stands and what it is; jsonargparse repeats what was given, and that it could be null, at each level."""
    innermost = re.split(r" - Expected a <class 'NoneType'>|\. Got value: Namespace", message)[0]
    innermost = re.sub(r"( - Problem with given class_path .+)\1", r"\1", innermost)  # once as the item of a list, once as the only one
    where, reason, in_class = "", message, False
    for level in _LEVEL.finditer(innermost):
        if level["key"]:
            where += (".init_args." if in_class else "." if where else "") + level["key"]
        in_class = not level["key"]
        reason = innermost[level.end() :]
    if not where:
        return message
    if unknown := re.match(r"(?:Option '|unrecognized arguments: --)([\w.]+).*?( Did you mean .*)?$", reason):
        return f"{where}{'.init_args' if in_class else ''}.{unknown[1]}: there is no such setting.{unknown[2] or ''}"
    reason = reason.rsplit("Errors: - ", 1)[-1].replace("Expected a ", "expected ")
    given = re.search(r" Given value: ([\w.-]+)$", message)
    if given and given[1] not in reason:
        reason += f". Got value: {given[1]}"
    return f"{where}: " + re.sub(r"<class '([\w.]+)'>", r"\1", reason)


def _setting_meant(message: str, parser: ArgumentParser) -> str:
    """Return ``'. Did you mean ...?'`` for a setting that the message calls unknown."""
    unknown = re.search(r"(?:[Kk]ey '|[Uu]nrecognized arguments: --|[Oo]ption ')([\w.+]+)", message)
    if unknown is None or "Did you mean" in message:
        return ""
    name, known = unknown[1], {action.dest for action in parser._actions}
    meant = nearest(name, known) or nearest(name.split(".")[0], known)
    return f".{meant}" if meant else ""


def _class_meant(message: str) -> str:
    """Return ``'. Did you mean ...?'`` for a class that the message says is not in its module."""
    missing = re.search(r"module '([\w.]+)' has no attribute '(\w+)'", message)
    if missing is None:
        return ""
    module = import_module(missing[1])
    meant = nearest(missing[2], getattr(module, "__all__", dir(module)))
    return f".{meant}" if meant else ""


def _extra_meant(message: str) -> str:
    """Return how to install a package of an extra that the message says is missing."""
    missing = re.search(r"No module named '(\w+)", message)
    extra = NAMED_IN_CONFIGS.get(missing[1]) if missing else None
    return f"; it is not installed: pip install 'emojudge[{extra}]'" if extra else ""
