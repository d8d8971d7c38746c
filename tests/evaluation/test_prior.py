"""Priors: declared ones, and the shift between two."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import f1_score

from emojudge.errors import ConfigError
from emojudge.evaluation.prior import log_softmax, macro_f1_under_prior, shift_prior, target_distribution


def test_shifting_equals_bayes_rule():
    rng = np.random.default_rng(0)
    likelihood = rng.random((50, 3))
    source, target = np.array([0.7, 0.2, 0.1]), np.array([0.1, 0.3, 0.6])
    posterior = likelihood * source / (likelihood * source).sum(axis=1, keepdims=True)
    expected = likelihood * target / (likelihood * target).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(np.exp(shift_prior(np.log(posterior), source, target)), expected)


def test_shifting_to_the_same_prior_changes_nothing():
    log_posterior = log_softmax(np.random.default_rng(1).normal(size=(5, 4)))
    prior = np.array([0.4, 0.3, 0.2, 0.1])
    np.testing.assert_allclose(shift_prior(log_posterior, prior, prior), log_posterior)


def test_log_softmax_leaves_missing_rows_and_columns_alone():
    logits = np.array([[1.0, np.nan, 3.0], [np.nan, np.nan, np.nan]])
    result = log_softmax(logits)
    assert np.exp(result[0, [0, 2]]).sum() == pytest.approx(1)
    assert result[0, 0] - result[0, 2] == pytest.approx(-2)
    assert np.isnan(result).tolist() == [[False, True, False], [True, True, True]]


def test_log_softmax_of_large_logits_is_finite():
    assert np.isfinite(log_softmax([[1e4, -1e4]])).all()


def test_declared_distributions():
    source = np.array([0.5, 0.5, 0.0])
    assert target_distribution("uniform", source).tolist() == [0.5, 0.5, 0.0]
    assert target_distribution("natural", np.array([0.2, 0.8])).tolist() == [0.2, 0.8]
    assert target_distribution([1, 3, 4], source).tolist() == [0.25, 0.75, 0.0]


@pytest.mark.parametrize("prior", ["uniformly", [0.5], [-1, 1, 1], [0, 0, 1], [float("nan"), 1, 1]])
def test_a_distribution_that_makes_no_sense_is_refused(prior):
    with pytest.raises(ConfigError):
        target_distribution(prior, np.array([0.5, 0.5, 0.0]))


def test_macro_f1_under_a_prior_by_hand():
    truth, predicted = np.array([0, 0, 0, 0, 1, 1]), np.array([0, 0, 0, 1, 1, 0])
    # rows scaled to 1/2 each: class 0 has 3/8 right, 1/8 missed, 1/4 false; class 1 has 1/4 right, 1/4 missed, 1/8 false
    expected = (2 * 0.375 / (0.5 + 0.625) + 2 * 0.25 / (0.5 + 0.375)) / 2
    assert macro_f1_under_prior(truth, predicted, 2, "uniform") == pytest.approx(expected)
    assert macro_f1_under_prior(truth, predicted, 2, "natural") == pytest.approx(f1_score(truth, predicted, average="macro"))


def test_a_class_that_the_target_excludes_leaves_macro_f1():
    truth, predicted = np.array([0, 0, 1, 1, 2]), np.array([0, 0, 1, 1, 0])
    assert macro_f1_under_prior(truth, predicted, 3, [1, 1, 0]) == 1


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6))
def test_macro_f1_under_any_prior_is_scikit_learns_with_weights(seed):
    random = np.random.default_rng(seed)
    n_classes = int(random.integers(2, 6))
    truth, predicted = random.integers(n_classes, size=(2, 30))
    prior = random.dirichlet(np.ones(n_classes))
    count = np.bincount(truth, minlength=n_classes)
    weight = (np.where(count > 0, prior, 0) / np.maximum(count, 1))[truth]  # a class that does not occur leaves its mass to the others
    expected = f1_score(truth, predicted, labels=np.unique(truth), average="macro", sample_weight=weight, zero_division=0)
    assert macro_f1_under_prior(truth, predicted, n_classes, prior.tolist()) == pytest.approx(expected)
