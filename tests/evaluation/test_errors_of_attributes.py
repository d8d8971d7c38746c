import numpy as np
import pytest

from emojudge.evaluation import error_by_bin, error_correlation, score_attributes


@pytest.fixture
def values():
    random = np.random.default_rng(0)
    truth = random.uniform(1, 7, (200, 3))
    truth[0], truth[1] = 7, 1
    prediction = 4 + 0.5 * (truth - 4) + random.normal(0, 0.5, (200, 3))
    prediction[5:9, 1] = np.nan
    return truth, prediction


def test_errors_of_bins_are_those_of_a_loop_and_add_up_to_the_whole(values):
    truth, prediction = values
    found = error_by_bin(truth, prediction)
    for k, name in enumerate(("valence", "arousal", "dominance")):
        for low, got in zip(range(1, 7), found[name], strict=True):
            pairs = zip(truth[:, k], prediction[:, k], strict=True)
            errors = [y - x for x, y in pairs if not np.isnan(y) and (low <= x < low + 1 or x == low + 1 == 7)]
            assert (got.low, got.high, got.n) == (low, low + 1, len(errors))
            assert (got.bias, got.mae) == pytest.approx((np.mean(errors), np.mean(np.abs(errors))))
        whole = sum(got.n * got.mae for got in found[name]) / sum(got.n for got in found[name])
        assert whole == pytest.approx(score_attributes(truth, prediction)[f"mae_{name}"])


def test_a_system_that_shrinks_is_too_high_in_low_bins_and_too_low_in_high_ones(values):
    bias = [got.bias for got in error_by_bin(*values)["valence"]]
    assert bias == sorted(bias, reverse=True)
    assert bias[0] > 0.5 > -0.5 > bias[-1]


def test_an_empty_bin_says_so_and_a_true_value_outside_is_refused():
    found = error_by_bin({"valence": [1.0]}, {"valence": [2.0]}, edges=[0, 2, 4])["valence"]
    assert (found[0].n, found[0].bias, found[1].n, np.isnan(found[1].mae)) == (1, 1.0, 0, True)
    with pytest.raises(ValueError, match=r"true valence of row 1 is 0.5, outside the bins from 1 to 7"):
        error_by_bin({"valence": [1, 0.5]}, {"valence": [1, 1]})


def test_correlation_of_errors_is_numpys_over_what_both_have(values):
    truth, prediction = values
    found = error_correlation(truth, prediction)
    both = ~np.isnan(prediction).any(axis=1)
    expected = np.corrcoef((prediction - truth)[both].T)
    assert found[0, 1] == pytest.approx(expected[0, 1])
    assert found[0, 2] == pytest.approx(np.corrcoef((prediction - truth)[:, [0, 2]].T)[0, 1])
    assert found == pytest.approx(found.T)
    assert np.diagonal(found) == pytest.approx(1)


def test_a_constant_error_has_no_correlation(values):
    truth, _ = values
    shifted = truth + [0.1, 0.0, 0.3] + np.random.default_rng(1).normal(0, 1, truth.shape) * [0, 0, 1]
    found = error_correlation(truth, shifted)
    assert (found[0, 1], found[0, 0], found[0, 2]) == (0, 0, 0)
    assert found[2, 2] == pytest.approx(1)
