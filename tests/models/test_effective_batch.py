"""Accumulated batches give the step of one large batch where the loss is a mean over utterances; micro-batches give it for any loss."""

import lightning as L
import pytest
import torch
from plain_networks import Plain
from torch import nn
from torch.utils.data import DataLoader

from emojudge.batch import Batch
from emojudge.losses import CrossEntropyLoss, FocalLoss, KLDivergenceLoss, MeanSquaredErrorLoss, concordance_loss
from emojudge.models import AcousticNetwork, EmotionClassifier
from emojudge.nn import in_micro_batches
from emojudge.nn.encoders import EcapaTdnn


class Network(Plain):
    n_classes = 4


class Values(nn.Module):
    """A loss of values where the classifier has one of classes: logits are to be the distributions."""

    def __init__(self, loss):
        super().__init__()
        self.loss = loss

    def forward(self, logits, target, alpha):
        return self.loss(logits, target)


def batches(size):
    """Three times 32 utterances in batches of a size."""
    generator = torch.Generator().manual_seed(1)
    votes = torch.rand(96, 4, generator=generator)
    whole = Batch(
        row=torch.arange(96),
        id=[f"clip{i}" for i in range(96)],
        waveform=torch.randn(96, 6, generator=generator),
        emotion=votes.argmax(dim=1),
        votes=votes / votes.sum(dim=1, keepdim=True),
    )
    return [Batch._make(None if x is None else x[i : i + size] for x in whole) for i in range(0, 96, size)]


def trained(tmp_path, loss, size, accumulate):
    torch.manual_seed(0)
    model = EmotionClassifier(Network(), loss, lambda params: torch.optim.SGD(params, lr=0.5), class_weighting="none")
    quiet = {"logger": False, "enable_checkpointing": False, "enable_progress_bar": False, "enable_model_summary": False}
    trainer = L.Trainer(
        default_root_dir=tmp_path, accelerator="cpu", precision="64-true", max_epochs=1, accumulate_grad_batches=accumulate, **quiet
    )
    trainer.fit(model, DataLoader(batches(size), batch_size=None))
    assert trainer.global_step == 3
    return nn.utils.parameters_to_vector(model.network.parameters()).detach()


@pytest.mark.parametrize("loss", [FocalLoss(), CrossEntropyLoss(), KLDivergenceLoss(), Values(MeanSquaredErrorLoss())])
def test_four_batches_of_eight_are_one_of_thirty_two(tmp_path, loss):
    torch.testing.assert_close(trained(tmp_path, loss, 8, 4), trained(tmp_path, loss, 32, 1), rtol=1e-12, atol=1e-13)


def test_for_concordance_they_are_not(tmp_path):
    loss = Values(concordance_loss)
    assert (trained(tmp_path, loss, 8, 4) - trained(tmp_path, loss, 32, 1)).abs().max() > 1e-3


def test_an_acoustic_network_in_parts_learns_what_the_parts_by_themselves_do():
    lengths = torch.tensor([2000, 1900, 0, 1800, 1700, 1500, 1000])  # one has no audio
    mask = torch.arange(2000) < lengths[:, None]
    torch.manual_seed(0)
    whole = Batch(torch.arange(7), [f"clip{i}" for i in range(7)], torch.randn(7, 2000, dtype=torch.float64) * mask, mask)
    target = torch.rand(7, 3, dtype=torch.float64)

    def gradients(forward):
        torch.manual_seed(1)  # weights and dropout; the encoder has statistics of two kinds that run on
        network = AcousticNetwork(EcapaTdnn(channels=16, features=24, bottleneck=8), 3).double()
        loss = concordance_loss(forward(network)[lengths > 0], target[lengths > 0])
        loss.backward()
        return loss, [p.grad for p in network.parameters()], list(network.buffers())

    def parts(network):
        return torch.cat([network(Batch._make(None if x is None else x[i:j] for x in whole)) for i, j in ((0, 2), (2, 4), (4, 7))])

    (expected, theirs, buffers), (loss, ours, found) = gradients(parts), gradients(lambda network: in_micro_batches(network, whole, 3))
    assert torch.equal(loss, expected)
    for a, b in zip([*ours, *found], [*theirs, *buffers], strict=True):
        torch.testing.assert_close(a, b, rtol=1e-10, atol=1e-12)
