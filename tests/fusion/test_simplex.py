"""The search for weights of branches: against the whole lattice, and what its outcome is never worse than."""

from itertools import product

import numpy as np
import pytest

from emojudge.fusion.simplex import best_weights


def accuracy(seed, n_branches):
    """Return the accuracy of weighted log-posteriors on 300 rows of 4 classes, branches of differing worth."""
    rng = np.random.default_rng(seed)
    target = rng.integers(0, 4, 300)
    scores = rng.normal(size=(300, n_branches, 4))
    scores[np.arange(300), :, target] += rng.uniform(0, 1.5, n_branches)
    return lambda weights: float((np.einsum("k,nkc->nc", weights, scores).argmax(axis=1) == target).mean())


@pytest.mark.parametrize("seed", range(4))
def test_two_branches_are_searched_whole(seed):
    score = accuracy(seed, 2)
    weights, tried, curve = best_weights(score, 2)
    assert sorted(tried[:, 0].round(12).tolist()) == np.linspace(0, 1, 21).round(12).tolist()
    assert score(weights) == pytest.approx(max(score(np.array([w, 1 - w])) for w in np.linspace(0, 1, 21)))
    np.testing.assert_allclose(curve, [score(each) for each in tried])


@pytest.mark.parametrize("seed", range(4))
def test_three_branches_come_close_to_the_best_of_the_whole_lattice(seed):
    score = accuracy(seed, 3)
    lattice = [np.array([i, j, 20 - i - j]) / 20 for i, j in product(range(21), repeat=2) if i + j <= 20]
    assert score(best_weights(score, 3)[0]) > max(map(score, lattice)) - 0.01


@pytest.mark.parametrize("n_branches", [1, 2, 3, 5])
def test_the_outcome_is_a_distribution_and_no_worse_than_the_mean_or_any_single_branch(n_branches):
    score = accuracy(7, n_branches)
    weights, _, curve = best_weights(score, n_branches)
    assert weights.sum() == pytest.approx(1)
    assert (weights >= 0).all()
    assert score(weights) == pytest.approx(max(curve))
    assert score(weights) >= max(score(each) for each in [*np.eye(n_branches), np.full(n_branches, 1 / n_branches)])


def test_among_equals_the_weights_are_equal():
    assert best_weights(lambda weights: 1.0, 4)[0].tolist() == [0.25] * 4
