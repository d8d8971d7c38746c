import random
import weakref

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from emojudge.batch import Batch
from emojudge.losses import ConcordanceLoss, concordance_loss, mean_squared_error_loss
from emojudge.nn import ResidualHead, in_micro_batches
from emojudge.nn.masked import RunningNormalization


class Network(nn.Module):
    """A body and a head on the samples of each utterance."""

    def __init__(self, body=None):
        super().__init__()
        self.body = nn.Linear(6, 8) if body is None else body
        self.out = nn.Linear(8, 3)

    def forward(self, batch):
        return self.out(torch.tanh(self.body(batch.waveform)))


def make(body=None, dtype=torch.float64):
    torch.manual_seed(0)
    return Network(body() if body else None).to(dtype)


def batch(n=32, dtype=torch.float64):
    generator = torch.Generator().manual_seed(1)
    attributes = torch.rand(n, 3, generator=generator, dtype=dtype)
    attributes[: n // 8, 1] = torch.nan
    return Batch(
        row=torch.arange(n),
        id=[f"clip{i}" for i in range(n)],
        waveform=torch.randn(n, 6, generator=generator, dtype=dtype),
        emotion=torch.randint(3, (n,), generator=generator),
        attributes=attributes,
    )


def cross_entropy(outputs, batch):
    return F.cross_entropy(outputs, batch.emotion)


def concordance(outputs, batch):
    return concordance_loss(outputs, batch.attributes)


def squared_error(outputs, batch):
    return mean_squared_error_loss(outputs, batch.attributes)


def step(network, batch, parts, loss):
    """Return the loss of a batch and its gradients."""
    value = loss(in_micro_batches(network, batch, parts), batch)
    return value.detach(), torch.autograd.grad(value, list(network.parameters()))


@pytest.mark.parametrize("loss", [concordance, squared_error, cross_entropy])
@pytest.mark.parametrize("parts", [1, 3, 4, 32, 100])
def test_the_loss_of_parts_is_that_of_the_whole_batch(loss, parts):
    network = make()
    whole = loss(network(batch()), batch())
    gradients = torch.autograd.grad(whole, list(network.parameters()))
    value, found = step(network, batch(), parts, loss)
    torch.testing.assert_close(value, whole.detach(), rtol=1e-10, atol=0)
    for ours, theirs in zip(found, gradients, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-10, atol=1e-14)


def test_accumulation_over_batches_is_something_else_for_concordance():
    network, whole = make(), batch()
    parts = [concordance_loss(network(Batch(whole.row[i], [], whole.waveform[i])), whole.attributes[i]) for i in torch.arange(32).split(8)]
    assert abs(torch.stack(parts).mean() - concordance(network(whole), whole)) > 0.01


def test_utterances_keep_their_order_and_their_ids():
    seen = []

    class Ids(Network):
        def forward(self, batch):
            seen.append((batch.id, batch.row.tolist(), batch.tokens))
            return super().forward(batch)

    network = Ids().double()
    torch.testing.assert_close(in_micro_batches(network, batch(10), 3), network(batch(10)))
    assert seen[:3] == [([f"clip{i}" for i in rows], list(rows), None) for rows in (range(3), range(3, 6), range(6, 10))]


class Torch(nn.Module):
    def forward(self, x):
        return F.dropout(x, 0.5, training=True)


class Numpy(nn.Module):
    def forward(self, x):
        return x * torch.from_numpy(np.random.rand(*x.shape)) * random.random()


@pytest.mark.parametrize("noise", [Torch, Numpy])
def test_the_second_pass_draws_the_same_numbers_and_leaves_the_generators_where_they_were(noise):
    def seed():
        torch.manual_seed(5)
        np.random.seed(5)
        random.seed(5)

    network = make(lambda: nn.Sequential(nn.Linear(6, 8), noise()))
    whole = batch()
    seed()
    outputs = torch.cat([network(Batch(whole.row[i], [], whole.waveform[i])) for i in torch.arange(32).split(8)])
    loss = concordance(outputs, whole)
    expected = torch.autograd.grad(loss, list(network.parameters()))
    after = torch.rand(1), np.random.rand(), random.random()
    seed()
    value, found = step(network, whole, 4, concordance)
    assert (torch.rand(1), np.random.rand(), random.random()) == after
    assert value == loss
    for ours, theirs in zip(found, expected, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=1e-15)


class Running(nn.Module):
    """Normalises by all that it has seen so far: what a part gives depends on those before it."""

    def __init__(self):
        super().__init__()
        self.linear, self.norm = nn.Linear(6, 8), RunningNormalization(8)

    def forward(self, x):
        frames = self.linear(x).unsqueeze(1)
        return self.norm(frames, torch.ones(frames.shape[:2], dtype=torch.bool))[:, 0]


def batch_norm():
    return nn.Sequential(nn.Linear(6, 8), nn.BatchNorm1d(8))


def input_norm():
    return ResidualHead(6, 8, hidden=4, input_norm=True)


@pytest.mark.parametrize("body", [Running, batch_norm, input_norm])
def test_running_statistics_take_one_step_a_part(body):
    ours, theirs, whole = make(body), make(body), batch()
    torch.manual_seed(2)
    outputs = torch.cat([theirs(Batch(whole.row[i], [], whole.waveform[i])) for i in torch.arange(32).split(8)])
    expected = torch.autograd.grad(concordance(outputs, whole), list(theirs.parameters()))
    identities = [id(buffer) for buffer in ours.buffers()]
    torch.manual_seed(2)
    _, found = step(ours, whole, 4, concordance)
    assert [id(buffer) for buffer in ours.buffers()] == identities
    assert identities
    for (name, buffer), other in zip(ours.named_buffers(), theirs.buffers(), strict=True):
        assert torch.equal(buffer, other), name
    for a, b in zip(found, expected, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-10, atol=1e-14)


def test_a_second_backward_pass_gives_the_same_gradients():
    network, whole = make(Running), batch()
    loss = concordance(in_micro_batches(network, whole, 4), whole)
    first = torch.autograd.grad(loss, list(network.parameters()), retain_graph=True)
    for a, b in zip(first, torch.autograd.grad(loss, list(network.parameters())), strict=True):
        assert torch.equal(a, b)


class Held(torch.autograd.Function):
    """The identity, which counts how many tensors the graph holds for it."""

    now = most = 0

    @staticmethod
    def forward(ctx, x):
        memory = np.zeros(1)
        weakref.finalize(memory, Held.freed)
        ctx.save_for_backward(torch.from_numpy(memory))
        Held.now += 1
        Held.most = max(Held.most, Held.now)
        return x.clone()

    @staticmethod
    def backward(ctx, gradient):
        assert len(ctx.saved_tensors) == 1
        return gradient

    @staticmethod
    def freed():
        Held.now -= 1


class Holding(nn.Linear):
    def forward(self, x):
        return Held.apply(super().forward(x))


def test_one_part_is_held_at_a_time():
    network, whole = make(lambda: Holding(6, 8)), batch()
    Held.now = Held.most = 0
    outputs = torch.cat([network(Batch(whole.row[i], [], whole.waveform[i])) for i in torch.arange(32).split(8)])
    assert (Held.now, Held.most) == (4, 4)
    del outputs
    Held.most = 0
    loss = concordance(in_micro_batches(network, whole, 4), whole)
    assert (Held.now, Held.most) == (0, 1)  # the first pass keeps none
    loss.backward()
    assert (Held.now, Held.most) == (0, 1)  # the second makes one at a time


def test_without_gradients_the_batch_is_taken_whole():
    calls = []
    network = make()
    network.register_forward_hook(lambda *_: calls.append(1))
    with torch.no_grad():
        in_micro_batches(network, batch(), 4)
    in_micro_batches(network, batch(1), 4)
    assert len(calls) == 2
    with pytest.raises(ValueError, match="one part or more, found 0"):
        in_micro_batches(network, batch(), 0)


def test_it_works_under_autocast():
    network, whole = make(lambda: nn.Sequential(nn.Linear(6, 8), nn.LayerNorm(8)), torch.float32), batch(dtype=torch.float32)
    types = []
    network.body[0].register_forward_hook(lambda _, __, out: types.append(out.dtype))

    def plain(network, whole, _):
        return torch.cat([network(Batch(whole.row[i], [], whole.waveform[i])) for i in torch.arange(32).split(8)])

    def train(forward):
        network.zero_grad()
        with torch.autocast("cpu", dtype=torch.bfloat16):
            loss = concordance(forward(network, whole, 4), whole)
        loss.backward()  # outside, as trainers do
        return loss.detach(), [p.grad for p in network.parameters()]

    (expected, gradients), (value, found) = train(plain), train(in_micro_batches)
    assert set(types) == {torch.bfloat16}
    assert len(types) == 4 + 2 * 4
    assert torch.equal(value, expected)
    for ours, theirs in zip(found, gradients, strict=True):
        torch.testing.assert_close(ours, theirs)


class Step(nn.Module):
    """What a data-parallel wrapper holds: network and loss."""

    def __init__(self, parts):
        super().__init__()
        self.network, self.parts = make(), parts

    def forward(self, whole):
        return ConcordanceLoss(gather=True)(in_micro_batches(self.network, whole, self.parts), whole.attributes)


CUTS = (0, 20, 32)


def _train_step(rank, path):
    torch.distributed.init_process_group("gloo", rank=rank, world_size=2, init_method=f"file://{path}/store")
    mine = Batch._make(None if field is None else field[CUTS[rank] : CUTS[rank + 1]] for field in batch())
    model = DistributedDataParallel(Step(parts=4))
    for _ in range(2):  # a second step finds the wrapper ready
        model.zero_grad()
        loss = model(mine)
        loss.backward()
    torch.save((loss.detach(), [p.grad for p in model.parameters()]), f"{path}/{rank}.pt")
    torch.distributed.destroy_process_group()


def test_processes_that_each_take_parts_equal_one_that_takes_all(tmp_path):
    torch.multiprocessing.spawn(_train_step, (str(tmp_path),), nprocs=2)
    alone = Step(parts=1)
    expected = alone(batch())
    expected.backward()
    for rank in range(2):
        loss, gradients = torch.load(tmp_path / f"{rank}.pt")
        torch.testing.assert_close(loss, expected.detach(), rtol=1e-12, atol=0)
        for gradient, parameter in zip(gradients, alone.parameters(), strict=True):
            torch.testing.assert_close(gradient, parameter.grad, rtol=1e-10, atol=1e-14)
