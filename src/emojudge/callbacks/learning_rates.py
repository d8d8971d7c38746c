"""``LearningRates``: the learning rate of each named group, as it was in the step that is logged."""

from typing import Any

from lightning.pytorch import LightningModule, Trainer
from torch.optim import Optimizer

from .periodic import PeriodicLog


class LearningRates(PeriodicLog):
    """Logs ``train/lr/<group>`` for each parameter group of the optimizer, such as ``train/lr/encoder``.

    Lightning's own monitor reads the rates after the schedule has moved on, and fails where there is no logger.
    """

    def __init__(self) -> None:
        self._rates: dict[str, float] = {}

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Forget an earlier fit."""
        super().setup(trainer, pl_module, stage)
        self._rates = {}

    def state_dict(self) -> dict[str, Any]:
        """Return the rates of the latest step too: a run that is resumed behind the last step of an epoch has yet to log them."""
        return {**super().state_dict(), "rates": self._rates}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take what an earlier start has logged and used."""
        super().load_state_dict(state_dict)
        self._rates = dict(state_dict.get("rates", {}))

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Log the last step of an epoch shorter than a period, whichever start has made it."""
        if self._rates and self._epoch != trainer.current_epoch:
            self._log(trainer, pl_module)

    def on_before_optimizer_step(self, trainer: Trainer, pl_module: LightningModule, optimizer: Optimizer) -> None:
        """Note the rates that this step uses."""
        self._rates = {f"train/lr/{group.get('name', i)}": float(group["lr"]) for i, group in enumerate(optimizer.param_groups)}

    def values(self, trainer: Trainer, pl_module: LightningModule) -> dict[str, float]:
        """Return the rates of the latest step."""
        return self._rates
