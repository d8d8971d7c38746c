"""``group_by``: what an utterance is counted among, from what the table knows of it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from ...corpus.table import Table
from ...errors import ConfigError, nearest
from ...labels import ATTRIBUTES

COLUMNS = ("gender", "speaker", "transcript_source", "split")
"""Columns of the table whose values are groups as they stand."""
EDGES: dict[str, tuple[float, ...]] = {
    "duration": (3.0, 5.0, 8.0),
    "agreement": (0.5, 0.75, 1.0),
    **{f"{name}_std": (0.5, 1.0, 1.5) for name in ATTRIBUTES},
}
"""Where the bins of a number begin: seconds, share of the votes, and standard deviation of the raters on the scale of 1 to 7."""


@dataclass(frozen=True)
class Grouping:
    """The group of each utterance."""

    by: str
    group: Mapping[str, str | None]
    """By utterance id; None where the table does not say."""
    names: list[str]
    """The groups that occur, in their order: bins from low to high, others by name."""


def group_by(table: Table, by: str, edges: Sequence[float] | None = None) -> Grouping:
    """Return the group of each utterance of a table.

    Args:
        table: The corpus.
        by: ``gender``, ``speaker``, ``transcript_source``, ``split``, ``duration`` (seconds), ``agreement`` (share of all votes that the
            most voted class has, secondary votes counted as the reader did), or ``<attribute>_std`` (how far raters are apart).
        edges: Where bins begin, for the latter three; by default :data:`EDGES`.

    Raises:
        ConfigError: If the table knows nothing of that name, no utterance has it, or edges do not rise or are not of a number.
    """
    known = [*COLUMNS, *EDGES]
    if by not in known:
        raise ConfigError(f"there is no grouping by '{by}' (found: {', '.join(known)}).{nearest(by, known)}")
    if edges is not None and (by not in EDGES or not len(edges) or list(edges) != sorted({*edges})):
        raise ConfigError(f"edges {list(edges)} for '{by}': expected rising numbers, for one of {', '.join(EDGES)}")
    ids = table.column("id")
    if by in COLUMNS:
        groups: list[str | None] = table.column(by)
        names = sorted({group for group in groups if group is not None})
    else:
        chosen = [float(edge) for edge in (EDGES[by] if edges is None else edges)]
        bins = _bin_names(chosen, _UNIT.get(by, str), _LARGEST.get(by))
        groups = [None if value is None else bins[int(np.searchsorted(chosen, value, side="right"))] for value in _numbers(table, by)]
        names = [name for name in bins if name in groups]
    if not names:
        raise ConfigError(f"{table.info.source} has no utterance with {by}; it cannot be grouped by that")
    return Grouping(by, dict(zip(ids, groups, strict=True)), names)


_UNIT: dict[str, Callable[[float], str]] = {"duration": lambda edge: f"{edge:g} s", "agreement": lambda edge: f"{100 * edge:g} %"}
_LARGEST = {"agreement": 1.0}
"""The largest value that there is: a bin that begins with it holds nothing else."""


def _numbers(table: Table, by: str) -> list[float | None]:
    if by == "duration":
        return table.column("duration_s")
    return _agreement(table) if by == "agreement" else table.column(by)


def _agreement(table: Table) -> list[float | None]:
    """Return the share of all votes that the most voted class has; votes for none of the classes count as well."""
    return [
        # float32 shares that sum to 1 but for a rounding: an agreement of all is to be 1
        None if votes is None else round(max(votes) * (1.0 - (other or 0.0)), 6)
        for votes, other in zip(table.column("emotion_votes"), table.column("votes_other"), strict=True)
    ]


def _bin_names(edges: Sequence[float], text: Callable[[float], str], largest: float | None) -> list[str]:
    """Return the name of each bin; each has its lower edge and not its upper one."""
    inner = [f"{text(low)} to {text(high)}" for low, high in pairwise(edges)]
    return [f"under {text(edges[0])}", *inner, text(edges[-1]) + ("" if edges[-1] == largest else " and more")]
