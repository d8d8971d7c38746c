"""How a command is told which corpus it works on: by a path alone, or by the settings that ``emojudge run`` takes."""

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ...corpus import Table
    from ...pipeline.config import RunConfig

_SETTINGS = ("--corpus.", "--roles", "--tune_on")
"""Beginnings of the settings of ``emojudge run`` that speak of the corpus."""


def add_source(parser: ArgumentParser, *, on_bad_utterance: bool = True) -> None:
    """Add the arguments that name a corpus to a command; ``on_bad_utterance`` where utterances that cannot be used may stop it."""
    parser.add_argument(
        "source",
        nargs="?",
        metavar="SOURCE",
        help="folder of MSP-Podcast or its like, manifest (.csv, .tsv, .jsonl, .parquet), saved table, run folder, or saved data set",
    )
    parser.add_argument(
        "--config",
        action="append",
        default=[],
        metavar="FILE",
        help="config with a corpus section, a file or a shipped one (corpus/nemo.yaml)",
    )
    if on_bad_utterance:
        parser.add_argument(
            "--on-bad-utterance", choices=["error", "skip"], default="error", help="skip: go on without utterances that cannot be used"
        )
    else:
        parser.set_defaults(on_bad_utterance="skip")
    parser.epilog = (
        "Settings of the corpus are those of emojudge run: --corpus.reader NAME, --corpus.options.NAME VALUE, --corpus.splits FILE, "
        "--roles '{SPLIT: fit}' (or tune, hold), --tune_on SPLIT"
    )


def take_settings(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return a command's own arguments, and the settings of the corpus among them, each with its value."""
    own: list[str] = []
    settings: list[str] = []
    rest = iter(arguments)
    for argument in rest:
        if not argument.startswith(_SETTINGS):
            own.append(argument)
            continue
        settings.append(argument)
        if "=" not in argument:
            settings += [value for value in [next(rest, None)] if value is not None]
    return own, settings


def read_settings(options: Namespace) -> "RunConfig":
    """Return what a command's arguments say of the corpus: reader, options, splits, roles.

    Raises:
        ConfigError: If they name no corpus, or a config cannot be found.
        CorpusError: If SOURCE is nothing that a reader reads.
    """
    from ...corpus.detect import detect_reader
    from ...errors import ConfigError
    from ...pipeline.config import RunConfig
    from ..parsing import resolve_configs
    from ..run import run_parser

    found: list[str] = []
    if options.source is not None:
        reader, reader_options = detect_reader(options.source)
        found = [f"--corpus.reader={reader}", *(f"--corpus.options.{name}={value}" for name, value in reader_options.items())]
    elif not options.config and not options.settings:
        raise ConfigError("no corpus is named: give SOURCE, or --config and --corpus.options")
    parser = run_parser(f"emojudge {options.prog}")
    parsed = parser.parse_args(resolve_configs([*(f"--config={name}" for name in options.config), *found, *options.settings]))
    settings = parser.instantiate(parsed).as_dict()
    settings.pop("config")
    return RunConfig(**settings, on_bad_utterance=options.on_bad_utterance)


def read_source(config: "RunConfig") -> "Table":
    """Return the table of the corpus that a command's settings name, with a progress bar meanwhile.

    Utterances that its reader left out are counted on standard error. Those of a saved table were when it was made.

    Raises:
        CorpusError: If the corpus cannot be read as it stands.
        ConfigError: If the settings name something in it that does not exist.
    """
    from ...errors import plural, some
    from ...pipeline.sources import load_corpus
    from ..progress import progress_bar

    with progress_bar("reading the corpus") as tell:
        table = load_corpus(config, tell)
    skipped = dict(table.info.skipped)
    if skipped and config.corpus.reader != "table":
        left_out = f"{plural(len(skipped), 'utterance')} left out ({some(skipped, 3)}); emojudge corpus check says why"
        print(f"{table.info.source}: {left_out}", file=sys.stderr)
    return table
