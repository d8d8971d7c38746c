import pytest
import torch

from emojudge.errors import ConfigError
from emojudge.losses import CrossEntropyLoss, FocalLoss
from emojudge.models.class_weights import class_weights

RULES = ["inverse", "inverse_sqrt", "effective_number", "none"]
COUNTS = torch.tensor([4366, 995, 2490, 0, 167])


def loop(rule, counts, beta):
    """The formulas as they are written, a class at a time, then the mean weight of an utterance made 1."""
    raw = [
        0 if n == 0 else {"inverse": 1 / n, "inverse_sqrt": 1 / n**0.5, "effective_number": (1 - beta) / (1 - beta**n), "none": 1}[rule]
        for n in counts
    ]
    mean = sum(w * n for w, n in zip(raw, counts, strict=True)) / sum(counts)
    return [w / mean for w in raw]


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("counts", [[4366, 995, 2490, 0, 167], [0.5, 12.25, 3.75]])
def test_weights_are_the_written_formulas(rule, counts):
    weights = class_weights(torch.tensor(counts), rule, beta=0.99)
    assert weights.tolist() == pytest.approx(loop(rule, counts, 0.99), rel=1e-12)


@pytest.mark.parametrize("rule", RULES)
def test_an_utterance_weighs_one_in_the_mean_and_an_absent_class_nothing(rule):
    weights = class_weights(COUNTS, rule)
    assert float((weights * COUNTS).sum() / COUNTS.sum()) == pytest.approx(1)
    assert (weights == 0).tolist() == [False, False, False, True, False]


@pytest.mark.parametrize("loss", [CrossEntropyLoss(), FocalLoss()])
@pytest.mark.parametrize("rule", RULES)
def test_a_rule_does_not_change_the_scale_of_the_loss(loss, rule):
    counts = torch.tensor([80, 15, 5])
    target = torch.repeat_interleave(torch.arange(3), counts)
    logits = torch.zeros(100, 3)
    torch.testing.assert_close(loss(logits, target, class_weights(counts, rule).float()), loss(logits, target))


def test_inverse_is_the_formula_of_the_baseline():
    counts = COUNTS[COUNTS > 0]
    torch.testing.assert_close(class_weights(counts, "inverse"), counts.sum() / (4 * counts.double()))


def test_effective_number_lies_between_none_and_inverse():
    torch.testing.assert_close(class_weights(COUNTS, "effective_number", beta=0), class_weights(COUNTS, "none"))
    nearly = class_weights(COUNTS, "effective_number", beta=1 - 1e-12)
    torch.testing.assert_close(nearly, class_weights(COUNTS, "inverse"), rtol=1e-6, atol=0)
    weights = [class_weights(COUNTS, "effective_number", beta=beta) for beta in (0.9, 0.99, 0.999, 0.9999)]
    spread = [float(weight.max() / weight[0]) for weight in weights]  # of the rarest class to the most frequent one
    assert spread == sorted(spread)


def test_square_root_is_half_way_in_logarithms():
    inverse, root = class_weights(COUNTS, "inverse"), class_weights(COUNTS, "inverse_sqrt")
    torch.testing.assert_close((inverse[0] / inverse[1]).sqrt(), root[0] / root[1])


def test_a_list_is_taken_as_it_is_but_for_absent_classes():
    assert class_weights(COUNTS, [1, 2, 3, 4, 5.5]).tolist() == [1, 2, 3, 0, 5.5]
    assert class_weights(COUNTS, [1, 2, 3, 0, 5.5]).tolist() == [1, 2, 3, 0, 5.5]


@pytest.mark.parametrize(
    ("weighting", "beta", "message"),
    [
        ([1, 2], 0.9, "2 weights for 5 classes"),
        ([1, 2, 0, 4, 5], 0.9, "a number above 0 for each class that occurs"),
        ([1, 2, -1, 4, 5], 0.9, "a number above 0"),
        ([1, 2, float("nan"), 4, 5], 0.9, "a number above 0"),
        ("inverted", 0.9, "'inverted' is not known"),
        ("effective_number", 1.0, "0 or more and below 1, found 1.0"),
    ],
)
def test_bad_settings_are_refused_by_name(weighting, beta, message):
    with pytest.raises(ConfigError, match=message):
        class_weights(COUNTS, weighting, beta=beta)


def test_training_data_without_a_label_are_refused():
    with pytest.raises(ConfigError, match="no training utterance has a label"):
        class_weights(torch.zeros(4))
