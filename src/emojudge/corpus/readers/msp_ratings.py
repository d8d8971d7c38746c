"""The raters' single votes of MSP-Podcast (``labels_detailed.csv``) become distributions and spreads."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...labels import ATTRIBUTES, EMOTIONS
from ..faults import Faults
from .common import number, read_csv

_EXAMPLE = "WORKER00015; Angry; Angry,Disgust; A:5.000000; V:2.000000; D:5.000000;"
_LETTERS = {"V": "valence", "A": "arousal", "D": "dominance"}


def read_ratings(path: Path, columns: dict[str, list[Any]], faults: Faults) -> dict[str, int]:
    """Add ``emotion_votes``, ``votes_other`` and ``<attribute>_std`` to the columns, and return what was noticed.

    Primary votes only, the classes in their usual order, renormalised over them; ``votes_other`` is the
    share of votes for none of them (``Other`` and free text such as ``Other-Annoyed``). The spread is
    the population standard deviation over raters. An utterance without ratings has nulls.

    Args:
        path: A file of the columns ``FileName, EmoDetail``, one row a rating.
        columns: Table columns with ``id`` and ``name`` (the file name), changed in place.
        faults: Where utterances with a rating of another form are noted.

    Returns:
        Count of ``ratings_without_utterance``, where there are any.

    Raises:
        CorpusError: If the file has another form.
    """
    file = read_csv(path)
    advice = "This release reads ratings of that form; leave them out with votes: false."
    names, details = file.column("FileName", advice), file.column("EmoDetail", advice)
    row_of = {name: i for i, name in enumerate(columns["name"])}
    class_of = {name: k for k, name in enumerate(EMOTIONS)}
    n_rows, n_classes = len(columns["name"]), len(EMOTIONS)
    votes: NDArray[np.float64] = np.zeros((n_rows, n_classes + 1))  # the last column counts votes for other
    n, total, squares = (np.zeros((n_rows, len(ATTRIBUTES))) for _ in range(3))
    strangers = 0
    for name, detail, line in zip(names, details, file.lines, strict=True):
        row = row_of.get(name)
        if row is None:
            strangers += 1
            continue
        try:
            primary, values = _parse(detail)
        except ValueError as error:
            faults.add(columns["id"][row], f"{path}, line {line}: {error}; expected the form '{_EXAMPLE}'")
            continue
        label = primary.lower()
        if label in class_of:
            votes[row, class_of[label]] += 1
        elif label.startswith("other"):
            votes[row, n_classes] += 1
        else:
            faults.add(columns["id"][row], f"{path}, line {line}: unknown class '{primary}' (known: {', '.join(EMOTIONS)}, other)")
        for k, attribute in enumerate(ATTRIBUTES):
            value = values[attribute]
            if value is not None:
                n[row, k] += 1
                total[row, k] += value
                squares[row, k] += value * value
    in_classes: NDArray[np.float64] = votes[:, :n_classes].sum(axis=1)  # (rows,)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = votes[:, :n_classes] / in_classes[:, None]
        other = votes[:, n_classes] / votes.sum(axis=1)
        std = np.sqrt(np.maximum(squares / n - (total / n) ** 2, 0))
    columns["emotion_votes"] = [row if n_votes else None for row, n_votes in zip(share.tolist(), in_classes.tolist(), strict=True)]
    columns["votes_other"] = [value if n_votes else None for value, n_votes in zip(other.tolist(), votes.sum(axis=1).tolist(), strict=True)]
    for k, attribute in enumerate(ATTRIBUTES):
        columns[f"{attribute}_std"] = [
            value if n_rated else None for value, n_rated in zip(std[:, k].tolist(), n[:, k].tolist(), strict=True)
        ]
    return {"ratings_without_utterance": strangers} if strangers else {}


def _parse(detail: str) -> tuple[str, dict[str, float | None]]:
    """Return primary class and attributes of one rating.

    Raises:
        ValueError: If it has another form.
    """
    parts = [part.strip() for part in detail.rstrip("; ").split(";")]
    if len(parts) != 6 or not parts[1]:
        raise ValueError(f"the rating {detail!r} has {len(parts)} parts, not 6")
    values: dict[str, float | None] = {}
    for part in parts[3:]:
        letter, _, value = part.partition(":")
        if letter not in _LETTERS or _LETTERS[letter] in values:
            raise ValueError(f"the rating {detail!r} does not give A, V and D once each")
        values[_LETTERS[letter]] = number(value.strip())
    return parts[1], values
