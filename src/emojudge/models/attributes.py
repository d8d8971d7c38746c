"""``AttributeRegressor``: what trains, monitors and predicts valence, arousal and dominance with any network."""

import logging
from collections.abc import Sequence
from typing import Any, ClassVar

import torch
from lightning.pytorch.cli import OptimizerCallable
from torch import Tensor, nn

from ..batch import Batch
from ..errors import ConfigError
from ..labels import ATTRIBUTES
from ..losses import ConcordanceLoss
from .attribute_monitor import AttributeMonitor
from .groups import GroupOptions
from .module import EmojudgeModule, SchedulerCallable, Term, at_least_float32
from .network import known_attributes

_log = logging.getLogger(__name__)


class AttributeTask(EmojudgeModule):
    """The part of a module that learns attributes: their names, loss and scores.

    When a fit starts it asks the data module for ``attribute_counts()``. An attribute without a value in training is left out like an
    absent class: it adds nothing to the loss, its predictions are NaN, and a warning names it. Utterances without input or without a
    value do not train; those with a value of some attributes train these.

    Paper: silent on the networks' scale. They see ``(y - 1) / 6`` and give it unsquashed; predictions are back in 1 to 7, unclipped.
    """

    attribute_present: Tensor

    def _set_attributes(self, loss: nn.Module, attributes: Sequence[str] | None) -> None:
        """Take the settings of the task; the constructor of a module calls this."""
        self.losses["attributes"] = loss
        self.attributes = known_attributes(getattr(self.network, "attributes", ATTRIBUTES) if attributes is None else attributes)
        if not self.attributes:
            raise ConfigError(
                f"{type(self).__name__} learns attributes, and the network gives none; set its attributes to {list(ATTRIBUTES)}"
            )
        self._places = [ATTRIBUTES.index(name) for name in self.attributes]
        self.register_buffer("attribute_present", torch.ones(len(self.attributes), dtype=torch.bool))

    def set_attribute_counts(self, counts: Tensor) -> None:
        """Leave out what has no value among the training utterances, ``(3,)`` in the order of ``labels.ATTRIBUTES``.

        Raises:
            ConfigError: If no attribute of the network has one.
        """
        present = counts[self._places] > 0
        if not present.any():
            raise ConfigError(f"no training utterance has a value of {', '.join(self.attributes)}; check the table and its columns")
        if absent := self._names(~present):
            _log.warning("no training utterance has a value of %s: never predicted", ", ".join(absent))
        self.attribute_present.copy_(present)

    def absent_attributes(self) -> tuple[str, ...]:
        """Return the attributes that training did not have, or that the network does not give, in the order of ``labels.ATTRIBUTES``."""
        given = self._names(self.attribute_present)
        return tuple(name for name in ATTRIBUTES if name not in given)

    def new_monitors(self, name: str) -> dict[str, nn.Module]:
        """Return empty monitors of one split by task."""
        return {**super().new_monitors(name), "attributes": AttributeMonitor(name, self.attributes, self.losses["attributes"])}

    def _learn_from(self, data: Any) -> None:
        super()._learn_from(data)
        if hasattr(data, "attribute_counts"):
            self.set_attribute_counts(data.attribute_counts())

    def _absent(self) -> list[Tensor]:
        return [*super()._absent(), ~self.attribute_present]

    def _terms(self, outputs: Tensor, batch: Batch) -> dict[str, Term]:
        prediction, target = self._pair(outputs, batch)
        known = ~target.isnan().all(dim=1) & self._has_input(batch)
        # called for no utterance too, which is a loss of 0: it may be one over all processes
        loss = self.losses["attributes"](prediction[known], target[known])
        return {**super()._terms(outputs, batch), "attributes": Term(loss if known.any() else loss + self._nothing(), known)}

    def _score(self, monitors: Any, outputs: Tensor, batch: Batch) -> None:
        super()._score(monitors, outputs, batch)
        prediction, target = self._pair(outputs, batch)
        monitors["attributes"].update(batch.row, prediction.masked_fill(~self.attribute_present, torch.nan), target)

    def _predictions(self, outputs: Tensor) -> dict[str, Tensor]:
        values = outputs.new_full((len(outputs), len(ATTRIBUTES)), torch.nan)
        values[:, self._places] = outputs[:, self.n_classes :] * 6 + 1
        return {**super()._predictions(outputs), "attributes": values}

    def _pair(self, outputs: Tensor, batch: Batch) -> tuple[Tensor, Tensor]:
        """Return predicted and true attributes ``(batch, attributes)`` on the network's scale.

        Raises:
            ConfigError: If the batch has none.
        """
        if batch.attributes is None:
            raise ConfigError("the batches have no attributes; give the data module a table that has some")
        return at_least_float32(outputs[:, self.n_classes :]), batch.attributes[:, self._places]

    def _names(self, chosen: Tensor) -> list[str]:
        return [name for name, it in zip(self.attributes, chosen.tolist(), strict=True) if it]


class AttributeRegressor(AttributeTask):
    """Trains a network on attributes (paper, Task 2; sections 5.1 and 5.2) and predicts them from 1 to 7.

    Where the network normalises waveforms, a fit asks the data module for ``waveform_statistics()`` too.

    Logged: ``train/loss`` (the mean over batches, without the penalty); of ``val`` and ``test`` ``loss``, ``ccc_valence``,
    ``ccc_arousal``, ``ccc_dominance`` and ``ccc_mean``, all over the whole split at once.

    Args:
        network: Offers ``forward(batch) -> (batch, attributes)`` on the scale ``(y - 1) / 6`` and ``parameter_groups()``;
            ``penalty()``, ``has_input(batch)`` and ``check_data(data, stage)`` are taken where offered.
        loss: ``loss(prediction, target)``, both ``(batch, attributes)``, a target being NaN where unknown and the loss of no utterance
            0; by default the sum over attributes of one minus the concordance.
        optimizer: Makes the one optimizer of the named groups.
        lr_scheduler: Makes a schedule from the optimizer and the optimizer steps of the run; None keeps the rates.
        group_options: Values of some groups in place of the optimizer's, such as ``{"pooling": {"lr": 1e-4}}``.
        attributes: Names of the network's outputs; by default the network's, else valence, arousal and dominance.
        micro_batches: In how many parts a training batch goes through the network, to save memory; ``data.init_args.batch_size`` is
            then the effective batch, over all of which concordance is taken.

    >>> from emojudge.models import AcousticNetwork
    >>> from emojudge.nn.encoders import EcapaTdnn
    >>> network = AcousticNetwork(EcapaTdnn(channels=16, features=24), classes=None, attributes=ATTRIBUTES)
    >>> AttributeRegressor(network).attributes
    ('valence', 'arousal', 'dominance')
    """

    tasks: ClassVar[tuple[str, ...]] = ("attributes",)
    monitor: ClassVar[str] = "val/ccc_mean"

    def __init__(
        self,
        network: nn.Module,
        loss: nn.Module | None = None,
        optimizer: OptimizerCallable = lambda params: torch.optim.AdamW(params, lr=1e-5, weight_decay=0.01),
        lr_scheduler: SchedulerCallable | None = None,
        group_options: GroupOptions | None = None,
        attributes: Sequence[str] | None = None,
        micro_batches: int = 1,
    ) -> None:
        super().__init__(network, optimizer, lr_scheduler, group_options, micro_batches)
        self.save_hyperparameters()
        self.loss = ConcordanceLoss() if loss is None else loss
        self._set_attributes(self.loss, attributes)
