import numpy as np
import pytest
from sklearn.metrics import accuracy_score, balanced_accuracy_score, f1_score, precision_recall_fscore_support
from sklearn.metrics import confusion_matrix as sklearn_confusion

from emojudge.evaluation import confusion_matrix, macro_f1_under_prior, score_emotions
from emojudge.labels import EMOTIONS


@pytest.fixture
def labels():
    rng = np.random.default_rng(0)
    truth = rng.choice(EMOTIONS[:7], 500, p=[0.3, 0.2, 0.2, 0.1, 0.1, 0.05, 0.05])
    return truth, np.where(rng.random(500) < 0.5, truth, rng.choice(EMOTIONS, 500))


def test_scores_agree_with_scikit_learn(labels):
    truth, prediction = labels
    scores = score_emotions(truth, prediction, EMOTIONS)
    occurring = sorted(set(truth))
    assert scores["macro_f1"] == pytest.approx(f1_score(truth, prediction, labels=occurring, average="macro"))
    assert scores["accuracy"] == pytest.approx(accuracy_score(truth, prediction))
    assert scores["uar"] == pytest.approx(balanced_accuracy_score(truth, np.where(prediction == EMOTIONS[7], "other", prediction)))
    precision, recall, f1, n = precision_recall_fscore_support(truth, prediction, labels=EMOTIONS[:7])
    for k, name in enumerate(EMOTIONS[:7]):
        found = [scores[f"{measure}_{name}"] for measure in ("precision", "recall", "f1", "n")]
        assert found == pytest.approx([precision[k], recall[k], f1[k], n[k]])


def test_each_convention_of_macro_f1_agrees_with_scikit_learn(labels):
    truth, prediction = labels
    rare = (truth != EMOTIONS[6]) & (prediction != EMOTIONS[6])  # neither true nor predicted: only the class list has it
    truth, prediction = truth[rare], prediction[rare]
    scores = score_emotions(truth, prediction, EMOTIONS)
    f1 = {"y_true": truth, "y_pred": prediction, "zero_division": 0}
    assert scores["macro_f1"] == pytest.approx(f1_score(**f1, labels=sorted(set(truth)), average="macro"))
    assert scores["macro_f1_union"] == pytest.approx(f1_score(**f1, average="macro"))
    assert scores["macro_f1_all"] == pytest.approx(f1_score(**f1, labels=EMOTIONS, average="macro"))
    assert scores["weighted_f1"] == pytest.approx(f1_score(**f1, average="weighted"))
    assert scores["macro_f1"] > scores["macro_f1_union"] > scores["macro_f1_all"]


def test_macro_f1_under_equal_classes_is_that_of_utterances_weighted_so(labels):
    truth, prediction = labels
    weight = 1 / np.array([(truth == label).sum() for label in truth])
    expected = f1_score(truth, prediction, labels=sorted(set(truth)), average="macro", sample_weight=weight)
    found = score_emotions(truth, prediction, EMOTIONS)
    assert found["macro_f1_uniform"] == pytest.approx(expected)
    assert abs(found["macro_f1_uniform"] - found["macro_f1"]) > 0.01
    numbers = {name: k for k, name in enumerate(EMOTIONS)}
    pairs = ([numbers[label] for label in side] for side in labels)
    assert found["macro_f1_uniform"] == pytest.approx(macro_f1_under_prior(*pairs, len(EMOTIONS), "uniform"))


def test_recall_agrees_with_audmetric(labels):
    audmetric = pytest.importorskip("audmetric")
    truth, prediction = labels
    kept = prediction != EMOTIONS[7]
    expected = audmetric.unweighted_average_recall(truth[kept], prediction[kept])
    assert score_emotions(truth[kept], prediction[kept], EMOTIONS)["uar"] == pytest.approx(expected)


def test_the_confusion_agrees_with_scikit_learn_and_counts_what_was_not_predicted(labels):
    truth, prediction = labels
    found = confusion_matrix(truth, prediction, EMOTIONS)
    assert (found[:, :-1] == sklearn_confusion(truth, prediction, labels=EMOTIONS)).all()
    assert (found[:, -1] == 0).all()
    unseen = confusion_matrix(truth, [None] * len(truth), EMOTIONS)
    assert unseen[:, -1].tolist() == found.sum(axis=1).tolist()
    assert unseen.sum() == len(truth)


def test_a_class_missing_from_the_truth_leaves_the_means_and_is_not_zero(labels):
    truth, prediction = labels
    scores = score_emotions(truth, prediction, EMOTIONS)
    assert scores["n_neutral"] == 0
    assert np.isnan(scores["f1_neutral"])
    assert scores["macro_f1"] == pytest.approx(np.mean([scores[f"f1_{name}"] for name in EMOTIONS[:7]]))


def test_no_prediction_is_a_wrong_prediction_and_never_nan(labels):
    truth, _ = labels
    scores = score_emotions(truth, [None] * len(truth), EMOTIONS)
    assert (scores["macro_f1"], scores["accuracy"], scores["uar"]) == (0, 0, 0)
    half = [name if i % 2 else None for i, name in enumerate(truth)]
    assert score_emotions(truth, half)["accuracy"] == 0.5


def test_scores_worked_by_hand():
    # class a: 2 of 3 found, 1 false alarm; class b: 1 of 2 found, 1 false alarm
    scores = score_emotions(["a", "a", "a", "b", "b"], ["a", "a", "b", "b", "a"])
    assert scores["f1_a"] == pytest.approx(4 / 6)
    assert scores["f1_b"] == pytest.approx(2 / 4)
    assert scores["macro_f1"] == pytest.approx((4 / 6 + 2 / 4) / 2)
    assert scores["accuracy"] == pytest.approx(3 / 5)
    assert scores["uar"] == pytest.approx((2 / 3 + 1 / 2) / 2)


def test_numbers_and_names_give_the_same_scores(labels):
    truth, prediction = labels
    number = {name: k for k, name in enumerate(EMOTIONS)}
    numbers = score_emotions(np.array([number[x] for x in truth]), np.array([number[x] for x in prediction]), range(8))
    names = score_emotions(truth, prediction, EMOTIONS)
    assert [numbers[m] for m in ("macro_f1", "accuracy", "uar")] == [names[m] for m in ("macro_f1", "accuracy", "uar")]


def test_bad_input_is_refused_by_name():
    with pytest.raises(ValueError, match="2 true classes but 1"):
        score_emotions(["a", "b"], ["a"])
    with pytest.raises(ValueError, match="no labelled utterance"):
        score_emotions([], [])
    with pytest.raises(ValueError, match="'joy' is not in the class list"):
        score_emotions(["sad"], ["joy"], EMOTIONS)
    with pytest.raises(ValueError, match="None is not in the class list"):
        score_emotions([None], ["sad"], EMOTIONS)
