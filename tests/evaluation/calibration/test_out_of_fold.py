"""Scaled predictions: no row of the fitting split is scaled by a fit that has seen its speaker."""

from dataclasses import replace

import numpy as np
import pytest
from too_sure import CLASSES, UNIFORM, TooSure

from emojudge.errors import FusionError, PredictionsError
from emojudge.evaluation.calibration import TemperatureScaling, VectorScaling, negative_log_likelihood, prior_weights, scaled

SCALINGS = [TemperatureScaling(), VectorScaling()]


def places(world, ids):
    return np.array([CLASSES.index(world.truth[id]) for id in ids])


def sharpness(result, rows):
    """By what the log-posteriors of some rows were multiplied: the distance of two classes after and before."""
    after, before = result.logits[rows], TooSure().logits[rows]
    return (after[:, 1] - after[:, 0]) / (before[:, 1] - before[:, 0])


@pytest.mark.parametrize("scaling", SCALINGS, ids=repr)
def test_other_splits_are_scaled_by_the_whole_fit(scaling):
    world = TooSure()
    target = places(world, world.id)
    result = scaled(world.system, world.dev_truth, world.groups, scaling)
    whole = type(scaling)().fit(world.logits[:600], target[:600], prior_weights(target[:600], UNIFORM))
    np.testing.assert_allclose(result.logits[600:], whole.transform(world.logits[600:]))
    assert negative_log_likelihood(target[600:], result.logits[600:]) < negative_log_likelihood(target[600:], world.logits[600:]) - 0.2


@pytest.mark.parametrize("own_folds", [False, True])
def test_rows_of_the_fitting_split_are_scaled_by_the_other_speakers(own_folds):
    world = TooSure()
    fold = np.array([i % 24 % 4 if i < 600 else -1 for i in range(1200)])
    system = replace(world.system, fold=fold) if own_folds else world.system
    result = scaled(system, world.dev_truth, world.groups, VectorScaling(), folds=3)
    if own_folds:
        assert (result.fold == fold).all()
    assert set(result.fold[:600]) == set(range(4 if own_folds else 3))
    assert (result.fold[600:] == -1).all()
    target = places(world, world.id[:600])
    for k in set(result.fold[:600]):
        held, rest = np.flatnonzero(result.fold == k), np.flatnonzero(result.fold[:600] != k)
        assert not {world.groups[world.id[i]] for i in held} & {world.groups[world.id[i]] for i in rest}
        fit = VectorScaling().fit(world.logits[rest], target[rest], prior_weights(target[rest], UNIFORM))
        np.testing.assert_allclose(result.logits[held], fit.transform(world.logits[held]))


def test_a_scaled_file_says_what_it_is(tmp_path):
    world = TooSure(without_input=[3, 700])
    result = scaled(replace(world.system, used=["a+t"] * 1200), world.dev_truth, world.groups, TemperatureScaling())
    assert result.info.system == "fused_temperature"
    assert result.info.source_prior == UNIFORM
    assert result.info.checkpoint != "c0"
    assert result.used == ["a+t"] * 1200
    assert np.isnan(result.logits[[3, 700]]).all()
    assert result.labels() == world.system.labels()
    result.save(tmp_path / "scaled.parquet")


def test_without_a_declared_prior_a_bias_learns_that_of_the_fitting_split():
    world = TooSure(prior=None)
    frequency = np.bincount(places(world, world.id[:600])) / 600
    assert scaled(world.system, world.dev_truth, world.groups, TemperatureScaling()).info.source_prior is None
    assert scaled(world.system, world.dev_truth, world.groups, VectorScaling()).info.source_prior == pytest.approx(frequency.tolist())


def test_speakers_without_a_label_are_scaled_by_the_whole_fit():
    world = TooSure()
    truth = {id: None if world.groups[id] == "speaker 5" else label for id, label in world.dev_truth.items()}
    result = scaled(world.system, truth, world.groups, TemperatureScaling())
    unlabelled = [i for i in range(600) if i % 24 == 5]
    assert (result.fold[unlabelled] == -1).all()
    np.testing.assert_allclose(sharpness(result, unlabelled), sharpness(result, [700])[0])
    assert sharpness(result, [0]) != pytest.approx(sharpness(result, [700]))


def test_what_makes_no_sense_is_refused():
    world = TooSure()
    with pytest.raises(FusionError, match="fewer than two speakers"):
        scaled(world.system, world.dev_truth, dict.fromkeys(world.id, "one"), TemperatureScaling())
    with pytest.raises(FusionError, match="'fused': no utterance of the fitting split has a label"):
        scaled(world.system, dict.fromkeys(world.dev_truth), world.groups, TemperatureScaling())
    with pytest.raises(PredictionsError, match="'bored'"):
        scaled(world.system, {**world.dev_truth, "u1": "bored"}, world.groups, TemperatureScaling())
    with pytest.raises(PredictionsError, match="no prediction for 1 utterances: strange"):
        scaled(world.system, {**world.dev_truth, "strange": "sad"}, {**world.groups, "strange": "x"}, TemperatureScaling())
