"""The class-balanced Dev-2 of the paper, taken out of the development split."""

from collections.abc import Mapping

import numpy as np

from ...errors import CorpusError
from ..table import Table
from .seed import check_seed

RARE = 50
"""A class with fewer utterances than this in dev cannot be tuned on: :func:`dev2` refuses to leave so few."""


def dev2(table: Table, *, seed: int, per_class: int | None = None, allow_rare: bool = False) -> Table:
    """Return the table with a class-balanced part of ``dev`` moved into the split ``dev2``, whose role is ``hold``.

    Dev-2 of the paper (section 3.1): as many utterances of each class that occurs in dev. Which ones
    depends on the seed and on the ids alone, not on the order of the rows.

    Paper: takes 8 x 295 = 2,360 utterances out of Development, which holds 326 of Fear and keeps 31 of
    it. Here: the size is a setting, half of the rarest class by default, and a class is not thinned out
    to fewer than 50 utterances unless ``allow_rare`` says so.

    Args:
        table: With a split ``dev`` and without ``dev2``.
        seed: Of the draw.
        per_class: Utterances a class; half of the rarest class (rounded down) by default.
        allow_rare: Go on although a class keeps fewer than 50 utterances in dev.

    Raises:
        CorpusError: If ``dev2`` is already there, dev has no labelled utterance, a class has too few
            utterances to give, or would be left with fewer than 50; the message holds the numbers.
        ConfigError: If the seed is negative or too large for a generator.
    """
    check_seed(seed)
    if "dev2" in table.splits:
        raise CorpusError(f"{table.info.source} already has a split 'dev2' ({table.splits['dev2']} utterances)")
    ids, emotions = table.column("id"), table.column("emotion")
    members: dict[str, list[int]] = {name: [] for name in table.info.classes}
    for row in sorted(table.indices("dev").tolist(), key=ids.__getitem__):
        if emotions[row] is not None:
            members[emotions[row]].append(row)
    members = {name: rows for name, rows in members.items() if rows}
    per_class = _size(table, {name: len(rows) for name, rows in members.items()}, per_class, allow_rare)
    generator = np.random.default_rng(seed)
    chosen = {int(row) for rows in members.values() for row in generator.choice(rows, per_class, replace=False)}
    splits = ["dev2" if row in chosen else split for row, split in enumerate(table.column("split"))]
    return table.with_columns(split=splits)


def _size(table: Table, counts: Mapping[str, int], per_class: int | None, allow_rare: bool) -> int:
    """Return how many utterances a class gives, after checking that each can."""
    if not counts:
        raise CorpusError(f"{table.info.source}: split 'dev' has no labelled utterance, so no dev2 can be taken out of it")
    rarest = min(counts, key=counts.__getitem__)
    if per_class is None:
        per_class = counts[rarest] // 2
    if not 1 <= per_class <= counts[rarest]:
        raise CorpusError(
            f"{table.info.source}: dev2 cannot take {per_class} utterances of each class out of dev, whose rarest class "
            f"'{rarest}' has {counts[rarest]}; set per_class between 1 and {counts[rarest]}"
        )
    left = {name: n - per_class for name, n in counts.items() if n - per_class < RARE}
    if left and not allow_rare:
        few = ", ".join(f"{name} {n} of {counts[name]}" for name, n in left.items())
        raise CorpusError(
            f"{table.info.source}: taking {per_class} utterances of each class for dev2 leaves fewer than {RARE} in dev: {few}. "
            "Take a smaller per_class, or accept it: allow_rare: true"
        )
    return per_class
