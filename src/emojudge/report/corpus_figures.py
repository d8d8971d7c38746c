"""Figures of a corpus: class by split, attributes, durations; one panel a split, so that seven read as well as one."""

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .._extras import need
from ..corpus.composition import SplitComposition, compose
from ..corpus.table import Table
from ..files import write_whole
from ..labels import ATTRIBUTES
from .corpus_table import CorpusTable

if TYPE_CHECKING:
    from matplotlib.figure import Figure

BLUE, ORANGE = "#0072B2", "#D55E00"
"""Two colours of the palette of Okabe and Ito, told apart with every kind of colour blindness; marks differ in shape too."""

MOST_COLUMNS = 4
"""Panels side by side in the figure of classes."""


def draw_corpus(table: Table, folder: str | Path, format: str = "png") -> list[Path]:
    """Draw what a table has into ``classes``, ``attributes`` and ``durations`` of a folder, and return the files.

    A figure is left out where the corpus has nothing for it.

    Args:
        table: The corpus.
        folder: Where the files go; it is made where it is not there.
        format: ``png`` or ``svg``.

    Raises:
        MissingExtraError: If matplotlib is not installed.
    """
    figures = {"classes": class_figure(compose(table)), "attributes": attribute_figure(table), "durations": duration_figure(table)}
    paths = []
    for name, figure in figures.items():
        if figure is not None:
            path = Path(folder) / f"{name}.{format}"
            with write_whole(path) as temporary:
                figure.savefig(temporary, format=format, dpi=150)
            paths.append(path)
    return paths


def class_figure(splits: Sequence[SplitComposition]) -> "Figure | None":
    """Return the share of each class by split, the paper's Table 1 beside it where it has the split; None without any label."""
    labelled = [split for split in splits if split.n_labelled]
    if not labelled:
        return None
    table = CorpusTable(labelled)
    n_columns = min(MOST_COLUMNS, len(labelled))
    n_rows = math.ceil(len(labelled) / n_columns)
    names = [_plain(name) for name in table.classes]
    figure = _figure(1.3 + 2.4 * n_columns, 0.9 + n_rows * (0.9 + 0.26 * len(names)))
    panels = figure.subplots(n_rows, n_columns, sharex=True, sharey=True, squeeze=False).ravel()
    for panel, split in zip(panels, labelled, strict=False):
        shares = [split.percent(name) or 0.0 for name in table.classes]
        panel.barh(names, shares, color=BLUE, height=0.7, label="corpus")
        paper = table.paper(split.split)
        if paper is not None:
            marks = [paper.percent[name] for name in table.classes]
            panel.plot(marks, names, "D", color=ORANGE, markersize=4.5, markeredgecolor="white", label="paper, Table 1")
        for row, share in enumerate(shares):
            panel.text(0.98, row, f"{share:.1f}", transform=panel.get_yaxis_transform(), ha="right", va="center", fontsize=8)
        panel.set_title(f"{_plain(split.split)} ({split.role}), n = {split.n_labelled:,}", fontsize=10)
        panel.margins(x=0.25)  # room for the numbers
    panels[0].invert_yaxis()
    for panel in panels[len(labelled) :]:
        panel.set_visible(False)
    for panel in panels[max(0, len(labelled) - n_columns) : len(labelled)]:
        panel.tick_params(labelbottom=True)
    figure.supxlabel("share of labelled utterances (%)", fontsize=10)
    marked = [panel for panel in panels if len(panel.get_legend_handles_labels()[1]) > 1]
    if marked:
        figure.legend(*marked[0].get_legend_handles_labels(), loc="outside upper right", ncols=2, fontsize=9, frameon=False)
    return figure


def attribute_figure(table: Table) -> "Figure | None":
    """Return a histogram of each attribute by split, its mean marked; None where no utterance is rated."""
    values = {name: _by_split(table, name) for name in ATTRIBUTES}
    names = [name for name in ATTRIBUTES if any(len(found) for found in values[name].values())]
    splits = [split for split in table.splits if any(len(values[name][split]) for name in names)]
    if not splits:
        return None
    figure = _figure(1.2 + 2.7 * len(names), 1.0 + 1.25 * len(splits))
    panels = figure.subplots(len(splits), len(names), sharex=True, sharey=True, squeeze=False)
    edges = np.linspace(1, 7, 25)  # a quarter of a scale point each
    for row, split in zip(panels, splits, strict=True):
        for panel, name in zip(row, names, strict=True):
            found = values[name][split]
            if len(found):
                _bars(panel, found, edges)
                panel.axvline(float(found.mean()), color=ORANGE, linestyle="--", linewidth=1.5)
                _corner(panel, f"n = {len(found):,}\nmean {found.mean():.2f}")
        row[0].set_ylabel(f"{_plain(split)} ({table.info.roles[split]})", fontsize=10)
    for panel, name in zip(panels[-1], names, strict=True):
        panel.set_xlabel(f"{name} (1 to 7)", fontsize=10)
        panel.set_xticks(range(1, 8))
    figure.supylabel("share of rated utterances (%)", fontsize=10)
    return figure


def duration_figure(table: Table) -> "Figure | None":
    """Return a histogram of durations by split on a logarithmic axis, the median marked; None where no duration is known."""
    values = {split: found[found > 0] for split, found in _by_split(table, "duration_s").items()}
    splits = [split for split, found in values.items() if len(found)]
    if not splits:
        return None
    least, most = min(values[split].min() for split in splits), max(values[split].max() for split in splits)
    edges = np.geomspace(least * 0.98, most * 1.02, 41)
    figure = _figure(6.5, 1.0 + 1.25 * len(splits))
    panels = figure.subplots(len(splits), 1, sharex=True, sharey=True, squeeze=False).ravel()
    for panel, split in zip(panels, splits, strict=True):
        found = values[split]
        _bars(panel, found, edges)
        panel.axvline(float(np.median(found)), color=ORANGE, linestyle="--", linewidth=1.5)
        _corner(panel, f"n = {len(found):,}\nmedian {np.median(found):.2f} s\n{found.min():.2f} to {found.max():.2f} s")
        panel.set_ylabel(f"{_plain(split)}\n({table.info.roles[split]})", fontsize=10)
        panel.set_xscale("log")
    ticks = [seconds for seconds in _round_numbers((1, 2, 3, 5, 7) if most < 20 * least else (1, 2, 5)) if edges[0] <= seconds <= edges[-1]]
    panels[-1].set_xticks(ticks, [f"{seconds:g}" for seconds in ticks])
    panels[-1].minorticks_off()
    panels[-1].set_xlabel("duration (s), logarithmic", fontsize=10)
    figure.supylabel("share of utterances (%)", fontsize=10)
    return figure


def _figure(width: float, height: float) -> "Figure":
    """Return an empty figure of a size in inches, drawn without a screen."""
    figure: Figure = need("matplotlib.figure", "corpus").Figure(figsize=(width, height), layout="constrained")
    return figure


def _plain(name: str) -> str:
    """Return a name of the corpus so that it is drawn as it is: two dollar signs would make a formula of what they enclose."""
    return name.replace("$", r"\$")


def _by_split(table: Table, column: str) -> dict[str, Any]:
    """Return the values of a column by split, as arrays without nulls."""
    found: dict[str, list[float]] = {split: [] for split in table.splits}
    for split, value in zip(table.column("split"), table.column(column), strict=True):
        if value is not None:
            found[split].append(value)
    return {split: np.array(values) for split, values in found.items()}


def _bars(panel: Any, values: Any, edges: Any) -> None:
    """Draw a histogram in percent of the values; those beyond the edges are in the outer bars."""
    clipped = np.clip(values, edges[0], edges[-1])
    panel.hist(clipped, bins=edges, weights=np.full(len(values), 100 / len(values)), color=BLUE, edgecolor="white", linewidth=0.4)
    panel.spines[["top", "right"]].set_visible(False)


def _corner(panel: Any, text: str) -> None:
    box = {"facecolor": "white", "edgecolor": "none", "alpha": 0.75, "pad": 1}
    panel.text(0.98, 0.95, text, transform=panel.transAxes, ha="right", va="top", fontsize=8, bbox=box)


def _round_numbers(digits: Sequence[int]) -> Iterator[float]:
    """Yield some digits times the powers of ten, from a hundredth of a second to a day."""
    for power in range(-2, 5):
        yield from (digit * 10.0**power for digit in digits)
