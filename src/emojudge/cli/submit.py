"""``emojudge submit``: the challenge file of one system, or what is wrong with one."""

import sys
from argparse import Namespace, RawDescriptionHelpFormatter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import ConfigError, nearest, plural
from .usage import Parser

if TYPE_CHECKING:
    from ..corpus import Table
    from ..predictions import AttributePredictions, Predictions

DESCRIPTION = """\
Write the predictions of one system as a file of the MSP-Podcast challenges, or check a file:

  emojudge submit RUN --system fused --out task1.csv
  emojudge submit fused.parquet --table RUN --out task1.csv
  emojudge submit RUN --check task1.csv

Task 1 (emotion) is FileName,EmoClass with letter codes; Task 2 (attributes) is FileName,EmoAct,EmoVal,EmoDom, clipped to 1 to 7.
"""
SHOWN_FAULTS = 20
"""So many faults of a file are printed, and the number of the others."""


def main(arguments: Sequence[str]) -> int:
    """Write or check a submission and return the exit status: 1 where the file that was checked has faults."""
    parser = Parser(prog="emojudge submit", description=DESCRIPTION, formatter_class=RawDescriptionHelpFormatter)
    parser.add_argument("source", nargs="?", metavar="RUN", help="run folder, or the predictions file of a system (with --table)")
    parser.add_argument("--table", metavar="TABLE", help="saved table, or a folder with one; by default that of RUN")
    parser.add_argument("--split", default="test3", help="the split to submit (default: test3)")
    parser.add_argument("--task", choices=["emotion", "attributes"], help="needed where a run predicts both")
    parser.add_argument("--system", metavar="NAME", help="the system of RUN, as its results call it; needed where there are several")
    parser.add_argument(
        "--fallback",
        metavar="VALUE",
        help="what rows without input get, which are refused otherwise: a class; for attributes a number from 1 to 7, or train-mean",
    )
    group = parser.add_mutually_exclusive_group(required=True)
    group.add_argument("--out", metavar="FILE", help="the file to write")
    group.add_argument("--check", metavar="FILE", help="check this file instead, against the utterances of the split")
    options = parser.parse_args(list(arguments[1:]))
    if options.source is None and (options.table is None or options.out):
        parser.error("name a run folder" if options.out else "name a run folder or --table, whose split the file should cover")
    if options.check and (options.system or options.fallback):
        parser.error("--check looks at a file; --system and --fallback are for writing one")
    return _check(options) if options.check else _write(options)


def _write(options: Namespace) -> int:
    from ..evaluation.submission import file_names, write_submission
    from .tables import check_predicted, saved_table

    source = Path(options.source)
    if source.is_dir():
        predictions = _of_run(source, options.system, options.task)
        table = saved_table(options.table or source)
    else:
        predictions = _of_file(source, options)
        table = saved_table(options.table)
    check_predicted(predictions.info.system, predictions.info.corpus, table)
    ids, audio = _utterances(table, options.split)
    fallback = _fallback(options.fallback, predictions.info.task, table)
    written = write_submission(predictions.select(ids), options.out, names=file_names(ids, audio), fallback=fallback)
    told = [f"{plural(written.n, 'row')} of {options.split}, {predictions.info.system}, {predictions.info.task}"]
    told += [f"{plural(written.n_filled, 'row')} without input got the fallback {options.fallback}"] * bool(written.n_filled)
    told += ["transductive: its rows rest on each other"] * bool(getattr(predictions.info, "transductive", False))
    told += [f"{plural(written.n_clipped, 'value')} clipped to 1 to 7"] * bool(written.n_clipped)
    print(f"{options.out}: {'; '.join(told)}")
    return 0


def _check(options: Namespace) -> int:
    from ..evaluation.submission import check_submission, file_names, task_of
    from .tables import saved_table

    ids, audio = _utterances(saved_table(options.table or options.source), options.split)
    task = options.task or task_of(options.check)
    faults = check_submission(options.check, ids, task, names=file_names(ids, audio))
    for fault in faults[:SHOWN_FAULTS]:
        print(f"{options.check}: {fault}")
    if faults:
        more = f" ({len(faults) - SHOWN_FAULTS} more are not shown)" if len(faults) > SHOWN_FAULTS else ""
        print(f"emojudge: {options.check}: {plural(len(faults), 'fault')}{more}; it would not be taken", file=sys.stderr)
        return 1
    print(f"{options.check}: a whole submission of task '{task}' for {options.split}, {plural(len(ids), 'row')}")
    return 0


def _of_run(run: Path, system: str | None, task: str | None) -> "Predictions | AttributePredictions":
    """Return the predictions of a system of a run; whoever submits says which, where there are several."""
    from ..pipeline.results import load_run

    found = {(each, name): rows for each, by_name in load_run(run)[0].items() for name, rows in by_name.items()}
    names, tasks = (list(dict.fromkeys(key[k] for key in found)) for k in (1, 0))
    if system is not None and system not in names:
        listed = ", ".join(f"'{name}'" for name in names)
        raise ConfigError(f"{run} has no system '{system}' (it has: {listed}).{nearest(system, names)}")
    if task is not None and task not in tasks:
        raise ConfigError(f"{run} predicts {' and '.join(tasks)}, not {task}")
    fitting = [key for key in found if system in (None, key[1]) and task in (None, key[0])]
    if not fitting:
        others = ", ".join(f"'{name}'" for each, name in found if each == task)
        raise ConfigError(f"{run}: '{system}' does not predict {task}; these do: {others}")
    if len({key[0] for key in fitting}) > 1:
        raise ConfigError(f"{run} predicts {' and '.join(tasks)}; name one with --task")
    if len(fitting) > 1:
        listed = ", ".join(f"'{name}'" for _, name in fitting)
        raise ConfigError(f"{run} has several systems; name the one to submit with --system ({listed})")
    return found[fitting[0]]


def _of_file(path: Path, options: Namespace) -> "Predictions | AttributePredictions":
    from ..predictions import load_predictions

    if options.table is None:
        raise ConfigError(f"{path}: a predictions file does not say which utterances a split has; name the table with --table")
    if options.system is not None:
        raise ConfigError(f"{path}: a predictions file is of one system; leave --system out")
    predictions: Predictions | AttributePredictions = load_predictions(path, options.task)
    return predictions


def _utterances(table: "Table", split: str) -> tuple[list[str], dict[str, str | None]]:
    """Return the ids of a split in the order of the table, and the audio of each."""
    rows = table.indices(split).tolist()
    ids, audio = table.column("id"), table.column("audio")
    return [ids[i] for i in rows], {ids[i]: audio[i] for i in rows}


def _fallback(text: str | None, task: str, table: "Table") -> str | dict[str, float] | None:
    """Return what rows without input get, as ``write_submission`` takes it."""
    from ..corpus.by_role import training_ids
    from ..corpus.truth import attributes_of
    from ..fusion import moments_of
    from ..labels import ATTRIBUTES

    if text is None or task == "emotion":
        return text
    if text == "train-mean":
        return {name: mean for name, (mean, _) in moments_of(attributes_of(table), training_ids(table)).items()}
    try:
        return dict.fromkeys(ATTRIBUTES, float(text))
    except ValueError as error:
        raise ConfigError(f"--fallback is '{text}', expected a number from 1 to 7, or train-mean") from error
