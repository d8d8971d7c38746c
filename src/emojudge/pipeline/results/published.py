"""The paper's Table 2 beside runs of the shipped configs that repeat its systems."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ...errors import EmojudgeError
from ...evaluation.paper import TABLE_2, paper_sheet
from ...evaluation.sheet import Sheet
from ...evaluation.tables import MARK_NOTES, TRANSDUCTIVE, ResultsTable
from ..stages import RECORD

NO_RUN = "No run stands here: one does only below the row whose shipped config (run/paper_*.yaml) it was started with."


def published_sheets(runs: Mapping[str, Path], scored: Mapping[str, Sequence[ResultsTable]]) -> list[Sheet]:
    """Return the half of the paper's Table 2 for each task that was scored.

    A run stands under a row of the paper only where it was started with the config of that row (``run/paper_...``), with its last system,
    the one that rests on all the others; nothing is matched by what a system is called.

    Args:
        runs: Folder of each run, by name.
        scored: The table of each task, by run.
    """
    configs = {name: started_with(folder) for name, folder in runs.items()}
    beside = "Rows of runs: without their intervals, which stand with the results; a dev score is in-sample, as the paper's is."
    sheets = []
    for task in dict.fromkeys(table.task for tables in scored.values() for table in tables):
        own: dict[str, tuple[str, Mapping[str, Mapping[str, float]]]] = {}
        for name, tables in scored.items():
            for table in tables:
                for system in TABLE_2[task]:
                    if table.task == task and system.config in configs[name]:
                        last = table.systems[-1]
                        scores = {result.split: result.scores for result in table.results if result.system == last}
                        own[system.config] = (f"{name}: {last}{TRANSDUCTIVE if _is_transductive(table, last) else ''}", scores)
        sheet = paper_sheet(task, own)
        marked = any(TRANSDUCTIVE in name for name, _ in own.values())
        notes = [beside if own else NO_RUN, *([MARK_NOTES[TRANSDUCTIVE]] if marked else [])]
        sheets.append(replace(sheet, notes=[*sheet.notes, *notes]))
    return sheets


def _is_transductive(table: ResultsTable, system: str) -> bool:
    return any(result.transductive for result in table.results if result.system == system)


def started_with(run: Path) -> set[str]:
    """Return the names, without folder and ending, of the config files that a run was last started with.

    Raises:
        EmojudgeError: If its record cannot be read.
    """
    path = run / RECORD
    try:
        record: Any = json.loads(path.read_text(encoding="utf-8"))
        command = [str(word) for word in record["command"]]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise EmojudgeError(f"{path}: not readable ({error}); the same emojudge run writes it again") from error
    return {Path(word.rpartition("=")[2]).stem for word in command if word.endswith((".yaml", ".yml"))}
