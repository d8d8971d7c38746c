"""The last stage: every system's predictions scored against the table, or against truth kept apart."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from ..corpus import Table, read_table
from ..corpus.table import TABLE_FILE
from ..corpus.truth import attributes_of, read_attribute_truth, read_truth, truth_tasks
from ..errors import EmojudgeError, PredictionsError, some
from ..evaluation import score_attributes, score_emotions
from ..evaluation.tables import MARK, Result, ResultsTable
from ..predictions import AttributePredictions, Predictions, load_predictions

SYSTEMS_FILE = "systems.json"

AnyPredictions: TypeAlias = Predictions | AttributePredictions
Systems: TypeAlias = Mapping[str, Mapping[str, AnyPredictions]]
"""Predictions by task and by the name that the row gets."""


def score_run(systems: Systems, table: Table) -> list[ResultsTable]:
    """Return the results of all systems on every split that has labels and predictions, a table a task.

    Args:
        systems: See :data:`Systems`.
        table: The corpus that was predicted.

    Raises:
        PredictionsError: If predictions were made on another corpus.
    """
    emotions = dict(zip(table.column("id"), table.column("emotion"), strict=True))
    truths: dict[str, Mapping[str, Any]] = {"emotion": emotions, "attributes": attributes_of(table)}
    for name, predictions in _pairs(systems):
        if predictions.info.corpus != table.info.fingerprint:
            raise PredictionsError(
                f"'{name}' was predicted on corpus {predictions.info.corpus}, the table is {table.info.fingerprint}; predict again"
            )
    return _score(systems, truths, table)


def score_against(systems: Systems, table: Table, truth_path: str | Path, split: str | None = None) -> list[ResultsTable]:
    """Return the results of all systems on the utterances of a truth file, a table or a consensus CSV, for each task that it has labels of.

    Args:
        systems: See :data:`Systems`.
        table: The corpus that was predicted; its own labels are not looked at.
        truth_path: See :mod:`emojudge.corpus.truth`.
        split: Score this split only; by default every split that the truth has ids of.

    Raises:
        PredictionsError: If no predicted utterance has a truth, one with a truth was not predicted, or no task has both.
    """
    offered = truth_tasks(truth_path)
    scored = {task: by_name for task, by_name in systems.items() if task in offered}
    if not scored:
        raise PredictionsError(f"{truth_path}: has labels for {' and '.join(offered)}, the run predicts {' and '.join(systems)}")
    truths: dict[str, Mapping[str, Any]] = {}
    for task in scored:
        truths[task] = read_truth(truth_path, table.info.classes) if task == "emotion" else read_attribute_truth(truth_path)
    _, first = next(iter(_pairs(scored)))
    split_of = dict(zip(first.id, first.split, strict=True))
    wanted = _wanted(list(next(iter(truths.values()))), split_of, table, truth_path, split)
    tables = _score(scored, {task: {id: truth[id] for id in wanted} for task, truth in truths.items()}, table)
    if unscored := [task for task in systems if task not in scored]:
        tables[-1].footnotes.append(f"{truth_path} has no labels for {' and '.join(unscored)}, which the run predicts too.")
    return tables


def _wanted(ids: list[str], split_of: Mapping[str, str], table: Table, truth_path: str | Path, split: str | None) -> list[str]:
    """Return the utterances of a truth that are to be scored, all those of the splits that it has some of."""
    elsewhere = set(table.column("id"))
    unknown = [id for id in ids if id not in elsewhere]
    if unknown and (split is None or len(unknown) == len(ids)):
        raise PredictionsError(
            f"{truth_path}: {len(unknown)} utterances were not predicted: {some(unknown)}; is it the truth of this corpus?"
        )
    wanted = [id for id in ids if id in split_of and split in (None, split_of[id])]
    if not wanted:
        asked = "" if split is None else f" of split '{split}'"
        found = ", ".join(dict.fromkeys(split_of.values()))
        raise PredictionsError(f"{truth_path}: no utterance{asked} that was predicted (splits: {found})")
    covered, given = {split_of[id] for id in wanted}, set(wanted)
    lacking = [id for id, name in split_of.items() if name in covered and id not in given]
    if lacking:
        raise PredictionsError(f"{truth_path}: no truth for {len(lacking)} utterances of {', '.join(sorted(covered))}: {some(lacking)}")
    return wanted


def _score(systems: Systems, truths: Mapping[str, Mapping[str, Any]], corpus: Table) -> list[ResultsTable]:
    """Return the table of each task that has a score.

    Raises:
        EmojudgeError: If none has.
    """
    tables = [ResultsTable(_results(by_name, truths[task], corpus), task=task) for task, by_name in systems.items()]
    tables = [table for table in tables if table.results]
    if not tables:
        raise EmojudgeError(
            "no split has both labels and predictions; nothing can be scored (emojudge report --truth FILE takes labels kept apart)"
        )
    for table in tables:
        table.footnotes.extend(_footnotes(table, systems[table.task], corpus))
    return tables


def _results(systems: Mapping[str, AnyPredictions], truth: Mapping[str, Any], corpus: Table) -> list[Result]:
    """Return the scores of each system on each split, the splits that tune first; none for withheld labels or a branch without input."""
    results, roles = [], corpus.info.roles
    for name, predictions in systems.items():
        for split in sorted(set(predictions.split), key=lambda split: (roles.get(split) != "tune", split)):
            rows = predictions.of_split(split)
            known = rows.select([id for id in rows.id if _has_label(truth.get(id))])
            if known.predicted.any():
                without = int((~known.predicted).sum())
                told = "count as wrong" if isinstance(known, Predictions) else "are left out"
                note = f"{without} of {len(known)} utterances without input {told}" if without else ""
                results.append(Result(name, split, _scores(known, truth), roles.get(split) == "tune", note))
    return results


def _scores(rows: AnyPredictions, truth: Mapping[str, Any]) -> dict[str, float]:
    labels = [truth[id] for id in rows.id]
    if isinstance(rows, Predictions):
        return score_emotions(labels, rows.labels(), rows.info.classes)
    values = np.array([[label[name] for name in rows.info.attributes] for label in labels], dtype=np.float64)  # (utterances, attributes)
    return score_attributes(values, rows.values, rows.info.attributes)


def _has_label(label: Any) -> bool:
    """Return whether there is something to score: an emotion, or a value of some attribute."""
    return any(value is not None for value in label.values()) if isinstance(label, Mapping) else label is not None


def _footnotes(table: ResultsTable, systems: Mapping[str, AnyPredictions], corpus: Table) -> list[str]:
    """Return what must be said below a table of results."""
    notes = []
    if any(result.in_sample for result in table.results):
        speakers = any(speaker is not None for speaker in corpus.column("speaker"))
        grouped = "by speaker" if speakers else "by recording or utterance, for want of speakers"
        notes.append(
            f"{MARK} the networks' checkpoints were chosen on this split, so its scores are in-sample; fused rows are out-of-fold "
            f"with respect to the fusion, {grouped}."
        )
    absent = {name for predictions in systems.values() for name in predictions.info.absent}
    if absent:
        notes.append(f"Never predicted, since training has no utterance of it: {', '.join(sorted(absent))}.")
    if corpus.info.caution:
        notes.append(corpus.info.caution)
    return [*notes, *(f"{r.system}, {r.split}: {r.note}." for r in table.results if r.note)]


def _pairs(systems: Systems) -> list[tuple[str, AnyPredictions]]:
    return [pair for by_name in systems.values() for pair in by_name.items()]


def load_run(run: str | Path) -> tuple[Systems, Table]:
    """Return the predictions of a run folder by task and system, in the order of its results, and its table.

    Raises:
        EmojudgeError: If the folder does not hold a finished run.
    """
    run = Path(run)
    if not (run / SYSTEMS_FILE).is_file():
        raise EmojudgeError(f"{run}: not a finished run folder (no {SYSTEMS_FILE}); emojudge run makes one")
    return load_systems(run), read_table(run / TABLE_FILE)


def load_systems(run: Path) -> Systems:
    """Return the predictions that a run folder's list of systems names, by task and system."""
    try:
        names = json.loads((run / SYSTEMS_FILE).read_text(encoding="utf-8"))
        files = {task: dict(by_name.items()) for task, by_name in names.items()}
    except (ValueError, AttributeError) as error:
        raise EmojudgeError(f"{run / SYSTEMS_FILE}: not readable ({error}); the same emojudge run writes it again") from error
    return {task: {name: load_predictions(run / path) for name, path in by_name.items()} for task, by_name in files.items()}
