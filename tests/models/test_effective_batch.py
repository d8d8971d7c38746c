"""Accumulated batches give the step of one large batch, where the loss is a mean over utterances."""

import lightning as L
import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader

from emojudge.batch import Batch
from emojudge.losses import CrossEntropyLoss, FocalLoss, KLDivergenceLoss, MeanSquaredErrorLoss, concordance_loss
from emojudge.models import EmotionClassifier


class Network(nn.Module):
    """A hidden layer on the samples of each utterance."""

    n_classes = 4

    def __init__(self):
        super().__init__()
        self.body, self.out = nn.Linear(6, 8), nn.Linear(8, 4)

    def forward(self, batch):
        return self.out(torch.tanh(self.body(batch.waveform)))

    def parameter_groups(self):
        return [{"name": "body", "params": list(self.parameters())}]


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
