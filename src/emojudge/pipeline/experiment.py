"""``run_experiment``: corpus, networks, fusion, judge and results, each stage a file that the next one reads."""

import json
import re
from dataclasses import asdict
from pathlib import Path

from ..configs import find_config
from ..corpus import Table
from ..errors import ConfigError
from ..evaluation.tables import ResultsTable
from ..files import write_text
from ..predictions import load_predictions
from .branch import train_branch
from .config import RunConfig
from .display import Display
from .fusing import check_tuning, fuse
from .judging import check_judge, review
from .results import SYSTEMS_FILE, load_systems, score_run
from .sources import read_corpus
from .stages import TABLE, RunFolder

RESERVED = ("corpus", "fusion", "judge")
"""Folders of a run that no branch may be called after."""


def run_experiment(config: RunConfig, out: str | Path, display: Display | None = None, *, force: bool = False) -> ResultsTable:
    """Run all stages into a folder and return the results.

    A stage whose inputs have not changed is skipped; an interrupted training goes on from its last
    checkpoint.

    Args:
        config: The experiment.
        out: The run folder.
        display: What is shown meanwhile; a plain console by default.
        force: Run every stage again.

    Raises:
        EmojudgeError: If a stage cannot be done; what earlier stages wrote stays.
    """
    display = display or Display()
    _check(config, Path(out))
    configs = {name: [find_config(path) for path in paths] for name, paths in config.systems.items()}
    folder = RunFolder(out, asdict(config), display.say, force)
    with folder.locked():
        table = read_corpus(folder, config, display)
        check_tuning(table, config.fusion)
        for name, paths in configs.items():
            train_branch(folder, name, paths, config, table, display)
        systems, fused = fuse(folder, list(configs), config, table, display)
        if config.judge.client != "none":
            systems |= review(folder, fused, systems[fused], config, table, display)
        _report(folder, systems, table)
        return score_run(load_systems(folder.path), table)


def _check(config: RunConfig, out: Path) -> None:
    """Refuse at once what a later stage would refuse after hours of training."""
    if "${" in str(out):
        raise ConfigError(f"{out}: a run folder cannot have '${{' in its path, which configs take for a reference")
    if config.judge.client != "none":
        check_judge(config.judge)
    if not config.systems:
        raise ConfigError("systems is empty; name at least one, such as acoustic: [config files]")
    for name in config.systems:
        if not re.fullmatch(r"[A-Za-z][\w-]*", name) or name in (*RESERVED, "fused"):
            taken = ", ".join((*RESERVED, "fused"))
            raise ConfigError(f"a system cannot be called '{name}'; take letters, digits, - and _, and none of {taken}")


def _report(folder: RunFolder, systems: dict[str, str], table: Table) -> None:
    """Score every system and write ``results.csv`` and ``results.md``."""

    def make() -> None:
        write_text(folder.path / SYSTEMS_FILE, json.dumps(systems, indent=1) + "\n")
        results = score_run({name: load_predictions(folder.path / path, "emotion") for name, path in systems.items()}, table)
        write_text(folder.path / "results.csv", results.to_csv())
        write_text(folder.path / "results.md", results.to_markdown())

    folder.stage(
        "results",
        lambda: {"systems": systems, "files": folder.digest(*systems.values(), TABLE)},
        ["results.csv", "results.md", SYSTEMS_FILE],
        make,
    )
