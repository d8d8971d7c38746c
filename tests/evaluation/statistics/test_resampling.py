import numpy as np
import pytest

from emojudge.evaluation import additive_attributes, additive_emotions, bootstrap_scores, score_attributes, score_emotions
from emojudge.evaluation.statistics import resampling

GROUPS = [f"speaker {k}" for k in (0, 0, 1, 2, 2, 2, 3, 4, 5, 5, 5, 5)]


@pytest.fixture
def drawn():
    random = np.random.default_rng(0)
    truth, a = random.choice(list("abc"), (2, 12))
    return truth, a, random.uniform(1, 7, (12, 3)), random.uniform(1, 7, (12, 3))


def test_resampled_scores_are_those_of_a_loop_that_copies_the_utterances_of_each_drawn_speaker(drawn):
    truth, a, x, y = drawn
    scores = [additive_emotions(truth, a, "macro_f1"), additive_attributes(x, y, "ccc_mean")]
    found = bootstrap_scores(scores, GROUPS, n_resamples=40, seed=3)
    speakers = list(dict.fromkeys(GROUPS))
    (weights,) = resampling.resample_weights(len(speakers), 40, 3)
    assert set(weights.sum(axis=1)) == {len(speakers)}
    for counts, (f1, ccc) in zip(weights.astype(int), found, strict=True):
        rows = [i for k, speaker in enumerate(speakers) for _ in range(counts[k]) for i in range(12) if GROUPS[i] == speaker]
        assert f1 == pytest.approx(score_emotions(truth[rows], a[rows])["macro_f1"])  # over the classes that the resample has
        assert ccc == pytest.approx(score_attributes(x[rows], y[rows])["ccc_mean"])


def test_all_scores_see_the_same_resamples(drawn):
    truth, a, x, y = drawn
    one, other = additive_emotions(truth, a), additive_attributes(x, y)
    both = bootstrap_scores([one, other, one], GROUPS, n_resamples=50)
    assert both[:, 0] == pytest.approx(bootstrap_scores([one], GROUPS, n_resamples=50)[:, 0])
    assert (both[:, 0] == both[:, 2]).all()


def test_the_size_of_a_chunk_does_not_matter(drawn, monkeypatch):
    score = additive_emotions(*drawn[:2])
    whole = bootstrap_scores([score], None, n_resamples=50)
    monkeypatch.setattr(resampling, "CHUNK", 30)
    assert bootstrap_scores([score], None, n_resamples=50) == pytest.approx(whole)


def test_without_groups_or_without_a_name_an_utterance_is_a_cluster_by_itself(drawn):
    score = additive_emotions(*drawn[:2])
    alone = bootstrap_scores([score], list(range(12)), n_resamples=50)
    assert bootstrap_scores([score], None, n_resamples=50) == pytest.approx(alone)
    assert bootstrap_scores([score], [None] * 12, n_resamples=50) == pytest.approx(alone)


def test_speakers_without_a_true_value_are_not_drawn(drawn):
    _, _, x, y = drawn
    x = np.concatenate([x, np.full((3, 3), np.nan)])
    y = np.concatenate([y, np.ones((3, 3))])
    found = bootstrap_scores([additive_attributes(x, y)], [*GROUPS, "silent", "silent", "mute"], n_resamples=50)
    assert found == pytest.approx(bootstrap_scores([additive_attributes(x[:12], y[:12])], GROUPS, n_resamples=50))


def test_different_numbers_of_utterances_are_refused(drawn):
    score = additive_emotions(*drawn[:2])
    with pytest.raises(ValueError, match=r"of \[3, 12\] utterances"):
        bootstrap_scores([score], ["a"] * 3)
    with pytest.raises(ValueError, match="at least one score"):
        bootstrap_scores([], None)
