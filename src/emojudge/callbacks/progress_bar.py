"""What a training shows while it is at work: a bar on a terminal, a line an epoch in a log file."""

import math
import time

from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import ProgressBar, RichProgressBar
from rich import get_console

from .score import best_before, in_words, latest_score, monitor_of


def progress_display() -> ProgressBar:
    """Return the bar where standard output is a terminal, else the lines."""
    return ScoreBar() if get_console().is_terminal else EpochLines()


class ScoreBar(RichProgressBar):
    """Lightning's rich progress bar with the validation score by its name, the latest and the best so far.

    Lightning's own shows every value that is logged for it, and waits for the device after each batch to read them.
    """

    def __init__(self) -> None:
        super().__init__(refresh_rate=10)
        self._scores: dict[str, str] = {}
        self._best = -math.inf

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Show the bar."""
        self._scores, self._best = {}, best_before(trainer, pl_module)
        super().on_train_start(trainer, pl_module)

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Take the new score."""
        score = latest_score(trainer, pl_module)
        if score is not None and not trainer.sanity_checking:
            self._best = max(self._best, score)
            self._scores = {in_words(monitor_of(pl_module)): f"{score:.3f}", "best": f"{self._best:.3f}"}
        super().on_validation_end(trainer, pl_module)

    def get_metrics(self, trainer: Trainer, pl_module: LightningModule) -> dict[str, int | str | float | dict[str, float]]:
        """Return the latest score and the best one."""
        return {**self._scores}


class EpochLines(ProgressBar):
    """Prints a line at the end of each training epoch, from rank 0, and nothing else."""

    def __init__(self) -> None:
        super().__init__()
        self._enabled = True
        self._best = -math.inf
        self._start = 0.0

    def disable(self) -> None:
        """Print nothing; Lightning asks for this in every process but the first."""
        self._enabled = False

    def enable(self) -> None:
        """Print again."""
        self._enabled = True

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Take the time from here."""
        self._best, self._start = best_before(trainer, pl_module), time.monotonic()

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Remember the best score."""
        score = latest_score(trainer, pl_module)
        if score is not None and not trainer.sanity_checking:
            self._best = max(self._best, score)

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Print the epoch, its loss and the latest score."""
        loss = trainer.callback_metrics.get("train/loss")  # of all processes: each must ask
        score = latest_score(trainer, pl_module)
        if not self._enabled:
            return
        total = "" if trainer.max_epochs in (None, -1) else f"/{trainer.max_epochs}"
        parts = [f"epoch {trainer.current_epoch + 1}{total}, step {trainer.global_step}"]
        if loss is not None:
            parts.append(f"train loss {float(loss):.4f}")
        if score is not None:
            parts.append(f"{in_words(monitor_of(pl_module))} {score:.3f} (best {max(self._best, score):.3f})")
        print(": ".join([parts[0], ", ".join([*parts[1:], f"{time.monotonic() - self._start:.0f} s"])]), flush=True)
