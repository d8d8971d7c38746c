"""``emojudge corpus``: check, tabulate, split, transcribe or synthesize a corpus; each command is one file."""

from collections.abc import Sequence
from importlib import import_module

from ..usage import Parser
from .source import take_settings

COMMANDS = {
    "check": "report leaks between splits, broken utterances, odd labels, sounds and transcripts",
    "split": "make splits, such as speaker-disjoint folds, and write them to files",
    "synthesize": "write a synthetic corpus in the MSP-Podcast layout",
    "table": "print classes, hours and speakers of each split beside the paper's Table 1; draw them",
    "transcribe": "fill missing transcripts by a speech recogniser",
}
"""Each command and its line of help; the module of that name has ``add_arguments(parser)`` and ``run(options)``."""


def main(arguments: Sequence[str]) -> int:
    """Run a command on a corpus and return the exit status; the first argument is ``corpus`` itself."""
    own, settings = take_settings(arguments[1:])
    parser = Parser(prog="emojudge corpus", description="Work on a corpus as a whole.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, line in COMMANDS.items():
        module = import_module(f".{name}", __package__)
        command = commands.add_parser(name, help=line, description=(module.__doc__ or "").partition(": ")[2])
        module.add_arguments(command)
    options, unknown = parser.parse_known_args(own)
    if unknown:  # said by the command itself, which knows its options; the parser above would suggest those of other commands
        commands.choices[options.command].error(f"unrecognized arguments: {' '.join(unknown)}")
    options.settings, options.prog = settings, f"corpus {options.command}"
    options.usage_error = commands.choices[options.command].error
    return int(import_module(f".{options.command}", __package__).run(options))
