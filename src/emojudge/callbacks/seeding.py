"""``EpochSeed``: what is random in an epoch depends on seed, epoch and process alone."""

import random

import numpy as np
import torch
from lightning.pytorch import Callback, LightningModule, Trainer


class EpochSeed(Callback):
    """Seeds torch, NumPy and Python at the start of each training epoch, as the order of its batches is seeded.

    A run that was stopped and resumed from the end of an epoch then draws the same dropout and masks as one that was
    not, and processes draw different ones. The seed is the one that torch had when the fit began.
    """

    def on_fit_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Note the run's seed."""
        self._seed = torch.initial_seed()

    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Seed the epoch."""
        sequence = np.random.SeedSequence([self._seed, trainer.current_epoch, trainer.global_rank])
        seed = int(sequence.generate_state(1)[0])  # 32 bits: what NumPy's global generator takes
        torch.manual_seed(seed)
        np.random.seed(seed)
        random.seed(seed)
