"""``run_experiment``: corpus, networks, fusion, judge and results, each stage a file that the next one reads."""

import json
import re
from dataclasses import asdict
from pathlib import Path

from ..corpus import Table
from ..errors import ConfigError
from ..evaluation.tables import ResultsTable
from ..files import write_text
from .branch import train_branch
from .config import RunConfig
from .display import Display
from .fusing import fuse
from .judging import check_judge, review
from .ledger import record
from .results import ENDINGS, SYSTEMS_FILE, load_systems, score_run, weigh_results, write_results
from .sources import read_corpus
from .stages import TABLE, RunFolder
from .systems import FUSED, TASKS, read_systems
from .tuning import check_tuning

RESERVED = ("corpus", "fusion", "judge")
"""Folders of a run that no branch may be called after."""


def run_experiment(config: RunConfig, out: str | Path, display: Display | None = None, *, force: bool = False) -> list[ResultsTable]:
    """Run all stages into a folder and return the results of each task.

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
    _check_names(config, Path(out))
    systems = read_systems(config)
    judged = config.judge.client != "none" and any("emotion" in system.tasks for system in systems)
    if judged:
        check_judge(config.judge)
    folder = RunFolder(out, asdict(config), display.say, force)
    with folder.locked():
        table = read_corpus(folder, config, display)
        check_tuning(table, config.fusion, systems)
        if config.judge.client != "none" and not judged:
            display.say("judge: left out, since it reviews emotions and no system predicts any")
        for system in systems:
            train_branch(folder, system, config, table, display)
        files: dict[str, dict[str, str]] = {}
        for task in TASKS:
            branches = [system for system in systems if task in system.tasks]
            if not branches:
                continue
            files[task], fused = fuse(folder, task, branches, config, table, display)
            if task == "emotion" and judged:
                files[task] |= review(folder, fused, files[task][fused], config, table, display)
        return _report(folder, files, table)


def _check_names(config: RunConfig, out: Path) -> None:
    """Refuse at once names that a later stage could not work with."""
    if "${" in str(out):
        raise ConfigError(f"{out}: a run folder cannot have '${{' in its path, which configs take for a reference")
    if not config.systems:
        raise ConfigError("systems is empty; name at least one, such as acoustic: [config files]")
    for name in config.systems:
        if not re.fullmatch(r"[A-Za-z][\w-]*", name) or name in (*RESERVED, FUSED):
            taken = ", ".join((*RESERVED, FUSED))
            raise ConfigError(f"a system cannot be called '{name}'; take letters, digits, - and _, and none of {taken}")


def _report(folder: RunFolder, systems: dict[str, dict[str, str]], table: Table) -> list[ResultsTable]:
    """Score every system, write the results in every form and return them."""
    made: list[ResultsTable] = []

    def make() -> None:
        write_text(folder.path / SYSTEMS_FILE, json.dumps(systems, indent=1) + "\n")
        made.extend(weigh_results(_scored(folder, table)))
        write_results(folder.path / "results", made)

    files = [path for paths in systems.values() for path in paths.values()]
    folder.stage(
        "results",
        lambda: {"systems": systems, "files": folder.digest(*files, TABLE)},
        [*(f"results.{ending}" for ending in ENDINGS), SYSTEMS_FILE],
        make,
    )
    return made or weigh_results(_scored(folder, table))


def _scored(folder: RunFolder, table: Table) -> list[ResultsTable]:
    """Return the results of each task, after the ledger says so; predictions that did not change are recorded once."""
    systems = load_systems(folder.path)
    results = score_run(systems, table)
    record(folder.path, [split for found in results for split in found.splits], "results of the run", systems, again=False)
    return results
