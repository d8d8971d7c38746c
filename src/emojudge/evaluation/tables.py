"""The results table of a task: one row a system, one column a split, marked where a score is not of unseen data."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from .evidence import N_RESAMPLES, Evidence, Sample, weigh

MARK = "*"
"""Beside a score on a split that a stage was fitted or chosen on."""
TRANSDUCTIVE = "†"
"""Beside a score of a system that has seen the utterances that it is scored on, if not their labels."""

MARK_NOTES = {
    MARK: f"{MARK} in-sample: a stage was chosen on this split.",
    TRANSDUCTIVE: f"{TRANSDUCTIVE} transductive: rests on the utterances of the split, all of them together, without their labels.",
}
"""What each mark means, in short."""


@dataclass(frozen=True)
class Shown:
    """Which scores of a task are shown, and how."""

    title: str
    """What stands in a cell, in order."""
    measures: tuple[str, ...]
    """The scores of a cell; each gets an interval."""
    digits: int
    over_runs: Mapping[str, str]
    """Scores shown as mean and deviation over several runs, and compared with a reference, by the name that each gets; the first is
    what a task is judged by."""


SHOWN = {
    "emotion": Shown("macro-F1 / accuracy", ("macro_f1", "accuracy"), 4, {"macro_f1": "macro-F1"}),
    "attributes": Shown(
        "CCC of valence / arousal / dominance / mean",
        ("ccc_valence", "ccc_arousal", "ccc_dominance", "ccc_mean"),
        3,
        {"ccc_mean": "mean CCC", "ccc_valence": "CCC of valence", "ccc_arousal": "CCC of arousal", "ccc_dominance": "CCC of dominance"},
    ),
}
"""By task; everything else is in the CSV file."""


@dataclass(frozen=True)
class Result:
    """The scores of one system on one split."""

    system: str
    split: str
    scores: dict[str, float]
    """What ``score_emotions`` or ``score_attributes`` of :mod:`emojudge.evaluation` returned."""
    in_sample: bool = False
    """Whether a stage was fitted or chosen on this split, other than out-of-fold."""
    note: str = ""
    transductive: bool = False
    """Whether the system has seen the utterances of this split, if not their labels."""
    sample: Sample | None = field(default=None, repr=False, compare=False)
    """What the scores were made of, for intervals and differences."""

    @property
    def marks(self) -> str:
        """Return what stands beside the scores."""
        return (MARK if self.in_sample else "") + (TRANSDUCTIVE if self.transductive else "")


@dataclass(frozen=True)
class ResultsTable:
    """Results of one task of one run, in the order in which systems and splits were added."""

    results: list[Result] = field(default_factory=list)
    footnotes: list[str] = field(default_factory=list)
    task: str = "emotion"
    evidence: Evidence | None = None
    """Intervals and differences, where they were asked for (:meth:`weighed`)."""

    @property
    def shown(self) -> Shown:
        """Return which scores are shown."""
        return SHOWN[self.task]

    @property
    def systems(self) -> list[str]:
        """Return the systems, in order."""
        return list(dict.fromkeys(result.system for result in self.results))

    @property
    def splits(self) -> list[str]:
        """Return the splits, in order."""
        return list(dict.fromkeys(result.split for result in self.results))

    def result(self, system: str, split: str) -> Result | None:
        """Return the scores of a system on a split, or None where it was not scored there."""
        return next((r for r in self.results if (r.system, r.split) == (system, split)), None)

    def score(self, system: str, split: str, measure: str) -> float | None:
        """Return a score, or None where the system was not scored on the split, or what is measured does not occur there."""
        result = self.result(system, split)
        found = None if result is None else result.scores.get(measure)
        return None if found is None or math.isnan(found) else found

    def weighed(self, reference: str | None = None, *, n_resamples: int = N_RESAMPLES, seed: int = 0) -> "ResultsTable":
        """Return the table with intervals over speakers, and differences to a reference.

        Args:
            reference: A system; by default the first.
            n_resamples: Resamples of the speakers.
            seed: Of the resamples.

        Raises:
            ConfigError: If there is no such reference.
            PredictionsError: If two systems were scored on different utterances of a split.
        """
        return replace(self, evidence=weigh_runs([self], reference, n_resamples=n_resamples, seed=seed))

    def cells(self) -> list[list[str]]:
        """Return the table as text: a header, then a row a system with its scores on each split, ``-`` where one is not defined."""
        rows = [["system", *self.splits]]
        for system in self.systems:
            results = (self.result(system, split) for split in self.splits)
            rows.append([system, *("" if result is None else self._cell(result) for result in results)])
        return rows

    def _cell(self, result: Result) -> str:
        texts = []
        for measure in self.shown.measures:
            score = self.score(result.system, result.split, measure)
            arrow = "" if self.evidence is None else self.evidence.mark(result.system, result.split, measure)
            texts.append("-" if score is None else number(score, self.shown.digits) + arrow)
        return " / ".join(texts) + result.marks


def weigh_runs(tables: Sequence[ResultsTable], reference: str | None = None, *, n_resamples: int = N_RESAMPLES, seed: int = 0) -> Evidence:
    """Return intervals of the scores of a task and their differences to a reference, of the means over runs that differ in their seed.

    Args:
        tables: The task's table of each run, with the same systems and splits, scored on the same utterances.
        reference: A system; by default the first.
        n_resamples: Resamples of the speakers.
        seed: Of the resamples.

    Raises:
        ConfigError: If there is no such reference.
        PredictionsError: If two systems or runs were scored on different utterances of a split.
    """
    first = tables[0]
    samples = {
        (result.system, result.split): [found.sample for found in (t.result(result.system, result.split) for t in tables) if found]
        for result in first.results
    }
    complete = {place: [sample for sample in runs if sample is not None] for place, runs in samples.items()}
    measures = first.shown.measures
    return weigh(complete, measures, list(first.shown.over_runs), reference or first.systems[0], n_resamples=n_resamples, seed=seed)


def number(value: float, digits: int, sign: str = "-") -> str:
    """Return a number with a fixed count of digits, zero without a minus."""
    return f"{round(value, digits) + 0.0:{sign}.{digits}f}"  # a minus before zeros would say nothing
