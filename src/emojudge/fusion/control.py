"""The control by permutation: a branch whose numbers are right in kind and wrong in person."""

from dataclasses import replace
from typing import Any, TypeVar, cast

import numpy as np

from ..predictions.rows import Rows

AnyRows = TypeVar("AnyRows", bound=Rows)


def permuted(predictions: AnyRows, seed: int = 0) -> AnyRows:
    """Return the same rows with their numbers permuted among the utterances of each split that had input.

    A fusion with a permuted branch has as many parameters as one with the branch, and meets the same values, but they tell nothing
    of the utterance: what the fusion gains over it comes from the branch. Rows without input stay without, splits do not mix, and
    whatever a later stage added moves with the numbers.

    Args:
        predictions: Of either task.
        seed: Seed of the permutation; the order of the rows is part of it.
    """
    random = np.random.default_rng(seed)
    source = np.arange(len(predictions))  # the row that each row takes its numbers from
    split = np.array(predictions.split)
    for name in dict.fromkeys(predictions.split):
        rows = np.flatnonzero((split == name) & predictions.predicted)
        source[rows] = random.permutation(rows)
    moved = predictions.select([predictions.id[i] for i in source])
    info = replace(cast(Any, predictions.info), system=f"{predictions.info.system}_permuted")
    return cast(AnyRows, replace(cast(Any, moved), id=list(predictions.id), split=list(predictions.split), info=info))
