"""Typed values become text and numbers exactly, or a report that names the row."""

import datetime
from decimal import Decimal

import pytest

from emojudge.corpus.readers.rows import Rows, as_number, as_text
from emojudge.errors import CorpusError


def rows(*values, name="x"):
    return Rows("m.jsonl", [f"line {i + 1}" for i in range(len(values))], {name: lambda: list(values)})


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, None),
        ("", None),
        ("  ", None),
        (" N/A ", "N/A"),
        ("null", "null"),
        (1, "1"),
        (1.0, "1"),
        (-3.0, "-3"),
        (1.5, "1.5"),
        (2**60, str(2**60)),
        (1e20, "100000000000000000000"),
        (0.1, "0.1"),
        (True, "true"),
        (Decimal("1.50"), "1.50"),
        (datetime.date(2024, 5, 1), "2024-05-01"),
    ],
)
def test_a_value_becomes_the_text_that_it_is(value, text):
    assert as_text(value) == text


@pytest.mark.parametrize("value", [float("nan"), float("inf"), [1], {"a": 1}, b"x"])
def test_what_is_no_text_is_refused(value):
    with pytest.raises(ValueError, match=r"is no text|not finite"):
        as_text(value)


@pytest.mark.parametrize(
    ("value", "number"), [(None, None), ("", None), ("NA", None), (" 2 ", 2), (3, 3), (0.1, 0.1), (Decimal("0.1"), 0.1)]
)
def test_a_value_becomes_the_number_that_it_is(value, number):
    assert as_number(value) == number


@pytest.mark.parametrize("value", [True, float("nan"), float("inf"), "nan", "two", [1], b"1"])
def test_what_is_no_number_is_refused(value):
    with pytest.raises(ValueError, match=r"number|finite|convert"):
        as_number(value)


def test_a_bad_value_is_reported_with_its_place_and_becomes_null():
    told = []
    assert rows("a", [1], None).texts("x", "", lambda row, why: told.append((row, why))) == ["a", None, None]
    assert told == [(1, "m.jsonl, line 2: x is [1], expected text")]


def test_half_a_character_is_no_text_and_a_message_stays_one_line():
    told = []
    assert rows("ż", "\ud83d", ["a\nb"]).texts("x", "", lambda row, why: told.append(why)) == ["ż", None, None]
    assert told == ["m.jsonl, line 2: x is '\\ud83d', expected text", "m.jsonl, line 3: x is ['a\\nb'], expected text"]


def test_a_number_out_of_bounds_is_reported_with_them():
    told = []
    assert rows(1, "5", 5.5, -1).numbers("x", "", lambda row, why: told.append((row, why)), low=1, high=5) == [1, 5, None, None]
    assert told == [
        (2, "m.jsonl, line 3: x is 5.5, expected a number from 1 to 5"),
        (3, "m.jsonl, line 4: x is -1, expected a number from 1 to 5"),
    ]
    rows(-1).numbers("x", "", lambda row, why: told.append((row, why)), low=0, high=float("inf"))
    assert told[-1] == (0, "m.jsonl, line 1: x is -1, expected a number of at least 0")


def test_rows_that_are_kept_keep_their_places():
    some = rows("a", "b", "c", "d").keep([1, 2, 3]).keep([0, 2])
    assert list(some.values("x", "")) == ["b", "d"]
    assert some.place(1) == "m.jsonl, line 4"
    assert len(some) == 2


def test_a_missing_column_says_what_is_there():
    with pytest.raises(CorpusError, match=r"^m.jsonl has no column 'y' \(found: x\)\. Do this\.$"):
        rows(1).values("y", "Do this.")
