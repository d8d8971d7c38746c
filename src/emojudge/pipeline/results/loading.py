"""What a finished run folder holds: its table, and the predictions of each of its systems."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias

from ...corpus import Table, read_table
from ...corpus.table import TABLE_FILE
from ...errors import EmojudgeError
from ...evaluation.labelled import AnyPredictions
from ...predictions import load_predictions

SYSTEMS_FILE = "systems.json"

Systems: TypeAlias = Mapping[str, Mapping[str, AnyPredictions]]
"""Predictions by task and by the name that the row gets."""


def load_run(run: str | Path) -> tuple[Systems, Table]:
    """Return the predictions of a run folder by task and system, in the order of its results, and its table.

    Raises:
        EmojudgeError: If the folder does not hold a finished run.
    """
    run = Path(run)
    if not (run / SYSTEMS_FILE).is_file():
        raise EmojudgeError(f"{run}: not a finished run folder (no {SYSTEMS_FILE}); emojudge run makes one")
    return load_systems(run), read_table(run / TABLE_FILE)


def load_systems(run: Path) -> Systems:
    """Return the predictions that a run folder's list of systems names, by task and system."""
    try:
        names = json.loads((run / SYSTEMS_FILE).read_text(encoding="utf-8"))
        files = {task: {name: run / path for name, path in by_name.items()} for task, by_name in names.items()}
    except (ValueError, AttributeError, TypeError) as error:
        raise EmojudgeError(f"{run / SYSTEMS_FILE}: not readable ({error}); the same emojudge run writes it again") from error
    return {task: {name: load_predictions(path) for name, path in by_name.items()} for task, by_name in files.items()}
