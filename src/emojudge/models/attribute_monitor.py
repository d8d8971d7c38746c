"""Loss and scores of attributes over a whole split: a concordance is no mean over batches, and neither is its loss."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ..metrics import AttributeScore, Monitor, attribute_metrics


class AttributeLoss(AttributeScore):
    """A loss of the predictions of a whole split, gathered over batches and processes, each utterance once.

    Args:
        loss: ``loss(prediction, target)``, both ``(utterances, attributes)``, a target being NaN where it does not count.
        attributes: Names of the attributes, in the order of the columns.
    """

    higher_is_better = False

    def __init__(self, loss: Callable[[Tensor, Tensor], Tensor], attributes: Sequence[str], **options: Any) -> None:
        super().__init__("loss", attributes, **options)
        self._loss = loss

    def _score(self, values: NDArray[Any]) -> float:
        """Return the loss over the predicted values; NaN if there is none."""
        prediction, target = torch.from_numpy(values).to(self.device).chunk(2, dim=1)  # (utterances, attributes) each
        both = ~prediction.isnan() & ~target.isnan()
        known = both.any(dim=1)
        if not known.any():
            return float("nan")
        target = target.masked_fill(~both, torch.nan)
        return float(self._loss(prediction.nan_to_num()[known], target[known]))


class AttributeMonitor(Monitor):
    """Loss and concordance of one evaluated split, both over the whole of it.

    Args:
        name: What its values are logged under, such as ``val``.
        attributes: Names of the attributes.
        loss: The module's loss; what it has learnt stays the module's own.
    """

    def __init__(self, name: str, attributes: Sequence[str], loss: nn.Module) -> None:
        gathered = AttributeLoss(loss.__call__, attributes)  # a method: the loss must not become a part of the monitor
        super().__init__(name, gathered, attribute_metrics(attributes))

    def update(self, row: Tensor, prediction: Tensor, target: Tensor) -> None:
        """Take a batch of ``(batch, attributes)`` predictions and targets on one scale, NaN where there is none."""
        self.loss.update(row, prediction, target)
        self.scores.update(row, prediction, target)
