"""``write_submission``: predictions of one system as a file of the challenge."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...errors import PredictionsError, nearest, some
from ...files import write_whole
from ...labels import EMOTIONS
from ...predictions import AttributePredictions, Predictions
from .checking import check_submission
from .forms import ATTRIBUTE_COLUMNS, CODE_OF, HEADERS, HIGHEST, LOWEST, file_names

Fallback = str | Mapping[str, float]
"""What rows without input get: a class, or a value in 1 to 7 by attribute."""


@dataclass(frozen=True)
class Written:
    """What a submission holds."""

    n: int
    """Rows."""
    n_filled: int
    """Rows that had no input and got the fallback."""
    n_clipped: int
    """Values that were outside 1 to 7."""


def write_submission(
    predictions: Predictions | AttributePredictions,
    path: str | Path,
    *,
    names: Mapping[str, str] | None = None,
    fallback: Fallback | None = None,
) -> Written:
    """Write a submission, whole or not at all and checked before it stands there, and return what it holds.

    Task 1 is ``FileName,EmoClass`` with letter codes, a judge's label before that of the logits; Task 2 is
    ``FileName,EmoAct,EmoVal,EmoDom`` clipped to 1 to 7. The rows are those of the predictions, in their order.

    Args:
        predictions: Of one system, for the utterances to submit.
        path: The CSV file.
        names: File name by utterance id (:func:`file_names`); the id with ``.wav`` by default.
        fallback: What a row without input gets, for a submission needs every row; by default such rows are refused.

    Raises:
        PredictionsError: If a row has no input and there is no fallback, a label is none of the eight of MSP-Podcast, an
            attribute is missing or was absent from training, or the fallback is no such label or value.
    """
    names = file_names(predictions.id) if names is None else names
    lacking = [id for id, known in zip(predictions.id, _has_output(predictions), strict=True) if not known]
    if lacking and fallback is None:
        raise PredictionsError(
            f"{predictions.info.system}: {len(lacking)} utterances without input have no prediction ({some(lacking)}), "
            "and a submission needs every row; take a system that covers them, or declare a fallback (--fallback)"
        )
    clipped = 0
    if isinstance(predictions, Predictions):
        cells = _codes(predictions, fallback)
    else:
        cells, clipped = _values(predictions, fallback)
    with write_whole(path) as temporary:
        with open(temporary, "w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(HEADERS[predictions.info.task])
            writer.writerows([names[id], *row] for id, row in zip(predictions.id, cells, strict=True))
        faults = check_submission(temporary, predictions.id, predictions.info.task, names=names)
        if faults:
            raise PredictionsError(f"{path}: not written, since it would not be taken: {some(faults, 3)}")
    return Written(len(predictions), len(lacking), clipped)


def _has_output(predictions: Predictions | AttributePredictions) -> list[bool]:
    if isinstance(predictions, Predictions):
        return [label is not None for label in predictions.labels()]
    return [bool(known) for known in predictions.predicted]


def _codes(predictions: Predictions, fallback: Fallback | None) -> list[list[str]]:
    """Return the letter code of each row."""
    if fallback is not None and fallback not in EMOTIONS:
        raise PredictionsError(f"fallback '{fallback}' is none of the classes {', '.join(EMOTIONS)}.{nearest(str(fallback), EMOTIONS)}")
    labels = [str(fallback) if label is None else label for label in predictions.labels()]
    strangers = sorted(set(labels) - set(EMOTIONS))
    if strangers:
        n = sum(label in strangers for label in labels)
        raise PredictionsError(
            f"{predictions.info.system}: {n} utterances are predicted as {some(strangers)}, for which MSP-Podcast has no code "
            f"(it has {', '.join(EMOTIONS)}); train on its classes to submit"
        )
    return [[CODE_OF[label]] for label in labels]


def _values(predictions: AttributePredictions, fallback: Fallback | None) -> tuple[list[list[str]], int]:
    """Return the values of each row in the order of a submission, and how many were clipped."""
    info = predictions.info
    missing = [name for name in ATTRIBUTE_COLUMNS if name not in info.attributes or name in info.absent]
    if missing:
        raise PredictionsError(f"{info.system}: does not predict {some(missing)}, and a submission needs {', '.join(ATTRIBUTE_COLUMNS)}")
    values = predictions.values[:, [info.attributes.index(name) for name in ATTRIBUTE_COLUMNS]]  # (utterances, attributes)
    if fallback is not None:
        given = None if isinstance(fallback, str) else [fallback.get(name, float("nan")) for name in ATTRIBUTE_COLUMNS]
        if given is None or not all(LOWEST <= value <= HIGHEST for value in given):
            raise PredictionsError(f"fallback is {fallback!r}, expected a value from 1 to 7 for each of {', '.join(ATTRIBUTE_COLUMNS)}")
        values = np.where(np.isnan(values), given, values)
    inside = values.clip(LOWEST, HIGHEST)
    return [[f"{value:.6f}" for value in row] for row in inside], int((inside != values).sum())
