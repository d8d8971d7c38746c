"""What every Lightning module here does with checkpoints and parameter groups."""

import math
from collections.abc import Callable, Mapping
from typing import Any, Self, TypeAlias

import lightning as L
from lightning.pytorch.cli import OptimizerCallable
from torch import nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from ..errors import ConfigError, nearest

SchedulerCallable: TypeAlias = Callable[[Optimizer, int], LRScheduler]
"""Makes a schedule for an optimizer and the optimizer steps of the run."""

GroupOptions: TypeAlias = dict[str, dict[str, Any]]
"""Optimizer values of some parameter groups, such as ``{"pooling": {"lr": 1e-4}}``."""


class EmojudgeModule(L.LightningModule):
    """A Lightning module whose checkpoints open without the hub and hold plain values only.

    Trained from a config, the checkpoint keeps the config and opens by ``load_from_checkpoint(path)`` alone.
    Built in Python, modules and callables cannot be kept: it opens by ``load_from_checkpoint(path, network=...)``.
    """

    network: Any
    optimizer: OptimizerCallable
    lr_scheduler: SchedulerCallable | None
    group_options: GroupOptions | None

    def _set_hparams(self, hp: Any) -> None:
        """Keep the plain values among the constructor's arguments; called by ``save_hyperparameters``.

        Lightning would copy the whole network into them, and write a file that it refuses to load.
        """
        super()._set_hparams({name: _plain(name, value) for name, value in hp.items() if not _is_part(value)})

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Replace names of pretrained models in the config by what builds them again without the hub."""
        arguments = checkpoint.get(self.CHECKPOINT_HYPER_PARAMS_KEY)
        if arguments:
            checkpoint[self.CHECKPOINT_HYPER_PARAMS_KEY] = _rebuildable(arguments, self)

    @classmethod
    def load_from_checkpoint(cls, checkpoint_path: Any, *args: Any, **options: Any) -> Self:
        """Return the module of a checkpoint; nothing in the file is run.

        Args:
            checkpoint_path: A local file.
            *args: Those of ``LightningModule.load_from_checkpoint``.
            **options: Those, and the constructor's: ``network``, ``loss`` and other parts must be given again where the
                module was built in Python.

        Raises:
            ConfigError: If parts are needed that the file cannot hold, or the file lies on a server.
        """
        if str(checkpoint_path).startswith(("http:", "https:")):
            raise ConfigError(f"{checkpoint_path}: checkpoints are not taken from a server; download it and check where it comes from")
        options.setdefault("weights_only", True)
        try:
            return super().load_from_checkpoint(checkpoint_path, *args, **options)
        except TypeError as error:
            if "required positional argument" not in str(error):
                raise
            raise ConfigError(
                f"{checkpoint_path} was trained from Python, and such a checkpoint holds weights but no parts. "
                f"Build the same parts and pass them: {cls.__name__}.load_from_checkpoint(path, network=...)"
            ) from error

    def configure_optimizers(self) -> Any:
        """Return one optimizer with the network's named groups, and its schedule by optimizer step.

        Paper: section 5.2 has separate optimizers for the pooling layer and the regression network. AdamW treats
        each parameter by itself, so groups of one AdamW are the same, and accumulation, clipping, mixed precision and
        resuming keep working.

        Raises:
            ConfigError: If ``group_options`` names no group, or the length of the run is not known to a schedule.
        """
        optimizer = self.optimizer(self._groups())
        if self.lr_scheduler is None:
            return optimizer
        steps = self.trainer.estimated_stepping_batches
        if not math.isfinite(steps):
            raise ConfigError("a learning-rate schedule needs the length of the run: set trainer.max_epochs or trainer.max_steps")
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": self.lr_scheduler(optimizer, int(steps)), "interval": "step"}}

    def _groups(self) -> list[dict[str, Any]]:
        groups: list[dict[str, Any]] = self.network.parameter_groups()
        names = [group["name"] for group in groups]
        for name in self.group_options or {}:
            if name not in names:
                raise ConfigError(f"group_options has '{name}', but the parameter groups are {', '.join(names)}.{nearest(name, names)}")
        grouped = [id(p) for group in groups for p in group["params"]]
        trainable = {id(p): name for name, p in self.named_parameters() if p.requires_grad}
        forgotten = [name for key, name in trainable.items() if key not in grouped]
        if forgotten or len(grouped) != len(set(grouped)):
            raise ConfigError(f"each trainable parameter must be in one group; {forgotten[0] if forgotten else 'one'} is in none or in two")
        return [{**group, **(self.group_options or {}).get(group["name"], {})} for group in groups]


def _is_part(value: Any) -> bool:
    return isinstance(value, nn.Module) or callable(value)


def _plain(name: str, value: Any) -> Any:
    """Return a value as the plain types that a checkpoint may hold."""
    if value is None or isinstance(value, bool):
        return value
    for kind in (int, float, str):
        if isinstance(value, kind):
            return kind(value)  # numpy's float64 is a float that no checkpoint may hold
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
