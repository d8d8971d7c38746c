"""``emojudge fit | validate | test | predict``: LightningCLI with our parser, callbacks and folders."""

import logging
import os
import signal
import warnings
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from filelock import FileLock
from lightning.fabric.plugins.environments.slurm import SLURMEnvironment
from lightning.pytorch import LightningDataModule, LightningModule, Trainer
from lightning.pytorch.callbacks import ProgressBar
from lightning.pytorch.cli import LightningArgumentParser, LightningCLI
from lightning.pytorch.loggers import TensorBoardLogger

from ..callbacks import (
    BestCheckpoint,
    EpochSeed,
    ExactResume,
    LatestCheckpoint,
    LearningRates,
    MetricsFile,
    PredictionWriter,
    ProgressFile,
    SaveRunConfig,
    StopEarly,
    StopSignals,
    Throughput,
)
from ..callbacks.checkpoints import FOLDER
from ..callbacks.progress_bar import progress_display
from ..errors import ConfigError, EmojudgeError, Interruption
from ..files import hold
from ..models.checkpoint import check_checkpoint, check_local
from .failures import ToldElsewhereError, failing_as_one
from .parsing import PARSER_MODE, OneLineErrors, resolve_configs, set_up_parsing
from .recording import RecordTests

PROGRESS_VARIABLE = "EMOJUDGE_PROGRESS_FILE"
"""Environment variable with the path of a file that tells a parent process how far a training is."""

LOCK_WAIT_S = 60
"""A training waits so long for one of an earlier start to end, in seconds."""

_log = logging.getLogger(__name__)

NEEDLESS_WARNINGS = (
    r"Checkpoint directory .* exists and is not empty",  # so it is whenever a run is resumed
    r"You're resuming from a checkpoint that ended before the epoch ended",  # our data module keeps the place, not the loader
    r"The number of training batches .* is smaller than the logging interval",  # what we log is of whole epochs
    r"Found \d+ module\(s\) in eval mode",  # a frozen encoder, which is to have no dropout
    r"`isinstance\(treespec, LeafSpec\)` is deprecated",  # Lightning's own affair
)
"""Beginnings of what Lightning warns of and no user of ours need mend, as regular expressions."""


class TrainingParser(OneLineErrors, LightningArgumentParser):
    """LightningCLI's parser with errors of one line."""


class TrainingCLI(LightningCLI):
    """LightningCLI whose run folder is ``trainer.default_root_dir`` and whose config beats the checkpoint's."""

    command = "fit"
    """The command of this start; building the parsers of the others too would take a second."""
    held = ExitStack()
    """What is held while it runs: the folder, so that no other training writes to it."""

    def subcommands(self) -> dict[str, set[str]]:  # type: ignore[override]  # Lightning calls it on the instance
        """Return the command and the arguments of the trainer's method that are not the user's."""
        return {self.command: LightningCLI.subcommands()[self.command]}

    def add_arguments_to_parser(self, parser: Any) -> None:
        """Add what every training has: the best and the latest checkpoint, early stopping, and the writer of predictions."""
        parser.add_lightning_class_args(BestCheckpoint, "best_checkpoint")
        parser.add_lightning_class_args(LatestCheckpoint, "latest_checkpoint")
        parser.add_lightning_class_args(StopEarly, "early_stopping")
        parser.add_lightning_class_args(PredictionWriter, "predictions")

    def parse_arguments(self, parser: Any, args: Any) -> None:
        """Parse without the warning that ``sys.argv`` holds arguments too: ours are those, with configs found by name."""
        self.config = parser.parse_args(args)

    def _parse_ckpt_path(self) -> None:
        """Turn ``best`` and ``last`` into the run folder's files and leave the rest of the config as it is.

        ``fit`` starts anew where there is no ``last`` yet; the other commands take ``best`` by default.
        By default LightningCLI would let a checkpoint's hyper-parameters silently replace the config.
        """
        config = self.config[self.config.subcommand]
        fitting = self.config.subcommand == "fit"
        if (fitting or PROGRESS_VARIABLE in os.environ) and not config.trainer.fast_dev_run and _is_first():
            lock = _hold(config.trainer.default_root_dir or ".")  # before we look for what an earlier start has left
            self.held.callback(lock.release)
        path = config.get("ckpt_path") or (None if fitting else "best")
        if path is None:
            _check_no_foreign_state(config.trainer.default_root_dir or ".")
            return
        check_local(path)
        if path in ("best", "last"):
            path = Path(config.trainer.default_root_dir or ".") / FOLDER / f"{path}.ckpt"
            if fitting and not path.exists():
                _check_no_foreign_state(config.trainer.default_root_dir or ".")
                config["ckpt_path"] = None
                return
        if not Path(path).exists():
            raise ConfigError(f"{path}: there is no such checkpoint; train first, or name one with --ckpt_path")
        check_checkpoint(path, weights_only=config.get("weights_only") is not False)
        config["ckpt_path"] = str(path)

    def instantiate_classes(self) -> None:
        """Build model, data and trainer; what a constructor refused is said in its own words.

        Raises:
            ConfigError: If a constructor refused its arguments.
        """
        try:
            super().instantiate_classes()
        except ValueError as error:  # jsonargparse prints the whole config around the constructor's message
            chain: list[BaseException] = [error]
            while chain[-1].__cause__ is not None:
                chain.append(chain[-1].__cause__)
            raise next((cause for cause in chain if isinstance(cause, EmojudgeError)), ConfigError(str(chain[-1]))) from error

    def instantiate_trainer(self, **settings: Any) -> Trainer:
        """Return the trainer, logging to CSV and TensorBoard in the run folder unless the config names a logger."""
        config = self._get(self.config_init, "trainer")
        if config.get("logger") in (None, True) and not config.get("fast_dev_run"):
            settings["logger"] = _loggers(str(self.subcommand), Path(config.get("default_root_dir") or ".") / "logs")
        self._signals = StopSignals()
        callbacks: list[Any] = [EpochSeed(), ExactResume(), self._signals, LearningRates(), Throughput(), RecordTests()]
        if path := os.environ.get(PROGRESS_VARIABLE):
            callbacks.append(ProgressFile(path))
        given = config.get("callbacks") or []
        given = given if isinstance(given, list) else [given]
        if config.get("enable_progress_bar") is not False and not any(isinstance(callback, ProgressBar) for callback in given):
            callbacks.append(progress_display())
        settings["callbacks"] = [*callbacks, *given]  # ours first: what others do at the end of an epoch is not timed
        return super().instantiate_trainer(**settings)

    def _run_subcommand(self, subcommand: str) -> None:
        """Run it.

        Raises:
            Interruption: If a signal ended it; Lightning turns Ctrl-C into exit status 1.
        """
        try:
            with failing_as_one(self.trainer.strategy.launcher):
                super()._run_subcommand(subcommand)
        except ToldElsewhereError:
            raise
        except (Exception, SystemExit) as end:
            signals = self._signals.received
            # where rank 0 has ended in the midst of a validation, the others fail as they wait for it
            if signals is not None and (isinstance(end, SystemExit) or self.trainer.world_size > 1):
                raise Interruption(signals) from end
            if isinstance(end, SystemExit) and self.trainer.interrupted:
                raise Interruption(signal.SIGINT) from end
            raise


def _hold(folder: str | Path) -> FileLock:
    """Return the lock of a training's folder, which no other training then uses; that of a killed process may take a moment to end.

    Raises:
        ConfigError: If another training is still at work there after a minute.
    """
    lock_path = Path(folder) / ".training.lock"
    busy = ConfigError(f"another training is at work in {folder}; wait until it has ended, or take another trainer.default_root_dir")
    try:
        return hold(lock_path, busy)
    except ConfigError:
        _log.warning("another training is at work in %s; waiting for its end, %d s at most", folder, LOCK_WAIT_S)
    return hold(lock_path, busy, LOCK_WAIT_S)


def _is_first() -> bool:
    """Whether this process is the first of its run, as far as launchers tell before Lightning has counted them."""
    return all(os.environ.get(name, "0") == "0" for name in ("RANK", "SLURM_PROCID", "LOCAL_RANK", "NODE_RANK", "GROUP_RANK"))


def _check_no_foreign_state(folder: str) -> None:
    """Refuse to begin in a folder that Lightning would, unasked, resume from.

    Raises:
        ConfigError: If this is a SLURM job and Lightning itself saved there before it put an earlier one into the queue again.
    """
    left = sorted(Path(folder).glob("hpc_ckpt_*.ckpt")) if SLURMEnvironment.detect() else []
    if left:
        raise ConfigError(
            f"{left[-1]}: Lightning would silently resume from this file of an earlier job; "
            "name it with --ckpt_path to go on from it, or remove it"
        )


def _loggers(command: str, folder: Path) -> list[Any]:
    """Return the loggers of a command: its own CSV file, and TensorBoard for the curves of a fit; a prediction logs nothing."""
    if command == "predict":
        return []
    if command == "fit":
        return [TensorBoardLogger(folder.parent, name=folder.name, version=""), MetricsFile(folder / "metrics.csv")]
    return [MetricsFile(folder / f"metrics_{command}.csv")]


def main(arguments: Sequence[str]) -> int:
    """Run one of the four training commands."""
    set_up_parsing()
    for talkative in ("lightning.fabric", "lightning.pytorch.utilities.rank_zero"):
        logging.getLogger(talkative).setLevel(logging.WARNING)
    for needless in NEEDLESS_WARNINGS:
        warnings.filterwarnings("ignore", message=needless)
    TrainingCLI.command = arguments[0]
    with ExitStack() as TrainingCLI.held:
        TrainingCLI(
            LightningModule,
            LightningDataModule,
            args=resolve_configs(arguments),
            subclass_mode_model=True,
            subclass_mode_data=True,
            auto_configure_optimizers=False,
            parser_class=TrainingParser,
            parser_kwargs={"parser_mode": PARSER_MODE, "prog": "emojudge"},
            save_config_callback=SaveRunConfig,
            trainer_defaults={"use_distributed_sampler": False},
            seed_everything_default=0,
        )
    return 0
