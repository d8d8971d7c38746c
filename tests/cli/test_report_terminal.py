"""Sheets in a terminal: whatever its width, no number and no word is cut."""

import io
import re

import pytest
from rich.console import Console

from emojudge.cli.report.options import read_options
from emojudge.cli.report.terminal import show_sheets
from emojudge.evaluation.sheet import Sheet

SHEET = Sheet(
    "macro-F1 [95 %] of [bold]names[/bold]",
    ["split", "system", "macro-F1 [95 %]", "difference [95 %]", "p", "p (Holm)"],
    [
        ["dev", "acoustic, refitted", "0.3107 [-0.1782, 0.7996]*", "reference", "", ""],
        ["dev", "fused + [rules] judge", "0.3187 [0.0819, 0.5554]*", "+0.0080 [-0.0270, +0.0429]↑", "0.604", "1.000"],
        ["test1", "fused + [rules] judge", "0.2954 [0.0037, 0.5870]", "+0.0555 [+0.0111, +0.0999]", "0.023", "0.188"],
    ],
    ["* a note as long as the terminal is wide, and then some more, that is not to be broken into lines by us but by whoever shows it."],
)


def shown(width: int, terminal: bool = True) -> str:
    text = io.StringIO()
    show_sheets([SHEET], Console(file=text, width=width, force_terminal=terminal, color_system=None, legacy_windows=False))
    return text.getvalue()


def tight(text: str) -> str:
    """Return text without the space inside an interval, which a narrow terminal leaves out."""
    return re.sub(r", (?=[-+\d])", ",", text)


@pytest.mark.parametrize("width", [70, 80, 100, 140])
def test_every_word_of_every_cell_is_whole_and_no_line_is_too_long(width):
    text = shown(width)
    words = {word for row in SHEET.rows for cell in row for word in tight(cell).split()}
    assert {word for word in words if word not in tight(text)} == set()
    assert "…" not in text
    assert max(map(len, text.splitlines()[1:-2])) <= width


@pytest.mark.parametrize("width", [20, 40])
def test_a_terminal_that_is_too_narrow_for_the_words_gets_longer_lines_and_all_numbers(width):
    text, words = shown(width), {word for row in SHEET.rows for cell in row for word in tight(cell).split()}
    assert "…" not in text
    assert {word for word in words if word not in tight(text)} == set()


def test_names_of_the_user_are_shown_as_they_are():
    assert "macro-F1 [95 %] of [bold]names[/bold]" in shown(140)


def test_where_nobody_looks_lines_are_as_long_as_they_need_to_be():
    assert any("acoustic, refitted" in line and "0.3107 [-0.1782, 0.7996]* │ reference" in line for line in shown(20, False).splitlines())


def test_splits_are_set_apart_by_a_line():
    assert sum(line.startswith("├") for line in shown(140).splitlines()) == 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["a", "--no-intervals", "--resamples", "200"], "--resamples and --no-intervals exclude each other"),
        (["a", "--no-intervals", "--reference", "x"], "--reference and --no-intervals exclude each other"),
        (["a", "--resamples", "9"], "'9' is no number of resamples; an interval takes at least 100"),
        (["a", "a"], "the same run is given twice"),
        (["a", "--split", "dev"], "--split needs --truth"),
        (["a", "--calibratoin"], "Did you mean '--calibration'?"),
    ],
)
def test_options_that_make_no_sense_are_told_at_once(options, message, capsys):
    with pytest.raises(SystemExit) as stop:
        read_options(options)
    assert stop.value.code == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1


def test_a_sheet_without_rows_is_shown_with_its_notes():
    text = io.StringIO()
    show_sheets([Sheet("empty", ["split", "n"], [], ["Nothing yet."])], Console(file=text, width=80))
    assert "split" in text.getvalue()
    assert "Nothing yet." in text.getvalue()
