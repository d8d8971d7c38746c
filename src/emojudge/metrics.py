"""Training monitors: torchmetrics faces of :mod:`emojudge.evaluation`, over whole splits and each utterance once."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torchmetrics import MeanMetric, Metric, MetricCollection
from torchmetrics.utilities import dim_zero_cat

from .evaluation import score_attributes, score_emotions
from .labels import ATTRIBUTES


def emotion_metrics(classes: Sequence[str] | int) -> MetricCollection:
    """Return ``macro_f1``, ``macro_f1_uniform`` (under equally frequent classes), ``accuracy`` and ``uar`` (unweighted average recall).

    They are one collection. Each is updated with ``(row, prediction, truth)``, three ``(batch,)`` int64 tensors; they share one state.
    """
    n_classes = classes if isinstance(classes, int) else len(classes)
    return _collection([EmotionScore(measure, n_classes) for measure in ("macro_f1", "macro_f1_uniform", "accuracy", "uar")])


def attribute_metrics(attributes: Sequence[str] = ATTRIBUTES) -> MetricCollection:
    """Return ``ccc_<attribute>`` for each attribute and ``ccc_mean`` as one collection.

    Each is updated with ``(row, prediction, truth)``: ``(batch,)`` int64 and two ``(batch, attributes)`` on one scale; they share one
    state.
    """
    return _collection([AttributeScore(f"ccc_{name}", attributes) for name in (*attributes, "mean")])


class SplitScore(Metric):
    """A score of a whole split, gathered over batches and processes.

    It gathers the rows of the table with truth and predictions, so that an utterance that came twice (a sampler that levels the
    processes) counts once, and gives the number that the report gives.

    Args:
        measure: Name of the score, as :mod:`emojudge.evaluation` calls it.
        width: How many values of an utterance are gathered.
        dtype: Their type.
    """

    full_state_update = False
    higher_is_better = True
    rows: list[Tensor]
    values: list[Tensor]

    def __init__(self, measure: str, width: int, dtype: torch.dtype, **options: Any) -> None:
        super().__init__(**options)
        self.measure = measure
        self.width = width
        self.dtype_of_values = dtype
        self.add_state("rows", default=[], dist_reduce_fx="cat")
        self.add_state("values", default=[], dist_reduce_fx="cat")

    def compute(self) -> Tensor:
        """Return the score over all utterances so far; NaN if none had a true value."""
        rows = dim_zero_cat(self.rows).cpu().numpy() if len(self.rows) else np.empty(0)
        if not len(rows):
            return torch.tensor(torch.nan, device=self.device)
        once = np.unique(rows, return_index=True)[1]  # a first place for each row of the table
        return torch.tensor(self._score(dim_zero_cat(self.values).cpu().numpy()[once]), device=self.device)

    def sync(self, *args: Any, **options: Any) -> None:
        """Gather over processes; one that saw no batch brings empty tensors of the right form."""
        if isinstance(self.rows, list) and not self.rows:
            self._gather(torch.empty(0, dtype=torch.int64, device=self.device), torch.empty(0, self.width, device=self.device))
        super().sync(*args, **options)

    def _gather(self, row: Tensor, values: Tensor) -> None:
        """Keep the values ``(n, width)`` of some rows ``(n,)``."""
        self.rows.append(row)
        self.values.append(values.detach().to(self.dtype_of_values))

    def _score(self, values: NDArray[Any]) -> float:
        """Return the measure of the gathered values ``(utterances, width)``."""
        raise NotImplementedError


class EmotionScore(SplitScore):
    """One measure of :func:`~emojudge.evaluation.score_emotions`.

    Args:
        measure: Name of the score, such as ``macro_f1``.
        n_classes: Length of the class list.
    """

    def __init__(self, measure: str, n_classes: int, **options: Any) -> None:
        super().__init__(measure, 2, torch.int64, **options)
        self.n_classes = n_classes

    def update(self, row: Tensor, prediction: Tensor, truth: Tensor) -> None:
        """Take a batch.

        Args:
            row: Row of each utterance in the table, ``(batch,)`` int64.
            prediction: Predicted class, ``(batch,)`` int64; -1 without input, which counts as wrong.
            truth: True class, ``(batch,)`` int64; an utterance with -1 has no label and is left out.
        """
        known = truth >= 0
        self._gather(row[known], torch.stack([prediction, truth], dim=1)[known])

    def _score(self, values: NDArray[Any]) -> float:
        prediction, truth = values.T.tolist()
        return score_emotions(truth, [k if k >= 0 else None for k in prediction], range(self.n_classes))[self.measure]


class AttributeScore(SplitScore):
    """One measure of :func:`~emojudge.evaluation.score_attributes`.

    Args:
        measure: Name of the score, such as ``ccc_valence``.
        attributes: Names of the attributes, in the order of the columns.
    """

    def __init__(self, measure: str, attributes: Sequence[str] = ATTRIBUTES, **options: Any) -> None:
        super().__init__(measure, 2 * len(attributes), torch.float32, **options)
        self.attributes = tuple(attributes)

    def update(self, row: Tensor, prediction: Tensor, truth: Tensor) -> None:
        """Take a batch.

        Args:
            row: Row of each utterance in the table, ``(batch,)`` int64.
            prediction: Predicted values, ``(batch, attributes)``; NaN without input, which leaves the utterance out.
            truth: True values on the same scale, ``(batch, attributes)``; NaN where unknown.
        """
        known = ~truth.isnan().all(dim=1)
        self._gather(row[known], torch.cat([prediction, truth], dim=1)[known])

    def _score(self, values: NDArray[Any]) -> float:
        prediction, truth = np.split(values, 2, axis=1)
        return score_attributes(truth, prediction, self.attributes)[self.measure]


def _collection(scores: Sequence[SplitScore]) -> MetricCollection:
    """Return scores by their measures, as one that is gathered and several that are computed."""
    measures = [score.measure for score in scores]
    return MetricCollection(dict(zip(measures, scores, strict=True)), compute_groups=[measures])


class Monitor(nn.Module):
    """Loss and scores of one evaluated split, over its batches and all processes; a task says what it takes of a batch.

    Args:
        name: What its values are logged under, such as ``val``.
        loss: What gathers the loss.
        scores: A collection such as :func:`emotion_metrics` returns.
    """

    def __init__(self, name: str, loss: Metric, scores: MetricCollection) -> None:
        super().__init__()
        self.name = name
        self.loss = loss
        self.scores = scores

    def compute(self) -> dict[str, Tensor]:
        """Return ``<name>/loss`` and the scores by name, the same in every process."""
        scores = {"loss": self.loss.compute(), **self.scores.compute()}
        return {f"{self.name}/{measure}": value for measure, value in scores.items()}


class EmotionMonitor(Monitor):
    """Mean loss of the utterances of a split, and :func:`emotion_metrics`.

    Args:
        name: What its values are logged under.
        classes: The class list or its length.
    """

    def __init__(self, name: str, classes: Sequence[str] | int) -> None:
        # not nan_strategy="disable": torchmetrics 1.9 then ignores the weights
        super().__init__(name, MeanMetric(), emotion_metrics(classes))

    def update(self, loss: Tensor, n: int, row: Tensor, prediction: Tensor, truth: Tensor) -> None:
        """Take a batch: its mean loss over ``n`` utterances, and what the scores take."""
        self.loss.update(loss.detach(), weight=n)
        self.scores.update(row, prediction, truth)
