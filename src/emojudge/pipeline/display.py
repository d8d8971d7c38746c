"""What a person sees of a run: a bar for the stage at work, and one line for each that is done."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from .training import Progress as Tell


class Display:
    """Progress on a terminal by rich; in a log file only the lines of finished stages.

    Args:
        console: Where to print.
    """

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or Console()
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TaskProgressColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[score]}"),
            console=self.console,
            transient=True,
            disable=not self.console.is_terminal,
        )

    @contextmanager
    def shown(self) -> Iterator["Display"]:
        """Show the bar while the block runs."""
        with self._progress:
            yield self

    def say(self, line: str) -> None:
        """Print a line above the bar."""
        self.console.print(line, highlight=False, markup=False, soft_wrap=True)

    @contextmanager
    def bar(self, name: str) -> Iterator[Tell]:
        """Yield a function that takes (done, total, remark) and moves the bar of a stage."""
        task = self._progress.add_task(name, total=None, score="")

        def tell(done: int, total: int, score: str = "", /) -> None:
            self._progress.update(task, completed=done, total=total, score=score)

        try:
            yield tell
        finally:
            self._progress.remove_task(task)
