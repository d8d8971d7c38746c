"""``emojudge fuse``: predictions of several networks fused, or a fusion that was fitted applied to others."""

from argparse import ArgumentTypeError, Namespace, RawDescriptionHelpFormatter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import ConfigError
from .usage import Parser

if TYPE_CHECKING:
    from ..corpus import Table

DESCRIPTION = """\
Fit a fusion of predictions on the splits that tune, and write STEM.json (the fusion) and STEM.parquet (fused predictions, out-of-fold
by speaker on these splits):

  emojudge fuse RUN/acoustic/predictions.parquet RUN/text/predictions.parquet --table RUN --out fused
  emojudge fuse seed0=a/predictions.parquet seed1=b/predictions.parquet --table RUN --out ensemble --method mean
  emojudge fuse other/acoustic.parquet other/text.parquet --apply fused.json --out other/fused

With one file it is that network, refitted. NAME=FILE renames what a file calls its system, as it must where two are called alike.
"""
METHODS = ("logistic", "ridge", "fractional_logit", "interpolation", "mean", "best")
"""Of emotions: logistic; of attributes: ridge, fractional_logit; of both: the others."""
SETTINGS = ("method", "target_prior", "folds", "seed")
"""Options that a fusion takes as they are."""


def main(arguments: Sequence[str]) -> int:
    """Fit or apply a fusion and return the exit status."""
    parser = Parser(prog="emojudge fuse", description=DESCRIPTION, formatter_class=RawDescriptionHelpFormatter)
    parser.add_argument("predictions", nargs="+", metavar="[NAME=]FILE", help="predictions of each network, of one task and corpus")
    parser.add_argument("--out", required=True, metavar="STEM", help="writes STEM.parquet and, where a fusion is fitted, STEM.json")
    parser.add_argument("--apply", metavar="FUSION", help="predict with this fusion (a STEM.json) instead of fitting one")
    fitting = parser.add_argument_group("where a fusion is fitted")
    fitting.add_argument("--table", metavar="TABLE", help="saved table that was predicted, or a folder with one (a run)")
    fitting.add_argument(
        "--fit-splits", nargs="+", metavar="SPLIT", help="splits to fit on, of those that tune (default: all whose role is tune)"
    )
    fitting.add_argument(
        "--method", choices=METHODS, help="emotions: logistic (default); attributes: ridge (default), fractional_logit; else the others"
    )
    fitting.add_argument(
        "--target-prior",
        type=_prior,
        metavar="PRIOR",
        help="emotions: uniform (default), natural, train, estimated, or numbers by commas, one a class",
    )
    fitting.add_argument(
        "--moments", choices=["train", "none"], help="attributes: give fused values mean and deviation of the train labels (default: train)"
    )
    fitting.add_argument("--folds", type=int, help="speaker-grouped folds (default: 5)")
    fitting.add_argument("--seed", type=int, help="seed of the folds (default: 0)")
    options = parser.parse_args(list(arguments[1:]))
    given = [name for name in ("table", "fit_splits", *SETTINGS, "moments") if getattr(options, name) is not None]
    if options.apply and given:
        parser.error(f"--apply takes a fusion as it was fitted; --{given[0].replace('_', '-')} is for fitting one")
    if not options.apply and options.table is None:
        parser.error("--table is needed to fit a fusion (--apply takes one that was fitted)")
    return _apply(options) if options.apply else _fit(options)


def _fit(options: Namespace) -> int:
    from ..corpus.by_role import tuning_labels
    from .progress import progress_bar
    from .tables import check_predicted, saved_table

    branches = _branches(options.predictions)
    table = saved_table(options.table)
    for rows in branches:
        check_predicted(rows.info.system, rows.info.corpus, table)
    task = branches[0].info.task
    fusion = _fusion(task, options, table)
    truth = tuning_labels(table, task, options.fit_splits)
    groups = dict(zip(table.column("id"), table.speaker_groups(), strict=True))
    with progress_bar("fitting") as tell:
        fused = fusion.fit_predict(branches, truth, groups, tell)
    fused.save(f"{options.out}.parquet")
    fusion.save(f"{options.out}.json")
    for line in _chosen(fusion):
        print(line)
    _tell(f"{options.out}.parquet, {options.out}.json", fused)
    return 0


def _apply(options: Namespace) -> int:
    branches = _branches(options.predictions)
    fused = _class(branches[0].info.task).load(options.apply).predict(branches)
    fused.save(f"{options.out}.parquet")
    _tell(f"{options.out}.parquet", fused)
    return 0


def _branches(arguments: list[str]) -> list[Any]:
    """Return the predictions of each file, under the name that it was given.

    Raises:
        ConfigError: If two have one name, one has none that can stand in a joined name, or their tasks differ.
    """
    from ..predictions import load_predictions

    branches: list[Any] = []
    for argument in arguments:
        name, named, path = argument.partition("=")
        if Path(argument).is_file() or not named:
            branches.append(load_predictions(argument))
        else:
            rows: Any = load_predictions(path)
            branches.append(replace(rows, info=replace(rows.info, system=name)))
        first, last = branches[0].info, branches[-1].info
        if not last.system or "+" in last.system:  # what a row rests on is told as one+other
            raise ConfigError(f"{argument}: '{last.system}' cannot name a network, since it is empty or has a '+'; give another: NAME=FILE")
        if last.system in [rows.info.system for rows in branches[:-1]]:
            again = f"{last.system}-2={path or argument}"
            raise ConfigError(f"{argument}: another file is of '{last.system}' too; name them apart, as in {again}")
        if last.task != first.task:
            raise ConfigError(f"{argument}: predicts {last.task}, {arguments[0]} {first.task}; fuse each task by itself")
    return branches


def _class(task: str) -> Any:
    from ..fusion import AttributeFusion, EmotionFusion

    return EmotionFusion if task == "emotion" else AttributeFusion


def _fusion(task: str, options: Namespace, table: "Table") -> Any:
    """Return the fusion that the options describe, not fitted yet.

    Raises:
        ConfigError: If an option is of the other task.
    """
    from ..corpus.by_role import train_prior, training_ids
    from ..corpus.truth import attributes_of
    from ..fusion import moments_of

    foreign = "moments" if task == "emotion" else "target_prior"
    if getattr(options, foreign) is not None:
        raise ConfigError(f"--{foreign.replace('_', '-')} is for {'attributes' if task == 'emotion' else 'emotions'}; these predict {task}")
    settings = {name: value for name in SETTINGS if (value := getattr(options, name)) is not None}
    if options.target_prior == "train":
        settings["train_prior"] = train_prior(table)
    if task == "attributes" and options.moments != "none":
        settings["moments"] = moments_of(attributes_of(table), training_ids(table))
    return _class(task)(**settings)


def _prior(text: str) -> str | list[float]:
    """Return numbers by commas as a list, and a name as it is: the fusion knows the names."""
    if "," not in text:
        return text
    try:
        return [float(number) for number in text.split(",")]
    except ValueError as error:
        raise ArgumentTypeError(f"'{text}' is neither a name nor numbers by commas, one a class") from error


def _chosen(fusion: Any) -> list[str]:
    """Return a line for each model of a fusion: what its curve chose, and the cross-validated score of that."""
    lines = []
    for name, curve in fusion.curves_.items():
        model = fusion.models_[name]
        by_part = {part: (model[part], curve[part]) for part in curve} if isinstance(curve, dict) else {"": (model, curve)}
        for part, (fitted, scores) in by_part.items():
            measure = f"CCC of {part}" if part else f"macro-F1 under the {_prior_name(fusion)} prior"
            lines.append(f"{name}: {_choice(fitted, name, len(scores))}, {measure} {max(scores):.4f}")
    splits = ", ".join(fusion.fitted_on_["splits"])
    return [f"fitted on {fusion.n_fitted_:,} labelled utterances of {splits}", *lines]


def _choice(model: Any, name: str, n_tried: int) -> str:
    """Return what was chosen for a model, from how many, and what its score is of."""
    model = getattr(model, "joined", model)  # what is left of an attribute's without its moments
    if hasattr(model, "c"):
        return f"C = {model.c:.3g} of {n_tried} tried, cross-validated"
    weights = ", ".join(f"{branch} {weight:.2f}" for branch, weight in zip(name.split("+"), model.weights, strict=True))
    return f"weights {weights}{f' of {n_tried} tried' if n_tried > 1 else ''}, on the fitted rows"


def _prior_name(fusion: Any) -> str:
    """Return what the class distribution is called that C was chosen under; one to be estimated is not known yet."""
    if not isinstance(fusion.target_prior, str):
        return "declared"
    return "natural" if fusion.target_prior == "estimated" else str(fusion.target_prior)


def _tell(files: str, fused: Any) -> None:
    """Print what was written: how many rows rest on which branches, and where it is so, that they rest on each other."""
    from ..pipeline.fusing import reliance

    print(f"{files}: {reliance(fused)}")
    if getattr(fused.info, "transductive", False):
        print("transductive: a class distribution of each split was estimated from all its rows together, without labels")
