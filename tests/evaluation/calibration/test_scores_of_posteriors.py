"""Errors of posteriors: against scikit-learn, slow plain versions, and figures worked by hand."""

import numpy as np
import pytest
from scipy.special import softmax
from sklearn.calibration import calibration_curve
from sklearn.metrics import log_loss

from emojudge.errors import ConfigError
from emojudge.evaluation.calibration import (
    brier_score,
    classwise_calibration_error,
    expected_calibration_error,
    negative_log_likelihood,
    prior_weights,
    reliability_curve,
)
from emojudge.evaluation.prior import shift_prior


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    return rng.integers(4, size=300), 2 * rng.normal(size=(300, 4))


def slow_ece(confidence, right, n_bins):
    """The definition, a bin at a time."""
    total = 0.0
    for k in range(n_bins):
        inside = [i for i, c in enumerate(confidence) if k / n_bins < c <= (k + 1) / n_bins or (k == 0 and c == 0)]
        if inside:
            total += len(inside) * abs(sum(confidence[i] for i in inside) / len(inside) - sum(right[i] for i in inside) / len(inside))
    return total / len(confidence)


def test_likelihood_and_brier_agree_with_scikit_learn(data):
    truth, logits = data
    posterior = softmax(logits, axis=1)
    assert negative_log_likelihood(truth, logits) == pytest.approx(log_loss(truth, posterior))
    assert brier_score(truth, logits) == pytest.approx(((posterior - np.eye(4)[truth]) ** 2).sum(axis=1).mean())


def test_calibration_errors_agree_with_a_slow_version(data):
    truth, logits = data
    posterior = softmax(logits, axis=1)
    top = slow_ece(posterior.max(axis=1), posterior.argmax(axis=1) == truth, 10)
    assert expected_calibration_error(truth, logits, n_bins=10) == pytest.approx(top)
    by_class = np.mean([slow_ece(posterior[:, k], truth == k, 10) for k in range(4)])
    assert classwise_calibration_error(truth, logits, n_bins=10) == pytest.approx(by_class)


@pytest.mark.parametrize(("bins", "strategy"), [("width", "uniform"), ("mass", "quantile")])
def test_the_curve_of_a_class_agrees_with_scikit_learn(data, bins, strategy):
    truth, logits = data
    curve = reliability_curve(truth, logits, n_bins=5, bins=bins, of=2)
    accuracy, confidence = calibration_curve(truth == 2, softmax(logits, axis=1)[:, 2], n_bins=5, strategy=strategy)
    np.testing.assert_allclose(curve.confidence, confidence, atol=0.01 if bins == "mass" else 1e-12)  # they interpolate between two rows
    np.testing.assert_allclose(curve.accuracy, accuracy, atol=0.02 if bins == "mass" else 1e-12)


def test_bins_of_equal_mass_hold_equally_many(data):
    truth, logits = data
    assert reliability_curve(truth, logits, n_bins=10, bins="mass").count.tolist() == [30] * 10


def test_equal_confidences_share_a_bin_and_empty_bins_are_left_out():
    curve = reliability_curve([0, 0, 1, 1], [[0.0, 0.0]] * 4, n_bins=3, bins="mass")
    assert (curve.count.tolist(), curve.confidence.tolist(), curve.accuracy.tolist()) == ([4], [0.5], [0.5])


def test_a_perfectly_calibrated_system_has_little_error():
    rng = np.random.default_rng(1)
    logits = 2 * rng.normal(size=(100_000, 3))
    truth = np.array([rng.choice(3, p=p) for p in softmax(logits[:20_000], axis=1)])
    assert expected_calibration_error(truth, logits[:20_000]) < 0.012
    assert expected_calibration_error(truth, 3 * logits[:20_000]) > 0.1


def test_what_cannot_be_scored_is_left_out(data):
    truth, logits = data
    whole = (negative_log_likelihood(truth, logits), brier_score(truth, logits), expected_calibration_error(truth, logits))
    more = np.vstack([logits, np.full((1, 4), np.nan), logits[:1]])
    with_absent = np.insert(more, 2, np.nan, axis=1)  # a class that training lacked
    places = np.array([0, 1, 3, 4])[np.append(truth, [1, 1])]
    places[-1] = -1  # no label
    scored = (
        negative_log_likelihood(places, with_absent),
        brier_score(places, with_absent),
        expected_calibration_error(places, with_absent),
    )
    assert scored == pytest.approx(whole)
    places[-1] = 2  # the class that training lacked
    assert negative_log_likelihood(places, with_absent) == pytest.approx(whole[0])


def test_weights_count_as_repeated_utterances_do(data):
    truth, logits = data
    weight = np.array([1, 3, 1, 2])
    times = np.repeat(np.arange(300), weight[truth])
    for measure in (negative_log_likelihood, brier_score, expected_calibration_error, classwise_calibration_error):
        assert measure(truth, logits, weight) == pytest.approx(measure(truth[times], logits[times]))
    equal = [expected_calibration_error(*given, bins="mass") for given in ((truth, logits, weight), (truth[times], logits[times]))]
    assert equal[0] == pytest.approx(equal[1])


def test_a_posterior_is_calibrated_under_its_own_prior_only():
    rng = np.random.default_rng(2)
    natural, uniform = np.array([0.8, 0.15, 0.05]), np.full(3, 1 / 3)
    truth = rng.choice(3, size=60_000, p=natural)
    likelihood = -((rng.normal(size=(60_000, 1)) + 1.5 * truth[:, None] - 1.5 * np.arange(3)) ** 2) / 2
    posterior = shift_prior(likelihood, uniform, uniform)
    assert expected_calibration_error(truth, posterior) > 0.05
    assert expected_calibration_error(truth, posterior, prior_weights(truth, uniform)) < 0.02
    assert expected_calibration_error(truth, shift_prior(posterior, uniform, natural)) < 0.01


def test_weights_give_the_split_the_declared_prior():
    weight = prior_weights([0, 0, 0, 1, -1], [0.5, 0.5, 0.0])
    assert weight.tolist() == pytest.approx([2 / 3, 2, 0])
    assert prior_weights([0, 0], [0.25, 0.75]).tolist() == [1, 0]  # the class that does not occur leaves its mass to the other


def test_extreme_logits_stay_finite():
    assert negative_log_likelihood([0, 1], [[1e4, -1e4], [1e4, -1e4]]) == pytest.approx(1e4)
    assert brier_score([1], [[1e4, -1e4]]) == pytest.approx(2)


@pytest.mark.parametrize(
    ("truth", "logits", "message"),
    [
        ([0, 1], [[0.0, 1.0]], "shape"),
        ([0], [[0.0, np.inf]], "row 0 has a logit that is not finite"),
        ([0, 1], [[0.0, 1.0], [np.nan, 1.0]], "row 1 has a logit that is not finite"),
        ([-1], [[0.0, 1.0]], "no utterance with a label"),
    ],
)
def test_what_makes_no_sense_is_refused(truth, logits, message):
    with pytest.raises(ValueError, match=message):
        negative_log_likelihood(truth, logits)


def test_unknown_bins_are_refused(data):
    with pytest.raises(ConfigError, match="'height'"):
        reliability_curve(*data, bins="height")
    with pytest.raises(ValueError, match="class 9 has no logits"):
        reliability_curve(*data, of=9)
