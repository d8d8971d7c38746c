import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm, t
from sklearn.metrics import f1_score, recall_score

from emojudge.evaluation import (
    Interval,
    additive,
    additive_emotions,
    bootstrap,
    bootstrap_scores,
    difference_of,
    few_groups,
    intervals_of,
    paired_bootstrap,
    score_attributes,
    score_emotions,
)
from emojudge.evaluation.additive import range_of
from emojudge.evaluation.statistics.resampling import resample_weights
from emojudge.evaluation.statistics.studentized import statistics_of


@pytest.fixture
def drawn():
    """Truth, two systems and the speakers of 240 utterances."""
    random = np.random.default_rng(0)
    truth = random.choice(list("abc"), 240)
    a, b = (np.where(random.random(240) < right, truth, random.choice(list("abc"), 240)) for right in (0.7, 0.4))
    return truth, a, b, [f"speaker {k}" for k in random.integers(30, size=240)]


@pytest.fixture
def attributes():
    random = np.random.default_rng(1)
    truth = random.normal(4, 1, (240, 3))
    a, b = (2 + 0.5 * truth + random.normal(0, noise, (240, 3)) for noise in (0.3, 0.9))
    return truth, a, b, random.integers(30, size=240).tolist()


def test_the_standard_error_of_accuracy_is_the_one_of_the_binomial(drawn):
    truth, a, _, _ = drawn
    (found,) = statistics_of([additive_emotions(truth, a, "accuracy")], [[1.0]], None, 200, 0)
    p = np.mean(truth == a)
    assert found.error == pytest.approx(math.sqrt(p * (1 - p) / 239), rel=1e-6)


@pytest.mark.parametrize("measure", ["macro_f1", "recall_b"])
def test_the_standard_error_is_near_the_jackknife_that_leaves_each_speaker_out(drawn, measure):
    truth, a, _, speakers = drawn
    (found,) = statistics_of([additive_emotions(truth, a, measure)], [[1.0]], speakers, 200, 0)
    without = [[i for i in range(240) if speakers[i] != speaker] for speaker in sorted(set(speakers))]
    left = np.array([score_emotions(truth[rows], a[rows])[measure] for rows in without])
    assert found.error == pytest.approx(math.sqrt((len(left) - 1) * left.var()), rel=0.06)
    assert found.bootstrap_error == pytest.approx(found.error, rel=0.2)


def test_with_much_data_the_interval_is_that_of_the_normal_distribution(drawn):
    truth, a = (np.tile(labels, 10) for labels in drawn[:2])
    p = np.mean(truth == a)
    found = bootstrap(truth, a, "accuracy")
    half = norm.ppf(0.975) * math.sqrt(p * (1 - p) / 2400)
    assert (found.low, found.high) == pytest.approx((p - half, p + half), abs=0.03 * half)
    assert (found.value, found.n, found.n_groups, found.clustered) == (pytest.approx(p), 2400, 2400, False)


def test_a_speaker_who_says_everything_five_times_tells_no_more(drawn):
    truth, a, _, _ = drawn
    once = bootstrap(truth, a, n_resamples=500)
    five = [np.repeat(labels, 5) for labels in (truth, a)]
    clustered = bootstrap(*five, groups=np.repeat(np.arange(240), 5).tolist(), n_resamples=500)
    assert (clustered.low, clustered.high) == pytest.approx((once.low, once.high), rel=1e-6)
    assert (clustered.n, clustered.n_groups, clustered.clustered) == (1200, 240, True)
    blind = bootstrap(*five, n_resamples=500)
    assert blind.high - blind.low < 0.6 * (once.high - once.low)


def test_intervals_of_both_tasks_hold_their_score_and_widen_with_the_level(drawn, attributes):
    (truth, a, _, speakers), (x, y, _, groups) = drawn, attributes
    for pair, measure, value, who in (
        ((truth, a), "uar", score_emotions(truth, a)["uar"], speakers),
        ((x, y), "ccc_mean", score_attributes(x, y)["ccc_mean"], groups),
    ):
        narrow, wide = (bootstrap(*pair, measure, groups=who, n_resamples=500, level=level) for level in (0.8, 0.99))
        assert wide.low < narrow.low < narrow.value < narrow.high < wide.high
        assert narrow.value == pytest.approx(value)


def test_many_intervals_at_once_are_those_of_each(drawn):
    truth, a, b, speakers = drawn
    scores = [additive(truth, prediction, "macro_f1") for prediction in (a, b)]
    both = intervals_of(scores, speakers, n_resamples=300)
    alone = [intervals_of([score], speakers, n_resamples=300)[0] for score in scores]
    assert [one.low for one in both] == pytest.approx([one.low for one in alone])
    assert [one.high for one in both] == pytest.approx([one.high for one in alone])


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.integers(2, 12), st.sampled_from([0.8, 0.95]))
def test_p_is_small_only_where_the_interval_leaves_out_zero(seed, n_groups, level):
    random = np.random.default_rng(seed)
    truth, a, b = random.choice(list("ab"), (3, 40))
    a = np.where(random.random(40) < 0.6, truth, a)
    groups = random.integers(n_groups, size=40).tolist()
    found = paired_bootstrap(truth, a, b, groups=groups, n_resamples=199, level=level)
    assert (found.p < 1 - level - 1e-9) == (found.low > 0 or found.high < 0)
    assert 0 < found.p <= 1


def test_the_difference_of_two_systems_is_turned_by_turning_them(drawn):
    truth, a, b, speakers = drawn
    one, other = (paired_bootstrap(truth, *pair, groups=speakers, n_resamples=500) for pair in ((a, b), (b, a)))
    assert (one.value, one.low, one.high, one.p) == pytest.approx((-other.value, -other.high, -other.low, other.p))
    assert one.value == pytest.approx(score_emotions(truth, a)["macro_f1"] - score_emotions(truth, b)["macro_f1"])
    assert one.low > 0
    assert one.p < 0.05


def test_a_system_does_not_differ_from_itself_and_p_is_never_zero(drawn, attributes):
    for (truth, a, _, groups), measure in ((drawn, "macro_f1"), (attributes, "ccc_mean")):
        same = paired_bootstrap(truth, a, a.copy(), measure, groups=groups, n_resamples=200)
        assert (same.value, same.low, same.high, same.p) == (0, 0, 0, 1)
    truth = drawn[0]
    wrong = np.where(truth == "a", "b", "a")
    assert paired_bootstrap(truth, truth, wrong, "accuracy", n_resamples=200).p == 1 / 201


def test_pairing_sees_a_small_difference_that_two_intervals_hide(attributes):
    truth, a, _, groups = attributes
    closer = a + 0.05 * (truth - a)
    found = paired_bootstrap(truth, closer, a, "ccc_mean", groups=groups, n_resamples=500)
    low, high = (bootstrap(truth, system, "ccc_mean", groups=groups, n_resamples=500) for system in (a, closer))
    assert low.high > high.low
    assert found.low > 0


def test_of_several_runs_the_mean_is_compared(drawn, attributes):
    truth, a, b, speakers = drawn
    f1 = [score_emotions(truth, labels)["macro_f1"] for labels in (a, b)]
    found = paired_bootstrap(truth, [a.tolist(), b.tolist()], [b.tolist()], groups=speakers, n_resamples=300)
    assert found.value == pytest.approx(np.mean(f1) - f1[1])
    one, other = (additive(truth, labels) for labels in (a, b))
    assert found == difference_of([one, other], other, speakers, n_resamples=300)
    resampled = bootstrap_scores([one, other], speakers, n_resamples=300)
    error = (resampled.mean(axis=1) - resampled[:, 1]).std() * math.sqrt(30 / 29)
    assert found.detectable == pytest.approx((found.high - found.low) / 2 + t.ppf(0.8, 29) * error)
    truth, a, b, groups = attributes
    single = paired_bootstrap(truth, a.tolist(), b, "mae_valence", groups=groups, n_resamples=100)
    assert single.value == pytest.approx(np.abs(a - truth)[:, 0].mean() - np.abs(b - truth)[:, 0].mean())
    assert paired_bootstrap(truth, [a, a], [b, b], "mae_valence", groups=groups, n_resamples=100).value == pytest.approx(single.value)


def test_one_speaker_has_no_interval_and_two_have_one_without_end(drawn):
    truth, a, b, _ = drawn
    one = paired_bootstrap(truth, a, b, groups=["only"] * 240, n_resamples=100)
    assert all(math.isnan(value) for value in (one.low, one.high, one.p, one.detectable))
    assert math.isnan(bootstrap(truth, a, groups=["only"] * 240, n_resamples=100).low)
    two = paired_bootstrap(truth, a, b, groups=["x", "y"] * 120, n_resamples=100)
    assert (two.low, two.high) == (-math.inf, math.inf)
    assert two.p > 0.4
    assert few_groups(1).startswith("only 1 speaker:")
    assert few_groups(20) is None


def test_what_is_constant_has_an_interval_of_no_width_and_never_nan(attributes):
    truth, _, _, groups = attributes
    found = bootstrap(truth, np.full_like(truth, 0.1), "ccc_mean", groups=groups, n_resamples=200)
    assert (found.value, found.low, found.high) == (0, 0, 0)


def test_a_class_that_most_resamples_lack_still_has_an_interval():
    truth = ["rare", *["often"] * 29]
    found = bootstrap(truth, ["often", *truth[1:]], "recall_rare", n_resamples=300)
    assert (found.value, found.low, found.high) == (0, 0, 0)
    found = bootstrap(truth, [*truth[:-6], *["rare"] * 6], "macro_f1", n_resamples=300)
    assert found.value == pytest.approx((2 / 8 + 46 / 52) / 2)
    assert -1 < found.low < found.value < found.high < 2


@pytest.mark.filterwarnings("error")
def test_a_class_that_nobody_shows_has_neither_score_nor_interval_nor_p():
    truth, a, b = list("aabb"), list("abcb"), list("ccbb")
    found = paired_bootstrap(truth, a, b, "recall_c", names=list("abc"), n_resamples=50)
    assert all(math.isnan(value) for value in (found.value, found.low, found.high, found.p, found.detectable))


def test_an_interval_is_cut_to_what_the_score_can_be():
    cut = Interval(0.5, -0.2, 1.3, 0.95, 10, 5, True).within(0.0, 1.0)
    assert (cut.value, cut.low, cut.high) == (0.5, 0.0, 1.0)
    for bound in (math.nan, math.inf):
        silent = Interval(0.5, -bound, bound, 0.95, 10, 1, True)
        assert silent.within(0.0, 1.0) is silent  # it says nothing, and is not to look as if it did


def test_the_interval_of_a_measure_is_within_what_it_can_be():
    speaker = np.arange(120) % 5  # so few, and so unlike, that the interval is wider than the scale
    truth = np.random.default_rng(1).integers(2, size=120)
    prediction = np.where(np.random.default_rng(2).random(120) < speaker / 4, truth, 1 - truth)
    settings = {"groups": [f"s{k}" for k in speaker], "n_resamples": 500, "level": 0.98}
    (whole,) = intervals_of([additive(truth, prediction, "accuracy")], **settings)
    assert whole.low < 0 < 1 < whole.high < math.inf
    found = bootstrap(truth, prediction, "accuracy", **settings)
    assert (found.value, found.low, found.high) == (whole.value, 0, 1)


@pytest.mark.parametrize(
    ("measure", "least", "largest"), [("macro_f1", 0, 1), ("recall_sad", 0, 1), ("ccc_mean", -1, 1), ("mae_valence", 0, math.inf)]
)
def test_what_a_measure_can_be_is_told_by_its_name(measure, least, largest):
    assert range_of(measure) == (least, largest)


@pytest.mark.parametrize(("n_groups", "p"), [(2, 1 / 2), (3, 1 / 9), (4, 1 / 64), (6, 1 / 1000)])
def test_a_few_speakers_who_are_all_alike_tell_no_more_than_a_few_who_are_not(n_groups, p):
    truth = ["a", "b"] * 12
    groups = [i // 2 % n_groups for i in range(24)]
    found = paired_bootstrap(truth, truth, ["a"] * 24, "accuracy", groups=groups, n_resamples=999)  # each speaker gains a half
    assert found.value == 0.5
    assert found.p == pytest.approx(p)
    assert (found.low, found.high) == ((0.5, 0.5) if p < 0.05 else (-math.inf, math.inf))
    assert bootstrap(truth, ["a"] * 24, "accuracy", groups=groups, n_resamples=99).low == (0.5 if p < 0.05 else -math.inf)


def test_what_differs_for_nobody_tells_of_no_detectable_difference(drawn):
    truth, a, _, groups = drawn
    assert math.isnan(paired_bootstrap(truth, a, a, groups=groups, n_resamples=99).detectable)


def test_a_difference_that_one_speaker_makes_is_not_shown_however_many_there_are():
    truth = ["a", "b"] * 60
    changed = ["b", "a", *truth[2:]]
    found = paired_bootstrap(truth, truth, changed, groups=[i // 2 for i in range(120)], n_resamples=999)
    assert found.value > 0
    assert (found.low, found.high) == (-math.inf, math.inf)
    assert found.p > 0.3  # so many resamples do not draw that speaker


@pytest.mark.parametrize("measure", ["macro_f1", "macro_f1_uniform", "uar"])
def test_values_and_standard_errors_are_those_of_scikit_learn_with_weighted_utterances(measure):
    random = np.random.default_rng(4)
    truth = random.choice(list("abc"), size=120, p=[0.6, 0.3, 0.1])
    a, b = (np.where(random.random(120) < 0.5, truth, random.choice(list("abc"), size=120)) for _ in range(2))
    cluster = np.sort(random.integers(8, size=120))  # numbered as they come

    def score(prediction, weight):
        if measure == "macro_f1_uniform":
            weight = weight / np.array([weight[truth == label].sum() for label in truth])
        function = recall_score if measure == "uar" else f1_score
        occurring = np.unique(truth[weight > 0])
        return function(truth, prediction, labels=occurring, average="macro", sample_weight=weight, zero_division=0)

    def value(weights):
        return score(a, weights[cluster]) - score(b, weights[cluster])

    def error(weights):
        steps = 1e-5 * np.eye(8) * (weights > 0)
        slopes = np.array([(value(weights + step) - value(weights - step)) / 2e-5 for step in steps])
        return math.sqrt((weights * slopes**2).sum() * 8 / 7)

    scores = [additive(truth, prediction, measure) for prediction in (a, b)]
    (found,) = statistics_of(scores, [[1, -1]], cluster.tolist(), 5, 0)
    drawn_weights = np.concatenate(list(resample_weights(8, 5, 0)))
    assert (found.value, found.error) == pytest.approx((value(np.ones(8)), error(np.ones(8))), rel=1e-6)
    assert found.resampled == pytest.approx([value(weights) for weights in drawn_weights])
    assert found.resampled_error == pytest.approx([error(weights) for weights in drawn_weights], rel=1e-6)
