"""``PredictionWriter``: predictions files (joint 2) from what a network predicts, batch by batch."""

from functools import partial
from pathlib import Path
from typing import Any, Protocol, cast

import numpy as np
import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from numpy.typing import NDArray
from torch import Tensor

from ..batch import Batch
from ..corpus.table import Table
from ..errors import ConfigError, PredictionsError, some
from ..files import file_digest
from ..labels import ATTRIBUTES
from ..predictions import AttributePredictions, AttributesInfo, Predictions, PredictionsInfo
from .shards import Part, clear_shards, join_on_rank_zero

OUTPUTS = ("logits", "attributes")
"""What a network may predict, by the name under which ``predict_step`` returns it."""


class _PredictingData(Protocol):
    """What the writer asks of the data module."""

    classes: list[str]
    fit_splits: list[str]

    @property
    def table(self) -> Table: ...

    def predict_rows(self) -> NDArray[np.int64]: ...

    def class_counts(self) -> Tensor: ...


class PredictionWriter(Callback):
    """Collects ``predict_step`` outputs and writes them in table order, one file a task.

    The outputs are ``{"row": (batch,) int64}`` with ``"logits": (batch, classes)``, ``"attributes": (batch, attributes)`` in 1 to 7, or
    both. A row without any real sample or token, and the column of a class or attribute that train did not have, are
    null in the file, whatever the network said. With several processes, rank 0 writes what all have. A file appears
    whole, at the end, or not at all.

    Args:
        path: Parquet file to write; by default ``predictions.parquet`` in the trainer's ``default_root_dir``. With both tasks it
            holds the emotions, and the attributes are beside it, in ``predictions_attributes.parquet``.
        system: Name of the system in the file; by default the name of that folder.

    Raises:
        PredictionsError: At the end and on every rank, if an utterance of the predicted splits has no prediction or several.
    """

    def __init__(self, path: str | None = None, system: str | None = None) -> None:
        self.path = path
        self.system = system
        self._parts: dict[str, list[NDArray[Any]]] = {}

    def on_predict_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Forget what an earlier prediction left.

        Raises:
            ConfigError: If there is no data module that says what is to be predicted.
        """
        if not hasattr(getattr(trainer, "datamodule", None), "predict_rows"):
            raise ConfigError("PredictionWriter needs the table of an EmotionDataModule: trainer.predict(model, datamodule=...)")
        self._parts = {}
        if trainer.is_global_zero:
            clear_shards(self._output(trainer))

    def on_predict_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Batch, batch_idx: int, dataloader_idx: int = 0
    ) -> None:
        """Keep the rows and values of one batch.

        Raises:
            ConfigError: If the module predicts neither emotions nor attributes.
        """
        tasks = [name for name in OUTPUTS if name in outputs]
        if not tasks:
            raise ConfigError(f"PredictionWriter needs 'logits' or 'attributes' from predict_step, found {', '.join(outputs)}")
        masks = [mask.any(dim=1) for mask in (batch.waveform_mask, batch.token_mask) if mask is not None]
        without = ~torch.stack(masks).any(dim=0).cpu().numpy() if masks else np.zeros(len(batch.row), dtype=np.bool_)  # (batch,)
        self._parts.setdefault("row", []).append(outputs["row"].cpu().numpy().copy())
        for name in tasks:
            values = outputs[name].detach().cpu().double().numpy().copy()  # (batch, classes or attributes)
            values[without] = np.nan
            self._parts.setdefault(name, []).append(values)

    def on_predict_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Check that every utterance was predicted once, and write the files on rank 0."""
        part = {name: np.concatenate(values) for name, values in self._parts.items()} or {"row": np.zeros(0, dtype=np.int64)}
        self._parts = {}
        join_on_rank_zero(trainer, part, self._output(trainer), partial(self._write, trainer, pl_module))

    def _output(self, trainer: Trainer) -> Path:
        return Path(self.path or Path(trainer.default_root_dir) / "predictions.parquet")

    def _write(self, trainer: Trainer, pl_module: LightningModule, joined: Part) -> None:
        """Write one file a task; none unless all are right."""
        data = cast(_PredictingData, trainer.datamodule)  # type: ignore[attr-defined]
        order = _complete(joined["row"], data.predict_rows(), data.table)
        table = data.table.select(joined["row"][order])
        ids, splits = table.column("id"), table.column("split")
        origin: dict[str, Any] = {
            "system": self.system or Path(trainer.default_root_dir).resolve().name,
            "corpus": data.table.info.fingerprint,
            "checkpoint": _checkpoint_digest(trainer),
        }
        found: list[Predictions | AttributePredictions] = []
        if "logits" in joined:
            found.append(_emotions(ids, splits, joined["logits"][order], pl_module, data, origin))
        if "attributes" in joined:
            found.append(_attributes(ids, splits, joined["attributes"][order], pl_module, origin))
        path = self._output(trainer)
        for predictions, file in zip(found, (path, path.with_stem(f"{path.stem}_attributes")), strict=False):
            predictions.save(file)


def _emotions(
    ids: list[str],
    splits: list[str],
    logits: NDArray[np.float64],
    pl_module: LightningModule,
    data: _PredictingData,
    origin: dict[str, Any],
) -> Predictions:
    prior = _source_prior(pl_module)
    absent = _absent_classes(data, prior)
    logits[:, [name in absent for name in data.classes]] = np.nan
    info = PredictionsInfo(classes=tuple(data.classes), source_prior=prior, absent_classes=absent, **origin)
    return Predictions(ids, splits, logits, info)


def _attributes(
    ids: list[str], splits: list[str], values: NDArray[np.float64], pl_module: LightningModule, origin: dict[str, Any]
) -> AttributePredictions:
    names: tuple[str, ...] = getattr(pl_module, "attributes", ATTRIBUTES)
    tell = getattr(pl_module, "absent_attributes", None)
    absent = () if tell is None else tuple(tell())
    values[:, [name in absent for name in names]] = np.nan
    return AttributePredictions(ids, splits, values, AttributesInfo(attributes=names, absent_attributes=absent, **origin))


def _complete(rows: NDArray[np.int64], wanted: NDArray[np.int64], table: Table) -> NDArray[np.int64]:
    """Return the order that puts predicted rows into table order, after checking that each wanted row is there once."""
    found, counts = np.unique(rows, return_counts=True)
    ids = table.column("id")
    for problem, these in {
        "no prediction": np.setdiff1d(wanted, found),
        "several predictions": found[counts > 1],
        "a prediction that was not asked for": np.setdiff1d(found, wanted),
    }.items():
        if len(these):
            raise PredictionsError(
                f"{len(these)} utterances have {problem}: {some(ids[row] for row in these)}; "
                "nothing was written. Predict all batches (no trainer.limit_predict_batches, use_distributed_sampler: false)"
            )
    return np.argsort(rows)


def _source_prior(pl_module: LightningModule) -> tuple[float, ...] | None:
    """Return the class distribution that the network's posterior assumes, if the network tells it."""
    tell = getattr(pl_module, "source_prior", None)
    prior = None if tell is None else tell()
    return None if prior is None else tuple(float(share) for share in prior)


def _absent_classes(data: _PredictingData, prior: tuple[float, ...] | None) -> tuple[str, ...]:
    """Return the classes that train did not have: as the network tells, else as the corpus says, if it has what was fitted on."""
    if prior is None and not set(data.fit_splits) <= set(data.table.splits):
        return ()
    shares = [float(n) for n in data.class_counts()] if prior is None else prior
    return tuple(name for name, share in zip(data.classes, shares, strict=True) if share == 0)


def _checkpoint_digest(trainer: Trainer) -> str:
    path = trainer.ckpt_path
    return file_digest(path) if path is not None and Path(path).is_file() else ""
