"""Training on two processes is training on one whose batches join theirs."""

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from torch import nn

from emojudge.data import EmotionDataModule
from emojudge.data.sampler import BucketSampler
from emojudge.labels import ATTRIBUTES, EMOTIONS
from emojudge.losses import ConcordanceLoss, FocalLoss
from emojudge.models import AcousticNetwork, AttributeRegressor, EmotionClassifier
from emojudge.nn.encoders import HuggingFaceEncoder

WAVLM = {
    **{"model_type": "wavlm", "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 16},
    **{"conv_dim": [8] * 7, "num_conv_pos_embeddings": 16, "num_conv_pos_embedding_groups": 2, "feat_extract_norm": "layer"},
    **dict.fromkeys(["hidden_dropout", "attention_dropout", "activation_dropout", "feat_proj_dropout", "final_dropout"], 0.0),
}
STEPS = 3
pytestmark = pytest.mark.slow


class KeepWeights(Callback):
    """Leaves the trained weights in a file, and what this process trained on in another."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.ids: list[list[str]] = []

    def on_train_batch_start(self, trainer: Trainer, pl_module: LightningModule, batch: Any, batch_idx: int) -> None:
        self.ids.append(batch.id)

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        torch.save((pl_module.state_dict(), self.ids), self.path.with_suffix(f".{trainer.global_rank}"))


def joint_plan(plan: Callable[[BucketSampler], Any]) -> Callable[[BucketSampler], Any]:
    """Return a plan of which a batch is two of another's, as two processes take them at one step."""

    def joined(sampler: BucketSampler) -> Any:
        batches = plan(sampler)
        return [np.concatenate(pair) for pair in zip(batches[::2], batches[1::2], strict=False)] if sampler.shuffle else batches

    return joined


def sgd(params: Any) -> torch.optim.Optimizer:
    return torch.optim.SGD(params, lr=0.1, momentum=0.9)


def adamw(params: Any) -> torch.optim.Optimizer:
    # where a gradient is 0 but for rounding (the bias of an attention's keys), AdamW's own epsilon would blow the rounding up
    return torch.optim.AdamW(params, lr=1e-3, eps=1e-6)


@pytest.fixture
def fitted(table_path: str, make_trainer: Callable[..., Trainer], tmp_path: Path) -> Callable[..., tuple[list[Any], list[Any]]]:
    """Return a function that trains some steps and returns the weights and the ids of each process."""

    def fit(model: LightningModule, n_processes: int, batch_size: int) -> tuple[list[Any], list[Any]]:
        path = tmp_path / f"weights-{n_processes}.pt"
        trainer = make_trainer(n_processes, precision="64-true", max_steps=STEPS, limit_val_batches=0, callbacks=[KeepWeights(path)])
        data = EmotionDataModule(table=table_path, batch_size=batch_size)
        trainer.fit(copy.deepcopy(model), datamodule=data)
        left = [torch.load(path.with_suffix(f".{rank}"), weights_only=True) for rank in range(n_processes)]
        return [weights for weights, _ in left], [ids for _, ids in left]

    return fit


@pytest.mark.parametrize("optimizer", [sgd, adamw])
@pytest.mark.parametrize("task", ["emotion", "attributes"])
def test_two_processes_learn_the_weights_of_one_on_the_joint_batch(fitted: Any, monkeypatch: Any, task: str, optimizer: Any) -> None:
    torch.manual_seed(0)
    encoder = HuggingFaceEncoder(WAVLM, pretrained=False)
    if task == "emotion":
        model, batch_size = EmotionClassifier(AcousticNetwork(encoder, EMOTIONS), FocalLoss(), optimizer), 3  # 33 utterances
    else:
        network = AcousticNetwork(encoder, None, attributes=ATTRIBUTES)
        model, batch_size = AttributeRegressor(network, ConcordanceLoss(gather=True), optimizer), 5  # 35 utterances
    for part in model.modules():
        if isinstance(part, nn.Dropout):
            part.p = 0.0
    (one, other), (first, second) = fitted(model, 2, batch_size)
    monkeypatch.setattr(BucketSampler, "plan", joint_plan(BucketSampler.plan))
    monkeypatch.setattr(BucketSampler, "_n_batches", lambda sampler: len(sampler.plan()))
    (alone,), (joint,) = fitted(model, 1, batch_size)
    assert joint == [mine + yours for mine, yours in zip(first, second, strict=True)]
    assert {len(ids) for ids in joint} == {2 * batch_size}
    before = {name: value.double() for name, value in model.state_dict().items()}
    moved = [name for name, value in alone.items() if (value.double() - before[name]).abs().max() > 1e-4]
    assert sum(name.startswith("network.") for name in moved) > 20
    for name, value in alone.items():
        assert torch.equal(one[name], other[name]), name
        assert torch.allclose(one[name].double(), value.double(), rtol=0, atol=1e-10), name
