"""What the network is to learn of each utterance: the majority's label, or the raters' votes."""

import logging
from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..corpus.table import Table
from ..errors import CorpusError
from .classes import ClassMap, class_indices, class_votes

_log = logging.getLogger(__name__)

Target = Literal["majority", "votes"]
"""What a network is fitted on."""


class Targets(NamedTuple):
    """The targets of every row of a table, in the run's class list."""

    emotion: NDArray[np.int64]
    """Index of the majority's label, -1 where there is none, ``(rows,)``; what every evaluation is scored by."""
    votes: NDArray[np.float32] | None
    """Distribution to fit on, zero throughout where there is none, ``(rows, classes)``; None for a fit on labels."""

    @property
    def known(self) -> NDArray[np.bool_]:
        """True for each row that can be fitted on, ``(rows,)``."""
        known: NDArray[np.bool_] = self.emotion >= 0 if self.votes is None else self.votes.sum(axis=1) > 0
        return known

    def counts(self, rows: NDArray[np.int64], n_classes: int) -> Tensor:
        """Return how many utterances of each class some rows have, ``(classes,)``: int64 labels, or float64 shares of votes."""
        if self.votes is not None:
            return torch.from_numpy(self.votes[rows].sum(axis=0, dtype=np.float64))
        return torch.from_numpy(np.bincount(self.emotion[rows], minlength=n_classes).astype(np.int64))


def find_targets(table: Table, classes: Sequence[str], class_map: ClassMap | None, target: Target) -> Targets:
    """Return the targets of a table's rows.

    With ``votes`` every row that has some for the run's classes is a target, those without a majority (``X``) or with one for
    another emotion (``O``) included. A row that has a label and was not voted on counts as if all had voted for the label.

    Paper: silent on votes. Those for other emotions (``votes_other``) are left out, and an utterance weighs 1 however many raters
    are left.

    Raises:
        ConfigError: If the class lists differ and ``class_map`` does not join them.
    """
    emotion = class_indices(table, classes, class_map)
    if target == "majority":
        return Targets(emotion, None)
    votes = class_votes(table, classes, class_map)
    sole = (emotion >= 0) & table.rows.data.column("emotion_votes").is_null().to_numpy()
    votes[sole, emotion[sole]] = 1
    return Targets(emotion, votes)


def check_votes(table: Table, splits: Sequence[str]) -> None:
    """Check that a fit on votes has some, and warn of utterances that have a label only.

    Raises:
        CorpusError: If no utterance of the splits has votes.
    """
    rows = table.indices(*splits)
    voted = table.rows.data.column("emotion_votes").is_valid().to_numpy()[rows]
    if not voted.any():
        raise CorpusError(
            f"{table.info.source}: none of the {len(rows)} utterances of {list(splits)} has votes of raters; "
            "read the corpus with its votes, or set data.init_args.target to majority"
        )
    labelled = table.rows.data.column("emotion").is_valid().to_numpy()[rows]
    if n_sole := int((labelled & ~voted).sum()):
        text = "%s: %d of %d utterances of %s have a label and no votes; it counts as all of them"
        _log.warning(text, table.info.source, n_sole, len(rows), list(splits))
