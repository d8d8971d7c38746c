"""What every Lightning module here does in a run: steps, scores, the optimizer with its named groups."""

import logging
import math
from collections.abc import Callable
from typing import Any, ClassVar, NamedTuple, TypeAlias

import torch
from lightning.pytorch.cli import OptimizerCallable
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler
from torchmetrics import MeanMetric

from ..batch import Batch
from ..errors import ConfigError, EmojudgeError, some
from ..nn.micro_batches import in_micro_batches
from .groups import GroupOptions, check_options, named_groups
from .saving import SavedModule

_log = logging.getLogger(__name__)

SchedulerCallable: TypeAlias = Callable[[Optimizer, int], LRScheduler]
"""Makes a schedule for an optimizer and the optimizer steps of the run."""


class Term(NamedTuple):
    """What one task adds to the loss of a batch."""

    loss: Tensor
    """Its loss over the utterances that have its target, a scalar."""
    known: Tensor
    """True for each of those, ``(batch,)``."""


class EmojudgeModule(SavedModule):
    """A network under training: its outputs are the logits of classes, then attributes, as the module's tasks say.

    A task is a class of its own between this one and the modules (``EmotionTask``, ``AttributeTask``), which adds its part to each
    method here that returns or takes something for a task.

    Args:
        network: Offers ``forward(batch) -> (batch, outputs)`` and ``parameter_groups()``; ``penalty()``, ``has_input(batch)`` and
            ``check_data(data, stage)`` are taken where offered.
        optimizer: Makes the one optimizer of the named groups.
        lr_scheduler: Makes a schedule from the optimizer and the optimizer steps of the run; None keeps the rates.
        group_options: Values of some groups in place of the optimizer's.
        micro_batches: In how many parts a training batch goes through the network, one after the other
            (:func:`~emojudge.nn.micro_batches.in_micro_batches`): only one part's activations are in memory, and the loss is of the whole
            batch, so that ``data.init_args.batch_size`` is the effective batch, without ``trainer.accumulate_grad_batches``.

    Raises:
        ConfigError: If ``micro_batches`` is below 1.
    """

    monitor: ClassVar[str] = ""
    """The logged value that chooses the best checkpoint: the higher, the better."""

    def __init__(
        self,
        network: nn.Module,
        optimizer: OptimizerCallable,
        lr_scheduler: SchedulerCallable | None,
        group_options: GroupOptions | None,
        micro_batches: int,
    ) -> None:
        super().__init__()
        if micro_batches < 1:
            raise ConfigError(f"micro_batches is {micro_batches}, expected 1 or more")
        self.network: Any = network
        self._check_tasks()
        self.optimizer = optimizer
        self.lr_scheduler = lr_scheduler
        self.group_options = group_options
        self.micro_batches = micro_batches
        self.losses: dict[str, nn.Module] = {}  # by task; registered under the names of the constructor's arguments
        self.loss_weights = dict.fromkeys(self.tasks, 1.0)
        self.train_loss = MeanMetric()
        self.train_losses = nn.ModuleDict({task: MeanMetric() for task in self.tasks} if len(self.tasks) > 1 else {})
        self.monitors = nn.ModuleList()  # for each split under evaluation one by task, made when that begins

    def setup(self, stage: str) -> None:
        """Check classes, attributes and data and, at the start of a fit, take from the data module what the data decide.

        Raises:
            ConfigError: If the data module has another class list, lacks what is needed of it, or makes what the network
                cannot take.
            CorpusError: If the corpus has no target for a task.
        """
        data: Any = getattr(self.trainer, "datamodule", None)
        self._check_data(data)
        if hasattr(self.network, "check_data"):
            self.network.check_data(data, stage)
        if stage != "fit":
            return
        self._learn_from(data)
        if hasattr(self.network, "set_normalization"):
            if hasattr(data, "waveform_statistics"):
                self.network.set_normalization(*data.waveform_statistics())
            else:
                _log.warning("no data module with waveform_statistics(): waveforms keep the scale that they have")

    def forward(self, batch: Batch) -> Tensor:
        """Return the network's outputs ``(batch, outputs)``: logits, then attributes as ``(y - 1) / 6``.

        NaN for a class or an attribute that was not in training, and for an utterance without input.
        """
        return self._outputs(batch).masked_fill(torch.cat(self._absent()), torch.nan)

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        """Return the loss of the utterances that have target and input, and the network's penalty.

        Raises:
            EmojudgeError: If the loss is not finite; the message names the utterances.
        """
        terms = self._terms(self._outputs(batch, self.micro_batches), batch)
        loss = self._weighted({task: term.loss for task, term in terms.items()})
        known = torch.stack([term.known for term in terms.values()])  # (tasks, batch)
        options: dict[str, Any] = {"on_step": False, "on_epoch": True, "batch_size": len(batch.row)}
        self.train_loss.update(loss.detach(), weight=known.any(dim=0).sum())
        self.log("train/loss", self.train_loss, prog_bar=True, **options)
        for task, mean in self.train_losses.items():
            mean.update(terms[task].loss.detach(), weight=terms[task].known.sum())  # type: ignore[operator]
            self.log(f"train/{task}_loss", mean, **options)  # type: ignore[arg-type]
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
        self._score(self.monitors[dataloader_idx], self._outputs(batch), batch)

    def test_step(self, batch: Batch, batch_idx: int, dataloader_idx: int = 0) -> None:
        """Take a batch of a split that is only scored."""
        self._score(self.monitors[dataloader_idx], self._outputs(batch), batch)

    def predict_step(self, batch: Batch, batch_idx: int, dataloader_idx: int = 0) -> dict[str, Tensor]:
        """Return ``row`` ``(batch,)`` and, as the tasks are, ``logits`` ``(batch, classes)`` and ``attributes`` ``(batch, attributes)``.

        Attributes are in the order of ``self.attributes`` and from 1 to 7, not clipped. NaN as in :meth:`forward`.
        """
        return {"row": batch.row, **self._predictions(self(batch).float())}

    def on_validation_epoch_start(self) -> None:
        """Begin the scores of the validation split."""
        self._begin("val", len(self.trainer.num_val_batches))

    def on_test_epoch_start(self) -> None:
        """Begin the scores of each test split."""
        self._begin("test", len(self.trainer.num_test_batches))

    def on_validation_epoch_end(self) -> None:
        """Log the scores of the whole split."""
        self._log_scores()

    def on_test_epoch_end(self) -> None:
        """Log the scores of each whole split."""
        self._log_scores()

    def configure_optimizers(self) -> Any:
        """Return one optimizer with the network's named groups, and its schedule by optimizer step.

        Paper: section 5.2 has separate optimizers for the pooling layer and the regression network. AdamW treats
        each parameter by itself, so groups of one AdamW are the same, and accumulation, clipping, mixed precision and
        resuming keep working.

        Raises:
            ConfigError: If ``group_options`` names no group or no option of the optimizer, or a schedule does not know the run's length.
        """
        optimizer = self.optimizer(named_groups(self, self.network.parameter_groups(), self.group_options or {}))
        check_options(self.group_options or {}, optimizer.defaults, type(optimizer).__name__)
        if self.lr_scheduler is None:
            return optimizer
        steps = self.trainer.estimated_stepping_batches
        if not math.isfinite(steps):
            raise ConfigError("a learning-rate schedule needs the length of the run: set trainer.max_epochs or trainer.max_steps")
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": self.lr_scheduler(optimizer, int(steps)), "interval": "step"}}

    # each task adds to these

    def new_monitors(self, name: str) -> dict[str, nn.Module]:
        """Return an empty monitor by task for one split, what it computes being named ``<name>/<measure>``, the loss among it."""
        return {}

    def _check_data(self, data: Any) -> None:
        """Check that a data module has what the tasks need, as far as it tells."""

    def _learn_from(self, data: Any) -> None:
        """Take from a data module what the training data decide."""

    def _absent(self) -> list[Tensor]:
        """Return for each task True for its outputs that were not in training, ``(outputs of the task,)``."""
        return []

    def _terms(self, outputs: Tensor, batch: Batch) -> dict[str, Term]:
        """Return what each task adds to the training loss."""
        return {}

    def _score(self, monitors: Any, outputs: Tensor, batch: Batch) -> None:
        """Let the monitors of a split take a batch."""

    def _predictions(self, outputs: Tensor) -> dict[str, Tensor]:
        """Return what is predicted by name."""
        return {}

    # what they share

    def _begin(self, stage: str, n_loaders: int) -> None:
        """Make monitors for each loader: ``test``, or ``test/<split>`` where there are several."""
        splits = getattr(getattr(self.trainer, "datamodule", None), f"{stage}_splits", [])
        splits = splits if len(splits) == n_loaders else range(n_loaders)
        names = [stage] if n_loaders == 1 else [f"{stage}/{split}" for split in splits]
        self.monitors = nn.ModuleList(nn.ModuleDict(self.new_monitors(name)) for name in names).to(self.device)

    def _log_scores(self) -> None:
        for monitors in self.monitors:
            values: dict[str, Tensor] = {}
            losses: dict[str, Tensor] = {}
            for task, monitor in monitors.items():  # type: ignore[operator]
                found = monitor.compute()
                losses[task] = found.pop(f"{monitor.name}/loss")
                values |= found
            values[f"{monitor.name}/loss"] = self._weighted(losses)
            if len(losses) > 1:
                values |= {f"{monitor.name}/{task}_loss": loss for task, loss in losses.items()}
            self.log_dict(values, prog_bar=True, sync_dist=True)
        self.monitors = nn.ModuleList()

    def _check_tasks(self) -> None:
        """Refuse a network that says that it gives something else than what is learnt.

        Raises:
            ConfigError: If it does.
        """
        given = {"emotion": getattr(self.network, "n_classes", 0), "attributes": len(getattr(self.network, "attributes", ()))}
        tasks = tuple(task for task, n in given.items() if n)
        if tasks not in ((), self.tasks):
            raise ConfigError(
                f"{type(self).__name__} learns {' and '.join(self.tasks)}, but the network gives {' and '.join(tasks)}; set its classes "
                "and its attributes to what is to be learnt, null (None) for nothing, or take the module of what it gives"
            )

    def _weighted(self, losses: dict[str, Tensor]) -> Tensor:
        """Return the sum of the tasks' losses under their weights."""
        return torch.stack([self.loss_weights[task] * loss for task, loss in losses.items()]).sum()

    def _outputs(self, batch: Batch, n_parts: int = 1) -> Tensor:
        """Return what the network gives, ``(batch, outputs)``, having taken the batch in so many parts.

        Raises:
            ConfigError: If it has another width than classes and attributes.
            EmojudgeError: If an utterance with input has an output that is not finite: NaN must only ever mean "no input".
        """
        outputs = in_micro_batches(self.network, batch, n_parts)
        wanted = self.n_classes + len(self.attributes)
        if outputs.shape[1] != wanted:
            raise ConfigError(
                f"the network gives {outputs.shape[1]} outputs, expected {wanted} for {self.n_classes} classes and "
                f"{len(self.attributes)} attributes; give network and module the same lists"
            )
        broken = ~outputs.isfinite().all(dim=1) & self._has_input(batch)
        if broken.any():
            names = [name for name, bad in zip(batch.id, broken.tolist(), strict=True) if bad]
            raise EmojudgeError(
                f"the network gives values that are not finite for {some(names)} (step {self.global_step}); "
                "lower the learning rate, or look at these utterances"
            )
        return outputs

    def _has_input(self, batch: Batch) -> Tensor:
        if hasattr(self.network, "has_input"):
            return self.network.has_input(batch)  # type: ignore[no-any-return]
        return torch.ones_like(batch.row, dtype=torch.bool)

    def _nothing(self) -> Tensor:
        """Return 0 as a loss of every trainable parameter: each needs a gradient where processes wait for each other."""
        return torch.stack([p.sum() for p in self.network.parameters() if p.requires_grad]).sum() * 0


def at_least_float32(values: Tensor) -> Tensor:
    """Return values in float32 where they are of half precision, which losses are not for."""
    return values.to(torch.promote_types(values.dtype, torch.float32))
