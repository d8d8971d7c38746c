"""Figures say what the table holds, name every split, and leave out what a corpus lacks."""

import numpy as np
import pytest

from emojudge.corpus import TableInfo, build_table
from emojudge.corpus.composition import compose
from emojudge.labels import EMOTIONS
from emojudge.report.corpus_figures import attribute_figure, class_figure, draw_corpus, duration_figure

SPLITS = ["train", "dev", "dev2", "test1", "test2", "test3", "na"]


def table_of(splits, classes=EMOTIONS, **more):
    generator = np.random.default_rng(0)
    n = 30 * len(splits)
    columns = {
        "id": [str(i) for i in range(n)],
        "split": [splits[i % len(splits)] for i in range(n)],
        "emotion": generator.choice(classes, n).tolist(),
        "duration_s": generator.lognormal(1, 0.5, n).tolist(),
        "valence": generator.uniform(1, 7, n).tolist(),
        **more,
    }
    return build_table(columns, TableInfo("made", tuple(classes)))


def panels_of(figure):
    return [panel for panel in figure.axes if panel.get_visible()]


@pytest.mark.parametrize("n_splits", [1, 4, 7])
@pytest.mark.parametrize("n_classes", [4, 8])
def test_class_bars_are_the_shares_of_every_split(n_splits, n_classes):
    splits = compose(table_of(SPLITS[:n_splits], EMOTIONS[:n_classes]))
    panels = panels_of(class_figure(splits))
    assert len(panels) == n_splits
    for panel, split in zip(panels, splits, strict=True):
        assert panel.get_title() == f"{split.split} ({split.role}), n = 30"
        widths = [bar.get_width() for bar in panel.patches]
        assert widths == pytest.approx([split.percent(name) for name in EMOTIONS[:n_classes]])


def test_the_papers_shares_are_marked_where_it_has_the_split_and_the_classes():
    marks = [len(panel.lines) for panel in panels_of(class_figure(compose(table_of(["train", "test1"]))))]
    assert marks == [1, 0]
    assert not any(panel.lines for panel in panels_of(class_figure(compose(table_of(["train"], EMOTIONS[:4])))))


def test_histograms_hold_every_value_in_percent_of_their_split():
    table = table_of(["train", "test1"])
    for figure in (attribute_figure(table), duration_figure(table)):
        for panel in panels_of(figure):
            assert sum(bar.get_height() for bar in panel.patches) == pytest.approx(100)


def test_the_marked_value_is_mean_or_median():
    table = table_of(["train"])
    (attribute,), (duration,) = panels_of(attribute_figure(table)), panels_of(duration_figure(table))
    assert attribute.lines[0].get_xdata()[0] == pytest.approx(np.mean(table.column("valence")))
    assert duration.lines[0].get_xdata()[0] == pytest.approx(np.median(table.column("duration_s")))


def test_every_axis_is_named_with_its_unit():
    table = table_of(SPLITS)
    classes, attributes, durations = class_figure(compose(table)), attribute_figure(table), duration_figure(table)
    assert classes.get_supxlabel() == "share of labelled utterances (%)"
    assert attributes.get_supylabel() == "share of rated utterances (%)"
    assert panels_of(attributes)[-1].get_xlabel() == "valence (1 to 7)"
    assert panels_of(durations)[-1].get_xlabel() == "duration (s), logarithmic"
    assert [panel.get_ylabel().split("\n")[0] for panel in panels_of(durations)] == list(table.splits)


@pytest.mark.parametrize(("format", "beginning"), [("png", b"\x89PNG"), ("svg", b"<?xml")])
def test_files_are_written_of_what_there_is(tmp_path, format, beginning):
    paths = draw_corpus(table_of(["train"], valence=[None] * 30), tmp_path / "figures", format)
    assert [path.name for path in paths] == [f"classes.{format}", f"durations.{format}"]
    assert sorted(paths) == sorted((tmp_path / "figures").iterdir())
    assert all(path.read_bytes().startswith(beginning) for path in paths)


def test_a_corpus_with_nothing_to_draw_gives_no_file(tmp_path):
    nothing = {name: [None] * 30 for name in ("emotion", "duration_s", "valence")}
    assert draw_corpus(table_of(["train"], **nothing), tmp_path) == []


def test_names_with_dollar_signs_are_drawn_and_are_no_formulas(tmp_path):
    names = ("$_$", "US$ or A$", "one $")
    table = table_of(["$_$", "train"], names)
    assert len(draw_corpus(table, tmp_path, "svg")) == 3
    panel = panels_of(class_figure(compose(table)))[0]
    shown = [*panel.get_yticklabels(), panel.title]
    drawn = [text._preprocess_math(text.get_text()) for text in shown]  # what matplotlib draws, and as a formula or not
    assert [text for text, _ in drawn[:3]] == list(names)
    assert not any(formula for _, formula in drawn)
