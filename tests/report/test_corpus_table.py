"""Table 1 of any corpus: figures worked by hand, the paper's beside them where classes are its eight."""

import csv
import io
import json
import re

import pytest

from emojudge.corpus import TableInfo, build_table
from emojudge.corpus.composition import compose
from emojudge.evaluation.paper import TABLE_1_NOTES
from emojudge.labels import EMOTIONS
from emojudge.report.corpus_table import CorpusTable


def table_of(classes, split="train"):
    n = 8
    columns = {
        "id": [str(i) for i in range(n)],
        "split": [split] * 6 + ["test3"] * 2,
        "emotion": [classes[0], classes[0], classes[0], classes[1], None, None, None, None],
        "source_label": ["a", "a", "a", "b", "X", "O", None, None],
        "speaker": ["1", "1", "2", "3", "3", None, None, None],
        "duration_s": [1800.0] * 6 + [None] * 2,
    }
    return CorpusTable(compose(build_table(columns, TableInfo("made", classes))), ["a remark"])


def rows(table):
    return {row[0]: row[1:] for row in table.cells()}


def test_shares_are_of_labelled_utterances_and_the_others_are_counted_apart():
    cells = rows(table_of(("angry", "sad")))
    assert cells[""] == ["train (fit)", "test3 (hold)"]
    assert cells["angry"] == ["75.00", ""]
    assert cells["sad"] == ["25.00", ""]
    assert cells["labelled"] == ["4", "0"]
    assert cells["no class: X"] == cells["no class: O"] == ["1", ""]
    assert cells["no label"] == ["", "2"]
    assert cells["utterances"] == ["6", "2"]
    assert cells["hours"] == ["3.00", ""]
    assert cells["speakers"] == ["3+", ""]


@pytest.mark.parametrize(("split", "name", "angry", "total"), [("train", "Train", "10.05", "66,992"), ("dev2", "Dev-2", "12.50", "2,360")])
def test_the_paper_stands_beside_its_splits(split, name, angry, total):
    table = table_of(EMOTIONS, split)
    cells = rows(table)
    at = cells[""].index(f"paper: {name}")
    assert cells["angry"][at] == angry
    assert cells["labelled"][at] == total
    assert table.footnotes == ["a remark", *TABLE_1_NOTES]


@pytest.mark.parametrize(("classes", "split"), [(("angry", "sad"), "train"), (EMOTIONS, "test1")])
def test_other_classes_and_other_splits_have_nothing_of_the_paper_beside_them(classes, split):
    table = table_of(classes, split)
    assert not [name for name in table.cells()[0] if "paper" in name]
    assert table.footnotes == ["a remark"]


def test_markdown_has_every_cell_and_note():
    table = table_of(EMOTIONS)
    text = table.to_markdown()
    lines = [line for line in text.splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    assert [cells[0], *cells[2:]] == table.cells()
    assert all(note in text for note in table.footnotes)


def test_csv_has_the_counts_unrounded():
    lines = list(csv.DictReader(io.StringIO(table_of(EMOTIONS).to_csv())))
    by_key = {(line["split"], line["what"]): line for line in lines}
    assert by_key["train", "angry"] == {
        "split": "train",
        "role": "fit",
        "what": "angry",
        "n": "3",
        "percent": "75.0",
        "paper_percent": "10.05",
    }
    assert by_key["train", "seconds"]["n"] == "10800.0"
    assert by_key["test3", "no label"]["n"] == "2"


def test_json_has_counts_shares_and_the_paper():
    plain = json.loads(json.dumps(table_of(EMOTIONS).to_json()))
    train, test3 = plain["splits"]
    assert train["classes"]["angry"] == 3
    assert train["percent"]["sad"] == 25
    assert train["paper"]["n_utterances"] == 66_992
    assert (test3["paper"], test3["percent"]["angry"]) == (None, None)


def test_a_bar_in_a_name_makes_no_cell_of_its_own():
    lines = [line for line in table_of(("angry", "sad|tired"), "a|b").to_markdown().splitlines() if line.startswith("|")]
    assert {len(re.findall(r"(?<!\\)\|", line)) for line in lines} == {4}
    assert lines[0] == r"|  | a\|b (hold) | test3 (hold) |"
