"""Matching of moments: the identity that it rests on, by mathematics and on planted data."""

import numpy as np
import pytest

from emojudge.evaluation import score_attributes
from emojudge.fusion import moments_of
from emojudge.fusion.attribute_model import matched
from emojudge.fusion.linear import LinearModel
from emojudge.fusion.matching import constant, matched_concordance, matching
from emojudge.fusion.ridge import fit_ridge

NO_PENALTY = 1e12


def agreement(truth, prediction):
    scores = score_attributes({"value": truth}, {"value": prediction})
    return scores["ccc_value"], scores["pearson_value"]


def planted(seed=0, n=4000, noise=1.0):
    rng = np.random.default_rng(seed)
    truth = rng.normal(4, 1, n)
    return truth, truth[:, None] + rng.normal(0, noise, (n, 2))


@pytest.mark.parametrize("noise", [0.3, 1.0, 3.0])
def test_least_squares_has_concordance_2_r2_over_1_plus_r2_and_matching_gives_r(noise):
    truth, features = planted(noise=noise)
    (model,) = fit_ridge(features, truth, [NO_PENALTY])
    fitted = model(features)
    ccc, r = agreement(truth, fitted)
    assert ccc == pytest.approx(2 * r**2 / (1 + r**2), abs=1e-9)
    gain, offset = matching(fitted, (truth.mean(), truth.std()))
    assert gain == pytest.approx(1 / r)
    assert agreement(truth, gain * fitted + offset)[0] == pytest.approx(r, abs=1e-9)
    assert r > ccc


def test_on_rows_that_were_not_fitted_matching_gives_r_too():
    truth, features = planted(noise=2.0)
    (model,) = fit_ridge(features[:2000], truth[:2000], [1.0])
    after = matched(model, features[:2000], model(features[:2000]), (truth[:2000].mean(), truth[:2000].std()))
    before_ccc, r = agreement(truth[2000:], model(features[2000:]))
    assert agreement(truth[2000:], after(features[2000:]))[0] == pytest.approx(r, abs=0.02)
    assert before_ccc < r - 0.03


def test_out_of_fold_values_get_the_moments():
    values = np.random.default_rng(0).normal(3, 0.2, 50)
    gain, offset = matching(values, (4.5, 0.9))
    moved = gain * values + offset
    assert (moved.mean(), moved.std()) == pytest.approx((4.5, 0.9))


def test_a_constant_is_not_matched_and_has_concordance_0():
    features = np.random.default_rng(0).normal(size=(20, 1))
    flat = LinearModel(np.zeros(1), np.ones(1), np.zeros(1), np.asarray(4.0), 1.0)
    assert matched(flat, features, features[:, 0], (4.0, 1.0)) is None
    assert matched(flat, features, np.full(20, 4.0), (4.0, 1.0)) is None
    assert constant(np.full(20, 1 / 3) + np.tile([0, 1e-16], 10))
    assert not constant(4 + 1e-6 * features[:, 0])
    assert matched_concordance(features[:, 0], np.full(20, 4.0), (4.0, 1.0)) == 0.0


def test_moments_are_those_of_the_population_of_the_ids_given():
    truth = {"a": {"valence": 1.0, "arousal": None}, "b": {"valence": 3.0, "arousal": 5.0}, "c": {"valence": 7.0, "arousal": None}}
    assert moments_of(truth, ["a", "b"]) == {"valence": (2.0, 1.0), "arousal": (5.0, 0.0)}
    assert moments_of(truth)["valence"] == pytest.approx((11 / 3, np.std([1, 3, 7])))
    assert moments_of(truth, ["a"]) == {"valence": (1.0, 0.0)}
    with pytest.raises(KeyError):
        moments_of(truth, ["d"])
