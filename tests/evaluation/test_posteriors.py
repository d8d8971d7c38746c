import numpy as np
import pytest
from scipy.spatial.distance import jensenshannon
from sklearn.metrics import log_loss, top_k_accuracy_score

from emojudge.evaluation import score_posteriors
from emojudge.evaluation.prior import log_softmax

CLASSES = list("abcde")


@pytest.fixture
def drawn():
    random = np.random.default_rng(0)
    return random.choice(CLASSES, 200), random.normal(0, 2, (200, 5)), random.integers(0, 3, (200, 5)) * [1, 1, 1, 1, 0]


def test_top_two_and_cross_entropy_agree_with_scikit_learn(drawn):
    truth, logits, _ = drawn
    scores = score_posteriors(truth, logits, CLASSES)
    assert scores["top_2"] == pytest.approx(top_k_accuracy_score(truth, logits, k=2, labels=CLASSES))
    assert scores["cross_entropy"] == pytest.approx(log_loss(truth, np.exp(log_softmax(logits)), labels=CLASSES))


def test_distances_to_the_votes_agree_with_scipy_and_with_the_written_sum(drawn):
    truth, logits, votes = drawn
    voted = votes.sum(axis=1) > 0
    assert not voted.all()
    shares, posterior = votes[voted] / votes[voted].sum(axis=1, keepdims=True), np.exp(log_softmax(logits[voted]))
    scores = score_posteriors(truth, logits, CLASSES, votes)
    assert scores["vote_js"] == pytest.approx(np.mean([jensenshannon(p, q, base=2) for p, q in zip(shares, posterior, strict=True)]))
    loop = [-sum(p * np.log(q) for p, q in zip(*rows, strict=True)) for rows in zip(shares, posterior, strict=True)]
    assert scores["vote_cross_entropy"] == pytest.approx(np.mean(loop))
    assert (scores["n_votes"], scores["n_posterior"]) == (voted.sum(), 200)


def test_zeros_in_votes_and_logits_far_apart_stay_finite():
    scores = score_posteriors(["a", "b"], [[0.0, -30.0], [-800.0, 800.0]], ["a", "b"], votes=[[0, 1], [1, 0]])
    assert all(np.isfinite(value) for value in scores.values())
    assert scores["vote_js"] == pytest.approx(1.0)
    assert score_posteriors(["a"], [[0.0, -800.0]], ["a", "b"], votes=[[1, 0]])["vote_js"] == 0


def test_a_system_without_input_is_not_right_and_has_no_posterior():
    scores = score_posteriors(["a", "a"], [[1.0, 0.0, 0.0], [np.nan] * 3], ["a", "b", "c"], votes=[[1, 0, 0], [1, 0, 0]])
    assert (scores["top_2"], scores["n_posterior"], scores["n_votes"]) == (0.5, 1, 1)
    assert np.isfinite(scores["cross_entropy"])


def test_a_class_that_a_system_does_not_know_is_never_among_its_best():
    scores = score_posteriors(["b", "a"], [[1.0, np.nan], [1.0, np.nan]], ["a", "b"], votes=[[0, 1], [1, 0]])
    assert scores["top_2"] == 0.5
    assert scores["cross_entropy"] == pytest.approx(-np.log(1e-12) / 2)


def test_equal_scores_are_no_answer():
    assert score_posteriors(["a"], [[0.0, 0.0, 0.0]], ["a", "b", "c"])["top_2"] == 0
    assert np.isnan(score_posteriors([None], [[0.0, 1.0]], ["a", "b"])["top_2"])


def test_bad_input_is_refused_by_name():
    with pytest.raises(ValueError, match=r"logits has the shape \(1, 2\), expected \(1, 3\)"):
        score_posteriors(["a"], [[0.0, 1.0]], ["a", "b", "c"])
    with pytest.raises(ValueError, match="logits has an infinite value in row 0"):
        score_posteriors(["a"], [[0.0, np.inf]], ["a", "b"])
    with pytest.raises(ValueError, match="votes has a negative number in row 0"):
        score_posteriors(["a"], [[0.0, 1.0]], ["a", "b"], votes=[[-1, 2]])
    with pytest.raises(ValueError, match="'c' is not in the class list"):
        score_posteriors(["c"], [[0.0, 1.0]], ["a", "b"])
