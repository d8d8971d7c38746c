"""Training monitors: torchmetrics faces of ``evaluation.scores``, over whole splits and each utterance once."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torchmetrics import MeanMetric, Metric, MetricCollection
from torchmetrics.utilities import dim_zero_cat

from .evaluation import score_emotions


def emotion_metrics(classes: Sequence[str] | int) -> MetricCollection:
    """Return ``macro_f1``, ``accuracy`` and ``uar`` (unweighted average recall) as one collection.

    Each is updated with ``(row, prediction, truth)``, three ``(batch,)`` int64 tensors; they share one state.
    """
    n_classes = classes if isinstance(classes, int) else len(classes)
    return MetricCollection({measure: EmotionScore(measure, n_classes) for measure in ("macro_f1", "accuracy", "uar")})


class EmotionScore(Metric):
    """One measure of :func:`~emojudge.evaluation.score_emotions`, gathered over batches and processes.

    It gathers the rows of the table with the predictions, so that an utterance that came twice (a sampler that
    levels the processes) counts once, and gives the number that the report gives.

    Args:
        measure: Name of the score, such as ``macro_f1``.
        n_classes: Length of the class list.
    """

    full_state_update = False
    higher_is_better = True
    gathered: list[Tensor]

    def __init__(self, measure: str, n_classes: int, **options: Any) -> None:
        super().__init__(**options)
        self.measure = measure
        self.n_classes = n_classes
        self.add_state("gathered", default=[], dist_reduce_fx="cat")

    def update(self, row: Tensor, prediction: Tensor, truth: Tensor) -> None:
        """Take a batch.

        Args:
            row: Row of each utterance in the table, ``(batch,)`` int64.
            prediction: Predicted class, ``(batch,)`` int64; -1 without input, which counts as wrong.
            truth: True class, ``(batch,)`` int64; an utterance with -1 has no label and is left out.
        """
        known = truth >= 0
        self.gathered.append(torch.stack([row, prediction, truth], dim=1)[known])  # (labelled, 3)

    def compute(self) -> Tensor:
        """Return the score over all utterances so far; NaN if none had a label."""
        gathered = dim_zero_cat(self.gathered).cpu().numpy().reshape(-1, 3)
        if not len(gathered):
            return torch.tensor(torch.nan, device=self.device)
        once = {row: (prediction, truth) for row, prediction, truth in gathered.tolist()}
        prediction = [predicted if predicted >= 0 else None for predicted, _ in once.values()]
        scores = score_emotions([truth for _, truth in once.values()], prediction, range(self.n_classes))
        return torch.tensor(scores[self.measure], device=self.device)

    def sync(self, *args: Any, **options: Any) -> None:
        """Gather over processes; one that saw no batch brings an empty tensor of the right form."""
        if isinstance(self.gathered, list) and not self.gathered:
            self.gathered.append(torch.empty(0, 3, dtype=torch.int64, device=self.device))
        super().sync(*args, **options)


class Monitor(nn.Module):
    """Mean loss and scores of one evaluated split, over its batches and all processes.

    Args:
        name: What its values are logged under, such as ``val``.
        scores: A collection such as :func:`emotion_metrics` returns.
    """

    def __init__(self, name: str, scores: MetricCollection) -> None:
        super().__init__()
        self.name = name
        self.loss = MeanMetric()  # not nan_strategy="disable": torchmetrics 1.9 then ignores the weights
        self.scores = scores

    def update(self, loss: Tensor, n: int, row: Tensor, prediction: Tensor, truth: Tensor) -> None:
        """Take a batch: its mean loss over ``n`` utterances, and what the scores take."""
        self.loss.update(loss.detach(), weight=n)
        self.scores.update(row, prediction, truth)

    def compute(self) -> dict[str, Tensor]:
        """Return ``<name>/loss`` and the scores by name, the same in every process."""
        scores = {"loss": self.loss.compute(), **self.scores.compute()}
        return {f"{self.name}/{measure}": value for measure, value in scores.items()}
