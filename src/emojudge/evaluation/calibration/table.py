"""``calibration_sheet``: how right the posteriors of each system are, before and after scaling."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ...predictions import Predictions
from ..additive import Additive
from ..prior import shift_prior
from ..sheet import Sheet
from ..statistics import difference_of, intervals_of
from ..wording import difference_text, score_text, speakers_note
from .out_of_fold import class_places, declared_weights, scaled
from .scaling import AnyScaling, TemperatureScaling, VectorScaling
from .scores import (
    BINS,
    N_BINS,
    Float,
    Scored,
    classwise_calibration_error,
    expected_calibration_error,
    scorable,
    squared_distance,
    surprise,
)

Under: TypeAlias = Literal["declared", "split"]
"""Whether posteriors are judged under the prior that they declare, on utterances weighted to it, or shifted to the split's own prior."""

HEADER = ["system", "split", "scaling", "n", "NLL", "change of NLL", "Brier", "ECE", "ECE, equal mass", "class-wise ECE"]

_BIASED = (
    "ECE: distance of the confidence in the predicted class from its accuracy; class-wise: mean over classes of that of each posterior. "
    "Both are too high on few utterances, and resampling adds as much again: they stand without an interval. The change of NLL is paired."
)
_UNDER = {
    "declared": "Posteriors are judged under the prior that they declare: utterances are weighted so that the split has that prior.",
    "split": "Posteriors were shifted from the prior that they declare to the class frequencies of each split, which its labels gave.",
}


def calibration_sheet(
    systems: Mapping[str, Predictions],
    truth: Mapping[str, str | None],
    groups: Mapping[str, str],
    fitted_on: Sequence[str],
    *,
    under: Under = "declared",
    scalings: Sequence[AnyScaling] = (TemperatureScaling(), VectorScaling()),
    n_bins: int = N_BINS,
    n_resamples: int = 10_000,
    level: float = 0.95,
    seed: int = 0,
) -> Sheet:
    """Return negative log-likelihood, Brier score and calibration errors of each system and split, before and after scaling.

    A scaling is fitted on ``fitted_on`` and scored there out-of-fold by speaker; other splits are scaled by the whole fit.

    Args:
        systems: Predictions by the name that the rows get.
        truth: Emotion by utterance id, of every split that is to be scored.
        groups: Speaker group by utterance id.
        fitted_on: Splits that scalings are fitted on: those of the fusion role.
        under: See :data:`Under`; a system that declares no prior is judged as it is either way.
        scalings: What to fit.
        n_bins: Bins of the calibration errors.
        n_resamples: Of whole speakers, for the intervals.
        level: Of the intervals.
        seed: Of folds and resamples.

    Raises:
        FusionError: As :func:`scaled`.
    """
    settings: dict[str, Any] = {"n_resamples": n_resamples, "level": level, "seed": seed}
    rows, notes = [], [_UNDER[under], _BIASED]
    speaker_notes: dict[str, str] = {}
    for name, predictions in systems.items():
        if predictions.info.source_prior is None:
            notes.append(f"{name} declares no prior: it is judged as it is.")
        fitting = {id: truth.get(id) for id, split in zip(predictions.id, predictions.split, strict=True) if split in fitted_on}
        versions = {"none": predictions, **{s.NAME: scaled(predictions, fitting, groups, s, seed=seed) for s in scalings}}
        for split in dict.fromkeys(predictions.split):
            judged = {scaling: _judged(changed.of_split(split), predictions, truth, under) for scaling, changed in versions.items()}
            if (plain := judged["none"]) is None:
                continue
            clusters = [groups[id] for id in plain.id]
            for scaling, one in judged.items():
                assert one is not None  # a scaling takes no row away
                nll, brier = intervals_of([one.nll, one.brier], clusters, **settings)
                nll, brier = nll.within(0.0, np.inf), brier.within(0.0, 2.0)
                change = "" if one is plain else difference_text(difference_of(one.nll, plain.nll, clusters, **settings))
                mark = "" if one is plain or split not in fitted_on else ", out-of-fold"
                errors = [f"{error:.3f}" for error in one.errors(n_bins)]
                rows.append([name, split, scaling + mark, f"{len(one.id):,}", score_text(nll), change, score_text(brier), *errors])
            if note := speakers_note(split, clusters):
                speaker_notes[split] = note
    notes.extend(speaker_notes.values())
    title = f"Calibration, with {100 * level:g} % intervals by speaker; scalings fitted on {', '.join(fitted_on)}"
    return Sheet(title, HEADER, rows, notes)


@dataclass(frozen=True)
class _Judged:
    """The posteriors of one system on one split, under the prior that they are to be judged by."""

    id: list[str]
    target: NDArray[np.int64]
    logits: Float
    class_weight: Float | None

    @cached_property
    def nll(self) -> Additive:
        return self._mean(surprise)

    @cached_property
    def brier(self) -> Additive:
        return self._mean(squared_distance)

    def _mean(self, of: Callable[[Scored], Float]) -> Additive:
        """Return the weighted mean of something of each utterance; one without weight adds nothing."""
        scored = scorable(self.target, self.logits, self.class_weight)
        counts = np.zeros((len(self.id), 2))
        counts[scored.row] = np.stack([scored.weight, scored.weight * of(scored)], axis=1)
        return Additive(counts, _ratio)

    def errors(self, n_bins: int) -> list[float]:
        """Return the calibration errors, in the order of the columns."""
        given = (self.target, self.logits, self.class_weight)
        top = [expected_calibration_error(*given, n_bins=n_bins, bins=bins) for bins in BINS]
        return [*top, classwise_calibration_error(*given, n_bins=n_bins)]


def _judged(rows: Predictions, plain: Predictions, truth: Mapping[str, str | None], under: Under) -> _Judged | None:
    """Return the rows that have input and a label that the system knows, None where there are none.

    ``plain`` declares the prior: scaled rows keep it, or have learnt the fitting split's for want of one.
    """
    target = class_places(rows.info.classes, [truth.get(id) for id in rows.id])
    usable = rows.predicted & np.isin(target, np.flatnonzero(rows.present))
    if not usable.any():
        return None
    ids, logits, target = [rows.id[i] for i in np.flatnonzero(usable)], rows.logits[usable], target[usable]
    if under == "split" and plain.info.source_prior is not None:
        frequency = np.bincount(target, minlength=len(rows.info.classes)) / len(target)
        return _Judged(ids, target, shift_prior(logits, plain.info.source_prior, frequency), None)
    return _Judged(ids, target, logits, declared_weights(plain, target))


def _ratio(sums: Float) -> Float:
    with np.errstate(invalid="ignore"):  # a resample without any weight: NaN
        return sums[..., 1] / sums[..., 0]
