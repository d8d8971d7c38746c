"""Classes too rare to score, rows without a label, attributes out of range, labels that the votes contradict."""

from collections import Counter
from collections.abc import Iterator

import numpy as np

from ...errors import plural
from ...labels import ATTRIBUTE_RANGE, ATTRIBUTES
from .findings import Finding, Severity
from .material import Material

RARE = 5
"""With fewer utterances of a class than this, one more right answer moves its recall by more than 20 points: a warning."""

FEW = 20
"""With fewer than this, the 95 % interval of a recall is wider than +-20 points (1.96 * 0.5 / sqrt(20)): a note."""

TIED = 1e-6
"""Shares of votes that differ by less are equal; tables hold them in single precision."""


def check_labels(material: Material) -> Iterator[Finding]:
    """Yield what is wrong with labels, attributes and votes."""
    yield from _classes(material)
    yield from _unlabelled(material)
    yield from _attributes(material)
    yield from _votes(material)


def _classes(material: Material) -> Iterator[Finding]:
    """Yield the classes of the corpus that a split lacks or has too few of; splits without any label are left out."""
    emotions = material.column("emotion")
    counts = {split: Counter(emotions[row] for row in rows if emotions[row] is not None) for split, rows in material.splits.items()}
    occurring = [name for name in material.table.info.classes if any(count[name] for count in counts.values())]
    nowhere = [name for name in material.table.info.classes if name not in occurring]
    if nowhere and occurring:
        yield Finding("class_unused", "note", f"no utterance of the corpus is {', '.join(nowhere)}, though the class list has it")
    for split, count in counts.items():
        if not count:
            continue
        purpose = "learn" if material.roles[split] == "fit" else "score"
        absent = [name for name in occurring if not count[name]]
        if absent:
            message = f"{split} has no utterance of {', '.join(absent)} among {sum(count.values()):,} labelled ones; other splits have"
            yield Finding("class_absent", "warning", message)
        bands: tuple[tuple[str, int, int, Severity], ...] = (("class_rare", 1, RARE, "warning"), ("class_few", RARE, FEW, "note"))
        for kind, low, high, severity in bands:
            rare = [name for name in occurring if low <= count[name] < high]
            if rare:
                rows = [row for row in material.splits[split] if emotions[row] in rare]
                listed = ", ".join(f"{name} {count[name]}" for name in rare)
                message = f"{split} has fewer than {high} utterances of some classes ({listed}): too few to {purpose} well"
                yield material.finding(kind, severity, message, rows)


def _unlabelled(material: Material) -> Iterator[Finding]:
    """Yield rows without a class, by split, with what the corpus says of them instead (``O``, ``X``).

    A corpus of attributes has no class anywhere, and labels that follow the votes have none on a tie: neither is a gap.
    """
    emotions, labels = material.column("emotion"), material.column("source_label")
    labelled = any(label is not None for label in labels)
    if all(emotion is None for emotion in emotions):
        if emotions and all(value is None for name in ATTRIBUTES for value in material.column(name)):
            message = "no utterance has a class or an attribute: nothing can be learned or scored"
            yield material.finding("unlabelled", "warning", message, range(len(emotions)))
        if not labelled:
            return
    for split, rows in material.splits.items():
        without = [row for row in rows if emotions[row] is None]
        if not without:
            continue
        told = Counter(labels[row] or "no label" for row in without)
        said = ", ".join(f"{label} {n:,}" for label, n in told.most_common(5)) + (", ..." if len(told) > 5 else "")
        share = "all" if len(without) == len(rows) else f"{len(without):,} of {len(rows):,}"
        message = f"{share} utterances of {split} are without a class (the corpus says: {said})"
        yield material.finding("unlabelled", "note", message, without)
        empty = [row for row in without if labels[row] is None]
        if labelled and empty and len(empty) < len(rows):
            message = f"{plural(len(empty), 'utterance')} of {split} with an empty label, while {len(rows) - len(empty):,} have one"
            yield material.finding("label_empty", "warning", message, empty)


def _attributes(material: Material) -> Iterator[Finding]:
    low, high = ATTRIBUTE_RANGE
    without: dict[tuple[int, ...], list[str]] = {}
    for name in ATTRIBUTES:
        values = material.column(name)
        outside = [row for row, value in enumerate(values) if value is not None and not low <= value <= high]
        if outside:
            worst = max((values[row] for row in outside), key=lambda value: abs(value - (low + high) / 2))
            message = f"{plural(len(outside), 'utterance')} with {name} not from {low:g} to {high:g} (farthest: {worst:g})"
            yield material.finding("out_of_range", "error", message, outside)
        missing = tuple(row for row, value in enumerate(values) if value is None)
        if 0 < len(missing) < len(values):
            without.setdefault(missing, []).append(name)
    for rows, names in without.items():
        message = f"{plural(len(rows), 'utterance')} without {', '.join(names)} ({material.by_split(rows)})"
        yield material.finding("unrated", "note", message, rows)


def _votes(material: Material) -> Iterator[Finding]:
    """Yield labels that are not among the most voted classes, and ``X`` or ``O`` where one class has the most votes.

    Votes are what the table has: in a saved one, secondary emotions count with the weight that it was made with.
    """
    votes, other = material.column("emotion_votes"), material.column("votes_other")
    labels = material.column("source_label")
    voted = [row for row, shares in enumerate(votes) if shares is not None]
    if not voted:
        return
    emotions = material.table.emotions()
    differing, agreed = [], []
    for row in voted:
        shares = np.array([*votes[row], 0.0])
        if other[row]:
            shares *= 1 - other[row]
            shares[-1] = other[row]
        top = np.flatnonzero(shares >= shares.max() - TIED)
        if emotions[row] >= 0 and emotions[row] not in top:
            differing.append(row)
        elif len(top) == 1 and (labels[row] == "X" or (labels[row] == "O" and top[0] < len(votes[row]))):
            agreed.append(row)
    n_labelled = int((emotions[voted] >= 0).sum())
    if differing:
        message = (
            f"{len(differing):,} of {plural(n_labelled, 'label')} with votes are not the most voted class ({material.by_split(differing)})"
        )
        yield material.finding("votes_differ", "warning", message, differing)
    if agreed:
        where = material.by_split(agreed)
        message = f"{plural(len(agreed), 'utterance')} labelled X (no agreement) or O (other) though one class has the most votes ({where})"
        yield material.finding("votes_agree", "warning", message, agreed)
