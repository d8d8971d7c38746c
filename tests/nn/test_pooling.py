import math

import pytest
import torch

from emojudge.nn import AttentiveStatisticsPooling, FirstFrame, MeanPooling, MeanStdPooling


@pytest.fixture
def pooling():
    torch.manual_seed(0)
    return AttentiveStatisticsPooling(6, hidden=4)


def padded(lengths, features=6, seed=1, dtype=torch.float32):
    generator = torch.Generator().manual_seed(seed)
    mask = torch.arange(max(lengths)) < torch.tensor(lengths)[:, None]
    return torch.randn(len(lengths), max(lengths), features, generator=generator, dtype=dtype), mask


def slow(pooling, frames):
    """One utterance, in float64, as the paper writes it."""
    w, b, v = (p.double() for p in (pooling.project.weight, pooling.project.bias, pooling.score.weight[0]))
    scores = [float(v @ torch.tanh(w @ h + b)) for h in frames.double()]
    weights = [math.exp(s) / sum(math.exp(t) for t in scores) for s in scores]
    mean = sum(a * h for a, h in zip(weights, frames.double(), strict=True))
    variance = sum(a * (h - mean) ** 2 for a, h in zip(weights, frames.double(), strict=True))
    return torch.tensor(weights), torch.cat([mean, variance.clamp(min=pooling.floor).sqrt()])


def test_pooling_agrees_with_a_loop_over_frames(pooling):
    frames, mask = padded([5, 2, 7])
    pooled, weights = pooling(frames, mask), pooling.weights(frames, mask)
    assert pooled.shape == (3, 12)
    for i, n in enumerate([5, 2, 7]):
        slow_weights, slow_pooled = slow(pooling, frames[i, :n])
        torch.testing.assert_close(weights[i, :n], slow_weights)
        torch.testing.assert_close(pooled[i], slow_pooled.float())


def test_weights_sum_to_one_and_are_zero_on_padding(pooling):
    frames, mask = padded([5, 1, 7])
    weights = pooling.weights(frames, mask)
    torch.testing.assert_close(weights.sum(dim=1), torch.ones(3))
    assert (weights[~mask] == 0).all()


@pytest.mark.parametrize("rubbish", [1e6, math.inf, math.nan])
def test_padding_does_not_change_pooling(pooling, rubbish):
    frames, mask = padded([5, 2, 7])
    expected = torch.cat([pooling(frames[i : i + 1, :n], mask[i : i + 1, :n]) for i, n in enumerate([5, 2, 7])])
    gradients = torch.autograd.grad(expected.square().sum(), list(pooling.parameters()))
    pooled = pooling(frames.masked_fill(~mask.unsqueeze(2), rubbish), mask)
    torch.testing.assert_close(pooled, expected)
    pooled.square().sum().backward()
    for parameter, gradient in zip(pooling.parameters(), gradients, strict=True):
        torch.testing.assert_close(parameter.grad, gradient)


def test_equal_scores_give_plain_mean_and_population_deviation(pooling):
    torch.nn.init.zeros_(pooling.score.weight)
    frames, mask = padded([4, 4])
    torch.testing.assert_close(pooling(frames, mask), torch.cat([frames.mean(dim=1), frames.std(dim=1, correction=0)], dim=1))


def test_frames_that_do_not_vary_have_a_finite_gradient(pooling):
    frames = torch.ones(2, 3, 6, requires_grad=True)
    pooled = pooling(frames, torch.tensor([[True, True, True], [True, False, False]]))
    pooled.sum().backward()
    assert frames.grad.isfinite().all()
    torch.testing.assert_close(pooled[:, 6:], torch.full((2, 6), math.sqrt(pooling.floor)))


def test_gradient_is_that_of_finite_differences(pooling):
    frames, mask = padded([3, 4], dtype=torch.float64)
    assert torch.autograd.gradcheck(lambda x: pooling.double()(x, mask), frames.requires_grad_())


def test_an_utterance_without_a_real_frame_is_refused(pooling):
    frames, mask = padded([3, 2, 4])
    mask[1] = False
    with pytest.raises(ValueError, match="utterance 1 of the batch has no real frame"):
        pooling(frames, mask)


def test_penalty_is_on_w_and_v_alone(pooling):
    expected = 1e-4 * (pooling.project.weight.norm() ** 2 + pooling.score.weight.norm() ** 2)
    torch.testing.assert_close(pooling.penalty(), expected)
    pooling.penalty().backward()
    assert pooling.project.bias.grad is None
    assert AttentiveStatisticsPooling(6, l2=0).penalty() == 0


def test_variance_survives_half_precision():
    pooling = AttentiveStatisticsPooling(1)
    frames = (100 + torch.randn(1, 500, 1, generator=torch.Generator().manual_seed(0))).bfloat16()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        deviation = pooling(frames, torch.ones(1, 500, dtype=torch.bool))[0, 1]
    torch.testing.assert_close(deviation, frames.float().std(), rtol=0.05, atol=0)


# the poolings without parameters


def slow_mean(frames):
    return [sum(column) / len(column) for column in frames.T.tolist()]


def slow_deviation(frames):
    return [
        math.sqrt(max(sum((x - m) ** 2 for x in column) / len(column), 1e-5))
        for column, m in zip(frames.T.tolist(), slow_mean(frames), strict=True)
    ]


SLOW = {
    MeanPooling: slow_mean,
    MeanStdPooling: lambda frames: slow_mean(frames) + slow_deviation(frames),
    FirstFrame: lambda frames: frames[0].tolist(),
}
plain = pytest.mark.parametrize("pooling", SLOW)


@plain
def test_plain_pooling_agrees_with_a_loop_over_frames(pooling):
    frames, mask = padded([5, 1, 7], dtype=torch.float64)
    pooled = pooling(6)(frames, mask)
    assert pooled.shape == (3, pooling(6).features_out)
    expected = [SLOW[pooling](frames[i, :n]) for i, n in enumerate([5, 1, 7])]
    torch.testing.assert_close(pooled, torch.tensor(expected, dtype=torch.float64))


@plain
@pytest.mark.parametrize("rubbish", [1e6, math.inf, math.nan])
def test_padding_does_not_change_plain_pooling(pooling, rubbish):
    frames, mask = padded([5, 2, 7])
    dirty = frames.masked_fill(~mask.unsqueeze(2), rubbish).requires_grad_()
    pooled = pooling(6)(dirty, mask)
    torch.testing.assert_close(pooled, torch.cat([pooling(6)(frames[i : i + 1, :n], mask[i : i + 1, :n]) for i, n in enumerate([5, 2, 7])]))
    pooled.square().sum().backward()
    assert (dirty.grad[~mask] == 0).all()
    assert dirty.grad.isfinite().all()


@plain
def test_plain_pooling_refuses_an_utterance_without_a_real_frame(pooling):
    frames, mask = padded([3, 2, 4])
    mask[1] = False
    with pytest.raises(ValueError, match="utterance 1 of the batch has no real frame"):
        pooling(6)(frames, mask)


@plain
def test_the_gradient_of_plain_pooling_is_that_of_finite_differences(pooling):
    frames, mask = padded([3, 4], dtype=torch.float64)
    assert torch.autograd.gradcheck(lambda x: pooling(6)(x, mask), frames.requires_grad_())


def test_frames_that_do_not_vary_have_a_finite_gradient_and_the_least_deviation():
    frames = torch.ones(2, 3, 6, requires_grad=True)
    pooled = MeanStdPooling(6, floor=1e-4)(frames, torch.tensor([[True, True, True], [True, False, False]]))
    pooled.sum().backward()
    assert frames.grad.isfinite().all()
    torch.testing.assert_close(pooled[:, 6:], torch.full((2, 6), 1e-2))


def test_attention_without_a_preference_is_mean_and_deviation(pooling):
    torch.nn.init.zeros_(pooling.score.weight)
    frames, mask = padded([5, 2, 7])
    torch.testing.assert_close(pooling(frames, mask), MeanStdPooling(6)(frames, mask))


def test_mean_and_deviation_survive_half_precision():
    frames = (100 + torch.randn(1, 500, 1, generator=torch.Generator().manual_seed(0))).bfloat16()
    pooled = MeanStdPooling(1)(frames, torch.ones(1, 500, dtype=torch.bool))
    torch.testing.assert_close(pooled[0], torch.stack([frames.float().mean(), frames.float().std(correction=0)]), rtol=1e-4, atol=0)
