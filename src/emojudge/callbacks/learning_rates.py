"""``LearningRates``: the learning rate of each named group, as it was in the step that is logged."""

from lightning.pytorch import LightningModule, Trainer
from torch.optim import Optimizer

from .periodic import PeriodicLog


class LearningRates(PeriodicLog):
    """Logs ``train/lr/<group>`` for each parameter group of the optimizer, such as ``train/lr/encoder``.

    Lightning's own monitor reads the rates after the schedule has moved on, and fails where there is no logger.
    """

    def __init__(self) -> None:
        self._rates: dict[str, float] = {}

    def on_before_optimizer_step(self, trainer: Trainer, pl_module: LightningModule, optimizer: Optimizer) -> None:
        """Note the rates that this step uses."""
        self._rates = {f"train/lr/{group.get('name', i)}": float(group["lr"]) for i, group in enumerate(optimizer.param_groups)}

    def values(self, trainer: Trainer, pl_module: LightningModule) -> dict[str, float]:
        """Return the rates of the latest step."""
        return self._rates
