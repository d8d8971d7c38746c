"""Whether errors of two attributes go together, and whether a system ties them closer than the raters do (paper, section 6)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import EmojudgeError, PredictionsError
from ...predictions import AttributePredictions
from ..additive import Additive, additive_attributes
from ..labelled import Truths, attribute_values
from ..sheet import Sheet
from ..statistics import Difference, Interval, difference_of, intervals_of
from ..wording import UNCORRECTED, difference_text, score_text, sign, speakers_note, tally, verdict


@dataclass(frozen=True)
class ErrorCorrelation:
    """How two attributes go together on a split: in the errors of a system, in what it predicts, and in the truth."""

    system: str
    split: str
    pair: tuple[str, str]
    n: int
    errors: Interval
    """Pearson correlation of prediction less truth of the one with that of the other."""
    predictions: Interval
    truth: Interval
    tie: Difference
    """Correlation of the predictions less that of the truth: above 0, the system confuses the two more than raters do."""

    @property
    def verdict(self) -> str:
        """Return whether the errors go together: ``together``, ``against each other``, or not shown."""
        return sign(self.errors, "together", "against each other")


@dataclass(frozen=True)
class ErrorCorrelations:
    """The correlations of two attributes, of several systems and splits."""

    pair: tuple[str, str]
    rows: list[ErrorCorrelation]
    notes: list[str] = field(default_factory=list)

    @property
    def sentence(self) -> str:
        """Return what came out, in words."""
        errors = tally((f"{row.system}, {row.split}", row.verdict) for row in self.rows)
        ties = tally((f"{row.system}, {row.split}", verdict(row.tie, "tied closer", "tied less")) for row in self.rows)
        return f"Errors of {' and '.join(self.pair)}: {errors} Correlation of what is predicted, beside that of the truth: {ties}"

    def sheet(self) -> Sheet:
        """Return the correlations as a table, with the sentence below it."""
        header = ["system", "split", "n", "of errors", "of predictions", "of truth", "predictions - truth", "errors go"]
        rows = [
            [
                row.system,
                row.split,
                f"{row.n:,}",
                score_text(row.errors),
                score_text(row.predictions),
                score_text(row.truth),
                difference_text(row.tie),
                row.verdict,
            ]
            for row in self.rows
        ]
        return Sheet(f"Correlation of {self.pair[0]} and {self.pair[1]}", header, rows, [self.sentence, UNCORRECTED, *self.notes])


def error_correlations(
    systems: Mapping[str, AttributePredictions],
    truth: Truths,
    groups: Mapping[str, str],
    splits: Sequence[str],
    pair: tuple[str, str] = ("dominance", "arousal"),
    *,
    n_resamples: int = 10_000,
    level: float = 0.95,
    seed: int = 0,
) -> ErrorCorrelations:
    """Return how the errors of two attributes go together, with the correlations of predictions and of truth beside.

    Attributes that go together in the truth have errors that do so in any regression that uses it, so the correlation of errors alone
    does not show confusion; that of the predictions above that of the truth does.

    Paper: section 6 lays the fall of dominance to a confusion with arousal, without a figure.

    Args:
        systems: Predictions by name, unclipped.
        truth: Attributes by utterance id; utterances without both values are left out.
        groups: Speaker group by utterance id.
        splits: Each by itself; one without such utterances is left out, and a note says so.
        pair: The two attributes.
        n_resamples: Of whole speakers.
        level: Of the intervals.
        seed: Of the resamples.

    Raises:
        PredictionsError: If a system does not predict both.
        EmojudgeError: If no split has both values of an utterance.
    """
    settings: dict[str, Any] = {"n_resamples": n_resamples, "level": level, "seed": seed}
    rows, notes = [], []
    for split in splits:
        speakers: dict[str, str] = {}
        for name, predictions in systems.items():
            ids, true, predicted = _both(predictions.of_split(split), truth, pair, name)
            if not ids:
                notes.append(f"{name}, {split}: no utterance with {' and '.join(pair)}, true and predicted; nothing can be said.")
                continue
            clusters = [groups[id] for id in ids]
            speakers.update(zip(ids, clusters, strict=True))
            errors, of_predictions, of_truth = (_correlation(values) for values in (predicted - true, predicted, true))
            three = [one.within(-1.0, 1.0) for one in intervals_of([errors, of_predictions, of_truth], clusters, **settings)]
            tie = difference_of(of_predictions, of_truth, clusters, **settings)
            rows.append(ErrorCorrelation(name, split, pair, len(ids), three[0], three[1], three[2], tie))
        if speakers and (note := speakers_note(split, list(speakers.values()))):
            notes.append(note)
    if not rows:
        raise EmojudgeError(f"no utterance of {', '.join(splits)} has {' and '.join(pair)}, true and predicted; no errors can be compared")
    return ErrorCorrelations(pair, rows, notes)


def _both(
    rows: AttributePredictions, truth: Truths, pair: tuple[str, str], system: str
) -> tuple[list[str], NDArray[np.float64], NDArray[np.float64]]:
    """Return the utterances that have both attributes, true and predicted, and those values, ``(utterances, 2)`` each."""
    lacking = [name for name in pair if name not in rows.info.attributes or name in rows.info.absent]
    if lacking:
        raise PredictionsError(f"'{system}' does not predict {', '.join(lacking)}; errors of {' and '.join(pair)} need both")
    true = attribute_values(rows.id, truth, pair)
    predicted = rows.values[:, [rows.info.attributes.index(name) for name in pair]]
    known = np.flatnonzero(~np.isnan(true + predicted).any(axis=1))
    return [rows.id[i] for i in known], true[known], predicted[known]


def _correlation(values: NDArray[np.float64]) -> Additive:
    """Return the Pearson correlation of two columns, 0 where one does not vary."""
    return additive_attributes(values[:, :1], values[:, 1:], "pearson_pair", ["pair"])
