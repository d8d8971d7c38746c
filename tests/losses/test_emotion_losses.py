import math

import pytest
import torch
import torch.nn.functional as F

from emojudge.losses import CrossEntropyLoss, FocalLoss, KLDivergenceLoss, focal_loss, kl_divergence_loss


@pytest.fixture
def batch():
    torch.manual_seed(0)
    return torch.randn(40, 5, dtype=torch.float64) * 3, torch.randint(5, (40,)), torch.rand(5, dtype=torch.float64) + 0.1


def loop(logits, target, alpha, gamma):
    total = 0.0
    for row, y in zip(logits.tolist(), target.tolist(), strict=True):
        p = math.exp(row[y]) / sum(math.exp(x) for x in row)
        total += -alpha[y] * (1 - p) ** gamma * math.log(p)
    return total / len(target)


@pytest.mark.parametrize("gamma", [0.0, 0.5, 1.0, 2.0, 5.0])
def test_focal_loss_is_the_written_sum(batch, gamma):
    logits, target, alpha = batch
    assert focal_loss(logits, target, alpha=alpha, gamma=gamma).item() == pytest.approx(loop(logits, target, alpha.tolist(), gamma))
    assert focal_loss(logits, target, gamma=gamma).item() == pytest.approx(loop(logits, target, [1] * 5, gamma))


def test_focal_loss_by_hand():
    logits = torch.tensor([[0.25, 0.75], [0.5, 0.5]]).log()
    target, alpha = torch.tensor([1, 0]), torch.tensor([3.0, 2.0])
    by_hand = (2 * 0.25**2 * -math.log(0.75) + 3 * 0.5**2 * -math.log(0.5)) / 2
    assert focal_loss(logits, target, alpha=alpha).item() == pytest.approx(by_hand)


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_without_gamma_and_alpha_it_is_cross_entropy(batch, smoothing):
    logits, target, _ = batch
    expected = F.cross_entropy(logits, target, label_smoothing=smoothing)
    torch.testing.assert_close(CrossEntropyLoss(label_smoothing=smoothing)(logits, target), expected)
    torch.testing.assert_close(FocalLoss(gamma=0, label_smoothing=smoothing)(logits, target), expected)


def test_weights_apply_to_each_utterance_and_are_not_normalised(batch):
    logits, target, alpha = batch
    plain = F.cross_entropy(logits, target, reduction="none")
    torch.testing.assert_close(CrossEntropyLoss()(logits, target, alpha), (alpha[target] * plain).mean())
    torch.testing.assert_close(FocalLoss()(logits, target, alpha * 2), 2 * FocalLoss()(logits, target, alpha))


@pytest.mark.parametrize("gamma", [0.0, 0.5, 2.0])
def test_gradient_is_that_of_finite_differences(batch, gamma):
    logits, target, alpha = batch
    logits = logits[:6].requires_grad_()
    assert torch.autograd.gradcheck(lambda x: focal_loss(x, target[:6], alpha=alpha, gamma=gamma), logits)
    assert torch.autograd.gradcheck(lambda x: focal_loss(x, target[:6], gamma=gamma, label_smoothing=0.1), logits)


@pytest.mark.parametrize("gamma", [0.0, 0.5, 2.0])
def test_certain_logits_give_finite_loss_and_gradient(gamma):
    logits = torch.tensor([[200.0, -200.0], [-200.0, 200.0]], requires_grad=True)
    loss = focal_loss(logits, torch.tensor([0, 0]), gamma=gamma)
    loss.backward()
    assert loss.item() == pytest.approx(200)
    assert logits.grad.isfinite().all()


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_a_masked_class_of_weight_zero_takes_no_part(smoothing):
    torch.manual_seed(0)
    logits, target = torch.randn(8, 3), torch.randint(3, (8,))
    masked = torch.cat([logits, torch.full((8, 1), -math.inf)], dim=1).requires_grad_()
    loss = focal_loss(masked, target, alpha=torch.tensor([1.0, 2.0, 3.0, 0.0]), label_smoothing=smoothing)
    loss.backward()
    assert masked.grad.isfinite().all()
    expected = focal_loss(logits, target, alpha=torch.tensor([1.0, 2.0, 3.0]), label_smoothing=smoothing)
    torch.testing.assert_close(loss, expected)  # as if the class were not in the list, smoothing included


def test_settings_are_checked():
    with pytest.raises(ValueError, match="gamma must be 0 or more"):
        FocalLoss(gamma=-1)


# distributions as targets


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("gamma", [0.0, 2.0])
def test_a_label_and_all_votes_for_it_give_one_number(batch, gamma, smoothing):
    logits, target, alpha = batch
    options = {"alpha": alpha, "gamma": gamma, "label_smoothing": smoothing}
    assert torch.equal(focal_loss(logits, F.one_hot(target, 5).float(), **options), focal_loss(logits, target, **options))


@pytest.mark.parametrize("gamma", [0.0, 2.0])
def test_the_loss_of_votes_is_that_expected_of_a_vote(batch, gamma):
    logits, _, alpha = batch
    votes = torch.rand(40, 5, dtype=torch.float64).softmax(dim=1)
    hard = torch.stack([loss_of_each(logits, torch.full((40,), c), alpha, gamma) for c in range(5)], dim=1)  # (batch, classes)
    torch.testing.assert_close(focal_loss(logits, votes, alpha=alpha, gamma=gamma), (votes * hard).sum(dim=1).mean())


def loss_of_each(logits, target, alpha, gamma):
    return torch.stack([focal_loss(row[None], y[None], alpha=alpha, gamma=gamma) for row, y in zip(logits, target, strict=True)])


def test_cross_entropy_of_votes_is_torchs(batch):
    logits, _, _ = batch
    votes = torch.rand(40, 5).softmax(dim=1)
    torch.testing.assert_close(CrossEntropyLoss()(logits, votes), F.cross_entropy(logits, votes.double()))
    torch.testing.assert_close(CrossEntropyLoss(0.2)(logits, votes), F.cross_entropy(logits, votes.double(), label_smoothing=0.2))


def test_votes_by_hand():
    logits = torch.tensor([[0.25, 0.75]]).log()
    by_hand = 0.4 * 2 * 0.75**2 * -math.log(0.25) + 0.6 * 3 * 0.25**2 * -math.log(0.75)
    assert focal_loss(logits, torch.tensor([[0.4, 0.6]]), alpha=torch.tensor([2.0, 3.0])).item() == pytest.approx(by_hand)


def test_distributions_of_another_shape_are_refused(batch):
    with pytest.raises(ValueError, match=r"\(1, 5\) are no distributions for logits of shape \(40, 5\)"):
        focal_loss(batch[0], torch.ones(1, 5) / 5)


# divergence from the votes


@pytest.fixture
def votes():
    torch.manual_seed(1)
    votes = torch.rand(40, 5, dtype=torch.float64)
    votes[:10, 2:4] = 0  # classes that nobody voted for
    return votes / votes.sum(dim=1, keepdim=True)


def test_divergence_is_torchs(batch, votes):
    expected = F.kl_div(batch[0].log_softmax(dim=1), votes, reduction="batchmean")
    torch.testing.assert_close(KLDivergenceLoss()(batch[0], votes), expected)


def test_divergence_is_cross_entropy_less_its_minimum(batch, votes):
    logits, _, alpha = batch
    logits.requires_grad_()
    best = (alpha * votes).log()  # the posterior that weighted votes ask for
    expected = CrossEntropyLoss()(logits, votes, alpha) - CrossEntropyLoss()(best, votes, alpha)
    loss = KLDivergenceLoss()(logits, votes, alpha)
    torch.testing.assert_close(loss, expected)
    ours, theirs = (torch.autograd.grad(value, logits)[0] for value in (loss, expected))
    torch.testing.assert_close(ours, theirs)
    assert kl_divergence_loss(best, votes, alpha=alpha).item() == pytest.approx(0, abs=1e-12)


def test_divergence_from_a_label_is_cross_entropy(batch):
    logits, target, alpha = batch
    torch.testing.assert_close(kl_divergence_loss(logits, target, alpha=alpha), CrossEntropyLoss()(logits, target, alpha))


def test_the_gradient_of_the_divergence_is_that_of_finite_differences(batch, votes):
    logits, _, alpha = batch
    assert torch.autograd.gradcheck(lambda x: kl_divergence_loss(x, votes[:12], alpha=alpha), logits[:12].requires_grad_())


@pytest.mark.parametrize("loss", [KLDivergenceLoss(), CrossEntropyLoss(), FocalLoss()])
def test_votes_with_an_absent_class_give_the_loss_without_it(batch, votes, loss):
    logits, _, alpha = batch
    alpha[4], votes[:, 4] = 0, 0
    votes = votes / votes.sum(dim=1, keepdim=True)
    masked = logits.masked_fill(alpha == 0, -math.inf).requires_grad_()
    value = loss(masked, votes, alpha)
    torch.testing.assert_close(value, loss(logits[:, :4], votes[:, :4], alpha[:4]))
    value.backward()
    assert masked.grad.isfinite().all()


def test_divergence_of_other_shapes_is_refused(batch):
    with pytest.raises(ValueError, match=r"\(1, 5\) are no distributions for logits of shape \(40, 5\)"):
        kl_divergence_loss(batch[0], torch.ones(1, 5) / 5)
