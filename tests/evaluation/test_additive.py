import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emojudge.errors import ConfigError
from emojudge.evaluation import additive, additive_attributes, additive_emotions, score_attributes, score_emotions

CLASSES = list("abc")
MEASURES = ["macro_f1", "macro_f1_all", "macro_f1_union", "macro_f1_uniform", "weighted_f1"]
MEASURES += ["accuracy", "uar", "f1_a", "precision_b", "recall_c"]
labels = st.lists(st.tuples(st.sampled_from(CLASSES), st.sampled_from([*CLASSES, None])), min_size=1, max_size=20)
number = st.one_of(st.just(float("nan")), st.sampled_from([0.1, 1.0, 1 / 3]), st.floats(1, 7))
values = st.lists(st.tuples(st.floats(1, 7) | st.just(0.1), number), min_size=1, max_size=20)


@settings(max_examples=60, deadline=None)
@given(labels, st.sampled_from(MEASURES))
def test_sums_of_counts_give_the_score_of_emotions(pairs, measure):
    truth, prediction = zip(*pairs, strict=True)
    expected = score_emotions(truth, prediction, CLASSES)[measure]
    assert additive_emotions(truth, prediction, measure, CLASSES).value == pytest.approx(expected, nan_ok=True)


@settings(max_examples=60, deadline=None)
@given(values, st.sampled_from(["ccc_mean", "ccc_valence", "pearson_valence", "mae_valence"]))
def test_sums_of_moments_give_the_score_of_attributes(pairs, measure):
    truth, prediction = np.array(pairs).T[:, :, None]
    expected = score_attributes(truth, prediction, ["valence"])[measure]
    assert additive_attributes(truth, prediction, measure, ["valence"]).value == pytest.approx(expected, nan_ok=True)


def test_the_score_of_any_repetition_of_utterances_is_the_score_of_those_repeated_rows():
    random = np.random.default_rng(0)
    truth, prediction = random.uniform(1, 7, (2, 40, 3)) + 1000  # far from 0, where raw squares would cost digits
    truth[:5, 1], prediction[7:9] = np.nan, np.nan
    score = additive_attributes(truth, prediction, "ccc_mean")
    for rows in (random.integers(40, size=40), [3, 3, 3], [7, 8], [0, 1, 2, 20]):
        weights = np.bincount(rows, minlength=40)
        expected = score_attributes(truth[rows], prediction[rows])["ccc_mean"]
        assert score.score(weights @ score.counts) == pytest.approx(expected, rel=1e-9)


def test_scores_of_many_sums_at_once_are_those_of_each():
    truth, prediction = list("aabbc"), ["a", "b", "b", None, "c"]
    score = additive_emotions(truth, prediction, "macro_f1")
    sums = np.stack([score.counts[:k].sum(axis=0) for k in range(1, 5)]).reshape(2, 2, -1)
    expected = [score_emotions(truth[:k], prediction[:k], CLASSES)["macro_f1"] for k in range(1, 5)]
    assert score.score(sums).ravel() == pytest.approx(expected)


def test_the_measure_decides_the_task_and_an_unknown_one_is_refused():
    assert additive(["a"], ["a"], "f1_a").value == 1
    assert additive([[1.0], [2.0]], [[1.0], [3.0]], "mae_x", ["x"]).value == 0.5
    with pytest.raises(ConfigError, match=r"no measure 'macrof1'.*Did you mean 'macro_f1'"):
        additive(["a"], ["a"], "macrof1")
    with pytest.raises(ConfigError, match="no measure 'ccc_tension'"):
        additive([[1.0]], [[1.0]], "ccc_tension", ["valence"])
