"""The first stage: a corpus becomes ``table.parquet``, and what was left out of it ``skipped.csv``."""

import csv
import io
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ..corpus import Table, dev2, load_table, read_table
from ..corpus.options import readers_own
from ..errors import ConfigError, CorpusError
from ..files import write_text
from .config import RunConfig
from .display import Display
from .ledger import refuse_scored
from .stages import TABLE, RunFolder, sources_digest

SKIPPED = "skipped.csv"
WALKED = ("msp_podcast", "hub", "synthetic")
"""Readers whose folders hold nothing but the corpus, so that every file in them counts as a source."""


def read_corpus(folder: RunFolder, config: RunConfig, display: Display) -> Table:
    """Read the corpus, decide the roles of its splits, and return its table.

    Raises:
        CorpusError: If the corpus cannot be read as it stands.
        ConfigError: If no split trains networks, or none chooses among them, or one that does was scored as held out in this folder.
    """
    corpus = config.corpus

    def make() -> str:
        with display.bar("reading the corpus") as tell:
            table = load_corpus(config, tell)
        _check_roles(table)
        refuse_scored(folder.path, table)
        table.save(folder.path / TABLE)
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows([("id", "reason"), *table.info.skipped])
        write_text(folder.path / SKIPPED, text.getvalue())
        return _remark(table)

    settings = {"corpus": asdict(corpus), "roles": config.roles, "tune_on": config.tune_on, "on_bad_utterance": config.on_bad_utterance}
    folder.stage("corpus", lambda: {**settings, "files": _files(folder, config)}, [TABLE, SKIPPED], make)
    return read_table(folder.path / TABLE)


def load_corpus(config: RunConfig, progress: Callable[[int, int], None] | None = None) -> Table:
    """Return the table of an experiment's corpus, with the splits and roles that the config declares.

    Raises:
        CorpusError: If the corpus cannot be read as it stands.
        ConfigError: If the config names a reader, an option, a split or a role that does not exist.
    """
    return arrange(load_table(on_bad_utterance=config.on_bad_utterance, progress=progress, **corpus_arguments(config)), config)


def corpus_arguments(config: RunConfig) -> dict[str, Any]:
    """Return reader, splits and the reader's own options, by the names that ``load_table`` and its like have for them.

    Raises:
        ConfigError: If an option of the reader is a setting of ``load_table``.
    """
    corpus = config.corpus
    return {"reader": corpus.reader, "splits": corpus.splits, **readers_own(corpus.reader, corpus.options)}


def arrange(table: Table, config: RunConfig) -> Table:
    """Return the table with the Dev-2 and the roles that the config declares.

    Raises:
        CorpusError: If Dev-2 cannot be taken out.
        ConfigError: If the config names a split or a role that does not exist.
    """
    corpus = config.corpus
    if corpus.dev2 is not None:
        table = dev2(table, seed=corpus.dev2.seed, per_class=corpus.dev2.per_class, allow_rare=corpus.dev2.allow_rare)
    roles = dict(config.roles)
    if config.tune_on is not None:
        if config.tune_on not in table.splits:
            found = ", ".join(table.splits)
            raise ConfigError(f"tune_on: {table.info.source} has no split '{config.tune_on}' (found: {found})")
        roles |= {split: "hold" for split, role in (dict(table.info.roles) | roles).items() if role == "tune"} | {config.tune_on: "tune"}
    return table.with_roles(roles)


def _check_roles(table: Table) -> None:
    """Refuse a table that a run cannot go on with."""
    for role, purpose in (("fit", "train networks"), ("tune", "choose checkpoints and fit the fusion")):
        if role not in table.info.roles.values():
            raise ConfigError(f"{table.info.source} has no split with role '{role}' to {purpose} (roles: {dict(table.info.roles)})")


def _remark(table: Table) -> str:
    counts = "".join(f", {n} {what.replace('_', ' ')}" for what, n in table.info.counts.items() if n)
    skipped = f", {len(table.info.skipped)} left out ({SKIPPED})" if table.info.skipped else ""
    return ", ".join(f"{split} {n}" for split, n in table.splits.items()) + counts + skipped


def _files(folder: RunFolder, config: RunConfig) -> str:
    """Return a digest of the corpus' files: those that the options name, and the audio of the table that is there."""
    places = [Path(value) for value in _texts([config.corpus.splits, config.corpus.options])]
    folders = [place for place in places if place.is_dir()] if config.corpus.reader in WALKED else []
    try:
        audio = [path for path in read_table(folder.path / TABLE).column("audio") if path is not None]
    except CorpusError:  # there is no table yet, or it was damaged: the stage makes it, and asks again
        audio = []
    return sources_digest([place for place in places if place.is_file()] + audio, folders, without=folder.path)


def _texts(options: Any) -> list[str]:
    """Return every text among some options, those in lists and mappings too: any may be the path of a file."""
    if isinstance(options, Mapping | list):
        return [text for value in (options.values() if isinstance(options, Mapping) else options) for text in _texts(value)]
    return [options] if isinstance(options, str) else []
