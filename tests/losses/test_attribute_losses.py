import math

import pytest
import torch
import torch.nn.functional as F

from emojudge.losses import ConcordanceLoss, MeanSquaredErrorLoss, WeightedLoss, concordance_loss, mean_squared_error_loss


@pytest.fixture
def values():
    torch.manual_seed(0)
    target = torch.rand(12, 3, dtype=torch.float64)
    target[2], target[5:8, 1] = math.nan, math.nan
    return torch.rand(12, 3, dtype=torch.float64, requires_grad=True), target


def test_squared_error_is_torchs_over_the_known_values(values):
    prediction, target = values
    known = ~target.isnan()
    torch.testing.assert_close(MeanSquaredErrorLoss()(prediction, target), F.mse_loss(prediction[known], target[known]))
    assert torch.autograd.gradcheck(lambda x: mean_squared_error_loss(x, target), prediction)


def test_an_unknown_value_has_no_gradient_and_all_unknown_cost_nothing(values):
    prediction, target = values
    wild = prediction.detach().masked_fill(target.isnan(), math.nan).requires_grad_()
    mean_squared_error_loss(wild, target).backward()
    assert (wild.grad[target.isnan()] == 0).all()
    assert wild.grad.isfinite().all()
    assert mean_squared_error_loss(prediction, torch.full_like(target, math.nan)).item() == 0


def test_squared_error_is_in_float32_at_least(values):
    prediction, target = values
    assert mean_squared_error_loss(prediction.bfloat16(), target.float()).dtype == torch.float32
    with pytest.raises(ValueError, match=r"of one shape, found \(12, 3\) and \(12, 1\)"):  # which would broadcast
        mean_squared_error_loss(prediction, target[:, :1])


def test_a_mix_is_the_weighted_sum(values):
    prediction, target = values
    mix = WeightedLoss([ConcordanceLoss(), MeanSquaredErrorLoss()], [1.0, 0.3])
    expected = concordance_loss(prediction, target) + 0.3 * mean_squared_error_loss(prediction, target)
    torch.testing.assert_close(mix(prediction, target), expected)
    ours, theirs = (torch.autograd.grad(loss, prediction)[0] for loss in (mix(prediction, target), expected))
    torch.testing.assert_close(ours, theirs)


def test_a_mix_needs_a_weight_for_each_loss():
    with pytest.raises(ValueError, match="found 2 losses and 1 weights"):
        WeightedLoss([ConcordanceLoss(), MeanSquaredErrorLoss()], [1.0])
    with pytest.raises(ValueError, match="found 0 losses and 0 weights"):
        WeightedLoss([], [])
