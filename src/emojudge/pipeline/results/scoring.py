"""Every system's predictions scored against the table, or against truth kept apart."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ...corpus import Table
from ...corpus.truth import attributes_of, read_attribute_truth, read_truth, truth_speakers, truth_tasks
from ...errors import EmojudgeError, PredictionsError, some
from ...evaluation import score_attributes, score_emotions
from ...evaluation.evidence import Sample
from ...evaluation.tables import MARK, TRANSDUCTIVE, Result, ResultsTable
from ...predictions import Predictions
from .loading import AnyPredictions, Systems


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
    return _score(systems, truths, table, groups_of(table))


def score_against(systems: Systems, table: Table, truth_path: str | Path, split: str | None = None) -> list[ResultsTable]:
    """Return the results of all systems on the utterances of a truth file, a table or a consensus CSV, for each task that it has labels of.

    Args:
        systems: See :data:`Systems`.
        table: The corpus that was predicted; its own labels are not looked at, and its speakers only where the file names none.
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
    kept = {task: {id: truth[id] for id in wanted} for task, truth in truths.items()}
    tables = _score(scored, kept, table, {**groups_of(table), **groups_of_truth(truth_path)})
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


def groups_of(table: Table) -> dict[str, str]:
    """Return the speaker group of each utterance of a table (``Table.speaker_groups``)."""
    return dict(zip(table.column("id"), table.speaker_groups(), strict=True))


def groups_of_truth(truth_path: str | Path) -> dict[str, str]:
    """Return the speaker group of each utterance whose speaker a truth file names."""
    return {id: f"speaker {speaker}" for id, speaker in truth_speakers(truth_path).items() if speaker is not None}


def _score(systems: Systems, truths: Mapping[str, Mapping[str, Any]], corpus: Table, groups: Mapping[str, str]) -> list[ResultsTable]:
    """Return the table of each task that has a score.

    Raises:
        EmojudgeError: If none has.
    """
    tables = [ResultsTable(_results(by_name, truths[task], corpus, groups), task=task) for task, by_name in systems.items()]
    tables = [table for table in tables if table.results]
    if not tables:
        raise EmojudgeError(
            "no split has both labels and predictions; nothing can be scored (emojudge report --truth FILE takes labels kept apart)"
        )
    for table in tables:
        table.footnotes.extend(_footnotes(table, systems[table.task], corpus))
    return tables


def _results(systems: Mapping[str, AnyPredictions], truth: Mapping[str, Any], corpus: Table, groups: Mapping[str, str]) -> list[Result]:
    """Return the scores of each system on each split, the splits that tune first; none for withheld labels or a branch without input."""
    results, roles = [], corpus.info.roles
    position = {id: row for row, id in enumerate(corpus.column("id"))}
    for name, predictions in systems.items():
        for split in sorted(set(predictions.split), key=lambda split: (roles.get(split) != "tune", split)):
            rows = predictions.of_split(split)
            known = rows.select(sorted((id for id in rows.id if _has_label(truth.get(id))), key=position.__getitem__))
            if known.predicted.any():
                without = int((~known.predicted).sum())
                told = "count as wrong" if isinstance(known, Predictions) else "are left out"
                note = f"{without} of {len(known)} utterances without input {told}" if without else ""
                sample = _sample(known, truth, groups)
                seen = getattr(known.info, "transductive", False)
                results.append(Result(name, split, _scores(sample), roles.get(split) == "tune", note, seen, sample))
    return results


def _sample(rows: AnyPredictions, truth: Mapping[str, Any], groups: Mapping[str, str]) -> Sample:
    labels: Any = [truth[id] for id in rows.id]
    told: Any
    if isinstance(rows, Predictions):
        told = rows.labels()
    else:
        labels = np.array(
            [[label[name] for name in rows.info.attributes] for label in labels], dtype=np.float64
        )  # (utterances, attributes)
        told = rows.values
    return Sample(rows.id, labels, told, [groups[id] for id in rows.id], rows.info.names)


def _scores(sample: Sample) -> dict[str, float]:
    score = score_attributes if isinstance(sample.truth, np.ndarray) else score_emotions
    return score(sample.truth, sample.prediction, sample.names)


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
    if any(result.transductive for result in table.results):
        notes.append(
            f"{TRANSDUCTIVE} transductive: the class prior was estimated from the utterances of this split, all of them together, without "
            "their labels; a system that hears one utterance at a time cannot do so."
        )
    absent = {name for predictions in systems.values() for name in predictions.info.absent}
    if absent:
        notes.append(f"Never predicted, since training has no utterance of it: {', '.join(sorted(absent))}.")
    if corpus.info.caution:
        notes.append(corpus.info.caution)
    return [*notes, *(f"{r.system}, {r.split}: {r.note}." for r in table.results if r.note)]


def _pairs(systems: Systems) -> list[tuple[str, AnyPredictions]]:
    return [pair for by_name in systems.values() for pair in by_name.items()]
