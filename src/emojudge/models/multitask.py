"""``MultiTaskLearner``: emotions and attributes learnt by one network."""

from collections.abc import Sequence
from typing import ClassVar

import torch
from lightning.pytorch.cli import OptimizerCallable
from torch import nn

from ..errors import ConfigError
from ..losses import ConcordanceLoss, FocalLoss
from .attributes import AttributeTask
from .emotion import ClassWeighting, EmotionTask
from .groups import GroupOptions
from .module import SchedulerCallable


class MultiTaskLearner(EmotionTask, AttributeTask):
    """Trains one network on emotions and attributes, each with a head of its own, by a weighted sum of two losses.

    An utterance trains what it has a target of: a label (or votes), values of some attributes, or both. Each task is logged as its own
    module logs it, with ``<stage>/emotion_loss`` and ``<stage>/attributes_loss``; ``<stage>/loss`` is their weighted sum.

    Paper: it trains a network for each task; this is an alternative, and its weights are ours.

    Args:
        network: Offers ``forward(batch) -> (batch, classes + attributes)`` and ``parameter_groups()``; ``penalty()``,
            ``has_input(batch)`` and ``check_data(data, stage)`` are taken where offered.
        emotion_loss: ``loss(logits, target, alpha)``; by default the focal loss.
        attribute_loss: ``loss(prediction, target)``; by default the concordance loss.
        emotion_weight: Weight of the emotions' loss.
        attribute_weight: Weight of the attributes' loss.
        optimizer: Makes the one optimizer of the named groups.
        lr_scheduler: Makes a schedule from the optimizer and the optimizer steps of the run; None keeps the rates.
        group_options: Values of some groups in place of the optimizer's; both heads are in ``head``.
        class_weighting: As in ``EmotionClassifier``.
        classes: The class list or its length; by default the network's, else the eight of MSP-Podcast.
        attributes: Names of the attributes; by default the network's, else valence, arousal and dominance.
        micro_batches: In how many parts a training batch goes through the network, to save memory; ``data.init_args.batch_size`` is
            then the effective batch.

    Raises:
        ConfigError: If a weight is not above 0, or the network does not give both.
    """

    tasks: ClassVar[tuple[str, ...]] = ("emotion", "attributes")
    monitor: ClassVar[str] = "val/macro_f1"

    def __init__(
        self,
        network: nn.Module,
        emotion_loss: nn.Module | None = None,
        attribute_loss: nn.Module | None = None,
        emotion_weight: float = 1.0,
        attribute_weight: float = 1.0,
        optimizer: OptimizerCallable = lambda params: torch.optim.AdamW(params, lr=1e-5, weight_decay=0.01),
        lr_scheduler: SchedulerCallable | None = None,
        group_options: GroupOptions | None = None,
        class_weighting: ClassWeighting = "inverse",
        classes: Sequence[str] | int | None = None,
        attributes: Sequence[str] | None = None,
        micro_batches: int = 1,
    ) -> None:
        super().__init__(network, optimizer, lr_scheduler, group_options, micro_batches)
        self.save_hyperparameters()
        if not (emotion_weight > 0 and attribute_weight > 0):
            raise ConfigError(
                f"emotion_weight is {emotion_weight} and attribute_weight {attribute_weight}, expected both above 0; "
                "for one task take EmotionClassifier or AttributeRegressor"
            )
        self.loss_weights = {"emotion": float(emotion_weight), "attributes": float(attribute_weight)}
        self.emotion_loss = FocalLoss() if emotion_loss is None else emotion_loss
        self.attribute_loss = ConcordanceLoss() if attribute_loss is None else attribute_loss
        self._set_emotions(self.emotion_loss, class_weighting, classes)
        self._set_attributes(self.attribute_loss, attributes)
