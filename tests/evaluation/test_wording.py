"""What intervals allow to say, in words."""

import math
from dataclasses import replace

import pytest

from emojudge.evaluation import Difference, Interval
from emojudge.evaluation.wording import difference_text, p_text, score_text, sign, speakers_note, verdict

ABOVE = Difference(0.2, 0.1, 0.3, 0.95, 500, 50, True, p=0.01, detectable=0.14)
SPANS = replace(ABOVE, low=-0.1, high=0.5)
NO_BOUNDS = Interval(0.5, math.nan, math.nan, 0.95, 10, 1, True)


def test_verdicts_follow_from_the_interval():
    assert verdict(ABOVE) == "gain"
    assert verdict(replace(ABOVE, value=-0.2, low=-0.3, high=-0.1)) == "loss"
    assert verdict(SPANS) == "not shown: the interval spans 0; smallest difference that this data could show: 0.140"
    assert verdict(replace(ABOVE, value=0.0, low=0.0, high=0.0, detectable=0.0)) == "not shown: the two do not differ here"
    assert verdict(replace(ABOVE, low=0.0)).startswith("not shown")
    unbounded = replace(ABOVE, low=-math.inf, high=math.inf)
    assert verdict(replace(unbounded, n_groups=3)) == "not shown: too few speakers for an interval"
    assert verdict(unbounded) == "not shown: too few speakers make the difference"
    same = replace(ABOVE, value=0.0, low=0.0, high=0.0, detectable=math.nan)
    assert verdict(same) == "not shown: the two do not differ here"


def test_with_few_speakers_nothing_is_established():
    assert verdict(replace(ABOVE, n_groups=19)) == "gain (not established: too few speakers)"
    assert sign(replace(ABOVE, n_groups=20), "higher", "lower") == "higher"


def test_numbers_have_their_bounds_where_there_are_some():
    assert score_text(Interval(0.5, 0.4, 0.6, 0.95, 10, 5, True)) == "0.500 [0.400, 0.600]"
    assert score_text(NO_BOUNDS) == "0.500"
    assert score_text(replace(NO_BOUNDS, value=math.nan)) == ""
    assert difference_text(SPANS, 2) == "+0.20 [-0.10, +0.50]"
    assert difference_text(replace(SPANS, value=-0.0004), 2) == "+0.00 [-0.10, +0.50]"  # a minus before zeros would say nothing
    assert [p_text(p) for p in (0.0004, 0.031, math.nan)] == ["<0.001", "0.031", ""]


@pytest.mark.parametrize(
    ("groups", "note"),
    [
        ([f"speaker {i % 20}" for i in range(100)], None),
        (["speaker 1", "speaker 2"] * 5, "only 2 speakers"),
        ([f"speaker {i}" for i in range(100)], None),
        ([f"id {i}" for i in range(100)], "every utterance counts by itself"),
        (["speaker 1", *(f"id {i}" for i in range(99))], "99 of 100 utterances count each by itself"),
    ],
)
def test_what_must_be_said_of_speakers(groups, note):
    found = speakers_note("dev", groups)
    assert found is None if note is None else found.startswith(f"dev: {note}")
