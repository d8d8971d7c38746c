"""The validation score that a module is chosen by: its name in the log, and in words."""

import math

from lightning.pytorch import LightningModule, Trainer

_IN_WORDS = {
    "val/macro_f1": "dev macro-F1",
    "val/macro_f1_uniform": "dev macro-F1, equal classes",
    "val/ccc_mean": "dev mean CCC",
}


def monitor_of(pl_module: LightningModule) -> str:
    """Return the name under which a module logs the score that its checkpoints are chosen by, more being better; empty if it has none."""
    return str(getattr(pl_module, "monitor", ""))


def in_words(monitor: str) -> str:
    """Return how people call a score, such as ``dev macro-F1``; a score that has no such name keeps its own."""
    return _IN_WORDS.get(monitor, monitor)


def latest_score(trainer: Trainer, pl_module: LightningModule) -> float | None:
    """Return the latest validation score, None before the first; to be asked in every process or in none."""
    score = trainer.callback_metrics.get(monitor_of(pl_module))
    return None if score is None else float(score)


def best_before(trainer: Trainer, pl_module: LightningModule) -> float:
    """Return the best validation score of an earlier start, as the checkpoint that keeps the best one knows it, or minus infinity."""
    known = [callback for callback in trainer.checkpoint_callbacks if getattr(callback, "monitor", None) == monitor_of(pl_module)]
    scores = [float(callback.best_model_score) for callback in known if callback.best_model_score is not None]  # type: ignore[attr-defined]
    return max(scores, default=-math.inf)
