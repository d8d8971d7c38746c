"""``MetricsFile``: what a trainer logs, as a CSV file that a second start goes on with."""

import csv
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lightning.pytorch.loggers.logger import Logger
from lightning.pytorch.utilities import rank_zero_only

from ..files import write_text


class MetricsFile(Logger):
    """Writes what is logged at a step as one row, at once; a value not logged then is empty.

    A start that resumes keeps the rows of the steps before it. Those from its first step on, of an epoch that was
    interrupted or of an earlier training, give way. Lightning's own ``CSVLogger`` deletes the file.

    Args:
        path: The file.
    """

    def __init__(self, path: str | Path) -> None:
        super().__init__()
        self.path = Path(path)
        self._rows: list[dict[str, Any]] | None = None  # None before the first row of this start

    @property
    def name(self) -> str:
        """Return the name of the file."""
        return self.path.name

    @property
    def version(self) -> str:
        """Return nothing: there is one file a run."""
        return ""

    @rank_zero_only
    def log_hyperparams(self, params: Any, *args: Any, **options: Any) -> None:
        """Do nothing: the run folder holds the whole config."""

    @rank_zero_only
    def log_metrics(self, metrics: Mapping[str, float], step: int | None = None) -> None:
        """Write a row, or complete that of the step."""
        step = 0 if step is None else step
        if self._rows is None:
            self._rows = [row for row in self._earlier() if int(row["step"]) < step]
        if not self._rows or self._rows[-1]["step"] != step:
            self._rows.append({"step": step})
        self._rows[-1] |= {name: value if isinstance(value, int) else float(value) for name, value in metrics.items()}
        write_text(self.path, self._text())

    def _earlier(self) -> list[dict[str, Any]]:
        if not self.path.is_file():
            return []
        with open(self.path, encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    def _text(self) -> str:
        assert self._rows is not None
        names = sorted({name for row in self._rows for name in row} - {"step", "epoch"})
        text = io.StringIO(newline="")
        writer = csv.DictWriter(text, ["epoch", "step", *names], lineterminator="\n")
        writer.writeheader()
        writer.writerows(self._rows)
        return text.getvalue()
