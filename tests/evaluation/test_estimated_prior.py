"""The class distribution of unlabelled utterances: planted ones come back, and the macro-F1 that the wrong one cost."""

import numpy as np
import pytest
from scipy.optimize import minimize

from emojudge.errors import PredictionsError
from emojudge.evaluation import estimate_prior, macro_f1_under_prior, shift_prior
from emojudge.evaluation.prior import log_softmax

DEVELOPMENT = np.array([23.11, 9.27, 25.12, 3.91, 1.29, 2.15, 5.78, 29.39]) / 100.02
PLANTED = {
    "uniform": np.full(8, 1 / 8),
    "reversed": DEVELOPMENT[::-1],
    "train": np.array([10.05, 9.41, 24.95, 4.40, 1.67, 2.14, 3.72, 43.65]) / 99.99,
    "two classes": np.array([0.3, 0.7, 0, 0, 0, 0, 0, 0]),
}


def scores(n, prior, seed, strength=1.5):
    """Return classes, and posteriors by Bayes' rule under DEVELOPMENT: of features that are normal about a corner of each class."""
    rng = np.random.default_rng(seed)
    target = rng.choice(8, n, p=prior)
    features = rng.normal(size=(n, 8))
    features[np.arange(n), target] += strength
    return target, log_softmax(strength * features + np.log(DEVELOPMENT))


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_distribution_and_the_macro_f1_that_it_cost_come_back(name, seed):
    planted = PLANTED[name]
    target, posteriors = scores(10_000, planted, seed)
    estimate = estimate_prior(posteriors, DEVELOPMENT)
    assert np.abs(estimate - planted).max() < 0.02

    def macro_f1(prior):
        return macro_f1_under_prior(target, shift_prior(posteriors, DEVELOPMENT, prior).argmax(axis=1), 8, "natural")

    assert macro_f1(estimate) > macro_f1(planted) - 0.01
    if name != "train":  # close to Development: little is lost, so little comes back
        assert macro_f1(estimate) > macro_f1(DEVELOPMENT) + 0.05


def test_it_is_the_maximum_of_the_likelihood():
    _, posteriors = scores(400, PLANTED["reversed"], 0)
    ratio = np.exp(posteriors) / DEVELOPMENT

    def loss(free):
        return -np.log(ratio @ np.exp(log_softmax(free))).mean()

    best = minimize(loss, np.zeros(8), method="BFGS", options={"gtol": 1e-8})
    ours = estimate_prior(posteriors, DEVELOPMENT, tolerance=1e-10)
    np.testing.assert_allclose(ours, np.exp(log_softmax(best.x)), atol=1e-3)
    assert -np.log(ratio @ ours).mean() <= best.fun + 1e-9


def test_posteriors_that_know_nothing_leave_the_source_as_it_is():
    np.testing.assert_allclose(estimate_prior(np.log(np.tile(DEVELOPMENT, (50, 1))), DEVELOPMENT), DEVELOPMENT)


def test_certain_posteriors_are_counted():
    certain = np.where(np.eye(3)[[0, 0, 0, 2]] > 0, 0.0, -1e4)
    np.testing.assert_allclose(estimate_prior(certain, [0.2, 0.3, 0.5]), [0.75, 0, 0.25], atol=1e-7)


def test_rows_without_input_do_not_count_and_a_class_without_source_stays_at_0():
    _, posteriors = scores(300, PLANTED["reversed"], 1)
    with_gaps = np.insert(posteriors, [0, 7, 300], np.nan, axis=0)
    np.testing.assert_array_equal(estimate_prior(with_gaps, DEVELOPMENT), estimate_prior(posteriors, DEVELOPMENT))
    wider = np.column_stack([posteriors, np.full(300, np.nan)])
    estimate = estimate_prior(wider, [*DEVELOPMENT, 0.0])
    assert estimate[8] == 0
    np.testing.assert_array_equal(estimate[:8], estimate_prior(posteriors, DEVELOPMENT))


def test_too_few_steps_are_told_of(caplog):
    _, posteriors = scores(100, PLANTED["uniform"], 2)
    assert estimate_prior(posteriors, DEVELOPMENT, max_steps=1).sum() == pytest.approx(1)
    assert "100 utterances was still moving after 1 steps" in caplog.text


@pytest.mark.parametrize("rows", [np.zeros((0, 8)), np.full((3, 8), np.nan)])
def test_nothing_to_estimate_from_is_refused(rows):
    with pytest.raises(PredictionsError, match="no utterance with a posterior"):
        estimate_prior(rows, DEVELOPMENT)
