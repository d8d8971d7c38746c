"""``score_groups``: whether a system does better for some than for others, where there is enough to say so."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import plural
from ...predictions import Predictions
from ..labelled import HEADLINE, AnyPredictions, Truths, additive_of, labelled, of_part
from ..statistics import Difference, Interval, difference_of, holm, intervals_of
from ..wording import possible, within
from .grouping import Grouping

MIN_UTTERANCES = 50
MIN_SPEAKERS = 5
"""Below either a group is too small to compare: its interval would be of a handful of voices."""

BESIDE = {"macro_f1": ("uar", "accuracy")}
"""Measures that stand beside one that is a mean over the classes that occur."""

_MEANS_OVER_CLASSES = ("macro_f1", "uar")


@dataclass(frozen=True)
class GroupScore:
    """The score of one group, and how far it is from that of all other utterances that have a group."""

    group: str
    n: int
    """Utterances with a label."""
    n_speakers: int
    """Speaker groups; unknown speakers are told apart by recording, else not at all."""
    score: Interval
    difference: Difference | None
    """To the rest; None where :attr:`word` says that there is too little to say."""
    p: float
    """Of the difference, after Holm over the groups; NaN where there is none."""
    word: str
    """Why nothing is said; empty otherwise."""
    beside: Mapping[str, float]
    """UAR and accuracy of the group, where the score is a macro-F1."""


def score_groups(
    predictions: AnyPredictions,
    truth: Truths,
    grouping: Grouping,
    groups: Mapping[str, str],
    measure: str | None = None,
    *,
    min_utterances: int = MIN_UTTERANCES,
    min_speakers: int = MIN_SPEAKERS,
    n_resamples: int = 10_000,
    level: float = 0.95,
    seed: int = 0,
) -> list[GroupScore]:
    """Return the score of each group, with its difference to the rest.

    A group is compared with all other utterances that have a group, not with the largest other one: every group gets one question, and
    with two groups it is the same question, which Holm counts once. Speakers are resampled whole, those of a group and of the rest at a
    time, so that a speaker who is in both (as with durations) pairs the two.

    Macro-F1 and UAR are means over the classes that occur, and a group that lacks a class of the rest has another mean: it is not
    compared by them. Accuracy can be.

    Args:
        predictions: Rows that are to be scored: one system, and mostly one split.
        truth: By utterance id; see :data:`~emojudge.evaluation.labelled.Truths`.
        grouping: As :func:`~emojudge.evaluation.groups.group_by` gives it.
        groups: Speaker group by utterance id.
        measure: Of ``score_emotions`` or ``score_attributes``; by default macro-F1 or the mean CCC.
        min_utterances: Groups with fewer are not compared.
        min_speakers: Likewise.
        n_resamples: Of whole speakers.
        level: Of the intervals.
        seed: Of the resamples.

    Returns:
        One entry a group that occurs, in the order of the grouping; none if no labelled utterance has a group.

    Raises:
        ConfigError: If there is no such measure.
    """
    measure = measure or HEADLINE[predictions.info.task]
    rows = labelled(predictions, truth)
    rows = rows.select([id for id in rows.id if grouping.group.get(id) is not None])
    if not len(rows):
        return []
    settings: dict[str, Any] = {"n_resamples": n_resamples, "level": level, "seed": seed}
    whole = additive_of(rows, truth, measure)
    speakers = np.array([groups[id] for id in rows.id], dtype=object)
    of_row = np.array([grouping.group[id] for id in rows.id], dtype=object)
    scores = []
    for name in grouping.names:
        inside = of_row == name
        if not inside.any():
            continue
        part = rows.select([id for id, one in zip(rows.id, inside, strict=True) if one])
        n_speakers = len(set(speakers[inside]))
        # of one speaker there is no interval, however many resamples
        needed = settings if n_speakers > 1 else {**settings, "n_resamples": 1}
        (score,) = intervals_of([additive_of(part, truth, measure)], speakers[inside].tolist(), **needed)
        word = _word(rows, truth, speakers, inside, measure, min_utterances, min_speakers)
        difference = None
        if not word:
            difference = difference_of(of_part(whole, inside), of_part(whole, ~inside), speakers.tolist(), **settings)
        beside = {other: additive_of(part, truth, other).value for other in BESIDE.get(measure, ())}
        scores.append(GroupScore(name, len(part), n_speakers, within(score, *possible(measure)), difference, math.nan, word, beside))
    return _corrected(scores)


def _word(
    rows: AnyPredictions,
    truth: Truths,
    speakers: NDArray[np.object_],
    inside: NDArray[np.bool_],
    measure: str,
    min_utterances: int,
    min_speakers: int,
) -> str:
    """Return why a group cannot be compared with the rest; empty if it can."""
    if inside.all():
        return "the only group: nothing to compare it with"
    for part, whose in ((inside, "too few to say"), (~inside, "too little beside it to compare")):
        n, n_speakers = int(part.sum()), len(set(speakers[part]))
        if n < min_utterances or n_speakers < min_speakers:
            return f"{whose}: {plural(n, 'utterance')} of {plural(n_speakers, 'speaker')}"
    if isinstance(rows, Predictions) and measure in _MEANS_OVER_CLASSES:
        here, there = ({truth[rows.id[i]] for i in np.flatnonzero(part)} for part in (inside, ~inside))
        if here != there:
            lacking, where = (there - here, "no utterance") if there - here else (here - there, "the rest has no utterance")
            return f"not compared: {where} of {', '.join(sorted(lacking))}"
    return ""


def _corrected(scores: list[GroupScore]) -> list[GroupScore]:
    """Return the scores with p after Holm; two groups that are each other's rest are one question."""
    compared = [score for score in scores if score.difference is not None]
    asked = compared[:1] if len(scores) == 2 else compared
    p = holm([score.difference.p for score in asked if score.difference is not None])
    p = p * len(compared) if len(asked) < len(compared) else p
    by_group = {score.group: value for score, value in zip(compared, p, strict=True)}
    return [replace(score, p=by_group.get(score.group, math.nan)) for score in scores]
