"""``StopEarly``: a training ends when its validation score has not improved for a while; off unless asked for."""

import logging
from typing import Any

from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import EarlyStopping

from ..errors import ConfigError, plural, some
from .score import monitor_of

_log = logging.getLogger(__name__)


class StopEarly(EarlyStopping):
    """Ends a training after ``patience`` validations without a better score; the score is the one that chooses ``best.ckpt``.

    It counts validations, not epochs: with validation inside the epoch a training may end there. With :class:`ExactResume` a training
    that was ended stays so when it is started again with ``--ckpt_path last``, unless the patience was raised.

    Paper: section 5.2 trains for a fixed number of epochs; off by default.

    Args:
        patience: Validations without a better score; null never stops.
        min_delta: Least gain that counts as better.

    Raises:
        ConfigError: If a setting is out of range, or, in training, if the score is not logged.
    """

    def __init__(self, patience: int | None = None, min_delta: float = 0.0) -> None:
        if patience is not None and patience < 1:
            raise ConfigError(f"early_stopping.patience is {patience}, expected a positive number of validations, or null for none")
        if min_delta < 0:
            raise ConfigError(f"early_stopping.min_delta is {min_delta}, expected 0 or more")
        super().__init__(monitor="", min_delta=min_delta, patience=patience or 0, mode="max", check_on_train_epoch_end=False)
        self.is_on = patience is not None

    @property
    def state_key(self) -> str:
        """Return the name of its state in a checkpoint, whatever the score."""
        return type(self).__qualname__

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Learn from the module what its score is."""
        super().setup(trainer, pl_module, stage)
        self.monitor = monitor_of(pl_module)

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take the state of an earlier start, but the patience of this one: the config decides."""
        super().load_state_dict({**state_dict, "patience": self.patience})

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Compare the score, and end the training when patience runs out."""
        if not self.is_on or self._should_skip_check(trainer):
            return
        if self.monitor not in trainer.callback_metrics:
            raise ConfigError(
                f"early_stopping waits for {self.monitor or 'the score that the module should name as its monitor'}, "
                f"which is not logged (logged: {some(trainer.callback_metrics)}); "
                "leave early_stopping.patience out, or train with data to validate on"
            )
        stopped = trainer.should_stop
        super().on_validation_end(trainer, pl_module)
        if trainer.should_stop and not stopped and trainer.is_global_zero:
            _log.warning("training ends in epoch %d: %s", trainer.current_epoch + 1, self._reason())

    def _reason(self) -> str:
        return f"{self.monitor} has not risen above {float(self.best_score):.3f} in {plural(self.wait_count, 'validation')}"
