"""What intervals allow to say, in words."""

import math
from dataclasses import replace

import pytest

from emojudge.evaluation import Difference, Interval
from emojudge.evaluation.wording import ALIKE, difference_text, p_text, possible, score_text, sign, speakers_note, verdict, within

ABOVE = Difference(0.2, 0.1, 0.3, 0.01, 0.95, 500, 50, True, 0.14)
SPANS = replace(ABOVE, low=-0.1, high=0.5)
NO_BOUNDS = Interval(0.5, math.nan, math.nan, 0.95, 10, 1, True)


def test_verdicts_follow_from_the_interval():
    assert verdict(ABOVE) == "gain"
    assert verdict(replace(ABOVE, value=-0.2, low=-0.3, high=-0.1)) == "loss"
    assert verdict(SPANS) == "not shown: the interval spans 0; smallest difference that this data could show: 0.140"
    assert verdict(replace(ABOVE, value=0.0, low=0.0, high=0.0, detectable=0.0)) == ALIKE  # not: it could show a difference of 0.000
    assert verdict(replace(ABOVE, low=0.0)).startswith("not shown")
    assert verdict(replace(ABOVE, low=-math.inf, high=math.inf)) == "not shown: too few speakers for an interval"


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


def test_a_measure_has_the_range_of_its_kind():
    assert possible("macro_f1") == possible("f1_sad") == possible("accuracy") == (0.0, 1.0)
    assert possible("ccc_mean") == possible("pearson_valence") == (-1.0, 1.0)
    assert possible("mae_arousal") == (0.0, math.inf)


def test_an_interval_is_cut_to_what_the_score_can_be():
    cut = within(Interval(0.5, -0.2, 1.3, 0.95, 10, 5, True), 0.0, 1.0)
    assert (cut.value, cut.low, cut.high) == (0.5, 0.0, 1.0)
    assert math.isnan(within(NO_BOUNDS, 0.0, 1.0).low)
    unbounded = replace(NO_BOUNDS, low=-math.inf, high=math.inf)
    assert within(unbounded, 0.0, 1.0) == unbounded  # it says nothing, and is not to look as if it did


@pytest.mark.parametrize(
    ("groups", "note"),
    [
        ([f"speaker {i % 20}" for i in range(100)], None),
        (["speaker 1", "speaker 2"] * 5, "only 2 speakers"),
        ([f"id {i}" for i in range(100)], "every utterance counts by itself"),
    ],
)
def test_what_must_be_said_of_speakers(groups, note):
    found = speakers_note("dev", groups)
    assert found is None if note is None else found.startswith(f"dev: {note}")
