import numpy as np
import pytest

from emojudge.evaluation import score_attributes
from emojudge.labels import ATTRIBUTES


@pytest.fixture
def values():
    rng = np.random.default_rng(0)
    truth = rng.uniform(1, 7, (300, 3))
    return truth, 0.4 * truth + rng.normal(2, 0.7, (300, 3))


def loop(x, y):
    """The formula of the paper, a sum at a time."""
    n = len(x)
    mx, my = sum(x) / n, sum(y) / n
    sx, sy = (sum((a - m) ** 2 for a in v) / n for v, m in ((x, mx), (y, my)))
    rho = sum((a - mx) * (b - my) for a, b in zip(x, y, strict=True)) / n / (sx * sy) ** 0.5
    return 2 * rho * (sx * sy) ** 0.5 / (sx + sy + (mx - my) ** 2), rho


def test_scores_are_the_written_formula(values):
    truth, prediction = values
    scores = score_attributes(truth, prediction)
    for k, name in enumerate(ATTRIBUTES):
        ccc, rho = loop(truth[:, k].tolist(), prediction[:, k].tolist())
        found = [scores[f"{measure}_{name}"] for measure in ("ccc", "pearson", "mae", "n")]
        assert found == pytest.approx([ccc, rho, np.abs(truth - prediction)[:, k].mean(), 300], rel=1e-12)
    assert scores["ccc_mean"] == pytest.approx(np.mean([scores[f"ccc_{name}"] for name in ATTRIBUTES]))
    assert (scores["n"], scores["n_missing"]) == (300, 0)


def test_scores_agree_with_audmetric(values):
    audmetric = pytest.importorskip("audmetric")
    truth, prediction = values
    scores = score_attributes(truth, prediction)
    for k, name in enumerate(ATTRIBUTES):
        assert scores[f"ccc_{name}"] == pytest.approx(audmetric.concordance_cc(truth[:, k], prediction[:, k]), rel=1e-12)
        assert scores[f"pearson_{name}"] == pytest.approx(audmetric.pearson_cc(truth[:, k], prediction[:, k]), rel=1e-12)


def test_a_score_is_of_the_whole_split_and_no_mean_over_its_parts(values):
    truth, prediction = values
    parts = [score_attributes(truth[i : i + 10], prediction[i : i + 10])["ccc_mean"] for i in range(0, 300, 10)]
    assert abs(np.mean(parts) - score_attributes(truth, prediction)["ccc_mean"]) > 0.01


@pytest.mark.parametrize("constant", [0.1, 3.0, 1 / 3])
def test_what_does_not_vary_scores_zero(constant, values):
    truth, prediction = values
    same = np.full_like(truth, constant)  # the mean of ten times 0.1 is not 0.1, and such a rounding must not count as agreement
    for x, y in ((truth, same), (same, prediction), (same, same), (truth[:1], prediction[:1])):
        scores = score_attributes(x, y)
        assert [scores[f"{measure}_{name}"] for measure in ("ccc", "pearson") for name in ATTRIBUTES] == [0] * 6
        assert scores["ccc_mean"] == 0


def test_a_large_offset_costs_no_accuracy(values):
    truth, prediction = values
    near, far = score_attributes(truth, prediction), score_attributes(truth + 1e6, prediction + 1e6)
    assert far["ccc_valence"] == pytest.approx(near["ccc_valence"], rel=1e-8)


def test_order_of_the_truth_and_the_prediction_does_not_matter_to_concordance(values):
    truth, prediction = values
    assert score_attributes(truth, prediction)["ccc_arousal"] == pytest.approx(score_attributes(prediction, truth)["ccc_arousal"])


def test_an_utterance_without_a_value_is_left_out_and_counted(values):
    truth, prediction = (x.copy() for x in values)
    truth[:5, 0] = np.nan  # five without valence
    truth[5] = np.nan  # one without anything
    prediction[6:10] = np.nan  # four without input
    scores = score_attributes(truth, prediction)
    assert (scores["n"], scores["n_missing"]) == (299, 4)
    assert [scores[f"n_{name}"] for name in ATTRIBUTES] == [290, 295, 295]
    assert scores["ccc_valence"] == pytest.approx(loop(truth[10:, 0].tolist(), prediction[10:, 0].tolist())[0])


def test_an_attribute_that_the_truth_lacks_leaves_the_mean_and_one_never_predicted_is_zero_in_it(values):
    truth, prediction = (x.copy() for x in values)
    truth[:, 2], prediction[:, 1] = np.nan, np.nan
    scores = score_attributes(truth, prediction)
    assert np.isnan(scores["ccc_dominance"])
    assert (scores["ccc_arousal"], scores["n_arousal"]) == (0, 0)
    assert scores["ccc_mean"] == pytest.approx(scores["ccc_valence"] / 2)
    assert scores["n_missing"] == 300


def test_columns_are_matched_by_name(values):
    truth, prediction = values
    names = dict(zip(ATTRIBUTES, truth.T, strict=True))
    turned = {name: prediction[:, k].tolist() for name, k in (("dominance", 2), ("valence", 0), ("arousal", 1))}
    assert score_attributes(names, {**turned, "tension": [None] * 300}) == pytest.approx(score_attributes(truth, prediction))
    assert set(score_attributes({"arousal": truth[:, 1]}, turned)) == {"ccc_mean", "n", "n_missing"} | {
        f"{measure}_arousal" for measure in ("ccc", "pearson", "mae", "n")
    }


def test_none_is_nan(values):
    truth, prediction = values
    given = [None if i % 3 else float(x) for i, x in enumerate(prediction[:, 0])]
    scores = score_attributes({"valence": truth[:, 0]}, {"valence": given})
    assert scores["n_valence"] == 100
    assert scores["ccc_valence"] == pytest.approx(loop(truth[::3, 0].tolist(), prediction[::3, 0].tolist())[0])


def test_bad_input_is_refused_by_name():
    with pytest.raises(ValueError, match="2 true values but 1 predictions"):
        score_attributes({"valence": [1, 2]}, {"valence": [1]})
    with pytest.raises(ValueError, match=r"prediction has no column 'arousal' \(found: valence\)"):
        score_attributes({"arousal": [1, 2]}, {"valence": [1, 2]})
    with pytest.raises(ValueError, match=r"truth has the shape \(2, 2\), expected \(utterances, 3\) for valence, arousal, dominance"):
        score_attributes(np.ones((2, 2)), np.ones((2, 3)))
    with pytest.raises(ValueError, match="no utterance with a true value"):
        score_attributes({"valence": [None]}, {"valence": [1]})
    with pytest.raises(ValueError, match="prediction has an infinite value in row 1"):
        score_attributes({"valence": [1, 2]}, {"valence": [1, float("inf")]})
    with pytest.raises(ValueError, match=r"columns of truth have different lengths: \[1, 2\]"):
        score_attributes({"valence": [1], "arousal": [1, 2]}, {"valence": [1], "arousal": [1, 2]})
