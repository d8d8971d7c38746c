"""Temperature and vector scaling: planted ones are found, and the fit is the optimum of the likelihood."""

import json

import numpy as np
import pytest
from scipy.optimize import approx_fprime, minimize_scalar
from scipy.special import softmax
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression

from emojudge.errors import FusionError
from emojudge.evaluation.calibration import TemperatureScaling, VectorScaling, negative_log_likelihood, prior_weights
from emojudge.evaluation.calibration.scaling import vector_loss
from emojudge.evaluation.calibration.scores import scorable
from emojudge.evaluation.prior import log_softmax

SCALINGS = [TemperatureScaling(), VectorScaling(), VectorScaling(l2=0.0), VectorScaling(l2=10.0)]


def sample(logits, seed=0):
    """A class of each row, drawn from its posterior."""
    rng = np.random.default_rng(seed)
    return (softmax(logits, axis=1).cumsum(axis=1) > rng.random((len(logits), 1))).argmax(axis=1)


@pytest.fixture
def planted():
    logits = 1.5 * np.random.default_rng(1).normal(size=(20_000, 4))
    return sample(logits), logits


@pytest.mark.parametrize("temperature", [0.4, 1.0, 3.0])
def test_a_planted_temperature_is_found(planted, temperature):
    truth, logits = planted
    scaling = TemperatureScaling().fit(temperature * logits, truth)
    assert scaling.temperature_ == pytest.approx(temperature, rel=0.03)
    np.testing.assert_allclose(scaling.transform(temperature * logits), log_softmax(logits), atol=0.4)


def test_a_planted_scale_and_bias_are_found(planted):
    _, logits = planted
    scale, bias = np.array([0.5, 1.0, 2.0, 1.5]), np.array([0.5, -0.5, 0.3, -0.3])
    log_posterior = log_softmax((logits - bias) / scale)  # what a scorer gives that needs these
    scaling = VectorScaling(l2=0.0).fit(log_posterior, sample(log_posterior * scale + bias))
    np.testing.assert_allclose(scaling.scale_, scale, atol=0.12)
    np.testing.assert_allclose(scaling.bias_, bias, atol=0.12)


def test_the_temperature_is_the_optimum_that_a_search_finds():
    rng = np.random.default_rng(3)
    truth, logits = rng.integers(3, size=200), 3 * rng.normal(size=(200, 3))
    logits[np.arange(200), truth] += 2
    searched = minimize_scalar(lambda t: negative_log_likelihood(truth, logits / t), bounds=(0.05, 20), method="bounded")
    assert TemperatureScaling().fit(logits, truth).temperature_ == pytest.approx(searched.x, rel=1e-3)


def test_vector_scaling_of_two_classes_is_a_logistic_regression():
    rng = np.random.default_rng(4)
    truth = rng.integers(2, size=500)
    logits = np.stack([np.zeros(500), rng.normal(size=500) + truth], axis=1)
    reference = LogisticRegression(C=np.inf, tol=1e-10).fit(log_softmax(logits), truth).predict_log_proba(log_softmax(logits))
    np.testing.assert_allclose(VectorScaling(l2=0.0).fit(logits, truth).transform(logits), reference, atol=1e-3)


def test_the_gradient_is_exact(planted):
    truth, logits = planted
    scored = scorable(truth[:50], logits[:50], [1.0, 2.0, 0.5, 1.0])
    at = np.random.default_rng(5).normal(size=8)
    numeric = approx_fprime(at, lambda parameters: vector_loss(parameters, scored, 0.1)[0], 1e-6)
    np.testing.assert_allclose(vector_loss(at, scored, 0.1)[1], numeric, atol=1e-5)


@pytest.mark.parametrize("scaling", SCALINGS, ids=repr)
@pytest.mark.parametrize("seed", range(3))
def test_the_likelihood_of_the_fitted_data_is_never_worse(scaling, seed):
    rng = np.random.default_rng(seed)
    truth, logits = rng.integers(5, size=40), rng.exponential(size=()) * 5 * rng.normal(size=(40, 5))
    weight = rng.random(5) if seed else None
    after = clone(scaling).fit(logits, truth, weight).transform(logits)
    assert negative_log_likelihood(truth, after, weight) <= negative_log_likelihood(truth, logits, weight) + 1e-9


@pytest.mark.parametrize("scaling", SCALINGS[:2], ids=repr)
def test_rows_without_input_and_absent_classes_stay_and_change_nothing(planted, scaling):
    truth, logits = planted[0][:300], planted[1][:300]
    plain = clone(scaling).fit(logits, truth).transform(logits)
    more = np.insert(np.vstack([logits, np.full((1, 4), np.nan)]), 1, np.nan, axis=1)
    places = np.array([0, 2, 3, 4])[np.append(truth, 0)]
    changed = clone(scaling).fit(more, places).transform(more)
    assert np.isnan(changed[-1]).all()
    assert np.isnan(changed[:, 1]).all()
    np.testing.assert_allclose(changed[:-1, [0, 2, 3, 4]], plain, atol=1e-6)


def test_temperature_changes_no_decision(planted):
    truth, logits = planted
    assert (TemperatureScaling().fit(logits, truth).transform(logits).argmax(axis=1) == logits.argmax(axis=1)).all()


def test_weights_keep_a_bias_from_learning_the_prior_of_the_split():
    uniform = np.full(3, 1 / 3)
    balanced = 1.5 * np.random.default_rng(6).normal(size=(60_000, 3))
    truth = sample(balanced)
    kept = np.random.default_rng(7).random(60_000) < np.array([0.9, 0.3, 0.1])[truth]  # the same posteriors on a natural split
    truth, logits = truth[kept], balanced[kept]
    weighted = VectorScaling().fit(logits, truth, prior_weights(truth, uniform))
    np.testing.assert_allclose(weighted.bias_, 0, atol=0.1)
    assert np.ptp(VectorScaling().fit(logits, truth).bias_) > 1


def test_separable_data_leave_everything_finite():
    logits, truth = np.array([[1.0, 0.0], [0.0, 1.0]]), [0, 1]
    assert TemperatureScaling().fit(logits, truth).temperature_ == 0.01
    assert TemperatureScaling().fit(logits, [1, 0]).temperature_ == 100
    for scaling in SCALINGS:
        assert np.isfinite(clone(scaling).fit(1e3 * logits, truth).transform(1e3 * logits)).all()


def test_a_class_without_an_utterance_keeps_its_logit_as_it_is(planted):
    truth, logits = planted
    some = truth != 2
    scaling = VectorScaling(l2=0.0).fit(logits[some], truth[some])
    assert (scaling.scale_[2], scaling.bias_[2]) == (1.0, 0.0)


def test_the_penalty_draws_towards_what_was_there(planted):
    truth, logits = planted
    away = [np.abs(VectorScaling(l2=l2).fit(3 * logits, truth).scale_ - 1).max() for l2 in (0.0, 0.1, 10.0)]
    assert away[0] > away[1] > away[2]


@pytest.mark.parametrize("scaling", SCALINGS[:2], ids=repr)
def test_json_brings_it_back(planted, scaling):
    truth, logits = planted
    fitted = clone(scaling).fit(logits, truth)
    again = type(scaling).from_json(json.loads(json.dumps(fitted.to_json())))
    assert again.get_params() == scaling.get_params()
    np.testing.assert_array_equal(again.transform(logits), fitted.transform(logits))


def test_what_makes_no_sense_is_refused():
    with pytest.raises(FusionError, match="'vector', TemperatureScaling is 'temperature'"):
        TemperatureScaling.from_json({"scaling": "vector", "settings": {}, "scale": [1], "bias": [0]})
    with pytest.raises(FusionError, match="KeyError: 'scale'"):
        TemperatureScaling.from_json({"scaling": "temperature", "settings": {}})
    with pytest.raises(FusionError, match="cannot be fitted: there is no utterance"):
        VectorScaling().fit([[0.0, 1.0]], [-1])
    with pytest.raises(FusionError, match="fitted on 2 classes"):
        TemperatureScaling().fit([[0.0, 1.0]], [1]).transform([[0.0, 1.0, 2.0]])
