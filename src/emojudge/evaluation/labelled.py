"""Predictions and the truth of their utterances, as the scores take them."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ..predictions import AttributePredictions, Predictions
from ..predictions.joining import AnyRows
from .additive import Additive, additive_attributes, additive_emotions

AnyPredictions: TypeAlias = Predictions | AttributePredictions
Truths: TypeAlias = Mapping[str, Any]
"""By utterance id: the emotion or None, or the value or None of each attribute."""

HEADLINE = {"emotion": "macro_f1", "attributes": "ccc_mean"}
"""What each task is judged by (paper, section 3.2)."""


def labelled(rows: AnyRows, truth: Truths) -> AnyRows:
    """Return the rows that have something to be scored by: an emotion, or a value of some attribute."""
    return rows.select([id for id in rows.id if has_label(truth.get(id))])


def additive_of(rows: AnyPredictions, truth: Truths, measure: str) -> Additive:
    """Return a measure of labelled rows as a function of sums.

    Raises:
        ConfigError: If there is no such measure.
    """
    if isinstance(rows, Predictions):
        return additive_emotions([truth[id] for id in rows.id], rows.labels(), measure, rows.info.classes)
    return additive_attributes(attribute_values(rows.id, truth, rows.info.attributes), rows.values, measure, rows.info.attributes)


def attribute_values(ids: Sequence[str], truth: Truths, attributes: Sequence[str]) -> NDArray[np.float64]:
    """Return the true values, ``(utterances, attributes)``, NaN where there is none."""
    values = [[(truth.get(id) or {}).get(name) for name in attributes] for id in ids]
    return np.array(values, dtype=np.float64).reshape(len(ids), len(attributes))


def of_part(score: Additive, part: NDArray[np.bool_]) -> Additive:
    """Return a score of some of its utterances: the others stay in place and add nothing, so that it pairs with the whole."""
    return Additive(score.counts * part[:, None], score.score)


def has_label(label: Any) -> bool:
    """Return whether there is something to score by: an emotion, or a value of some attribute."""
    return any(value is not None for value in label.values()) if isinstance(label, Mapping) else label is not None
