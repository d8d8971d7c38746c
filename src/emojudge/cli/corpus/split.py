"""``emojudge corpus split``: Write splits to files for --corpus.splits: speaker-disjoint folds, leave-one-out, by a column, or Dev-2."""

import sys
from argparse import ArgumentParser, Namespace
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from ...errors import ConfigError, plural
from .source import add_source, read_settings, read_source

if TYPE_CHECKING:
    from ...corpus import Table

_FOLDS = ("folds", "leave_one_out")
_MEANT_FOR = {
    "by": _FOLDS,
    "no_dev": _FOLDS,
    "only": _FOLDS,
    "map": ("column",),
    "default": ("column",),
    "per_class": ("dev2",),
    "allow_rare": ("dev2",),
    "seed": ("folds", "dev2"),
}
"""Which kinds of splits look at an option."""


def add_arguments(parser: ArgumentParser) -> None:
    """Add the command's arguments."""
    add_source(parser)
    parser.add_argument("--out", required=True, metavar="PATH", help="file of the splits; with folds the folder, where each fold is a file")
    kind = parser.add_mutually_exclusive_group(required=True)
    kind.add_argument("--folds", type=int, metavar="N", help="N-fold cross-validation: each part is test once, and dev once")
    kind.add_argument("--leave-one-out", action="store_true", help="a fold for each speaker or recording, which alone is test")
    kind.add_argument("--column", metavar="NAME", help="splits by the values of a column; needs --map")
    kind.add_argument("--dev2", action="store_true", help="take a class-balanced dev2 out of dev (paper, section 3.1)")
    parser.add_argument("--by", choices=["speaker", "recording"], help="with folds: what they do not share (default: speaker)")
    parser.add_argument("--no-dev", action="store_true", help="with folds: train and test only")
    parser.add_argument("--only", nargs="+", metavar="SPLIT", help="with folds: splits whose utterances are dealt anew; all by default")
    parser.add_argument("--map", nargs="+", metavar="VALUE=SPLIT", help="with --column: split of each value")
    parser.add_argument("--default", metavar="SPLIT", help="with --column: split of every other value")
    parser.add_argument("--per-class", type=int, metavar="N", help="with --dev2: utterances of each class; half of the rarest by default")
    parser.add_argument("--allow-rare", action="store_true", help="with --dev2: leave classes with fewer than 50 utterances in dev")
    parser.add_argument("--seed", type=int, metavar="N", help="with --folds or --dev2: of the draw (default: 0)")


def run(options: Namespace) -> int:
    """Write the splits, print how large they are, and return the exit status."""
    _check(options)
    from ...corpus import write_splits

    table = read_source(read_settings(options))
    _warn_of_unknown_speakers(table, options)
    for name, made in _made(table, options).items():
        path = f"{options.out}/{name}.csv" if name else options.out
        write_splits(made, path)
        print(f"{path}: {', '.join(f'{split} {n}' for split, n in made.splits.items())}{_lacking(made)}")
    return 0


def _check(options: Namespace) -> None:
    """Refuse options that the chosen kind of splits does not look at."""
    kind = "folds" if options.folds is not None else next(name for name in ("leave_one_out", "column", "dev2") if getattr(options, name))
    for name, kinds in _MEANT_FOR.items():
        given = getattr(options, name) is not None and getattr(options, name) is not False
        if given and kind not in kinds:
            shown, meant = (text.replace("_", "-") for text in (name, " or --".join(kinds)))
            options.usage_error(f"argument --{shown}: is for --{meant} and has no effect with --{kind.replace('_', '-')}")
    if kind not in _FOLDS and Path(options.out).is_dir():
        raise ConfigError(f"--out {options.out} is a folder; name a file, such as {Path(options.out) / 'splits.csv'}")


def _warn_of_unknown_speakers(table: "Table", options: Namespace) -> None:
    """Say of how many utterances that are dealt by speaker nobody knows whether their voices stay in one split."""
    if options.folds is None or options.by == "recording":
        return
    rows = zip(table.column("speaker"), table.column("split"), strict=True)
    n_unknown = sum(speaker is None and (options.only is None or split in options.only) for speaker, split in rows)
    if n_unknown:
        dealt = "dealt by recording, or alone where that is unknown too: splits may share their speakers"
        print(f"{plural(n_unknown, 'utterance')} without a known speaker, {dealt}", file=sys.stderr)


def _made(table: "Table", options: Namespace) -> dict[str, "Table"]:
    """Return the table with each fold's splits by the name of its file, or with the only ones under no name."""
    from ...corpus import by_column, dev2, k_fold, leave_one_out

    settings = {"by": options.by or "speaker", "dev": not options.no_dev, "splits": options.only}
    seed = options.seed or 0
    if options.folds is not None:
        folds = k_fold(table, options.folds, seed=seed, **settings)
        return {f"fold_{k}": fold for k, fold in enumerate(folds, start=1)}
    if options.leave_one_out:
        return {_safe(name): fold for name, fold in leave_one_out(table, **settings).items()}
    if options.dev2:
        return {"": dev2(table, seed=seed, per_class=options.per_class, allow_rare=options.allow_rare)}
    return {"": by_column(table, options.column, _pairs(options.map or []), options.default)}


def _pairs(texts: list[str]) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for text in texts:
        value, _, split = text.rpartition("=")
        if not (value and split):
            raise ConfigError(f"--map {text}: expected VALUE=SPLIT, such as Ses05=test")
        if pairs.setdefault(value, split) != split:
            raise ConfigError(f"--map {text}: '{value}' has the split '{pairs[value]}' already; a value has one split")
    return pairs


def _safe(name: str) -> str:
    """Return a speaker's name as the name of a file: other characters than letters, digits, - _ . are written as %XX."""
    from urllib.parse import quote

    return quote(f"without_{name}", safe="")


def _lacking(table: "Table") -> str:
    """Return which splits lack which classes of the corpus, since no score of theirs can be of all classes."""
    counts = Counter(zip(table.column("split"), table.column("emotion"), strict=True))
    occurring = [name for name in table.info.classes if any(counts[split, name] for split in table.splits)]
    lacking = {split: [name for name in occurring if not counts[split, name]] for split in table.splits}
    parts = [f"{split} has no {', '.join(names)}" for split, names in lacking.items() if names and len(names) < len(occurring)]
    return f" ({'; '.join(parts)})" if parts else ""
