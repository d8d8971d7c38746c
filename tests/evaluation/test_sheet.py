"""A table of text in each of its forms; LaTeX prints what stands in a cell, whatever it is."""

import csv
import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emojudge.evaluation.sheet import Sheet, latex

SHEET = Sheet("50 % of a_b", ["system", "dev"], [["words | sound", "0.3 ± 0.1*"], ["-", "-0.1"]], ["* & more"])

ESCAPED = {
    r"\textbackslash{}": "\\",
    r"\textasciitilde{}": "~",
    r"\textasciicircum{}": "^",
    r"\textless{}": "<",
    r"\textgreater{}": ">",
    r"\textbar{}": "|",
    r"\dag{}": "†",
    r"$\uparrow$": "↑",
    r"$\downarrow$": "↓",
    r"$\pm$": "±",
    r"$\geq$": "≥",
    r"$\leq$": "≤",
    "$-$": "-",
    "-{}": "-",
    "{[}": "[",
    "{*}": "*",
    **{f"\\{character}": character for character in "&%$#_{}"},
}


def printed(text: str) -> str:
    """Return what LaTeX would print: one pass from the left over what we know, and nothing else may be special."""
    known = sorted(ESCAPED, key=len, reverse=True)
    parts = re.findall("|".join([*map(re.escape, known), r"[^\\{}$&#^_~%<>|*\[]"]), text)
    assert "".join(parts) == text, "something is left that LaTeX would not print as it is"
    return "".join(ESCAPED.get(part, part) for part in parts)


@given(st.text(alphabet=st.sampled_from("ab \\{}&%$#_^~<>|[]*-±↑↓†≥≤0.1é"), max_size=30))
def test_latex_prints_what_stands_in_a_cell(text):
    assert printed(latex(text)) == " ".join(text.split())


def test_a_row_cannot_become_an_argument_of_the_row_before():
    text = Sheet("t", ["a"], [["[1cm]"], ["*"]]).to_latex()
    assert not re.search(r"(\\\\|\\midrule)\s*[\[*]", text)


def test_numbers_get_a_minus_and_names_keep_their_hyphen():
    assert latex("-0.25 [-0.3, 0.1]") == "$-$0.25 {[}$-$0.3, 0.1]"
    assert latex("dev-2, GPT-4") == "dev-2, GPT-4"


def test_latex_has_the_rules_of_booktabs_and_sets_numbers_to_the_right():
    lines = Sheet("t", ["system", "F1"], [["text", "0.5"], ["fused", "-"]], ["a note"]).to_latex().splitlines()
    assert [line for line in lines if "rule" in line] == [r"\toprule", r"\midrule", r"\bottomrule"]
    assert r"\begin{tabular}{lr}" in lines
    assert r"text & 0.5 \\" in lines
    assert lines[-2] == r"\par\smallskip\footnotesize a note"


def test_what_only_begins_with_digits_is_no_number():
    cells = [["2026-11-24T18:38:38+00:00", "3rd", "0.3 ± 0.1*", "1,188", "<0.001", "-", "+0.1 [-0.2, +0.4]↑"]]
    assert Sheet("t", list("abcdefg"), cells).numeric == [False, False, True, True, True, False, True]


def test_csv_reads_back():
    assert list(csv.reader(io.StringIO(SHEET.to_csv()))) == [SHEET.header, *SHEET.rows]


def test_markdown_keeps_a_bar_inside_its_cell():
    lines = SHEET.to_markdown().splitlines()
    assert lines[2:5] == ["| system | dev |", "| --- | ---: |", r"| words \| sound | 0.3 ± 0.1* |"]
    assert lines[-1] == "\\* & more"


def test_json_has_everything():
    assert Sheet(**SHEET.to_json()) == SHEET


def test_a_row_of_another_length_is_refused():
    with pytest.raises(ValueError, match="2 cells for 1 columns"):
        Sheet("t", ["a"], [["b", "c"]])


def test_a_note_that_begins_with_a_mark_is_no_list_in_markdown():
    text = Sheet("scores", ["system"], [["acoustic*"]], ["* in-sample.", "*not* a mark."]).to_markdown()
    assert text.endswith("\n\\* in-sample.\n\n*not* a mark.\n")
