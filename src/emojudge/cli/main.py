"""Finds the command and turns what can go wrong into one line and an exit status; imports nothing heavy."""

import logging
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from importlib import import_module
from tempfile import TemporaryDirectory

from .. import __version__
from ..errors import EmojudgeError, Interruption, nearest
from .failures import ToldElsewhereError, knows_others, leads, n_started_together

COMMANDS = {
    "fit": ("train", "train a network (LightningCLI; several --config files compose)"),
    "validate": ("train", "score a checkpoint on the development split"),
    "test": ("train", "score a checkpoint on the test splits"),
    "predict": ("train", "write a checkpoint's predictions to a parquet file"),
    "corpus": ("corpus", "work on a corpus as a whole: check, table, split, transcribe, synthesize"),
    "prepare": ("prepare", "decode the audio of a corpus once, into one file that training reads fast"),
    "run": ("run", "all stages of an experiment on one corpus: networks, fusion, judge, results"),
    "fuse": ("fuse", "fuse predictions of several networks, or apply a fusion that was fitted"),
    "report": ("report", "results table of one or more run folders, also against truth kept apart"),
    "submit": ("submit", "write the challenge file of one system, or check one"),
    "export": ("export", "write a trained network as safetensors and JSON, to be used without Lightning and hub"),
    "demo": ("demo", "run everything on a synthetic corpus with small networks and the offline judge"),
}
"""Each command's module in this package and its line of help."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command and return its exit status.

    0 done; 1 failed, with one line that says why (``--debug`` shows the traceback); 2 a usage
    error; 130 interrupted, 143 ended by SIGTERM. Of several processes one speaks.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    debug = "--debug" in arguments
    arguments = [argument for argument in arguments if argument != "--debug"]
    command = arguments[0] if arguments else "--help"
    if command in ("-h", "--help", "-V", "--version"):
        print(_usage() if command in ("-h", "--help") else f"emojudge {__version__}")
        return 0
    if command not in COMMANDS:
        return _fail(f"there is no command '{command}'.{nearest(command, COMMANDS)} See emojudge --help.", 2)
    try:
        return _run(command, arguments)
    except KeyboardInterrupt as stop:
        end = stop if isinstance(stop, Interruption) else Interruption(signal.SIGINT)
        return _fail(str(end), end.status)
    except ToldElsewhereError:
        return 1
    except Exception as error:
        if debug or not _is_users_mistake(error):
            raise
        return _fail(" ".join(str(error).split()) or type(error).__name__, 1, alike=not knows_others())


def _run(command: str, arguments: Sequence[str]) -> int:
    """Return a command's status, also where a library leaves through ``sys.exit``; show the library's warnings."""
    logging.basicConfig(format="%(name)s: %(message)s", level=logging.WARNING)
    module = COMMANDS[command][0]
    if module != "train" and n_started_together() > 1:
        return _fail(f"emojudge {command} is one process, which starts others itself; call it without torchrun or srun", 2)
    try:
        with nullcontext() if module == "corpus" else _matplotlib_outside_home():  # which draws, with fonts that it need not list again
            return int(import_module(f".{module}", __package__).main(arguments))
    except SystemExit as stop:
        return _fail(stop.code, 1) if isinstance(stop.code, str) else int(stop.code or 0)


@contextmanager
def _matplotlib_outside_home() -> Iterator[None]:
    """Give matplotlib, which torchmetrics imports, a folder for the time of a command: it would list the fonts in HOME."""
    if "MPLCONFIGDIR" in os.environ:
        yield
        return
    with TemporaryDirectory(prefix="emojudge-") as folder:
        os.environ["MPLCONFIGDIR"] = folder
        try:
            yield
        finally:
            del os.environ["MPLCONFIGDIR"]


def _usage() -> str:
    commands = "\n".join(f"  {name:<10}{line}" for name, (_, line) in COMMANDS.items())
    return (
        "usage: emojudge COMMAND ...   (emojudge COMMAND --help)\n\n"
        "Speech emotion recognition from sound and words, fused and reviewed by a judge.\n\n"
        f"commands:\n{commands}\n\n"
        "options:\n  --version   print the version\n  --debug     show the traceback of an error\n"
    )


def _fail(message: str, status: int, *, alike: bool = True) -> int:
    """Print one line to standard error and return the status; where processes fail alike, from the first of each node."""
    if leads() or not alike:
        print(f"emojudge: {message}", file=sys.stderr)
    return status


def _is_users_mistake(error: Exception) -> bool:
    """Return whether an error speaks of the input rather than of a fault in the program.

    Libraries' own errors are recognised by name, since importing them here would cost seconds.
    """
    kinds = {f"{kind.__module__.split('.')[0]}.{kind.__name__}" for kind in type(error).__mro__}
    return isinstance(error, EmojudgeError | OSError) or bool(
        kinds & {"omegaconf.OmegaConfBaseException", "lightning.MisconfigurationException", "lightning_fabric.MisconfigurationException"}
    )
