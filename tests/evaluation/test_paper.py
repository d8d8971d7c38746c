"""The paper's Table 1 as reference data: it adds up as printed, and its flaw is said."""

import pytest

from emojudge.configs import find_config
from emojudge.evaluation.paper import TABLE_1, TABLE_1_NOTES, TABLE_2, TABLE_2_COLUMNS, TABLE_2_NOTES, paper_sheet
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


@pytest.mark.parametrize("task", TABLE_2)
def test_each_row_of_table_2_is_a_shipped_config(task):
    for system in TABLE_2[task]:
        assert find_config(f"run/{system.config}.yaml").is_file()
        assert {len(system.dev), len(system.test or system.dev)} == {len(TABLE_2_COLUMNS[task])}


def test_means_of_table_2_are_those_of_its_columns():
    for system in TABLE_2["attributes"]:
        for *columns, mean in filter(None, (system.dev, system.test)):
            assert sum(columns) / 3 == pytest.approx(mean, abs=1e-4)  # one is cut where it would be rounded


def test_own_numbers_stand_under_the_row_of_their_config():
    own = {"paper_emotion_baseline": ("this run: acoustic", {"dev": {"macro_f1": 0.25, "accuracy": 0.5}})}
    sheet = paper_sheet("emotion", own)
    assert sheet.rows[-2] == ["Baseline", "0.3070", "0.4090", "0.3293", "0.3556"]
    assert sheet.rows[-1] == ["this run: acoustic", "0.2500", "0.5000", "", ""]
    assert len(sheet.rows) == len(TABLE_2["emotion"]) + 1
    assert paper_sheet("attributes").notes == list(TABLE_2_NOTES["attributes"])
