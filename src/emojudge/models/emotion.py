"""``EmotionClassifier``: what trains, monitors and predicts emotions with any network."""

import logging
from collections.abc import Sequence
from typing import Any, Literal

import torch
from lightning.pytorch.cli import OptimizerCallable
from torch import Tensor, nn
from torchmetrics import MeanMetric, MetricCollection

from ..batch import Batch
from ..errors import ConfigError, EmojudgeError, some
from ..labels import EMOTIONS
from ..losses import FocalLoss
from ..metrics import emotion_metrics
from .module import EmojudgeModule, GroupOptions, SchedulerCallable

_log = logging.getLogger(__name__)


class EmotionClassifier(EmojudgeModule):
    """Trains a network on emotions (paper, sections 5.1 and 5.2) and predicts their logits.

    When a fit starts it asks the data module for ``class_counts()``, for ``classes``, and, where the network
    normalises waveforms, for ``waveform_statistics()``, and keeps the answers in buffers, so that a checkpoint
    needs no labels. A class without a training utterance gets weight 0, its logit is masked, and a warning
    names it. Utterances without a label or without input do not train; in evaluation those without input count as
    wrong.

    Where training batches hold ``votes``, their distribution is the target instead of the label, and ``class_counts()`` are sums
    of shares. Evaluation, its loss too, is of the labels.

    Logged: ``<stage>/loss`` (without the penalty), and ``macro_f1``, ``accuracy``, ``uar`` of ``val`` and ``test``.

    Paper: it gives no formula for the class weights; ``inverse`` is ``N / (K n_c)`` over the classes in training.

    Paper: it gives a weight decay, 0.01, for the text branch only (section 5.2); by default we take it for both.

    Args:
        network: Offers ``forward(batch) -> (batch, classes)`` and ``parameter_groups()``; ``penalty()``,
            ``has_input(batch)`` and ``check_data(data, stage)`` are taken where offered.
        loss: ``loss(logits, target, alpha)``, the target being class indices or, with votes, distributions; by default the
            focal loss.
        optimizer: Makes the one optimizer of the named groups.
        lr_scheduler: Makes a schedule from the optimizer and the optimizer steps of the run; None keeps the rates.
        group_options: Values of some groups in place of the optimizer's, such as ``{"pooling": {"lr": 1e-4}}``.
        class_weighting: ``inverse`` frequency, or ``none``.
        classes: The class list or its length; by default the network's, else the eight of MSP-Podcast.
    """

    class_count: Tensor
    class_weight: Tensor

    def __init__(
        self,
        network: nn.Module,
        loss: nn.Module | None = None,
        optimizer: OptimizerCallable = lambda params: torch.optim.AdamW(params, lr=1e-5, weight_decay=0.01),
        lr_scheduler: SchedulerCallable | None = None,
        group_options: GroupOptions | None = None,
        class_weighting: Literal["inverse", "none"] = "inverse",
        classes: Sequence[str] | int | None = None,
    ) -> None:
        super().__init__()
        self.save_hyperparameters()
        self.network = network
        self.loss = FocalLoss() if loss is None else loss
        self.optimizer = optimizer
        self.lr_scheduler = lr_scheduler
        self.group_options = group_options
        self.class_weighting = class_weighting
        if classes is None:
            classes = getattr(network, "classes", None) or getattr(network, "n_classes", None) or EMOTIONS
        self.classes: tuple[str, ...] | None = None if isinstance(classes, int) else tuple(classes)
        self.n_classes = classes if isinstance(classes, int) else len(classes)
        self.register_buffer("class_count", torch.zeros(self.n_classes))
        self.register_buffer("class_weight", torch.ones(self.n_classes))
        self.train_loss = MeanMetric()

    def setup(self, stage: str) -> None:
        """Check the class list and, at the start of a fit, take from the data module what the data decide.

        Raises:
            ConfigError: If the data module has another class list, lacks what is needed of it, or makes what the network
                cannot take.
        """
        data: Any = getattr(self.trainer, "datamodule", None)
        self._check_classes(data)
        if hasattr(self.network, "check_data"):
            self.network.check_data(data, stage)
        if stage != "fit":
            return
        if hasattr(data, "class_counts"):
            self.set_class_counts(data.class_counts())
        elif self.class_weighting != "none":
            raise ConfigError(
                f"class_weighting '{self.class_weighting}' needs the class counts of the training data: "
                "train with a data module that has class_counts(), or set class_weighting to none"
            )
        if hasattr(self.network, "set_normalization"):
            if hasattr(data, "waveform_statistics"):
                self.network.set_normalization(*data.waveform_statistics())
            else:
                _log.warning("no data module with waveform_statistics(): waveforms keep the scale that they have")

    def set_class_counts(self, counts: Tensor) -> None:
        """Set the weight of each class from the training utterances of each, ``(classes,)``: their number, or the sum of their votes.

        Raises:
            ConfigError: If there is none.
        """
        present = counts > 0
        n_present = int(present.sum())
        if n_present == 0:
            raise ConfigError("no training utterance has a label of the class list; check the table and its classes")
        if n_present < len(counts):
            absent = [self._name(k) for k in (~present).nonzero()[:, 0].tolist()]
            _log.warning("no training utterance of %s: never predicted, and left out of the prior", some(absent, limit=len(absent)))
        weight = counts.sum() / (n_present * counts.where(present, 1)) if self.class_weighting == "inverse" else torch.ones(len(counts))
        self.class_count.copy_(counts)
        self.class_weight.copy_(weight * present)

    def source_prior(self) -> Tensor | None:
        """Return the class distribution that the posterior assumes, ``(classes,)``; None before the data were seen.

        Paper: knows no source prior; we take classes in proportion to ``alpha_c n_c``, as which a cross-entropy with weights
        ``alpha_c`` sees them. With the focal loss's ``gamma`` above 0 this holds approximately.
        """
        mass = self.class_weight.double() * self.class_count
        return mass / mass.sum() if bool(mass.any()) else None

    def new_scores(self) -> MetricCollection:
        """Return empty scores for one split."""
        return emotion_metrics(self.n_classes)

    def forward(self, batch: Batch) -> Tensor:
        """Return logits ``(batch, classes)``: NaN for an absent class, and for an utterance without input."""
        return self._outputs(batch).masked_fill(self.class_weight == 0, torch.nan)

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        """Return the mean loss of the utterances that have target and input, and the network's penalty.

        Raises:
            EmojudgeError: If the loss is not finite; the message names the utterances.
        """
        loss, _, n = self._step(batch, batch.emotion if batch.votes is None else batch.votes)
        self.train_loss.update(loss.detach(), weight=n)
        self.log("train/loss", self.train_loss, on_step=False, on_epoch=True, prog_bar=True, batch_size=len(batch.row))
        if hasattr(self.network, "penalty"):
            loss = loss + self.network.penalty()
        if not loss.isfinite():
            raise EmojudgeError(
                f"the training loss is {loss.item()} at step {self.global_step}, in the batch of {some(batch.id, limit=len(batch.id))}; "
                "lower the learning rate, or look at these utterances"
            )
        return loss

    def validation_step(self, batch: Batch, batch_idx: int, dataloader_idx: int = 0) -> None:
        """Take a batch of the split that selects checkpoints."""
        self._evaluate(batch, dataloader_idx)

    def test_step(self, batch: Batch, batch_idx: int, dataloader_idx: int = 0) -> None:
        """Take a batch of a split that is only scored."""
        self._evaluate(batch, dataloader_idx)

    def predict_step(self, batch: Batch, batch_idx: int, dataloader_idx: int = 0) -> dict[str, Tensor]:
        """Return ``row`` ``(batch,)`` and ``logits`` ``(batch, classes)``, NaN as in :meth:`forward`."""
        return {"row": batch.row, "logits": self(batch).float()}

    def _evaluate(self, batch: Batch, dataloader_idx: int) -> None:
        loss, logits, n = self._step(batch, batch.emotion)
        prediction = logits.argmax(dim=1).masked_fill(logits.isnan().any(dim=1), -1)
        self.monitors[dataloader_idx].update(loss, n, batch.row, prediction, batch.emotion)  # type: ignore[operator]

    def _step(self, batch: Batch, target: Tensor | None) -> tuple[Tensor, Tensor, int]:
        """Return the mean loss of a batch, its logits with ``-inf`` for absent classes, and how many utterances the loss is of.

        The target is class indices, -1 where there is none, or distributions, zero throughout where there is none.
        """
        if target is None:
            raise ConfigError("the batches have no emotion labels; give the data module a table that has some")
        logits = self._outputs(batch)
        known = (target >= 0 if target.ndim == 1 else target.sum(dim=1) > 0) & self._has_input(batch)
        n = int(known.sum())
        logits = logits.masked_fill(self.class_weight == 0, -torch.inf)
        if n:
            # in float32: the logarithm of a small probability is not for half precision
            loss = self.loss(logits[known].float(), target[known], self.class_weight)
        else:  # every parameter still needs a gradient where processes wait for each other
            loss = torch.stack([p.sum() for p in self.network.parameters() if p.requires_grad]).sum() * 0
        return loss, logits, n

    def _check_classes(self, data: Any) -> None:
        theirs = getattr(data, "classes", None)
        if theirs is None:
            return
        theirs = tuple(theirs)
        if self.classes is None and len(theirs) == self.n_classes:
            self.classes = theirs
        elif theirs != self.classes:
            ours = f"{self.n_classes} classes" if self.classes is None else ", ".join(self.classes)
            raise ConfigError(f"the data module has the classes {', '.join(theirs)}, the network {ours}; give both one list, in one order")

    def _name(self, k: int) -> str:
        return self.classes[k] if self.classes is not None else f"class {k}"
