"""What the scores of a table are worth: intervals over speakers, differences to a reference, and Holm over all of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ..errors import ConfigError, PredictionsError, nearest, some
from .additive import Additive, additive, range_of
from .labelled import of_part
from .statistics import Difference, Interval, McNemar, few_groups, holm, mcnemar
from .statistics.studentized import statistics_of
from .wording import clusters_of, speakers_note

Place: TypeAlias = tuple[str, str]
"""A system and a split."""

N_RESAMPLES = 2_000
"""Of a table: enough for three digits of p, in seconds; a report takes more on request."""
LEVEL = 0.95
SIGNIFICANT = 0.05
"""A difference is marked where its p is below this after Holm's correction over the table, unless speakers are too few."""

ABOVE, BELOW = "↑", "↓"


@dataclass(frozen=True)
class Sample:
    """What a system said of the labelled utterances of a split, and what was true of them; row by row."""

    id: list[str]
    truth: Any
    """Classes, or an array ``(utterances, attributes)``."""
    prediction: Any
    """Likewise; None or NaN where the system had no input."""
    groups: list[str]
    """What ``Table.speaker_groups`` gives."""
    names: tuple[str, ...]
    """Class list, or names of the attributes."""


@dataclass(frozen=True)
class Compared:
    """A system against the reference."""

    difference: Difference
    p_holm: float
    """Corrected over all differences of the table."""
    mcnemar: McNemar | None = None
    """About accuracy, of single runs that predict emotions."""

    @property
    def mark(self) -> str:
        """Return an arrow where a difference is established: significant after Holm's correction, with speakers enough to say so."""
        if not self.p_holm < SIGNIFICANT or few_groups(self.difference.n_groups):
            return ""
        return ABOVE if self.difference.value > 0 else BELOW


@dataclass(frozen=True)
class Evidence:
    """Intervals and differences of a table, by system, split and measure."""

    reference: str
    n_resamples: int
    intervals: Mapping[tuple[str, str, str], Interval]
    compared: Mapping[tuple[str, str, str], Compared]
    clusters: Mapping[str, str]
    """What is resampled on each split, such as ``8 speakers``."""
    warnings: list[str] = field(default_factory=list)

    def mark(self, system: str, split: str, measure: str) -> str:
        """Return the arrow of a score, if it has one."""
        found = self.compared.get((system, split, measure))
        return "" if found is None else found.mark


def weigh(
    samples: Mapping[Place, Sequence[Sample]],
    measures: Sequence[str],
    compared: Sequence[str],
    reference: str,
    *,
    n_resamples: int = N_RESAMPLES,
    seed: int = 0,
) -> Evidence:
    """Return intervals of the scores of a table, and differences to a reference.

    Speakers are resampled, the same for every system of a split. Of several runs that differ in their seed, what is weighed is the
    mean over runs: its interval speaks of other speakers, not of other seeds. A regression is scored on the utterances that had input;
    two that had input for different ones are compared on those that both have, and a warning says so.

    Args:
        samples: By system and split, one sample a run; all of a split are of the same utterances in the same order.
        measures: Scores that get an interval.
        compared: Those of them that are compared with the reference, over which Holm's correction is made.
        reference: A system.
        n_resamples: Resamples of the speakers.
        seed: Of the resamples.

    Raises:
        ConfigError: If there is no such reference.
        PredictionsError: If two systems were scored on different utterances of a split.
    """
    systems = list(dict.fromkeys(system for system, _ in samples))
    if reference not in systems:
        raise ConfigError(f"there is no system '{reference}' to compare with (found: {'; '.join(systems)}).{nearest(reference, systems)}")
    intervals: dict[tuple[str, str, str], Interval] = {}
    differences: dict[tuple[str, str, str], Difference] = {}
    tests: dict[tuple[str, str, str], McNemar] = {}
    clusters: dict[str, str] = {}
    warnings = []
    for split in dict.fromkeys(split for _, split in samples):
        of_split = {system: list(runs) for (system, where), runs in samples.items() if where == split}
        _check_alike(split, of_split)
        one = next(iter(of_split.values()))[0]
        clusters[split] = clusters_of(one.groups)
        if warning := speakers_note(split, one.groups):
            warnings.append(warning)
        others = {system: runs for system, runs in of_split.items() if system != reference and reference in of_split}
        common = {system: _common([*runs, *of_split[reference]]) for system, runs in others.items()}
        warnings += [
            f"{split}: {system} and {reference} are compared on the {int(rows.sum()):,} of {len(rows):,} utterances that both had input for"
            for system, rows in common.items()
            if not rows.all()
        ]
        found, gains = _of_split(of_split, common, measures, compared, reference, one.groups, n_resamples, seed)
        intervals |= {(system, split, measure): interval for (system, measure), interval in found.items()}
        differences |= {(system, split, measure): gain for (system, measure), gain in gains.items()}
        for system, runs in of_split.items():
            if (system, "macro_f1") in gains and len(runs) == 1:
                tests[system, split, "macro_f1"] = mcnemar(one.truth, runs[0].prediction, of_split[reference][0].prediction)
    corrected = dict(zip(differences, holm([difference.p for difference in differences.values()]), strict=True))
    weighed = {key: Compared(difference, corrected[key], tests.get(key)) for key, difference in differences.items()}
    return Evidence(reference, n_resamples, intervals, weighed, clusters, warnings)


def _of_split(
    systems: Mapping[str, Sequence[Sample]],
    common: Mapping[str, NDArray[np.bool_]],
    measures: Sequence[str],
    compared: Sequence[str],
    reference: str,
    groups: Sequence[str],
    n_resamples: int,
    seed: int,
) -> tuple[dict[tuple[str, str], Interval], dict[tuple[str, str], Difference]]:
    """Return the intervals and differences of one split by system and measure, all over the same resamples."""
    scores: list[Additive] = []

    def placed(more: Sequence[Additive]) -> list[int]:
        """Return where these scores stand among all."""
        scores.extend(more)
        return list(range(len(scores) - len(more), len(scores)))

    def mean(where: Sequence[int]) -> NDArray[np.float64]:
        """Return the weights of all scores that make the mean of some."""
        return np.bincount(where, minlength=len(scores)) / len(where)

    places = {
        (system, measure): placed([additive(run.truth, run.prediction, measure, run.names) for run in runs])
        for system, runs in systems.items()
        for measure in measures
    }
    tested = [key for key in places if key[0] != reference and key[1] in compared and reference in systems]
    pairs = [(places[key], places[reference, key[1]]) for key in tested]
    for i, (system, _) in enumerate(tested):
        if not (rows := common[system]).all():
            one, other = ([of_part(scores[k], rows) for k in side] for side in pairs[i])
            pairs[i] = (placed(one), placed(other))
    contrasts = [*(mean(where) for where in places.values()), *(mean(one) - mean(other) for one, other in pairs)]
    found = statistics_of(scores, [contrast.tolist() for contrast in contrasts], groups, n_resamples, seed)
    intervals = {key: Interval.of(one, LEVEL, True).within(*range_of(key[1])) for key, one in zip(places, found, strict=False)}
    differences = {key: Difference.of(one, LEVEL, True) for key, one in zip(tested, found[len(places) :], strict=True)}
    return intervals, differences


def _common(runs: Sequence[Sample]) -> NDArray[np.bool_]:
    """Return the utterances to compare runs on: of regressions those that all had input for, if they differ in that; else all."""
    if not isinstance(runs[0].truth, np.ndarray):
        return np.ones(len(runs[0].id), dtype=bool)  # a class that was not predicted is wrong
    predicted = np.array([~np.isnan(run.prediction).all(axis=1) for run in runs])  # (runs, utterances)
    return np.asarray(predicted.all(axis=0) | ~predicted.any(axis=0))


def alike(runs: Sequence[Sample]) -> bool:
    """Return whether samples are of the same utterances in the same order."""
    return all(run.id == runs[0].id for run in runs)


def _check_alike(split: str, systems: Mapping[str, Sequence[Sample]]) -> None:
    """Raise where a system was scored on other utterances of a split."""
    (first, (one, *_)), *_ = systems.items()
    for system, runs in systems.items():
        for run in runs:
            if run.id != one.id:
                missing = set(one.id) ^ set(run.id)
                raise PredictionsError(
                    f"'{system}' and '{first}' were scored on different utterances of {split}, {len(missing)} on one side only: "
                    f"{some(sorted(missing))}; predict this split again with both"
                )
