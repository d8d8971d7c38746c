"""``PredictionWriter``: one predictions file (joint 2) from what a network predicts, batch by batch."""

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
from ..predictions import Predictions, PredictionsInfo


class _PredictingData(Protocol):
    """What the writer asks of the data module."""

    classes: list[str]
    fit_splits: list[str]

    @property
    def table(self) -> Table: ...

    def predict_rows(self) -> NDArray[np.int64]: ...

    def class_counts(self) -> Tensor: ...


class PredictionWriter(Callback):
    """Collects ``predict_step`` outputs ``{"row": (batch,) int64, "logits": (batch, classes)}`` and writes them in table order.

    A row without any real sample or token, and the column of a class that train did not have, are
    null in the file, whatever the network said. With several processes, all gather everything and rank 0 writes. The file appears
    whole, at the end, or not at all.

    Args:
        path: Parquet file to write; by default ``predictions.parquet`` in the trainer's ``default_root_dir``.
        system: Name of the system in the file; by default the name of that folder.

    Raises:
        PredictionsError: At the end, if an utterance of the predicted splits has no prediction or several.
    """

    def __init__(self, path: str | None = None, system: str | None = None) -> None:
        self.path = path
        self.system = system
        self._rows: list[NDArray[np.int64]] = []
        self._logits: list[NDArray[np.float64]] = []

    def on_predict_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Forget what an earlier prediction left.

        Raises:
            ConfigError: If there is no data module that says what is to be predicted.
        """
        if not hasattr(getattr(trainer, "datamodule", None), "predict_rows"):
            raise ConfigError("PredictionWriter needs the table of an EmotionDataModule: trainer.predict(model, datamodule=...)")
        self._rows, self._logits = [], []

    def on_predict_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Batch, batch_idx: int, dataloader_idx: int = 0
    ) -> None:
        """Keep the rows and logits of one batch."""
        logits = outputs["logits"].detach().double().cpu().numpy().copy()  # (batch, classes)
        masks = [mask.any(dim=1) for mask in (batch.waveform_mask, batch.token_mask) if mask is not None]
        if masks:
            logits[~torch.stack(masks).any(dim=0).cpu().numpy()] = np.nan
        self._rows.append(outputs["row"].cpu().numpy().copy())
        self._logits.append(logits)

    def on_predict_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Check that every utterance was predicted once, and write the file on rank 0."""
        data = cast(_PredictingData, trainer.datamodule)  # type: ignore[attr-defined]
        rows = np.concatenate([np.zeros(0, dtype=np.int64), *self._rows])  # (utterances,)
        logits = np.concatenate([np.zeros((0, len(data.classes))), *self._logits])  # (utterances, classes)
        rows, logits = _gather(trainer, rows, logits)
        self._rows, self._logits = [], []
        order = _complete(rows, data.predict_rows(), data.table)
        if not trainer.is_global_zero:
            return
        folder = Path(trainer.default_root_dir)
        prior = _source_prior(pl_module)
        absent = _absent_classes(data, prior)
        logits = logits[order]
        logits[:, [name in absent for name in data.classes]] = np.nan
        table = data.table.select(rows[order])
        info = PredictionsInfo(
            system=self.system or folder.resolve().name,
            classes=tuple(data.classes),
            corpus=data.table.info.fingerprint,
            checkpoint=_checkpoint_digest(trainer),
            source_prior=prior,
            absent_classes=absent,
        )
        Predictions(table.column("id"), table.column("split"), logits, info).save(self.path or folder / "predictions.parquet")


def _gather(trainer: Trainer, rows: NDArray[np.int64], logits: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return the rows and logits of all ranks on every rank; ranks may have different numbers of them."""
    if trainer.world_size == 1:
        return rows, logits
    parts: list[Any] = [None] * trainer.world_size
    torch.distributed.all_gather_object(parts, (rows, logits))
    return np.concatenate([part[0] for part in parts]), np.concatenate([part[1] for part in parts])


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
