"""The table of calibration: its figures are those of the functions, and what must be said stands below."""

import numpy as np
import pytest
from too_sure import CLASSES, UNIFORM, TooSure

from emojudge.evaluation.calibration import (
    TemperatureScaling,
    brier_score,
    calibration_sheet,
    expected_calibration_error,
    negative_log_likelihood,
    prior_weights,
    scaled,
)
from emojudge.evaluation.prior import shift_prior


def sheet_of(world, **settings):
    return calibration_sheet({"fused": world.system}, world.truth, world.groups, ["dev"], **{"n_resamples": 200} | settings)


def cell(sheet, split, scaling, column):
    (row,) = (row for row in sheet.rows if row[1] == split and row[2].startswith(scaling))
    return row[sheet.header.index(column)]


@pytest.mark.parametrize("under", ["declared", "split"])
def test_the_figures_are_those_of_the_functions(under):
    prior = (0.6, 0.3, 0.1)
    world = TooSure(prior=prior)
    sheet = sheet_of(world, under=under)
    result = scaled(world.system, world.dev_truth, world.groups, TemperatureScaling())
    target = np.array([CLASSES.index(world.truth[id]) for id in world.id[600:]])
    logits, weight = result.logits[600:], prior_weights(target, prior)
    if under == "split":
        logits, weight = shift_prior(logits, prior, np.bincount(target) / 600), None
    assert cell(sheet, "test", "temperature", "NLL").startswith(f"{negative_log_likelihood(target, logits, weight):.3f} [")
    assert cell(sheet, "test", "temperature", "Brier").startswith(f"{brier_score(target, logits, weight):.3f} [")
    assert cell(sheet, "test", "temperature", "ECE") == f"{expected_calibration_error(target, logits, weight):.3f}"


def test_scaling_helps_one_that_is_too_sure_and_the_fitting_split_is_out_of_fold():
    sheet = sheet_of(TooSure())
    assert [row[:4] for row in sheet.rows] == [
        ["fused", "dev", "none", "600"],
        ["fused", "dev", "temperature, out-of-fold", "600"],
        ["fused", "dev", "vector, out-of-fold", "600"],
        ["fused", "test", "none", "600"],
        ["fused", "test", "temperature", "600"],
        ["fused", "test", "vector", "600"],
    ]
    for split in ("dev", "test"):
        assert cell(sheet, split, "none", "change of NLL") == ""
        for scaling in ("temperature", "vector"):
            assert all(part.startswith("-") for part in cell(sheet, split, scaling, "change of NLL").replace("[", "").rstrip("]").split())
            assert float(cell(sheet, split, scaling, "ECE")) < float(cell(sheet, split, "none", "ECE"))


def test_few_speakers_and_a_prior_that_is_not_known_are_told():
    notes = " ".join(sheet_of(TooSure(speakers=4, prior=None)).notes)
    assert "dev: only 4 speakers" in notes
    assert "test: only 4 speakers" in notes
    assert "fused declares no prior" in notes
    assert "only" not in " ".join(sheet_of(TooSure(prior=UNIFORM)).notes)


def test_utterances_without_input_or_label_are_left_out():
    world = TooSure(without_input=[0, 601, 602])
    world.truth["u603"] = None
    sheet = sheet_of(world)
    assert [row[3] for row in sheet.rows] == ["599"] * 3 + ["597"] * 3
