"""What predictions are scored by: the labels of the table, or of a truth file that is kept apart."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...corpus import Table
from ...corpus.truth import attributes_of, read_attribute_truth, read_truth, truth_tasks, with_speakers
from ...errors import PredictionsError, some
from .loading import Systems


@dataclass(frozen=True)
class Labels:
    """The labels of a corpus, and what is known of its utterances."""

    truths: Mapping[str, Mapping[str, Any]]
    """By task and utterance id: an emotion or None, or the value or None of each attribute."""
    table: Table
    """Splits, speakers and all that utterances are grouped by."""
    remarks: list[str] = field(default_factory=list)

    @property
    def groups(self) -> dict[str, str]:
        """Return the speaker group of each utterance (``Table.speaker_groups``)."""
        return dict(zip(self.table.column("id"), self.table.speaker_groups(), strict=True))


def labels_of(systems: Systems, table: Table) -> Labels:
    """Return the labels that a table has.

    Raises:
        PredictionsError: If predictions were made on another corpus.
    """
    for by_name in systems.values():
        for name, predictions in by_name.items():
            if predictions.info.corpus != table.info.fingerprint:
                raise PredictionsError(
                    f"'{name}' was predicted on corpus {predictions.info.corpus}, the table is {table.info.fingerprint}; predict again"
                )
    emotions = dict(zip(table.column("id"), table.column("emotion"), strict=True))
    return Labels({"emotion": emotions, "attributes": attributes_of(table)}, table)


def labels_apart(systems: Systems, table: Table, truth_path: str | Path, split: str | None = None) -> Labels:
    """Return the labels of a truth file, a table or a consensus CSV, for each task that it has labels of and that was predicted.

    Args:
        systems: See :data:`Systems`.
        table: The corpus that was predicted; its own labels are not looked at, and its speakers only where the file names none.
        truth_path: See :mod:`emojudge.corpus.truth`.
        split: Take this split only; by default every split that the truth has ids of.

    Raises:
        PredictionsError: If no predicted utterance has a truth, one with a truth was not predicted, or no task has both.
    """
    offered = truth_tasks(truth_path)
    scored = [task for task in systems if task in offered]
    if not scored:
        raise PredictionsError(f"{truth_path}: has labels for {' and '.join(offered)}, the run predicts {' and '.join(systems)}")
    truths: dict[str, Mapping[str, Any]] = {}
    for task in scored:
        truths[task] = read_truth(truth_path, table.info.classes) if task == "emotion" else read_attribute_truth(truth_path)
    first = next(iter(systems[scored[0]].values()))
    split_of = dict(zip(first.id, first.split, strict=True))
    wanted = _wanted(list(truths[scored[0]]), split_of, table, truth_path, split)
    lacking = [task for task in systems if task not in scored]
    remarks = [f"{truth_path} has no labels for {' and '.join(lacking)}, which the run predicts too."] if lacking else []
    return Labels({task: {id: truth[id] for id in wanted} for task, truth in truths.items()}, with_speakers(table, truth_path), remarks)


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
