"""``emojudge fit`` and its sisters in process, on the tiny corpus, with the shipped configs made small by overrides."""

from pathlib import Path

import pytest

from emojudge.cli.main import main
from emojudge.corpus import Table

NETWORK = "--model.init_args.network.init_args"
BRANCHES = {
    "acoustic": [
        *("--config=trainer/cpu.yaml", "--config=data/audio.yaml", "--config=model/ecapa_small.yaml"),
        "--config=experiment/small_acoustic.yaml",
        f"{NETWORK}.encoder.init_args.channels=16",
        f"{NETWORK}.encoder.init_args.features=16",
        f"{NETWORK}.encoder.init_args.log_mel.init_args.n_mels=20",
        f"{NETWORK}.head.init_args.hidden=16",
    ],
    "text": [
        *("--config=trainer/cpu.yaml", "--config=data/text.yaml", "--config=model/roberta_small.yaml"),
        "--config=experiment/small_text.yaml",
        f"{NETWORK}.encoder.init_args.model.hidden_size=16",
        f"{NETWORK}.encoder.init_args.model.intermediate_size=16",
        "--data.init_args.vocab_size=300",
    ],
}


class Runs:
    """Starts training commands on a saved table, in process and without progress bars."""

    def __init__(self, table: Path) -> None:
        self.table = table

    def arguments(self, folder: Path, *more: str, branch: str = "acoustic", reads: str = "table") -> list[str]:
        """Return the arguments of a command; ``more`` comes last, ``reads=""`` leaves the table out."""
        own = ["--data.init_args.batch_size=8", f"--trainer.default_root_dir={folder}"]
        table = [f"--data.init_args.table={self.table}"] if reads == "table" else []
        quiet = ["--trainer.enable_progress_bar=false", "--trainer.enable_model_summary=false"]
        return [*BRANCHES[branch], *own, *table, *quiet, *more]

    def __call__(self, command: str, folder: Path, *more: str, **choice: str) -> int:
        """Return the exit status of a command."""
        return main([command, *self.arguments(folder, *more, **choice)])


@pytest.fixture(scope="session")
def runs(tiny_table: Table, tmp_path_factory: pytest.TempPathFactory) -> Runs:
    path = tmp_path_factory.mktemp("cli") / "table.parquet"
    tiny_table.save(path)
    return Runs(path)


@pytest.fixture(scope="session")
def trained(runs: Runs, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of an acoustic run of three epochs. Do not change it."""
    folder = tmp_path_factory.mktemp("trained") / "acoustic"
    assert runs("fit", folder, "--trainer.max_epochs=3") == 0
    return folder


@pytest.fixture(scope="session")
def trained_text(runs: Runs, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a text run of one epoch. Do not change it."""
    folder = tmp_path_factory.mktemp("trained") / "text"
    assert runs("fit", folder, "--trainer.max_epochs=1", branch="text") == 0
    return folder
