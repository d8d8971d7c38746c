"""The results table of one run, and of several that differ in their seed."""

import pytest

from emojudge.errors import ConfigError
from emojudge.evaluation.evidence_sheets import sheets_of
from emojudge.evaluation.runs import combine, differences
from emojudge.evaluation.statistics import Spread
from emojudge.evaluation.tables import Result, ResultsTable


def table(*scores: float) -> ResultsTable:
    first, second = scores
    return ResultsTable(
        [
            Result("text", "dev", {"macro_f1": first, "accuracy": 0.5}, in_sample=True),
            Result("text", "test1", {"macro_f1": first, "accuracy": 0.25}),
            Result("fused", "test1", {"macro_f1": second, "accuracy": 0.75}),
        ],
        ["* chosen on dev"],
    )


def test_cells_are_marked_in_sample_and_empty_where_there_is_no_score():
    assert table(0.3, 0.4).cells() == [
        ["system", "dev", "test1"],
        ["text", "0.3000 / 0.5000*", "0.3000 / 0.2500"],
        ["fused", "", "0.4000 / 0.7500"],
    ]


def test_a_table_becomes_a_sheet_with_its_footnotes():
    (sheet,) = sheets_of([table(0.3, 0.4)])
    assert (sheet.title, sheet.notes) == ("macro-F1 / accuracy", ["* chosen on dev"])
    assert [sheet.header, *sheet.rows] == table(0.3, 0.4).cells()


def test_spread_by_hand():
    spread = Spread.of([0.1, 0.2, 0.3])
    assert (spread.mean, spread.deviation) == (pytest.approx(0.2), pytest.approx(0.1))
    assert spread.half_width == pytest.approx(4.302653 * 0.1 / 3**0.5)  # t of 97.5 % with 2 degrees of freedom
    assert Spread.of([0.5]).half_width == float("inf")


def test_runs_are_combined_as_mean_and_deviation():
    sheet = combine([table(0.3, 0.4), table(0.5, 0.4)])
    assert (sheet.title, sheet.notes) == ("macro-F1, mean ± deviation over 2 seeds", ["* chosen on dev"])
    assert sheet.rows[0] == ["text", "0.400 ± 0.141*", "0.400 ± 0.141"]
    assert sheet.rows[1] == ["fused", "", "0.400 ± 0.000"]


def test_differences_are_paired_by_run():
    gain = differences([table(0.3, 0.4), table(0.5, 0.6)], "fused", "text", "macro_f1")["test1"]
    assert (gain.mean, gain.deviation) == (pytest.approx(0.1), pytest.approx(0.0))


def test_a_run_without_a_score_is_not_paired_with_another():
    without = ResultsTable([r for r in table(0.3, 0.9).results if r.system != "fused"])
    gain = differences([table(0.3, 0.4), without, table(0.5, 0.6)], "fused", "text", "macro_f1")["test1"]
    assert (gain.n_runs, gain.mean) == (2, pytest.approx(0.1))


def test_unknown_systems_and_runs_that_differ_are_refused():
    with pytest.raises(ConfigError, match="Did you mean 'fused'"):
        differences([table(0.1, 0.2)], "fusde", "text", "macro_f1")
    with pytest.raises(ConfigError, match="differ"):
        combine([table(0.1, 0.2), ResultsTable([Result("text", "dev", {"macro_f1": 1.0})])])


def attributes(valence: float, mean: float) -> ResultsTable:
    scores = {"ccc_mean": mean, "ccc_valence": valence, "ccc_arousal": float("nan"), "ccc_dominance": -0.0001}
    return ResultsTable([Result("text", "dev", scores, in_sample=True), Result("text", "test1", scores)], ["* chosen on dev"], "attributes")


def test_attributes_are_shown_in_the_papers_order_with_a_dash_for_what_is_not_there():
    assert attributes(0.5, 0.25).cells() == [
        ["system", "dev", "test1"],
        ["text", "0.500 / - / 0.000 / 0.250*", "0.500 / - / 0.000 / 0.250"],
    ]


def test_runs_of_attributes_are_combined_for_each_attribute():
    sheet = combine([attributes(0.5, 0.3), attributes(0.7, 0.3)])
    assert sheet.header == ["system", "measure", "dev", "test1"]
    assert sheet.rows[0] == ["text", "mean CCC", "0.300 ± 0.000*", "0.300 ± 0.000"]
    assert sheet.rows[1] == ["text", "CCC of valence", "0.600 ± 0.141*", "0.600 ± 0.141"]
    assert sheet.rows[2] == ["text", "CCC of arousal", "", ""]
