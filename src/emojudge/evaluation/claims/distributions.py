"""Whether attributes are distributed alike in all splits, in the truth and in what was predicted (paper, section 6)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import EmojudgeError
from ...labels import ATTRIBUTES
from ...predictions import AttributePredictions
from ..additive import Additive
from ..labelled import Truths, attribute_values
from ..sheet import Sheet
from ..statistics import Interval, intervals_of
from ..wording import UNCORRECTED, clusters_of, score_text, sign, speakers_note, tally

TRUTH = "truth"


@dataclass(frozen=True)
class Distribution:
    """The values of an attribute on a split, of the truth or of a system."""

    source: str
    """``truth``, or the name of a system."""
    attribute: str
    split: str
    n: int
    clusters: str
    """What was resampled, such as ``8 speakers``."""
    mean: Interval
    deviation: Interval
    """Population standard deviation."""
    shift: Interval | None
    """How far the mean is above that of the reference split, in deviations there; None for that split itself, or where it has no values."""

    @property
    def verdict(self) -> str:
        """Return ``higher``, ``lower``, or that no shift was shown."""
        return "" if self.shift is None else sign(self.shift, "higher", "lower")


@dataclass(frozen=True)
class Distributions:
    """The distributions of attributes by split, beside those of a reference split."""

    reference: str
    rows: list[Distribution]
    notes: list[str]

    @property
    def sentence(self) -> str:
        """Return what came out, in words."""
        shifts = [(f"{row.attribute} of {row.source}, {row.split}", row.verdict) for row in self.rows if row.shift is not None]
        return f"Mean against {self.reference}, in deviations there: {tally(shifts)}"

    def sheet(self) -> Sheet:
        """Return the distributions as a table, with the sentence below it."""
        header = ["attribute", "source", "split", "n", "resampled", "mean", "deviation", f"shift against {self.reference}", "verdict"]
        cells = [
            [
                row.attribute,
                row.source,
                row.split,
                f"{row.n:,}",
                row.clusters,
                score_text(row.mean, 2),
                score_text(row.deviation, 2),
                "" if row.shift is None else score_text(row.shift, 2),
                row.verdict,
            ]
            for row in self.rows
        ]
        return Sheet("Distributions of attributes by split", header, cells, [self.sentence, UNCORRECTED, *self.notes])


def attribute_distributions(
    systems: Mapping[str, AttributePredictions],
    truth: Truths,
    split_of: Mapping[str, str],
    groups: Mapping[str, str],
    reference: str,
    *,
    n_resamples: int = 10_000,
    level: float = 0.95,
    seed: int = 0,
) -> Distributions:
    """Return mean and deviation of each attribute on each split, and the standardised shift against a reference split.

    Truth and systems are each compared with their own values on the reference split; speakers of both splits are resampled together, so
    that one who is in both pairs them. Intervals of the deviation in the reference are in those of the shift.

    Paper: section 6 lays the fall of dominance to a shift between Development and the test. Here it has an interval, for truth and
    predictions.

    Args:
        systems: Predictions by name, unclipped.
        truth: Attributes by utterance id; utterances without a value are left out.
        split_of: Split by utterance id.
        groups: Speaker group by utterance id.
        reference: Split that the others are compared with, such as ``train`` or ``dev``; a system that did not predict it has no shift.
        n_resamples: Of whole speakers.
        level: Of the intervals.
        seed: Of the resamples.

    Raises:
        EmojudgeError: If neither truth nor a system has a value anywhere.
    """
    sources = {TRUTH: (list(truth), attribute_values(list(truth), truth, ATTRIBUTES))}
    for name, predictions in systems.items():
        sources[name] = (predictions.id, _in_order(predictions))
    rows: list[Distribution] = []
    for k, attribute in enumerate(ATTRIBUTES):
        for source, (ids, values) in sources.items():
            known = np.flatnonzero(~np.isnan(values[:, k]))
            column = values[known, k]
            split = np.array([split_of[ids[i]] for i in known], dtype=object)
            speaker = np.array([groups[ids[i]] for i in known], dtype=object)
            for name in dict.fromkeys(split):
                inside, there = split == name, split == reference
                settings: dict[str, Any] = {"n_resamples": n_resamples, "level": level, "seed": seed}
                part = column[inside]
                mean, deviation = intervals_of([_mean(part), _deviation(part)], speaker[inside].tolist(), **settings)
                shift = None
                if name != reference and there.any() and np.ptp(column[there]) > 0:
                    either = inside | there
                    (shift,) = intervals_of([_shift(column[either], inside[either], there[either])], speaker[either].tolist(), **settings)
                deviation = deviation.within(0.0, np.inf)
                rows.append(Distribution(source, attribute, name, len(part), clusters_of(speaker[inside].tolist()), mean, deviation, shift))
    if not rows:
        raise EmojudgeError("no utterance has a value of an attribute, true or predicted; there is no distribution to compare")
    everywhere: dict[str, dict[str, str]] = {}
    for ids, values in sources.values():
        for i in np.flatnonzero(~np.isnan(values).all(axis=1)):
            everywhere.setdefault(split_of[ids[i]], {})[ids[i]] = groups[ids[i]]
    notes = [note for split, of in everywhere.items() if (note := speakers_note(split, list(of.values())))]
    lacking = [name for name in sources if not any(row.source == name and row.split == reference for row in rows)]
    notes += [f"{name} has no values on {reference}, so there is no shift to state." for name in lacking]
    return Distributions(reference, rows, notes)


def _in_order(predictions: AttributePredictions) -> NDArray[np.float64]:
    """Return the predicted values in the order of :data:`ATTRIBUTES`, NaN for one that is not predicted."""
    values = np.full((len(predictions), len(ATTRIBUTES)), np.nan)
    for k, name in enumerate(ATTRIBUTES):
        if name in predictions.info.attributes:
            values[:, k] = predictions.values[:, predictions.info.attributes.index(name)]
    return values


def _moments(values: NDArray[np.float64], part: NDArray[np.bool_], centre: float) -> NDArray[np.float64]:
    """Return what each utterance of a part adds: one, its distance from a centre, and the square of that, ``(utterances, 3)``."""
    away = (values - centre) * part
    return np.stack([part, away, away * away], axis=1)


def _mean_and_deviation(sums: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the mean above the centre, and the population standard deviation; NaN where a resample has no utterance."""
    n, away, squares = np.moveaxis(sums, -1, 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = away / n
        return mean, np.sqrt(np.maximum(squares / n - mean * mean, 0.0))


def _mean(values: NDArray[np.float64]) -> Additive:
    centre = float(np.median(values))
    counts = _moments(values, np.ones(len(values), dtype=bool), centre)
    return Additive(counts, lambda sums: centre + _mean_and_deviation(sums)[0])


def _deviation(values: NDArray[np.float64]) -> Additive:
    counts = _moments(values, np.ones(len(values), dtype=bool), float(np.median(values)))
    return Additive(counts, lambda sums: _mean_and_deviation(sums)[1])


def _shift(values: NDArray[np.float64], inside: NDArray[np.bool_], there: NDArray[np.bool_]) -> Additive:
    """Return how far the mean of a split is above that of the reference, in deviations of the reference."""
    centre = float(np.median(values[there]))

    def score(sums: NDArray[np.float64]) -> NDArray[np.float64]:
        mean, _ = _mean_and_deviation(sums[..., :3])
        reference, deviation = _mean_and_deviation(sums[..., 3:])
        with np.errstate(invalid="ignore", divide="ignore"):
            return (mean - reference) / np.where(deviation > 0, deviation, np.nan)

    return Additive(np.concatenate([_moments(values, inside, centre), _moments(values, there, centre)], axis=1), score)
