"""``EmotionClassifier``: what trains, monitors and predicts emotions with any network."""

import logging
from collections.abc import Sequence
from inspect import signature
from typing import Any, ClassVar

import torch
from lightning.pytorch.cli import OptimizerCallable
from torch import Tensor, nn

from ..batch import Batch
from ..errors import ConfigError
from ..labels import EMOTIONS
from ..losses import FocalLoss
from ..metrics import EmotionMonitor
from .class_weights import ClassWeighting, class_weights
from .groups import GroupOptions
from .module import EmojudgeModule, SchedulerCallable, Term, at_least_float32

_log = logging.getLogger(__name__)


class EmotionTask(EmojudgeModule):
    """The part of a module that learns emotions: class list, weights of the classes, loss and scores.

    When a fit starts it asks the data module for ``class_counts()`` and ``classes``, and keeps the answers in buffers, so that a
    checkpoint needs no labels. A class without a training utterance gets weight 0, its logit is masked, and a warning
    names it. Utterances without a label or without input do not train; in evaluation those without input count as wrong.

    Where training batches hold ``votes``, their distribution is the target instead of the label, and ``class_counts()`` are sums
    of shares. Evaluation, its loss too, is of the labels.
    """

    class_count: Tensor
    class_weight: Tensor

    def _set_emotions(self, loss: nn.Module, class_weighting: ClassWeighting, beta: float, classes: Sequence[str] | int | None) -> None:
        """Take the settings of the task; the constructor of a module calls this.

        Raises:
            ConfigError: If the loss does not take weights of the classes.
        """
        try:
            signature(loss.forward).bind("logits", "target", "alpha")
        except TypeError as error:
            raise ConfigError(
                f"a loss of emotions takes logits, targets and the weights of the classes, and {type(loss).__name__} does not; "
                "give one such as emojudge.losses.FocalLoss"
            ) from error
        self.losses["emotion"] = loss
        self.class_weighting, self.class_weighting_beta = class_weighting, beta
        if classes is None:
            names, n_classes = getattr(self.network, "classes", None), getattr(self.network, "n_classes", None)
            classes = names if names is not None else EMOTIONS if n_classes is None else n_classes
        self.classes = None if isinstance(classes, int) else tuple(classes)
        self.n_classes = classes if isinstance(classes, int) else len(classes)
        self.register_buffer("class_count", torch.zeros(self.n_classes))
        self.register_buffer("class_weight", torch.ones(self.n_classes))

    def set_class_counts(self, counts: Tensor) -> None:
        """Set the weight of each class from the training utterances of each, ``(classes,)``: their number, or the sum of their votes.

        Raises:
            ConfigError: If there is none, or the class weighting does not fit.
        """
        weight = class_weights(counts, self.class_weighting, beta=self.class_weighting_beta)
        if absent := [self.classes[k] if self.classes else f"class {k}" for k in (counts == 0).nonzero()[:, 0].tolist()]:
            _log.warning("no training utterance of %s: never predicted, and left out of the prior", ", ".join(absent))
        self.class_count.copy_(counts)
        self.class_weight.copy_(weight)

    def source_prior(self) -> Tensor | None:
        """Return the class distribution that the posterior assumes, ``(classes,)``; None before the data were seen.

        Paper: knows no source prior; we take classes in proportion to ``alpha_c n_c``, as which a cross-entropy with weights
        ``alpha_c`` sees them. With the focal loss's ``gamma`` above 0 this holds approximately.
        """
        mass = self.class_weight.double() * self.class_count
        return mass / mass.sum() if bool(mass.any()) else None

    def new_monitors(self, name: str) -> dict[str, nn.Module]:
        """Return empty monitors of one split by task."""
        return {"emotion": EmotionMonitor(name, self.n_classes), **super().new_monitors(name)}

    def _check_data(self, data: Any) -> None:
        super()._check_data(data)
        theirs = getattr(data, "classes", None)
        if theirs is None:
            return
        theirs = tuple(theirs)
        if self.classes is None and len(theirs) == self.n_classes:
            self.classes = theirs
        elif theirs != self.classes:
            ours = f"{self.n_classes} classes" if self.classes is None else ", ".join(self.classes)
            raise ConfigError(f"the data module has the classes {', '.join(theirs)}, the network {ours}; give both one list, in one order")

    def _learn_from(self, data: Any) -> None:
        super()._learn_from(data)
        if hasattr(data, "class_counts"):
            self.set_class_counts(data.class_counts())
        elif self.class_weighting != "none":
            raise ConfigError(
                f"class_weighting '{self.class_weighting}' needs the class counts of the training data: "
                "train with a data module that has class_counts(), or set class_weighting to none"
            )

    def _absent(self) -> list[Tensor]:
        return [self.class_weight == 0, *super()._absent()]

    def _terms(self, outputs: Tensor, batch: Batch) -> dict[str, Term]:
        term, _ = self._emotion_term(outputs, batch, batch.emotion if batch.votes is None else batch.votes)
        return {"emotion": term, **super()._terms(outputs, batch)}

    def _score(self, monitors: Any, outputs: Tensor, batch: Batch) -> None:
        super()._score(monitors, outputs, batch)
        (loss, known), logits = self._emotion_term(outputs, batch, batch.emotion)
        prediction = logits.argmax(dim=1).masked_fill(logits.isnan().any(dim=1), -1)
        monitors["emotion"].update(loss, int(known.sum()), batch.row, prediction, batch.emotion)

    def _predictions(self, outputs: Tensor) -> dict[str, Tensor]:
        return {"logits": outputs[:, : self.n_classes], **super()._predictions(outputs)}

    def _emotion_term(self, outputs: Tensor, batch: Batch, target: Tensor | None) -> tuple[Term, Tensor]:
        """Return the mean loss over the utterances that have target and input, and the logits with ``-inf`` for absent classes.

        The target is class indices, -1 where there is none, or distributions, zero throughout where there is none.
        """
        if target is None:
            raise ConfigError("the batches have no emotion labels; give the data module a table that has some")
        logits = outputs[:, : self.n_classes].masked_fill(self.class_weight == 0, -torch.inf)  # (batch, classes)
        known = (target >= 0 if target.ndim == 1 else target.sum(dim=1) > 0) & self._has_input(batch)
        if not known.any():
            return Term(self._nothing(), known), logits
        return Term(self.losses["emotion"](at_least_float32(logits[known]), target[known], self.class_weight), known), logits


class EmotionClassifier(EmotionTask):
    """Trains a network on emotions (paper, Task 1; sections 5.1 and 5.2) and predicts their logits.

    Where the network normalises waveforms, a fit asks the data module for ``waveform_statistics()`` too.

    Logged: ``<stage>/loss`` (without the penalty), and the scores of :func:`~emojudge.metrics.emotion_metrics` of ``val`` and ``test``.

    Paper: it gives a weight decay, 0.01, for the text branch only (section 5.2); by default we take it for both.

    Args:
        network: Offers ``forward(batch) -> (batch, classes)`` and ``parameter_groups()``; ``penalty()``,
            ``has_input(batch)`` and ``check_data(data, stage)`` are taken where offered.
        loss: ``loss(logits, target, alpha)``, the target being class indices or, with votes, distributions; by default the
            focal loss.
        optimizer: Makes the one optimizer of the named groups.
        lr_scheduler: Makes a schedule from the optimizer and the optimizer steps of the run; None keeps the rates.
        group_options: Values of some groups in place of the optimizer's, such as ``{"pooling": {"lr": 1e-4}}``.
        class_weighting: ``inverse`` frequency, ``inverse_sqrt``, ``effective_number``, ``none``, or one weight a class, as
            :func:`~emojudge.models.class_weights.class_weights` has them.
        class_weighting_beta: Of the effective number of utterances.
        classes: The class list or its length; by default the network's, else the eight of MSP-Podcast.
        micro_batches: In how many parts a training batch goes through the network, to save memory; ``data.init_args.batch_size`` is
            then the effective batch.
    """

    tasks: ClassVar[tuple[str, ...]] = ("emotion",)
    monitor: ClassVar[str] = "val/macro_f1"

    def __init__(
        self,
        network: nn.Module,
        loss: nn.Module | None = None,
        optimizer: OptimizerCallable = lambda params: torch.optim.AdamW(params, lr=1e-5, weight_decay=0.01),
        lr_scheduler: SchedulerCallable | None = None,
        group_options: GroupOptions | None = None,
        class_weighting: ClassWeighting = "inverse",
        class_weighting_beta: float = 0.999,
        classes: Sequence[str] | int | None = None,
        micro_batches: int = 1,
    ) -> None:
        super().__init__(network, optimizer, lr_scheduler, group_options, micro_batches)
        self.save_hyperparameters()
        self.loss = FocalLoss() if loss is None else loss
        self._set_emotions(self.loss, class_weighting, class_weighting_beta, classes)
