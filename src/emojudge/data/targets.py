"""What the network is to learn of each utterance: the majority's label or the raters' votes, and the attributes."""

import logging
from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..corpus.table import Table
from ..errors import CorpusError
from ..labels import ATTRIBUTES
from .classes import ClassMap, class_indices, class_votes

_log = logging.getLogger(__name__)

Target = Literal["majority", "votes"]
"""What a network that learns emotions is fitted on."""


class Targets(NamedTuple):
    """The targets of every row of a table, in the run's class list."""

    emotion: NDArray[np.int64]
    """Index of the majority's label, -1 where there is none, ``(rows,)``; what every evaluation is scored by."""
    votes: NDArray[np.float32] | None
    """Distribution to fit on, zero throughout where there is none, ``(rows, classes)``; None for a fit on labels."""

    attributes: NDArray[np.float32] | None = None
    """Valence, arousal and dominance as ``(y - 1) / 6``, NaN where unknown, ``(rows, 3)``; None where no row has one."""

    def known(self, tasks: Sequence[str], *, fitting: bool) -> dict[str, NDArray[np.bool_]]:
        """Return for each task, under the name of what it needs, True for each row that has it, ``(rows,)``.

        Args:
            tasks: ``emotion``, ``attributes`` or both.
            fitting: Whether votes count as labels, where they are what is fitted on.
        """
        known: dict[str, Any] = {}
        if "emotion" in tasks:
            known["one of the run's classes"] = self.emotion >= 0 if self.votes is None or not fitting else self.votes.sum(axis=1) > 0
        if "attributes" in tasks:
            none = np.zeros(len(self.emotion), dtype=bool)
            known["a value of valence, arousal or dominance"] = none if self.attributes is None else ~np.isnan(self.attributes).all(axis=1)
        return known

    def class_counts(self, rows: NDArray[np.int64], n_classes: int) -> Tensor:
        """Return how many of some rows have each class, ``(classes,)``: int64 labels, or float64 shares of votes."""
        if self.votes is not None:
            return torch.from_numpy(self.votes[rows].sum(axis=0, dtype=np.float64))
        emotion = self.emotion[rows]
        return torch.from_numpy(np.bincount(emotion[emotion >= 0], minlength=n_classes).astype(np.int64))

    def attribute_counts(self, rows: NDArray[np.int64]) -> Tensor:
        """Return how many of some rows have a value of each attribute, ``(3,)`` int64, in the order of ``labels.ATTRIBUTES``."""
        if self.attributes is None:
            return torch.zeros(len(ATTRIBUTES), dtype=torch.int64)
        return torch.from_numpy((~np.isnan(self.attributes[rows])).sum(axis=0))


def find_targets(table: Table, classes: Sequence[str], class_map: ClassMap | None, target: Target) -> Targets:
    """Return the targets of a table's rows.

    With ``votes`` every row that has some for the run's classes is a target, those without a majority (``X``) or with one for
    another emotion (``O``) included. A row that has a label and was not voted on counts as if all had voted for the label.

    Paper: silent on votes. Those for other emotions (``votes_other``) are left out, and an utterance weighs 1 however many raters
    are left.

    Raises:
        ConfigError: If the class lists differ and ``class_map`` does not join them.
    """
    emotion, attributes = class_indices(table, classes, class_map), _attributes(table)
    if target == "majority":
        return Targets(emotion, None, attributes)
    votes = class_votes(table, classes, class_map)
    sole = (emotion >= 0) & table.rows.data.column("emotion_votes").is_null().to_numpy()
    votes[sole, emotion[sole]] = 1
    return Targets(emotion, votes, attributes)


def _attributes(table: Table) -> NDArray[np.float32] | None:
    """Return the attributes of a table's rows on the scale of the networks (1 to 7 in the table), None where there are none."""
    values = np.stack([table.rows.data.column(name).to_numpy() for name in ATTRIBUTES], axis=1)  # (rows, 3), null becomes NaN
    return None if np.isnan(values).all() else ((values - 1) / 6).astype(np.float32)


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
