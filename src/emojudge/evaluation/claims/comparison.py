"""Two systems on the same utterances: what one gains on the other, split by split and measure by measure."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from ...errors import EmojudgeError, PredictionsError, plural
from ...predictions import align
from ..labelled import AnyPredictions, Truths, additive_of, labelled
from ..sheet import Sheet
from ..statistics import Difference, difference_of, holm
from ..wording import NOT_SHOWN, difference_text, p_text, speakers_note, tally, verdict

Runs = AnyPredictions | Sequence[AnyPredictions]
"""Predictions of a system, or those of several runs that differ in their seed."""


@dataclass(frozen=True)
class Gain:
    """How much one system is above another by one measure on one split."""

    split: str
    measure: str
    score: float
    """Of the first system, mean over runs."""
    reference: float
    """Of the other."""
    difference: Difference
    p: float
    """Of the difference, after Holm over the comparison."""
    n: int
    """Utterances that both systems are scored on."""

    @property
    def verdict(self) -> str:
        """Return ``gain``, ``loss``, or that nothing was shown: by the interval, and by p after Holm; of an error less is a gain."""
        above, below = ("loss", "gain") if self.measure.startswith("mae_") else ("gain", "loss")
        word = verdict(self.difference, above, below)
        if word.startswith(NOT_SHOWN) or self.p < 1 - self.difference.level:
            return word
        return f"{NOT_SHOWN}: p is {p_text(self.p)} after Holm over the comparison"


@dataclass(frozen=True)
class Comparison:
    """A claim that one system is better than another, tested on the user's data."""

    claim: str
    """What is claimed, in a few words."""
    system: str
    reference: str
    gains: list[Gain]
    notes: list[str] = field(default_factory=list)

    @property
    def sentence(self) -> str:
        """Return what came out, in words."""
        return f"{self.system} against {self.reference}: {tally((f'{gain.split}, {gain.measure}', gain.verdict) for gain in self.gains)}"

    def sheet(self) -> Sheet:
        """Return the comparison as a table, with the sentence below it."""
        header = ["split", "measure", self.system, self.reference, "difference", "p (Holm)", "verdict"]
        rows = [
            [
                gain.split,
                gain.measure,
                _number(gain.score),
                _number(gain.reference),
                difference_text(gain.difference),
                p_text(gain.p),
                gain.verdict,
            ]
            for gain in self.gains
        ]
        return Sheet(self.claim, header, rows, [self.sentence, *self.notes])


def compare(
    claim: str,
    system: Runs,
    reference: Runs,
    truth: Truths,
    groups: Mapping[str, str],
    splits: Sequence[str],
    measures: Sequence[str],
    *,
    n_resamples: int = 10_000,
    level: float = 0.95,
    seed: int = 0,
) -> Comparison:
    """Return how much a system is above a reference on each split by each measure, paired by utterance, resampled by speaker.

    Args:
        claim: What is claimed, in a few words.
        system: Predictions of it, or of several runs of it.
        reference: Likewise; as many runs, in the same order.
        truth: By utterance id; see :data:`~emojudge.evaluation.labelled.Truths`.
        groups: Speaker group by utterance id.
        splits: Each by itself; one without a labelled utterance is left out, and a note says so.
        measures: Of ``score_emotions`` or ``score_attributes``.
        n_resamples: Of whole speakers.
        level: Of the intervals.
        seed: Of the resamples.

    Raises:
        PredictionsError: If the numbers of runs, or what is predicted, differ, or an utterance is missing on one side.
        EmojudgeError: If no split has a labelled utterance.
    """
    first, second = runs_of(system), runs_of(reference)
    if len(first) != len(second):
        raise PredictionsError(f"{len(first)} runs of one system and {len(second)} of the other; runs are compared in pairs")
    gains, notes = [], []
    if len(first) > 1:
        notes.append(f"Means over {len(first)} runs; intervals and p speak of other speakers, not of other seeds.")
    for split in splits:
        rows, n_left_out = _common([run.of_split(split) for run in (*first, *second)], truth)
        if not len(rows[0]):
            notes.append(f"{split}: no labelled utterance that both systems have; nothing can be said.")
            continue
        speakers = [groups[id] for id in rows[0].id]
        for measure in measures:
            scores = [additive_of(run, truth, measure) for run in rows]
            above, below = scores[: len(first)], scores[len(first) :]
            value, other = (float(np.mean([score.value for score in side])) for side in (above, below))
            if math.isnan(value) or math.isnan(other):
                notes.append(f"{split}: {measure} is not defined here, since its class or attribute does not occur.")
                continue
            difference = difference_of(above, below, speakers, n_resamples=n_resamples, level=level, seed=seed)
            gains.append(Gain(split, measure, value, other, difference, math.nan, len(rows[0])))
        if n_left_out:
            notes.append(f"{split}: {plural(n_left_out, 'utterance')} left out, since one of the systems had no input.")
        if note := speakers_note(split, speakers):
            notes.append(note)
    if not gains:
        raise EmojudgeError(f"{claim}: no labelled utterance in {', '.join(splits)} that both systems predicted; nothing can be compared")
    p = holm([gain.difference.p for gain in gains])
    gains = [replace(gain, p=value) for gain, value in zip(gains, p, strict=True)]
    return Comparison(claim, first[0].info.system, second[0].info.system, gains, notes)


def runs_of(system: Runs) -> list[AnyPredictions]:
    """Return the runs of a system, mostly one."""
    return list(system) if isinstance(system, Sequence) else [system]


def _common(runs: Sequence[AnyPredictions], truth: Truths) -> tuple[list[AnyPredictions], int]:
    """Return the labelled rows of all, joined by id, and how many were left out because a regression had no input.

    A class that was not predicted counts as wrong, so nothing is left out of emotions.
    """
    rows = align(*(labelled(run, truth) for run in runs))
    if runs[0].info.task == "emotion":
        return rows, 0
    everywhere = np.all([run.predicted for run in rows], axis=0)
    both = [id for id, known in zip(rows[0].id, everywhere, strict=True) if known]
    return [run.select(both) for run in rows], len(everywhere) - len(both)


def _number(value: float) -> str:
    return "" if math.isnan(value) else f"{value:.3f}"
