"""A progress bar on standard error for the commands that do one long thing."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def progress_bar(name: str) -> Iterator[Callable[[int, int], None]]:
    """Yield a function that takes (done, total) and moves a bar with that name; nothing is drawn where there is no terminal."""
    from rich.console import Console

    from ..pipeline.display import Display

    with Display(Console(stderr=True)).shown() as display, display.bar(name) as tell:
        yield tell
