"""What the benchmark scripts share: CPU time, peak memory, and rounds that take turns.

Figures are CPU seconds of the process with all its threads, since a machine that does something else as well
stretches the clock on the wall but not these.
"""

import multiprocessing
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

Result = TypeVar("Result")


def cpu_seconds(function: Callable[[], Result]) -> tuple[float, Result]:
    """Return the CPU seconds that a function took, imports that it makes included, and its result."""
    before = time.process_time()
    result = function()
    return time.process_time() - before, result


def in_own_process(function: Callable[[], Result]) -> tuple[float, float, Result]:
    """Return CPU seconds, peak memory in MB (1e6 bytes) and result of a function that runs in a new Python process.

    Args:
        function: Of a module, or a ``functools.partial`` of one: it is pickled, and so is its result.

    Raises:
        OSError: On a system without ``/proc``; peak memory is read from Linux.
    """
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return pool.submit(_measured, function).result()


def interleaved(functions: dict[str, Callable[[], Any]], rounds: int) -> dict[str, list[float]]:
    """Return the CPU seconds of each function in each round; they take turns, so that a slow minute slows them all."""
    seconds: dict[str, list[float]] = {name: [] for name in functions}
    for _ in range(rounds):
        for name, function in functions.items():
            seconds[name].append(cpu_seconds(function)[0])
    return seconds


def _measured(function: Callable[[], Result]) -> tuple[float, float, Result]:
    seconds, result = cpu_seconds(function)
    # Not getrusage: its ru_maxrss outlives exec, so that a new process starts with the peak of the one that began it.
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return seconds, int(status["VmHWM"].split()[0]) * 1024 / 1e6, result
