"""The paper's Table 1 as reference data: it adds up as printed, and its flaw is said."""

import pytest

from emojudge.evaluation.paper import TABLE_1, TABLE_1_NOTES
from emojudge.labels import EMOTIONS


@pytest.mark.parametrize("split", TABLE_1)
def test_each_column_is_of_the_eight_classes_and_adds_up_to_a_hundred(split):
    column = TABLE_1[split]
    assert tuple(column.percent) == EMOTIONS
    assert sum(column.percent.values()) == pytest.approx(100, abs=0.05)  # printed with two decimals


def test_the_development_column_describes_more_utterances_than_its_total():
    """326 of Fear in 25,258 are 1.29 %; less the 295 of Dev-2, 31 of 22,898 are 0.14 %."""
    development = TABLE_1["dev"]
    assert round(100 * 326 / 25_258, 2) == development.percent["fear"]
    assert development.n_utterances + TABLE_1["dev2"].n_utterances == 25_258
    assert f"{100 * (326 - 295) / development.n_utterances:.2f} %" in TABLE_1_NOTES[0]
