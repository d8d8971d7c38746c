"""What every Lightning module here keeps in a checkpoint, and which checkpoints it refuses."""

import os
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Self

import lightning as L
import numpy as np
from torch import nn

from ..errors import ConfigError
from .checkpoint import check_checkpoint, first_difference

LEARNT = "learnt"
"""Key of a checkpoint under which a module tells what its outputs are."""


class SavedModule(L.LightningModule):
    """A Lightning module whose checkpoints open without the hub, hold plain values only, and say what they are of.

    Trained from a config, the checkpoint keeps the config and opens by ``load_from_checkpoint(path)`` alone.
    Built in Python, modules and callables cannot be kept: it opens by ``load_from_checkpoint(path, network=...)``.
    One of other tasks, classes or attributes, or of the same in another order, is refused.
    """

    tasks: ClassVar[tuple[str, ...]] = ()
    """What is learnt: ``emotion``, ``attributes`` or both."""

    classes: tuple[str, ...] | None = None
    """The class list; None where there is none, or while only its length is known."""
    n_classes: int = 0
    attributes: tuple[str, ...] = ()
    """The attributes in the order of the network's outputs."""

    def _set_hparams(self, hp: Any) -> None:
        """Keep the plain values among the constructor's arguments; called by ``save_hyperparameters``.

        Lightning would copy the whole network into them, and write a file that it refuses to load.
        """
        super()._set_hparams({name: _plain(name, value) for name, value in hp.items() if not _is_part(value)})

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Note what is learnt, and replace names of pretrained models in the config by what builds them again without the hub."""
        classes = None if self.classes is None else list(self.classes)
        checkpoint[LEARNT] = {
            "tasks": list(self.tasks),
            "classes": classes,
            "n_classes": self.n_classes,
            "attributes": list(self.attributes),
        }
        arguments = checkpoint.get(self.CHECKPOINT_HYPER_PARAMS_KEY)
        if arguments:
            checkpoint[self.CHECKPOINT_HYPER_PARAMS_KEY] = _rebuildable(arguments, self)

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Check that a checkpoint's outputs are this module's, in order; class names that this module lacks are taken from it.

        Raises:
            ConfigError: If they are not. Nothing is checked of a checkpoint of an earlier release, which does not tell.
        """
        learnt = checkpoint.get(LEARNT)
        if learnt is None:
            return
        _check_tasks(learnt["tasks"], self.tasks, type(self).__name__)
        theirs, ours = learnt["classes"], None if self.classes is None else list(self.classes)
        if learnt["n_classes"] != self.n_classes or (None not in (theirs, ours) and theirs != ours):
            trained, here = (
                f"{n} classes" if names is None else f"the classes {', '.join(names)}"
                for names, n in ((theirs, learnt["n_classes"]), (ours, self.n_classes))
            )
            raise ConfigError(f"the checkpoint was trained on {trained}, this network gives {here}; {_ONE_LIST}")
        if learnt["attributes"] != list(self.attributes):
            trained, here = (", ".join(names) or "no attributes" for names in (learnt["attributes"], self.attributes))
            raise ConfigError(f"the checkpoint was trained on {trained}, this network gives {here}; {_ONE_LIST}")
        if ours is None and theirs is not None:
            self.classes = tuple(theirs)

    @classmethod
    def load_from_checkpoint(cls, checkpoint_path: Any, *args: Any, **options: Any) -> Self:
        """Return the module of a checkpoint; nothing in the file is run.

        Args:
            checkpoint_path: A local file.
            *args: Those of ``LightningModule.load_from_checkpoint``.
            **options: Those, and the constructor's: ``network``, ``loss`` and other parts must be given again where the
                module was built in Python.

        Raises:
            ConfigError: If parts are needed that the file cannot hold, the file lies on a server or is no checkpoint, or it is one of
                other tasks, classes or attributes.
        """
        options.setdefault("weights_only", True)
        if isinstance(checkpoint_path, str | os.PathLike):
            content = check_checkpoint(os.fspath(checkpoint_path), weights_only=options["weights_only"])
            if LEARNT in content:
                _check_tasks(content[LEARNT]["tasks"], cls.tasks, cls.__name__)
        try:
            return super().load_from_checkpoint(checkpoint_path, *args, **options)
        except TypeError as error:
            if "required positional argument" not in str(error):
                raise
            raise ConfigError(
                f"{checkpoint_path} was trained from Python, and such a checkpoint holds weights but no parts. "
                f"Build the same parts and pass them: {cls.__name__}.load_from_checkpoint(path, network=...)"
            ) from error

    def load_state_dict(self, state_dict: Mapping[str, Any], *args: Any, **options: Any) -> Any:
        """Take a checkpoint's weights.

        Raises:
            ConfigError: If they are those of another network; the message names the first difference.
        """
        try:
            return super().load_state_dict(state_dict, *args, **options)
        except RuntimeError as error:
            difference = first_difference(error)
            if not difference:
                raise
            raise ConfigError(
                f"the checkpoint does not fit the network of the config: {difference} "
                "Use the config that it was trained with (config_fit.yaml beside it)"
            ) from error


_ONE_LIST = "give the list that it was trained with, in its order (config_fit.yaml beside the checkpoints)"


def _check_tasks(trained: Sequence[str], tasks: Sequence[str], name: str) -> None:
    if list(trained) != list(tasks):
        raise ConfigError(
            f"the checkpoint was trained on {' and '.join(trained)}, {name} learns {' and '.join(tasks)}; take its own module"
        )


def _is_part(value: Any) -> bool:
    return isinstance(value, nn.Module) or callable(value)


def _plain(name: str, value: Any) -> Any:
    """Return a value as the plain types that a checkpoint may hold."""
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, bool):
        return value
    for kind in (int, float, str):
        if isinstance(value, kind):
            return kind(value)
    if isinstance(value, Mapping):
        return {_plain(name, key): _plain(name, entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(name, entry) for entry in value]
    raise ConfigError(f"argument '{name}' is a {type(value).__name__}; a checkpoint keeps numbers, strings, lists and dicts only")


def _rebuildable(arguments: Mapping[str, Any], module: nn.Module) -> dict[str, Any]:
    """Return a module's constructor arguments from a config, with ``rebuild_arguments()`` in place of what named the hub."""
    arguments = dict(arguments)
    if hasattr(module, "rebuild_arguments"):
        arguments |= module.rebuild_arguments()  # type: ignore[operator]
    for name, value in arguments.items():
        part = getattr(module, name, None)
        if isinstance(part, nn.Module) and isinstance(value, dict) and "class_path" in value:
            arguments[name] = {**value, "init_args": _rebuildable(value.get("init_args", {}), part)}
    return arguments
