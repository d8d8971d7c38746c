"""The consensus of MSP-Podcast, recomputed from the raters' votes and compared with the file's."""

from collections.abc import Container, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...labels import EMOTION_CODES, EMOTIONS

ROUNDING = 1e-6
"""Largest difference of two means that is none: the files give six decimals."""

_CODES = np.array([*sorted(EMOTION_CODES, key=lambda code: EMOTIONS.index(EMOTION_CODES[code])), "O"])


def consensus_codes(votes: NDArray[np.float64]) -> NDArray[np.str_]:
    """Return the letter code that votes give: the class with most of them, ``O`` if that is other, ``X`` where two lead together.

    Args:
        votes: Primary votes, ``(utterances, classes + 1)``, the last column those for other.

    Returns:
        ``(utterances,)``, empty where nobody voted.
    """
    most = votes.max(axis=1)
    leaders = (votes == most[:, None]).sum(axis=1)
    codes: NDArray[np.str_] = np.where(most == 0, "", np.where(leaders > 1, "X", _CODES[votes.argmax(axis=1)]))
    return codes


def find_differences(
    columns: Mapping[str, list[Any]], votes: NDArray[np.float64], means: Mapping[str, NDArray[np.float64]], *, leave_out: Container[str]
) -> dict[str, list[str]]:
    """Return the ids of the utterances of which the consensus file says something else than the votes; no error.

    Args:
        columns: With ``id``, ``source_label`` and the attributes of the file; where it says nothing, nothing differs.
        votes: As for :func:`consensus_codes`, one row an utterance.
        means: The raters' mean of each attribute, NaN where nobody gave one.
        leave_out: Ids of utterances whose ratings were not all read.

    Returns:
        ``emotion_differs_from_ratings`` and ``<attribute>_differs_from_ratings``.
    """
    whole = np.array([id not in leave_out for id in columns["id"]], dtype=bool)
    stated = np.array([code or "" for code in columns["source_label"]], dtype=np.str_)
    computed = consensus_codes(votes)
    differing = {"emotion": whole & (stated != "") & (computed != "") & (stated != computed)}
    for attribute, mean in means.items():
        differing[attribute] = whole & (np.abs(np.array(columns[attribute], dtype=np.float64) - mean) > ROUNDING)  # null is NaN
    ids = columns["id"]
    return {f"{name}_differs_from_ratings": [ids[row] for row in np.flatnonzero(where)] for name, where in differing.items()}
