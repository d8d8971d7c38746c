import torch

from emojudge.nn.masked import MaskedBatchNorm, RunningNormalization, masked_mean


def padded(lengths, channels=3):
    mask = (torch.arange(max(lengths)) < torch.tensor(lengths)[:, None])[:, None]
    return torch.randn(len(lengths), channels, max(lengths)) * 3 + 7, mask


def test_without_padding_it_is_batch_norm():
    torch.manual_seed(0)
    ours, theirs = MaskedBatchNorm(3), torch.nn.BatchNorm1d(3)
    for _ in range(3):
        x, mask = padded([6, 6])
        torch.testing.assert_close(ours(x, mask), theirs(x))
    torch.testing.assert_close(ours.running_mean, theirs.running_mean)
    torch.testing.assert_close(ours.running_var, theirs.running_var)
    torch.testing.assert_close(ours.eval()(x, mask), theirs.eval()(x))


def test_padding_enters_neither_output_nor_statistics():
    torch.manual_seed(0)
    x, mask = padded([6, 2, 4])
    real = torch.cat([x[i, :, :n] for i, n in enumerate([6, 2, 4])], dim=1)[None]  # all real frames as one utterance
    ours, reference = MaskedBatchNorm(3), MaskedBatchNorm(3)
    expected = reference(real, torch.ones(1, 1, 12, dtype=torch.bool))
    out = ours(x, mask)
    torch.testing.assert_close(torch.cat([out[i, :, :n] for i, n in enumerate([6, 2, 4])], dim=1)[None], expected)
    assert (out.masked_select(~mask) == 0).all()
    torch.testing.assert_close(ours.running_var, reference.running_var)


def test_a_single_frame_is_normalised_by_the_running_statistics_and_leaves_them():
    torch.manual_seed(0)
    norm = MaskedBatchNorm(3)
    norm(*padded([6, 2]))
    before = norm.running_mean.clone(), norm.running_var.clone()
    x, mask = padded([1])
    out = norm(x, mask)
    torch.testing.assert_close(out, norm.eval()(x, mask))
    assert torch.equal(norm.running_mean, before[0])
    assert torch.equal(norm.running_var, before[1])
    assert out.any()


def test_batch_norm_gradient_is_that_of_finite_differences():
    x, mask = padded([4, 2])
    norm = MaskedBatchNorm(3).double()
    assert torch.autograd.gradcheck(lambda x: norm(x, mask), x.double().requires_grad_())


def test_running_normalization_holds_the_statistics_of_every_frame_seen():
    torch.manual_seed(0)
    norm, seen = RunningNormalization(3), []
    for lengths in ([5, 2], [1, 1], [9, 4]):
        x, mask = padded(lengths)
        frames, mask = x.transpose(1, 2), mask[:, 0]
        norm(frames, mask)
        seen.append(frames[mask])
    seen = torch.cat(seen)
    torch.testing.assert_close(norm.mean, seen.mean(dim=0))
    torch.testing.assert_close(norm.variance, seen.var(dim=0, correction=0))
    assert norm.n == len(seen)
    before = norm.mean.clone()
    expected = (frames - seen.mean(dim=0)) / seen.std(dim=0, correction=0) * mask[..., None]
    torch.testing.assert_close(norm.eval()(frames, mask), expected)
    assert (norm.mean == before).all()


def test_a_bin_that_never_varies_stays_finite():
    norm = RunningNormalization(2)
    assert norm(torch.ones(1, 4, 2), torch.ones(1, 4, dtype=torch.bool)).isfinite().all()


def test_masked_mean_is_over_real_frames():
    x, mask = padded([6, 2])
    torch.testing.assert_close(masked_mean(x * mask, mask)[1, :, 0], x[1, :, :2].mean(dim=1))
