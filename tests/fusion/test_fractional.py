"""The fractional logit: what it agrees with, and that Newton's method arrives."""

import numpy as np
import pytest
from scipy.special import expit
from sklearn.linear_model import LogisticRegression

from emojudge.errors import FusionError
from emojudge.fusion.fractional import FractionalModel, fit_fractional
from emojudge.fusion.linear import C_GRID


def rows(seed=0, n=80, n_features=4):
    rng = np.random.default_rng(seed)
    features = rng.normal(3, 5, size=(n, n_features))
    return features, np.clip(4 + 0.3 * features[:, 0] + rng.normal(0, 1, n), 1, 7)


def test_it_equals_scikit_learns_regression_on_rows_doubled_and_weighted():
    features, target = rows()
    z, share = (features - features.mean(0)) / features.std(0), (target - 1) / 6
    labels, weight = np.repeat([1, 0], len(z)), np.concatenate([share, 1 - share])
    for model in fit_fractional(features, target, C_GRID):
        slow = LogisticRegression(C=model.c, solver="newton-cholesky", tol=1e-10, max_iter=500).fit(np.vstack([z, z]), labels, weight)
        np.testing.assert_allclose(model.coefficients, slow.coef_[0], atol=1e-6)
        np.testing.assert_allclose(model(features), 1 + 6 * slow.predict_proba(z)[:, 1], atol=1e-6)


def test_the_gradient_is_zero_where_it_ends_from_any_c_before():
    features, target = rows(1)
    z = (features - features.mean(0)) / features.std(0)
    for model in fit_fractional(features, target, C_GRID):
        residual = expit(z @ model.coefficients + model.intercept) - (target - 1) / 6
        np.testing.assert_allclose(z.T @ residual + model.coefficients / model.c, 0, atol=1e-8)
        assert abs(residual.sum()) < 1e-8
        (alone,) = fit_fractional(features, target, [model.c])
        np.testing.assert_allclose(alone.coefficients, model.coefficients, atol=1e-8)


def test_targets_that_a_line_separates_are_fitted_with_a_weak_penalty():
    features = np.linspace(-1, 1, 40)[:, None]
    (model,) = fit_fractional(features, np.where(features[:, 0] > 0, 7.0, 1.0), [1e3])
    assert np.abs(model(features) - np.where(features[:, 0] > 0, 7.0, 1.0)).mean() < 0.1


@pytest.mark.parametrize("value", [1.0, 4.2, 7.0])
def test_a_constant_target_is_given_back(value):
    features, _ = rows()
    for model in fit_fractional(features, np.full(len(features), value), C_GRID):
        np.testing.assert_allclose(model(features), value, atol=1e-10)


def test_output_stays_on_the_scale_however_far_the_features_go():
    features, target = rows()
    (model,) = fit_fractional(features, target, [1.0])
    far = model(1e3 * features)
    assert far.min() >= 1
    assert far.max() <= 7
    assert far.min() < 1.1
    assert far.max() > 6.9


def test_json_holds_the_model():
    features, target = rows()
    (model,) = fit_fractional(features, target, [1.0])
    np.testing.assert_array_equal(FractionalModel.from_json(model.to_json())(features), model(features))


def test_a_target_off_the_scale_is_refused():
    features, target = rows()
    with pytest.raises(FusionError, match=r"from 1 to 7, found 0\.5 to"):
        fit_fractional(features, np.append(target[1:], 0.5), [1.0])
