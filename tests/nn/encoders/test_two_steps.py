"""Every family trains two steps through a Lightning module, as each tuning allows."""

from functools import partial

import lightning as L
import pytest
import tiny_models
import torch
from torch.utils.data import DataLoader

from emojudge.batch import Batch
from emojudge.models import AcousticNetwork, EmotionClassifier, TextNetwork
from emojudge.nn import ResidualHead
from emojudge.nn.tuning import Everything, Frozen, LoRA, TopLayers, Transformer

CLASSES = ["sad", "happy", "neutral"]
FAMILIES = [*((tiny_models.speech, name) for name in tiny_models.SPEECH), *((tiny_models.text, name) for name in tiny_models.TEXT)]
TUNINGS = [Frozen(), TopLayers(1), Transformer(), Everything(), LoRA(rank=2)]


class TwoBatches(L.LightningDataModule):
    classes = CLASSES

    def class_counts(self):
        return torch.tensor([1, 1, 1])

    def waveform_statistics(self):
        return 0.0, 1.0

    def train_dataloader(self):
        waveform, waveform_mask = tiny_models.waveforms([9000, 5000, 7000])
        tokens, token_mask = tiny_models.tokens([9, 5, 7])
        ids = ["a", "b", "c"]
        batch = Batch(torch.arange(3), ids, waveform, waveform_mask, tokens, token_mask, emotion=torch.tensor([0, 1, 2]))
        return DataLoader([batch] * 2, batch_size=None)


def trained(encoder, is_speech, folder):
    """Return the names of the encoder's parameters that two steps moved."""
    network = AcousticNetwork(encoder, CLASSES, head=partial(ResidualHead, hidden=8)) if is_speech else TextNetwork(encoder, CLASSES)
    module = EmotionClassifier(network, optimizer=partial(torch.optim.AdamW, lr=0.01, weight_decay=0.0))
    before = {name: parameter.detach().clone() for name, parameter in encoder.named_parameters()}
    quiet = {"logger": False, "enable_progress_bar": False, "enable_model_summary": False, "enable_checkpointing": False}
    trainer = L.Trainer(max_epochs=1, accelerator="cpu", default_root_dir=folder, **quiet)
    trainer.fit(module, datamodule=TwoBatches())
    assert trainer.global_step == 2
    assert all(p.isfinite().all() for p in module.parameters())
    return {name for name, parameter in encoder.named_parameters() if not torch.equal(parameter, before[name])}


@pytest.mark.parametrize("case", FAMILIES, ids=lambda case: case[1])
def test_every_family_trains(case, tmp_path):
    build, name = case
    encoder = build(name)
    moved = trained(encoder, build is tiny_models.speech, tmp_path)
    assert moved <= {name for name, p in encoder.named_parameters() if p.requires_grad}
    assert len(moved) > 10
    assert not any("feature_extractor" in name for name in moved)


@pytest.mark.parametrize("tuning", TUNINGS, ids=lambda tuning: type(tuning).__name__)
@pytest.mark.parametrize("case", [(tiny_models.speech, "wavlm-large"), (tiny_models.text, "deberta")], ids=lambda case: case[1])
def test_what_is_not_tuned_stays_and_a_mixture_is_learnt_whatever_is_tuned(case, tuning, tmp_path):
    if isinstance(tuning, LoRA):
        pytest.importorskip("peft")
    build, name = case
    encoder = build(name, layer="weighted", tuning=tuning)
    moved = trained(encoder, build is tiny_models.speech, tmp_path)
    assert "mixture.score" in moved
    assert moved <= {name for name, p in encoder.named_parameters() if p.requires_grad}
    assert (moved == {"mixture.score"}) == isinstance(tuning, Frozen)
