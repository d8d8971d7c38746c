"""The last stage: every system's predictions scored against the table, or against truth kept apart."""

import json
from collections.abc import Mapping
from pathlib import Path

from ..corpus import Table, read_table
from ..corpus.table import TABLE_FILE
from ..corpus.truth import read_truth
from ..errors import EmojudgeError, PredictionsError, some
from ..evaluation import score_emotions
from ..evaluation.tables import MARK, Result, ResultsTable
from ..predictions import Predictions, load_predictions

SYSTEMS_FILE = "systems.json"


def score_run(systems: Mapping[str, Predictions], table: Table) -> ResultsTable:
    """Return the results of all systems on every split that has labels and predictions.

    Args:
        systems: Predictions by the name that the row gets.
        table: The corpus that was predicted.

    Raises:
        PredictionsError: If predictions were made on another corpus.
    """
    truth = dict(zip(table.column("id"), table.column("emotion"), strict=True))
    for name, predictions in systems.items():
        if predictions.info.corpus != table.info.fingerprint:
            raise PredictionsError(
                f"'{name}' was predicted on corpus {predictions.info.corpus}, the table is {table.info.fingerprint}; predict again"
            )
    return _score(systems, truth, table)


def score_against(systems: Mapping[str, Predictions], table: Table, truth_path: str | Path, split: str | None = None) -> ResultsTable:
    """Return the results of all systems on the utterances of a truth file, a table or a consensus CSV.

    Args:
        systems: Predictions by the name that the row gets.
        table: The corpus that was predicted; its own labels are not looked at.
        truth_path: See :func:`~emojudge.corpus.truth.read_truth`.
        split: Score this split only; by default every split that the truth has ids of.

    Raises:
        PredictionsError: If no predicted utterance has a truth, or one with a truth was not predicted.
    """
    truth = read_truth(truth_path, table.info.classes)
    first = next(iter(systems.values()))
    split_of = dict(zip(first.id, first.split, strict=True))
    elsewhere = set(table.column("id"))
    unknown = [id for id in truth if id not in elsewhere]
    if unknown and (split is None or len(unknown) == len(truth)):
        raise PredictionsError(
            f"{truth_path}: {len(unknown)} utterances were not predicted: {some(unknown)}; is it the truth of this corpus?"
        )
    wanted = {id: emotion for id, emotion in truth.items() if id in split_of and split in (None, split_of[id])}
    if not wanted:
        asked = "" if split is None else f" of split '{split}'"
        raise PredictionsError(f"{truth_path}: no utterance{asked} that was predicted (splits: {', '.join(dict.fromkeys(first.split))})")
    covered = {split_of[id] for id in wanted}
    lacking = [id for id, name in split_of.items() if name in covered and id not in wanted]
    if lacking:
        raise PredictionsError(f"{truth_path}: no truth for {len(lacking)} utterances of {', '.join(sorted(covered))}: {some(lacking)}")
    return _score(systems, wanted, table)


def _score(systems: Mapping[str, Predictions], truth: Mapping[str, str | None], corpus: Table) -> ResultsTable:
    table, roles = ResultsTable(), corpus.info.roles
    for name, predictions in systems.items():
        for split in sorted(set(predictions.split), key=lambda split: (roles.get(split) != "tune", split)):
            rows = predictions.of_split(split)
            pairs = [(truth[id], label) for id, label in zip(rows.id, rows.labels(), strict=True) if truth.get(id) is not None]
            without = sum(label is None for _, label in pairs)
            if not pairs or without == len(pairs):
                continue  # withheld labels, or a branch without any input there: an empty cell
            scores = score_emotions([t for t, _ in pairs], [label for _, label in pairs], predictions.info.classes)
            note = f"{without} of {len(pairs)} utterances without input count as wrong" if without else ""
            table.results.append(Result(name, split, scores, roles.get(split) == "tune", note))
    if not table.results:
        raise EmojudgeError(
            "no split has both labels and predictions; nothing can be scored (emojudge report --truth FILE takes labels kept apart)"
        )
    if any(result.in_sample for result in table.results):
        grouped = (
            "by speaker"
            if any(speaker is not None for speaker in corpus.column("speaker"))
            else "by recording or utterance, for want of speakers"
        )
        table.footnotes.append(
            f"{MARK} the networks' checkpoints were chosen on this split, so its scores are in-sample; fused rows are out-of-fold "
            f"with respect to the fusion, {grouped}."
        )
    absent = {name for predictions in systems.values() for name in predictions.info.absent_classes}
    if absent:
        table.footnotes.append(f"Never predicted, since training has no utterance of it: {', '.join(sorted(absent))}.")
    if corpus.info.caution:
        table.footnotes.append(corpus.info.caution)
    table.footnotes.extend(f"{r.system}, {r.split}: {r.note}." for r in table.results if r.note)
    return table


def load_run(run: str | Path) -> tuple[dict[str, Predictions], Table]:
    """Return the predictions of a run folder by system, in the order of its results, and its table.

    Raises:
        EmojudgeError: If the folder does not hold a finished run.
    """
    run = Path(run)
    if not (run / SYSTEMS_FILE).is_file():
        raise EmojudgeError(f"{run}: not a finished run folder (no {SYSTEMS_FILE}); emojudge run makes one")
    return load_systems(run), read_table(run / TABLE_FILE)


def load_systems(run: Path) -> dict[str, Predictions]:
    """Return the predictions that a run folder's list of systems names."""
    try:
        names: dict[str, str] = json.loads((run / SYSTEMS_FILE).read_text(encoding="utf-8"))
    except ValueError as error:
        raise EmojudgeError(f"{run / SYSTEMS_FILE}: not readable ({error}); the same emojudge run writes it again") from error
    return {name: load_predictions(run / path, "emotion") for name, path in names.items()}
