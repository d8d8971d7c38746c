import math

import pytest
import torch
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from emojudge.evaluation import score_attributes
from emojudge.losses import ConcordanceLoss, concordance_loss
from emojudge.losses.concordance import FLOOR


def values(n=20, dtype=torch.float64):
    generator = torch.Generator().manual_seed(0)
    target = torch.rand(n, 3, generator=generator, dtype=dtype)
    return (0.5 * target + 0.3 * torch.rand(n, 3, generator=generator, dtype=dtype)).requires_grad_(), target


def holes(target):
    """Targets of which some are unknown: one utterance altogether, and some values."""
    target = target.clone()
    target[2], target[5, 0], target[6:9, 2] = math.nan, math.nan, math.nan
    return target


def loop(prediction, target):
    """The formula of the paper, attribute by attribute and sum by sum."""
    total = 0.0
    for p_column, y_column in zip(prediction.T.tolist(), target.T.tolist(), strict=True):
        pairs = [(p, y) for p, y in zip(p_column, y_column, strict=True) if not math.isnan(y)]
        n = len(pairs)
        p_mean, y_mean = sum(p for p, _ in pairs) / n, sum(y for _, y in pairs) / n
        p_variance, y_variance = sum((p - p_mean) ** 2 for p, _ in pairs) / n, sum((y - y_mean) ** 2 for _, y in pairs) / n
        rho = sum((p - p_mean) * (y - y_mean) for p, y in pairs) / n / math.sqrt(p_variance * y_variance)
        total += 1 - 2 * rho * math.sqrt(p_variance * y_variance) / (p_variance + y_variance + (p_mean - y_mean) ** 2)
    return total


def test_the_loss_is_the_written_formula():
    prediction, target = values()
    assert concordance_loss(prediction, target).item() == pytest.approx(loop(prediction, target), rel=1e-12)
    assert concordance_loss(prediction, holes(target)).item() == pytest.approx(loop(prediction, holes(target)), rel=1e-12)


def test_the_loss_is_one_less_the_score_of_each_attribute():
    prediction, target = values()
    scores = score_attributes(holes(target).numpy(), prediction.detach().numpy())
    assert concordance_loss(prediction, holes(target)).item() == pytest.approx(3 * (1 - scores["ccc_mean"]), rel=1e-12)


def test_the_loss_agrees_with_audmetric():
    audmetric = pytest.importorskip("audmetric")
    prediction, target = values()
    expected = sum(1 - audmetric.concordance_cc(target[:, k].numpy(), prediction[:, k].detach().numpy()) for k in range(3))
    assert concordance_loss(prediction, target).item() == pytest.approx(expected, rel=1e-12)


def test_the_gradient_is_that_of_finite_differences():
    prediction, target = values(8)
    assert torch.autograd.gradcheck(lambda x: concordance_loss(x, target), prediction)
    target[2, 0] = math.nan
    assert torch.autograd.gradcheck(lambda x: concordance_loss(x, target), prediction)


def test_perfect_agreement_costs_nothing_and_perfect_disagreement_twice_the_attributes():
    _, target = values()
    assert concordance_loss(target, target).item() == pytest.approx(0, abs=1e-12)
    assert concordance_loss(2 * target.mean(dim=0) - target, target).item() == pytest.approx(6)


def test_an_unknown_value_is_left_out_whatever_was_predicted_for_it():
    prediction, target = values()
    unknown = holes(target).isnan()
    wild = prediction.detach().masked_fill(unknown, math.nan).requires_grad_()
    loss = concordance_loss(wild, holes(target))
    assert loss.item() == concordance_loss(prediction, holes(target)).item()
    loss.backward()
    assert (wild.grad[unknown] == 0).all()
    assert wild.grad.isfinite().all()


def test_an_attribute_of_which_nothing_is_known_adds_nothing():
    prediction, target = values()
    target[:, 1] = math.nan
    loss = concordance_loss(prediction, target)
    torch.testing.assert_close(loss, concordance_loss(prediction[:, ::2], target[:, ::2]))
    loss.backward()
    assert (prediction.grad[:, 1] == 0).all()
    assert concordance_loss(prediction, torch.full_like(target, math.nan)).item() == 0


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("n", [1, 10])
@pytest.mark.parametrize("constant", ["prediction", "target", "both", "same"])
def test_what_does_not_vary_costs_one_an_attribute_with_a_finite_gradient(constant, n, dtype):
    prediction, target = (x.detach() for x in values(n, dtype))
    if constant != "target":
        prediction = torch.full_like(prediction, 0.3)
    if constant != "prediction":
        target = torch.full_like(target, 0.3 if constant == "same" else 0.1)
    loss = concordance_loss(prediction.requires_grad_(), target)
    loss.backward()
    assert loss.item() == pytest.approx(3, abs=1e-5)  # deviations of a rounding stay far below the floor
    assert prediction.grad.isfinite().all()


def test_a_network_that_says_one_thing_learns_to_vary():
    _, target = values(10)
    prediction = torch.full_like(target, 0.3).requires_grad_()
    concordance_loss(prediction, target).backward()
    assert (torch.sign(prediction.grad) == -torch.sign(target - target.mean(dim=0))).all()


def test_the_floor_does_not_touch_values_that_vary():
    prediction, target = values()
    small = 1e-3  # deviations of a thousandth of the scale of a label
    assert (small * target).var(dim=0, correction=0).min() > FLOOR
    torch.testing.assert_close(concordance_loss(small * prediction, small * target), concordance_loss(prediction, target))


def test_a_large_offset_costs_no_accuracy():
    prediction, target = values()
    near = concordance_loss(prediction, target)
    torch.testing.assert_close(concordance_loss(prediction + 1e6, target + 1e6), near, rtol=1e-8, atol=0)
    far = concordance_loss((prediction + 100).float(), (target + 100).float())
    torch.testing.assert_close(far.double(), near, rtol=1e-4, atol=0)  # what rounding the values to float32 costs; sums of squares lose all


def test_it_is_computed_in_float32_under_autocast():
    prediction, target = values(200, torch.float32)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        half = concordance_loss(prediction.bfloat16(), target)
    assert half.dtype == torch.float32
    torch.testing.assert_close(half, concordance_loss(prediction.bfloat16().float(), target))


def test_parts_of_a_batch_have_another_loss_than_the_batch():
    prediction, target = values(32)
    parts = torch.stack([concordance_loss(p, y) for p, y in zip(prediction.split(8), target.split(8), strict=True)]).mean()
    assert abs(parts - concordance_loss(prediction, target)) > 0.01


def test_other_shapes_are_refused():
    with pytest.raises(ValueError, match=r"one shape \(batch, attributes\), found \(4, 3\) and \(4, 2\)"):
        concordance_loss(torch.ones(4, 3), torch.ones(4, 2))
    with pytest.raises(ValueError, match=r"found \(4,\) and \(4,\)"):
        concordance_loss(torch.ones(4), torch.ones(4))


# statistics over all processes

PARTS = ((0, 9), (9, 12), (12, 12))  # rows of each process: many, few, none


def network():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 5), nn.Tanh(), nn.Linear(5, 3)).double()


def rows():
    generator = torch.Generator().manual_seed(1)
    target = torch.rand(12, 3, generator=generator, dtype=torch.float64)
    target[0], target[10:, 1] = math.nan, math.nan  # the second process knows one value of an attribute
    return torch.randn(12, 4, generator=generator, dtype=torch.float64), target


def _train_step(rank, path):
    torch.distributed.init_process_group("gloo", rank=rank, world_size=len(PARTS), init_method=f"file://{path}/store")
    x, target = (value[slice(*PARTS[rank])] for value in rows())
    result = {}
    for gather in (True, False):
        model = DistributedDataParallel(network())
        loss = ConcordanceLoss(gather=gather)(model(x), target)
        loss.backward()
        result[gather] = loss.detach(), [p.grad for p in model.parameters()]
    torch.save(result, f"{path}/{rank}.pt")
    torch.distributed.destroy_process_group()


def test_gathered_over_processes_it_is_the_loss_of_the_joined_batch(tmp_path):
    torch.multiprocessing.spawn(_train_step, (str(tmp_path),), nprocs=len(PARTS))
    alone, (x, target) = network(), rows()
    expected = concordance_loss(alone(x), target)
    expected.backward()
    for rank in range(len(PARTS)):
        result = torch.load(tmp_path / f"{rank}.pt")
        loss, gradients = result[True]
        torch.testing.assert_close(loss, expected.detach(), rtol=1e-12, atol=0)
        for gradient, parameter in zip(gradients, alone.parameters(), strict=True):
            torch.testing.assert_close(gradient, parameter.grad, rtol=1e-10, atol=1e-14)
        _, own = result[False]
        assert (own[0] - alone[0].weight.grad).abs().max() > 1e-3  # each process by itself trains on something else


def test_without_processes_gathering_changes_nothing():
    prediction, target = values()
    assert torch.equal(ConcordanceLoss(gather=True)(prediction, target), ConcordanceLoss()(prediction, target))
