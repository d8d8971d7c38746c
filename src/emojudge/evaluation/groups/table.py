"""``groups_sheet``: the scores of groups, of several systems and groupings."""

from collections.abc import Mapping, Sequence
from typing import Any

from ..labelled import HEADLINE, AnyPredictions, Truths, labelled
from ..sheet import Sheet
from ..wording import difference_text, p_text, score_text, speakers_note
from .grouping import Grouping
from .scores import BESIDE, MIN_SPEAKERS, MIN_UTTERANCES, GroupScore, score_groups

_WHAT = (
    "Intervals of {level} % by speaker. The rest is all other utterances that have a group; p is of the difference, after Holm over the "
    "groups of one system, split and grouping."
)
_CLASSES = (
    "macro_f1 and uar are means over the classes that occur in a group, so that groups of other classes have other means and are not "
    "compared by them; accuracy is over utterances, and moves with how common each class is in the group."
)


def groups_sheet(
    systems: Mapping[str, AnyPredictions],
    truth: Truths,
    groupings: Sequence[Grouping],
    groups: Mapping[str, str],
    splits: Sequence[str],
    measure: str | None = None,
    *,
    min_utterances: int = MIN_UTTERANCES,
    min_speakers: int = MIN_SPEAKERS,
    n_resamples: int = 10_000,
    level: float = 0.95,
    seed: int = 0,
) -> Sheet:
    """Return the scores of groups as a table: a row a system, split, grouping and group, with the difference to the rest.

    Args:
        systems: Predictions of one task, by the name that the rows get.
        truth: By utterance id.
        groupings: As :func:`~emojudge.evaluation.groups.group_by` gives them.
        groups: Speaker group by utterance id.
        splits: Which splits, each by itself.
        measure: See :func:`score_groups`.
        min_utterances: Likewise.
        min_speakers: Likewise.
        n_resamples: Likewise.
        level: Likewise.
        seed: Likewise.

    Raises:
        ConfigError: If there is no such measure.
    """
    measure = measure or HEADLINE[next(iter(systems.values())).info.task]
    settings: dict[str, Any] = {"n_resamples": n_resamples, "level": level, "seed": seed}
    rows, notes = [], [_WHAT.format(level=f"{100 * level:g}"), *([_CLASSES] if measure in BESIDE else [])]
    for split in splits:
        speakers: dict[str, str] = {}
        for name, predictions in systems.items():
            part = labelled(predictions.of_split(split), truth)
            if not part.predicted.any():
                continue  # nothing that it said is there to be scored
            speakers.update((id, groups[id]) for id in part.id)
            for grouping in groupings:
                for score in score_groups(
                    part, truth, grouping, groups, measure, min_utterances=min_utterances, min_speakers=min_speakers, **settings
                ):
                    rows.append([name, split, grouping.by, *_cells(score)])
        if speakers and (note := speakers_note(split, list(speakers.values()))):
            notes.append(note)
        unknown = [grouping.by for grouping in groupings if not any(grouping.group.get(id) is not None for id in speakers)]
        notes += [f"{split}: the table does not tell {by} of any utterance." for by in unknown if speakers]
    scores = [measure, *BESIDE.get(measure, ())]
    header = ["system", "split", "by", "group", "n", "speakers", *scores, "difference to the rest", "p (Holm)", "word"]
    return Sheet(f"{measure} by group", header, rows, notes)


def _cells(score: GroupScore) -> list[str]:
    beside = [f"{value:.3f}" for value in score.beside.values()]
    difference = "" if score.difference is None else difference_text(score.difference)
    counts = [f"{score.n:,}", f"{score.n_speakers:,}"]
    return [score.group, *counts, score_text(score.score), *beside, difference, p_text(score.p), score.word]
