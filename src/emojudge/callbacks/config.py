"""``SaveRunConfig``: the resolved config of each stage of a run, in the run's folder."""

from pathlib import Path

from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.cli import SaveConfigCallback
from lightning.pytorch.trainer.states import TrainerFn

from ..files import write_text


class SaveRunConfig(SaveConfigCallback):
    """Writes what the parser resolved to ``config_<stage>.yaml``, whole, over that of an earlier start.

    Lightning's own callback refuses to start in a folder that has a config, which would forbid to resume
    there or to predict after a fit.
    """

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Write the file, on rank 0."""
        if trainer.is_global_zero:
            self.save_config(trainer, pl_module, stage)

    def save_config(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Write ``config_<stage>.yaml`` into the trainer's ``default_root_dir``."""
        path = Path(trainer.default_root_dir) / f"config_{TrainerFn(stage).value}.yaml"  # Lightning passes an enum
        write_text(path, self.parser.dump(self.config, skip_none=False))
