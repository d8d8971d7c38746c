"""A closer look at systems: groups of utterances, calibration, votes of the raters, and the paper's claims, each as sheets."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ...corpus.by_role import tuning_labels
from ...errors import EmojudgeError
from ...evaluation.claims import attribute_distributions, error_correlations, judge_gain, text_ablation
from ...evaluation.evidence import N_RESAMPLES
from ...evaluation.groups import group_by, groups_sheet
from ...evaluation.labelled import AnyPredictions, labelled
from ...evaluation.posteriors import score_posteriors
from ...evaluation.sheet import Sheet
from ...evaluation.tables import MARK, MARK_NOTES, TRANSDUCTIVE, number
from ...predictions import AttributePredictions, Predictions
from ..systems import FUSED, REFITTED
from .labels import Labels
from .loading import Systems


def group_sheets(systems: Systems, labels: Labels, by: Sequence[str], n_resamples: int = N_RESAMPLES) -> list[Sheet]:
    """Return for each task the scores of groups of utterances, on every split that can be scored.

    Args:
        systems: See :data:`Systems`.
        labels: What they are scored by.
        by: What utterances are grouped by (:func:`~emojudge.evaluation.groups.group_by`).
        n_resamples: Resamples of the speakers.

    Raises:
        ConfigError: If the table knows nothing of that name.
    """
    groupings = [group_by(labels.table, name) for name in by]
    sheets = []
    for task, by_name in systems.items():
        if task in labels.truths:
            splits = _splits(by_name, labels, task)
            sheet = groups_sheet(by_name, labels.truths[task], groupings, labels.groups, splits, n_resamples=n_resamples)
            sheets.append(_marked(sheet, by_name, labels))
    return sheets


def calibration_sheets(systems: Systems, labels: Labels, n_resamples: int = N_RESAMPLES) -> list[Sheet]:
    """Return the calibration of each system that gives posteriors of emotions, before and after scalings fitted on the split that tunes.

    Its labels are those of the table where others are kept apart, as those of a fusion are.

    Raises:
        EmojudgeError: If no system does, or there is no emotion to fit or score by.
    """
    from ...evaluation.calibration import calibration_sheet  # which takes scikit-learn, and that takes seconds

    posteriors, truth = _posteriors(systems, labels), _with_tuning(labels, "emotion")
    sheet = calibration_sheet(posteriors, truth, labels.groups, _tuned(labels), n_resamples=n_resamples)
    return [_marked(sheet, posteriors, labels)]


def vote_sheets(systems: Systems, labels: Labels) -> list[Sheet]:
    """Return how often the true emotion is among the best two, and how far posteriors are from the votes of the raters.

    Raises:
        EmojudgeError: If no system gives posteriors of emotions, or the labels have none.
    """
    classes, table = labels.table.info.classes, labels.table
    votes = {id: given for id, given in zip(table.column("id"), table.column("emotion_votes"), strict=True) if given is not None}
    nothing = [float("nan")] * len(classes)
    rows = []
    for name, predictions in (posteriors := _posteriors(systems, labels)).items():
        for split in dict.fromkeys(predictions.split):
            part = predictions.of_split(split)
            truth = [labels.truths["emotion"].get(id) for id in part.id]
            n_labelled = sum(label is not None for label in truth)
            if n_labelled and part.predicted.any():
                found = score_posteriors(
                    truth, part.logits, classes, np.array([votes.get(id, nothing) for id in part.id], dtype=np.float64)
                )
                cells = [f"{n_labelled:,}", _number(found["top_2"]), _number(found["cross_entropy"])]
                rows.append([split, name, *cells, f"{found['n_votes']:,}", _number(found["vote_js"]), _number(found["vote_cross_entropy"])])
    rows.sort(key=lambda row: row[0])
    header = ["split", "system", "n", "top 2", "cross-entropy", "n with votes", "distance", "cross-entropy to votes"]
    notes = [
        "n: utterances with a label; top 2: share of them whose class is one of the two most probable. Distance to the votes: of Jensen "
        "and Shannon, 0 to 1; cross-entropies in nats. Posteriors are as the system gives them, under its own prior.",
        "Means without an interval: other speakers would give others.",
    ]
    return [_marked(Sheet("Posteriors and the votes of the raters", header, rows, notes), posteriors, labels)]


def _posteriors(systems: Systems, labels: Labels) -> dict[str, Predictions]:
    """Return the systems that give posteriors of emotions; a judge gives labels.

    Raises:
        EmojudgeError: If there is none, or no emotion to hold them against.
    """
    if not any(label is not None for label in labels.truths.get("emotion", {}).values()):
        raise EmojudgeError("the labels have no emotion; there is nothing to hold posteriors against")
    found = {name: rows for name, rows in systems.get("emotion", {}).items() if isinstance(rows, Predictions) and rows.label is None}
    if not found:
        raise EmojudgeError("no system of this run gives posteriors of emotions")
    return found


def claim_sheets(runs: Sequence[tuple[Systems, Labels]], n_resamples: int = N_RESAMPLES) -> list[Sheet]:
    """Return the paper's claims (sections 5 and 6) as tests on the user's data, as far as the systems of the runs allow.

    What the judge gains and what the text adds is taken over all runs; attributes are looked at in the first.

    Args:
        runs: Systems and labels of each run; all of the same corpus and splits.
        n_resamples: Resamples of the speakers.

    Raises:
        EmojudgeError: If the runs have no system that a claim is about.
    """
    first, labels = runs[0]
    settings: dict[str, Any] = {"n_resamples": n_resamples}
    sheets: list[Sheet] = []
    for task, by_name in first.items():
        if task not in labels.truths:
            continue
        truth, splits = labels.truths[task], _splits(by_name, labels, task)

        def of_runs(name: str, task: str = task) -> list[Any]:
            return [systems[task][name] for systems, _ in runs]

        for name, rows in by_name.items():
            judged = name.rpartition(" + ")[0]
            if isinstance(rows, Predictions) and rows.label is not None and judged in by_name:
                gain = judge_gain(of_runs(name), of_runs(judged), truth, labels.groups, splits, **settings)
                sheets.append(_marked(gain.sheet(), by_name, labels))
        control = next((name for name in by_name if name.endswith(REFITTED)), None)
        if FUSED in by_name and control is not None:
            ablation = text_ablation(of_runs(FUSED), of_runs(control), truth, labels.groups, splits, **settings)
            claim, method = _what_is_added(by_name[FUSED], control.removesuffix(REFITTED)), by_name[FUSED].info.system
            other = f"The branches are joined by {method}, {control} is by regression: the difference is of method and branches together."
            notes = [*ablation.notes, *([other] if method != FUSED else [])]
            found = replace(ablation, claim=f"{claim} ({task})", system=FUSED, reference=control, notes=notes)
            sheets.append(_marked(found.sheet(), by_name, labels))
        attributes = {name: rows for name, rows in by_name.items() if isinstance(rows, AttributePredictions)}
        if attributes:
            looked_at = _attribute_sheets(attributes, labels, splits, settings)
            sheets += looked_at if len(runs) == 1 else titled(looked_at, "the first run")
    if not sheets:
        raise EmojudgeError(
            "these runs have neither a judge, nor a fusion with its control, nor attributes; the paper claims nothing of them"
        )
    return sheets


def _attribute_sheets(
    systems: dict[str, AttributePredictions], labels: Labels, splits: Sequence[str], settings: dict[str, Any]
) -> list[Sheet]:
    """Return the distributions of attributes by split beside those of the split that tunes, and the correlation of errors."""
    table, truth = labels.table, _with_tuning(labels, "attributes")
    split_of = dict(zip(table.column("id"), table.column("split"), strict=True))
    present = {split_of[id] for id, values in truth.items() if any(value is not None for value in values.values())}
    reference = next((split for split in _tuned(labels) if split in present), splits[0])
    shifts = attribute_distributions(systems, truth, split_of, labels.groups, reference, **settings)
    errors = error_correlations(systems, labels.truths["attributes"], labels.groups, splits, **settings)
    return [shifts.sheet(), _marked(errors.sheet(), systems, labels)]


def _with_tuning(labels: Labels, task: str) -> dict[str, Any]:
    """Return the truth of a task, with the table's own of the splits that tune where a truth file that is kept apart leaves them out."""
    return {**(tuning_labels(labels.table, task) if _tuned(labels) else {}), **labels.truths[task]}


def _what_is_added(fused: AnyPredictions, first: str) -> str:
    """Return what the gain of a fusion on its first branch is due to, by the branches that its rows rest on."""
    branches = dict.fromkeys(name for used in fused.used or [] for name in used.split("+") if name not in ("", first))
    return f"What {' and '.join(branches) or 'fusion'} adds to {first}"


def _marked(sheet: Sheet, systems: Mapping[str, AnyPredictions], labels: Labels) -> Sheet:
    """Return a sheet with the marks of the results: of splits that tune, and of systems that are transductive, with what they mean."""
    transductive = [name for name, rows in systems.items() if isinstance(rows, Predictions) and rows.info.transductive]
    marks = {"split": dict.fromkeys(_tuned(labels), MARK), "system": dict.fromkeys(transductive, TRANSDUCTIVE)}
    rows = [[text + marks.get(column, {}).get(text, "") for column, text in zip(sheet.header, row, strict=True)] for row in sheet.rows]
    header = [text + marks["system"].get(text, "") for text in sheet.header]  # where two systems are compared, each has a column
    seen = {text[-1:] for row in (header, *rows) for text in row}
    return replace(sheet, header=header, rows=rows, notes=[*sheet.notes, *(note for mark, note in MARK_NOTES.items() if mark in seen)])


def _tuned(labels: Labels) -> list[str]:
    return [split for split, role in labels.table.info.roles.items() if role == "tune"]


def titled(sheets: Sequence[Sheet], run: str) -> list[Sheet]:
    """Return sheets of one run among several, each with its name."""
    return [replace(sheet, title=f"{run}: {sheet.title}") for sheet in sheets]


def _splits(systems: Mapping[str, Any], labels: Labels, task: str) -> list[str]:
    """Return the splits on which a system of a task can be scored."""
    return list(dict.fromkeys(split for rows in systems.values() for split in labelled(rows, labels.truths[task]).split))


def _number(value: float) -> str:
    return "" if np.isnan(value) else number(value, 3)
