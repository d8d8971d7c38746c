"""Named parameter groups of one optimizer, each with values of its own."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from torch import nn

from ..errors import ConfigError, nearest

GroupOptions: TypeAlias = dict[str, dict[str, Any]]
"""Optimizer values of some parameter groups, such as ``{"pooling": {"lr": 1e-4}}``."""


def named_groups(module: nn.Module, groups: Sequence[Mapping[str, Any]], options: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return parameter groups with their own values, as an optimizer takes them.

    Args:
        module: What is trained.
        groups: ``{"name": ..., "params": [...]}`` of each group.
        options: Optimizer values of some groups by name.

    Raises:
        ConfigError: If an option names no group, or a trainable parameter is in none or in two.
    """
    names = [group["name"] for group in groups]
    for name in options:
        if name not in names:
            raise ConfigError(f"group_options has '{name}', but the parameter groups are {', '.join(names)}.{nearest(name, names)}")
    grouped = [id(p) for group in groups for p in group["params"]]
    once = set(grouped)
    forgotten = [name for name, p in module.named_parameters() if p.requires_grad and id(p) not in once]
    if forgotten or len(grouped) != len(once):
        raise ConfigError(f"each trainable parameter must be in one group; {forgotten[0] if forgotten else 'one'} is in none or in two")
    return [{**group, **options.get(group["name"], {})} for group in groups]


def check_options(options: Mapping[str, Mapping[str, Any]], defaults: Mapping[str, Any], optimizer: str) -> None:
    """Check that values of groups are ones that the optimizer has; torch keeps any other and never looks at it.

    Args:
        options: Optimizer values of some groups by name.
        defaults: The optimizer's own values.
        optimizer: Its name, for messages.

    Raises:
        ConfigError: If one is not, or is no number where the optimizer's own is one.
    """
    for group, values in options.items():
        for name, value in values.items():
            if name not in defaults:
                known = ", ".join(defaults)
                raise ConfigError(f"group_options of '{group}' has '{name}', but {optimizer} has {known}.{nearest(name, list(defaults))}")
            if isinstance(defaults[name], int | float) and not isinstance(value, int | float):
                raise ConfigError(f"group_options of '{group}': {name} is {value!r}, expected a number")
