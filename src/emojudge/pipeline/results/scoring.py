"""Every system's predictions scored against the table, or against truth kept apart."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from ...corpus import Table
from ...errors import EmojudgeError
from ...evaluation import score_attributes, score_emotions
from ...evaluation.evidence import Sample
from ...evaluation.labelled import AnyPredictions, attribute_values, has_label
from ...evaluation.tables import MARK, TRANSDUCTIVE, Result, ResultsTable
from ...predictions import Predictions
from .labels import Labels, labels_of
from .loading import Systems


def score_run(systems: Systems, table: Table) -> list[ResultsTable]:
    """Return the results of all systems on every split that has labels and predictions, a table a task.

    Args:
        systems: See :data:`Systems`.
        table: The corpus that was predicted.

    Raises:
        PredictionsError: If predictions were made on another corpus.
        EmojudgeError: If no split has both labels and predictions.
    """
    return score(systems, labels_of(systems, table))


def score(systems: Systems, labels: Labels) -> list[ResultsTable]:
    """Return the table of each task that has a score.

    Raises:
        EmojudgeError: If none has.
    """
    scored = {task: by_name for task, by_name in systems.items() if task in labels.truths}
    tables = [ResultsTable(_results(by_name, labels.truths[task], labels), task=task) for task, by_name in scored.items()]
    tables = [table for table in tables if table.results]
    if not tables:
        raise EmojudgeError(
            "no split has both labels and predictions; nothing can be scored (emojudge report --truth FILE takes labels kept apart)"
        )
    for table in tables:
        table.footnotes.extend(_footnotes(table, systems[table.task], labels.table))
    tables[-1].footnotes.extend(labels.remarks)
    return tables


def _results(systems: Mapping[str, AnyPredictions], truth: Mapping[str, Any], labels: Labels) -> list[Result]:
    """Return the scores of each system on each split, the splits that tune first; none for withheld labels or a branch without input."""
    results, roles, groups = [], labels.table.info.roles, labels.groups
    position = {id: row for row, id in enumerate(labels.table.column("id"))}
    for name, predictions in systems.items():
        for split in sorted(set(predictions.split), key=lambda split: (roles.get(split) != "tune", split)):
            rows = predictions.of_split(split)
            known = rows.select(sorted((id for id in rows.id if has_label(truth.get(id))), key=position.__getitem__))
            if known.predicted.any():
                sample = _sample(known, truth, groups)
                seen = isinstance(known, Predictions) and known.info.transductive
                note = _note(known, predictions)
                results.append(Result(name, split, _scores(sample), roles.get(split) == "tune", note, seen, sample))
    return results


def _note(rows: AnyPredictions, predictions: AnyPredictions) -> str:
    """Return what must be said of some rows among the predictions of a system: which had no input, and which lacked a branch."""
    notes = []
    if without := int((~rows.predicted).sum()):
        told = "count as wrong" if isinstance(rows, Predictions) else "are left out"
        notes.append(f"{without} of {len(rows)} utterances without input {told}")
    n_branches = max((used.count("+") for used in predictions.used or []), default=0)
    lacking = [used for used in rows.used or [] if used and used.count("+") < n_branches]
    if lacking:
        notes.append(f"{len(lacking)} of {len(rows)} utterances rest on {' or '.join(sorted({*lacking}))} alone")
    return "; ".join(notes)


def _sample(rows: AnyPredictions, truth: Mapping[str, Any], groups: Mapping[str, str]) -> Sample:
    labels: Any
    told: Any
    if isinstance(rows, Predictions):
        labels, told = [truth[id] for id in rows.id], rows.labels()
    else:
        labels, told = attribute_values(rows.id, truth, rows.info.attributes), rows.values
    return Sample(rows.id, labels, told, [groups[id] for id in rows.id], rows.info.names)


def _scores(sample: Sample) -> dict[str, float]:
    score = score_attributes if isinstance(sample.truth, np.ndarray) else score_emotions
    return score(sample.truth, sample.prediction, sample.names)


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
    notes += [
        f"{name} has no input on {split}, and no score."
        for split in table.splits
        for name, predictions in systems.items()
        if table.result(name, split) is None and split in predictions.split
    ]
    absent = {name for predictions in systems.values() for name in predictions.info.absent}
    if absent:
        notes.append(f"Never predicted, since training has no utterance of it: {', '.join(sorted(absent))}.")
    if corpus.info.caution:
        notes.append(corpus.info.caution)
    alike: dict[tuple[str, str], list[str]] = {}  # systems by split and note
    for result in table.results:
        if result.note:
            alike.setdefault((result.split, result.note), []).append(result.system)
    return [*notes, *(f"{'; '.join(names)}, {split}: {note}." for (split, note), names in alike.items())]
