"""The raters' single votes of MSP-Podcast become distributions, means and spreads."""

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...labels import ATTRIBUTES, EMOTIONS
from ..faults import Faults
from .common import number
from .msp_consensus import find_differences
from .msp_files import file_name
from .msp_rating_forms import read_single_ratings

_OTHER = len(EMOTIONS)
"""Index of a vote for none of the classes."""

_INDEX = {name: k for k, name in enumerate(EMOTIONS)}


def read_ratings(path: Path, columns: dict[str, list[Any]], faults: Faults, *, secondary_weight: float = 0.0) -> dict[str, list[str]]:
    """Add ``emotion_votes``, ``votes_other`` and ``<attribute>_std`` to the columns, and return what was noticed.

    ``emotion_votes`` has the classes in their usual order: a primary vote counts 1, a class that a rater marks as
    secondary and not as primary ``secondary_weight``, renormalised over the classes. ``votes_other`` is the share of
    primary votes for none of the classes (``Other`` and free text such as ``Other-Annoyed``). The spread is the
    population standard deviation over raters. An attribute that the consensus file leaves open becomes the raters' mean.
    An utterance without ratings has nulls.

    Args:
        path: ``labels_detailed`` in one of the forms of :func:`~.msp_rating_forms.read_single_ratings`.
        columns: Table columns with ``id``, ``name`` (the file name), ``source_label`` and the attributes, changed in place.
        faults: Where utterances with a rating of another form are noted.
        secondary_weight: Votes of a class that is only secondary.

    Returns:
        Ids of ``ratings_without_utterance`` (one a rating, the file name in place of an id), ``without_ratings`` (utterances that
        have a label and no rating), ``attributes_from_ratings`` (one an attribute) and those of
        :func:`~.msp_consensus.find_differences`; none that is empty.

    Raises:
        CorpusError: If the file has another form.
    """
    ratings = _collect(path, columns, faults)
    n_rows = len(columns["id"])
    primary = _tally(ratings.row, ratings.primary, n_rows)  # (rows, classes and other)
    in_classes = primary[:, :_OTHER] + secondary_weight * ratings.n_secondary  # (rows, classes)
    total, n_raters = in_classes.sum(axis=1), primary.sum(axis=1)
    with np.errstate(invalid="ignore"):
        columns["emotion_votes"] = _or_none(total > 0, in_classes / total[:, None])
        columns["votes_other"] = _or_none(n_raters > 0, primary[:, _OTHER] / n_raters)
    rated = zip(columns["id"], columns["source_label"], n_raters, strict=True)
    noticed: dict[str, list[str]] = {
        "ratings_without_utterance": ratings.strangers,
        "without_ratings": [id for id, label, n in rated if label is not None and not n and id not in faults.found],
        "attributes_from_ratings": [],
    }
    means: dict[str, NDArray[np.float64]] = {}
    for k, attribute in enumerate(ATTRIBUTES):
        means[attribute], std = _mean_and_std(ratings.row, ratings.attributes[:, k], n_rows)
        columns[f"{attribute}_std"] = _or_none(~np.isnan(std), std)
    noticed |= find_differences(columns, primary, means, leave_out=faults.found)
    for attribute, mean in means.items():
        for row in np.flatnonzero(~np.isnan(mean)).tolist():
            if columns[attribute][row] is None and columns["id"][row] not in faults.found:
                columns[attribute][row] = float(mean[row])
                noticed["attributes_from_ratings"].append(columns["id"][row])
    return {name: ids for name, ids in noticed.items() if ids}


@dataclass(frozen=True)
class _Ratings:
    """Every rating of a file as arrays, in its order."""

    row: NDArray[np.int64]
    """Row of the utterance, ``(ratings,)``."""
    primary: NDArray[np.int64]
    """Index of the class, ``_OTHER`` for none, ``(ratings,)``."""
    attributes: NDArray[np.float64]
    """In the order of ``ATTRIBUTES``, NaN where the rater gave none, ``(ratings, 3)``."""
    n_secondary: NDArray[np.float64]
    """How many raters marked a class as secondary and not as primary, ``(rows, classes)``."""
    strangers: list[str]
    """File name of each rating of an utterance that is not in the columns."""


def _collect(path: Path, columns: dict[str, list[Any]], faults: Faults) -> _Ratings:
    row_of = {name: i for i, name in enumerate(columns["name"])}
    row, primary, attributes = array("q"), array("q"), array("d")
    strangers: list[str] = []
    secondary_row, secondary = array("q"), array("q")
    for name, place, rating in read_single_ratings(path):
        at = row_of.get(name)
        if at is None:
            at = row_of.get(file_name(name))
        if at is None:
            strangers.append(name)
            continue
        try:
            if isinstance(rating, ValueError):
                raise rating
            voted = _class_of(rating.primary)
            scores = (_score(rating.valence), _score(rating.arousal), _score(rating.dominance))
        except ValueError as error:
            faults.add(columns["id"][at], f"{path}, {place}: {error}")
            continue
        row.append(at)
        primary.append(voted)
        attributes.extend(scores)
        for also in _classes_in(rating.secondary):
            if also != voted:
                secondary_row.append(at)
                secondary.append(also)
    n_secondary = _tally(np.array(secondary_row), np.array(secondary), len(columns["id"]))[:, :_OTHER]
    return _Ratings(np.array(row), np.array(primary), np.array(attributes).reshape(-1, len(ATTRIBUTES)), n_secondary, strangers)


@lru_cache(maxsize=4096)
def _class_of(label: str) -> int:
    """Return the index of the class that a rater named.

    Raises:
        ValueError: If it is neither a class nor begins with ``Other``.
    """
    lower = label.strip().lower()
    if lower not in _INDEX and not lower.startswith("other"):
        raise ValueError(f"unknown class '{label}' (known: {', '.join(EMOTIONS)}, other)")
    return _INDEX.get(lower, _OTHER)


@lru_cache(maxsize=65_536)
def _classes_in(secondary: str) -> tuple[int, ...]:
    """Return the indices of the classes in a list of secondary emotions; the others, of which there are many, are left out."""
    names = (name.strip().lower() for name in secondary.split(","))
    return tuple({_INDEX[name]: None for name in names if name in _INDEX})


@lru_cache(maxsize=4096)
def _score(text: str) -> float:
    """Return an attribute value, NaN where there is none.

    Raises:
        ValueError: If it is no number from 1 to 7.
    """
    try:
        value = number(text.strip())
    except ValueError:
        value = 0.0
    if value is not None and not 1 <= value <= 7:
        raise ValueError(f"an attribute is '{text}', expected a number from 1 to 7")
    return float("nan") if value is None else value


def _tally(row: NDArray[np.int64], label: NDArray[np.int64], n_rows: int) -> NDArray[np.float64]:
    """Return how often each label stands in each row, ``(rows, classes and other)``."""
    n_labels = _OTHER + 1
    counts = np.bincount(row.astype(np.int64) * n_labels + label.astype(np.int64), minlength=n_rows * n_labels)
    return counts.reshape(n_rows, n_labels).astype(np.float64)


def _mean_and_std(row: NDArray[np.int64], value: NDArray[np.float64], n_rows: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return mean and population deviation of the values of each row, NaN where it has none; NaN values do not count."""
    row, value = row[~np.isnan(value)], value[~np.isnan(value)]
    n = np.bincount(row, minlength=n_rows)
    with np.errstate(invalid="ignore"):
        mean = np.bincount(row, value, n_rows) / n
        std = np.sqrt(np.bincount(row, (value - mean[row]) ** 2, n_rows) / n)
    return mean, std


def _or_none(given: NDArray[np.bool_], values: NDArray[np.float64]) -> list[Any]:
    """Return rows of an array as a list, None where there is nothing."""
    rows: Sequence[Any] = values.tolist()
    return [value if there else None for value, there in zip(rows, given.tolist(), strict=True)]
