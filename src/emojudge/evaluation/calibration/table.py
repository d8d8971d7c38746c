"""``calibration_sheet``: how right the posteriors of each system are, before and after scaling."""

from collections.abc import Mapping, Sequence
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ...errors import plural
from ...predictions import Predictions
from ..additive import Additive
from ..prior import shift_prior, target_distribution
from ..sheet import Sheet
from ..statistics import Difference, Interval, difference_of, few_groups, intervals_of
from .out_of_fold import class_places, declared_weights, scaled
from .scaling import AnyScaling, TemperatureScaling, VectorScaling
from .scores import (
    N_BINS,
    Float,
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
    "ECE: distance of the confidence in the predicted class from its accuracy; class-wise: the mean over classes of that of each posterior. "
    "Both are too high on few utterances, and resampling adds as much again, so they stand without an interval. The change of NLL is paired."
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
    rows: list[list[str]] = []
    notes = [_UNDER[under], _BIASED]
    n_groups: dict[str, int] = {}
    for name, predictions in systems.items():
        fitting = {id: truth.get(id) for id, split in zip(predictions.id, predictions.split, strict=True) if split in fitted_on}
        versions = {"none": predictions} | {s.NAME: scaled(predictions, fitting, groups, s, seed=seed) for s in scalings}
        if predictions.info.source_prior is None:
            notes.append(f"{name} declares no prior: judged as it is.")
        for split in dict.fromkeys(predictions.split):
            plain: Additive | None = None
            for version, changed in versions.items():
                part = changed.of_split(split)
                part = part.select([id for id, known in zip(part.id, part.predicted, strict=True) if known and truth.get(id) is not None])
                target = class_places(part.info.classes, [truth[id] for id in part.id])
                usable = np.isin(target, np.flatnonzero(part.present))
                if not usable.any():
                    continue
                part, target = part.select([id for id, use in zip(part.id, usable, strict=True) if use]), target[usable]
                logits, weight = _judged(part, predictions.info.source_prior, target, under)
                nll, brier = _means(target, logits, weight)
                clusters = [groups[id] for id in part.id]
                settings = {"n_resamples": n_resamples, "level": level, "seed": seed}
                of_nll, of_brier = intervals_of([nll, brier], clusters, **settings)
                change = difference_of(nll, plain, clusters, **settings) if plain is not None else None
                plain = plain or nll
                n_groups[split] = of_nll.n_groups
                errors = [
                    expected_calibration_error(target, logits, weight, n_bins=n_bins),
                    expected_calibration_error(target, logits, weight, n_bins=n_bins, bins="mass"),
                    classwise_calibration_error(target, logits, weight, n_bins=n_bins),
                ]
                cells = [_cell(of_nll), _cell(change) if change else "", _cell(of_brier), *(f"{error:.3f}" for error in errors)]
                mark = " (out-of-fold)" if version != "none" and split in fitted_on else ""
                rows.append([name, split, version + mark, str(len(part)), *cells])
    for split, n in n_groups.items():
        if warning := few_groups(n):
            notes.append(f"{split}: {warning}")
    title = f"Calibration, with {100 * level:g} % intervals by speaker; scalings fitted on {', '.join(fitted_on)}"
    return Sheet(title, HEADER, rows, notes)
