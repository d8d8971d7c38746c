"""What every Lightning module here does with checkpoints, parameter groups and scores."""

import math
import os
from collections.abc import Callable, Mapping
from typing import Any, Self, TypeAlias

import lightning as L
import numpy as np
import torch
from lightning.pytorch.cli import OptimizerCallable
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler
from torchmetrics import MetricCollection

from ..batch import Batch
from ..errors import ConfigError, EmojudgeError, nearest, some
from ..metrics import Monitor
from .checkpoint import check_checkpoint

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

    def __init__(self) -> None:
        super().__init__()
        self.monitors = nn.ModuleList()  # one for each split under evaluation, made when that begins

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
            ConfigError: If parts are needed that the file cannot hold, or the file lies on a server or is no checkpoint.
        """
        if str(checkpoint_path).startswith(("http:", "https:")):
            raise ConfigError(f"{checkpoint_path}: checkpoints are not taken from a server; download it and check where it comes from")
        options.setdefault("weights_only", True)
        if isinstance(checkpoint_path, str | os.PathLike):
            check_checkpoint(os.fspath(checkpoint_path), weights_only=options["weights_only"])
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
            _, _, differences = str(error).partition("\n\t")
            if not differences:
                raise
            raise ConfigError(
                f"the checkpoint does not fit the network of the config: {differences.splitlines()[0].strip()} "
                "Use the config that it was trained with (config_fit.yaml beside it)"
            ) from error

    def new_scores(self) -> MetricCollection:
        """Return empty scores for one split, as the task measures it."""
        raise NotImplementedError

    def on_validation_epoch_start(self) -> None:
        """Begin the scores of the validation split."""
        self._begin("val", len(self.trainer.num_val_batches))

    def on_test_epoch_start(self) -> None:
        """Begin the scores of each test split."""
        self._begin("test", len(self.trainer.num_test_batches))

    def on_validation_epoch_end(self) -> None:
        """Log the scores of the whole split."""
        self._log_scores()

    def on_test_epoch_end(self) -> None:
        """Log the scores of each whole split."""
        self._log_scores()

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

    def _begin(self, stage: str, n_loaders: int) -> None:
        """Make a monitor for each loader: ``test``, or ``test/<split>`` where there are several."""
        splits = getattr(getattr(self.trainer, "datamodule", None), f"{stage}_splits", [])
        splits = splits if len(splits) == n_loaders else range(n_loaders)
        names = [stage] if n_loaders == 1 else [f"{stage}/{split}" for split in splits]
        self.monitors = nn.ModuleList(Monitor(name, self.new_scores()) for name in names).to(self.device)

    def _log_scores(self) -> None:
        for monitor in self.monitors:
            self.log_dict(monitor.compute(), prog_bar=True, sync_dist=True)  # type: ignore[operator]
        self.monitors = nn.ModuleList()

    def _outputs(self, batch: Batch) -> Tensor:
        """Return what the network gives, ``(batch, outputs)``.

        Raises:
            EmojudgeError: If an utterance with input has an output that is not finite: NaN must only ever mean "no input".
        """
        outputs: Tensor = self.network(batch)
        broken = ~outputs.isfinite().all(dim=1) & self._has_input(batch)
        if broken.any():
            names = [name for name, bad in zip(batch.id, broken.tolist(), strict=True) if bad]
            raise EmojudgeError(
                f"the network gives values that are not finite for {some(names)} (step {self.global_step}); "
                "lower the learning rate, or look at these utterances"
            )
        return outputs

    def _has_input(self, batch: Batch) -> Tensor:
        if hasattr(self.network, "has_input"):
            return self.network.has_input(batch)  # type: ignore[no-any-return]
        return torch.ones_like(batch.row, dtype=torch.bool)

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
