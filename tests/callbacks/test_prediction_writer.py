"""The predictions file: every utterance of the splits once, in table order, with what is known about its making."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from lightning.pytorch import LightningModule, Trainer
from torch import Tensor, nn
from torch.utils.data import DataLoader

from emojudge.batch import Batch
from emojudge.callbacks import PredictionWriter
from emojudge.corpus import Table
from emojudge.data import EmotionDataModule
from emojudge.errors import ConfigError, PredictionsError
from emojudge.files import file_digest
from emojudge.labels import ATTRIBUTES
from emojudge.predictions import load_predictions


class RowNumbers(LightningModule):
    """Predicts ``row + class / 10``, so that each value tells where it belongs."""

    def __init__(self, prior: list[float] | None = None) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1))
        self.prior = prior

    def predict_step(self, batch: Batch, batch_idx: int) -> dict[str, Tensor]:
        return {"row": batch.row, "logits": batch.row[:, None] + torch.arange(8) / 10 + self.weight}

    def source_prior(self) -> Tensor | None:
        return None if self.prior is None else torch.tensor(self.prior, dtype=torch.float64)


class Attributes(RowNumbers):
    """Predicts ``row + attribute / 4`` for attributes, and emotions beside them or not."""

    def __init__(self, emotions: bool, absent: tuple[str, ...] = (), broken: bool = False) -> None:
        super().__init__()
        self.emotions, self.absent, self.broken = emotions, absent, broken

    def absent_attributes(self) -> tuple[str, ...]:
        return self.absent

    def predict_step(self, batch: Batch, batch_idx: int) -> dict[str, Tensor]:
        values = batch.row[:, None] + torch.arange(3) / 4 + self.weight
        if self.broken:
            values[0, 0] = torch.inf
        return (super().predict_step(batch, batch_idx) if self.emotions else {"row": batch.row}) | {"attributes": values}


@pytest.fixture
def predict(mute_table_path: str, tmp_path: Path) -> Callable[..., Path]:
    """Return a function that predicts the tiny table and returns the path of the file."""

    def run(
        model: LightningModule | None = None, writer: PredictionWriter | None = None, data: dict[str, Any] | None = None, **settings: Any
    ) -> Path:
        ckpt_path = settings.pop("ckpt_path", None)
        quiet = {"accelerator": "cpu", "logger": False, "enable_progress_bar": False, "use_distributed_sampler": False}
        trainer = Trainer(**{**quiet, "default_root_dir": tmp_path / "acoustic", "callbacks": [writer or PredictionWriter()], **settings})
        datamodule = EmotionDataModule(**{"table": mute_table_path, "eval_batch_size": 4, **(data or {})})
        trainer.predict(model or RowNumbers(), datamodule=datamodule, ckpt_path=ckpt_path, return_predictions=False, weights_only=True)
        return tmp_path / "acoustic" / "predictions.parquet"

    return run


def test_rows_come_in_table_order_with_their_own_logits(predict: Callable[..., Path], tiny_table: Table) -> None:
    found = load_predictions(predict())
    rows = tiny_table.indices("dev", "test1", "test3")
    assert found.id == tiny_table.select(rows).column("id")
    assert found.split == tiny_table.select(rows).column("split")
    expected = rows[:, None] + np.arange(8) / 10
    assert np.allclose(found.logits[found.predicted], expected[found.predicted])


def test_row_without_input_is_null_whatever_the_network_said(predict: Callable[..., Path], tiny_table: Table) -> None:
    found = load_predictions(predict())
    without = [id for id, known in zip(found.id, found.predicted, strict=True) if not known]
    assert without == [tiny_table.column("id")[tiny_table.indices("dev")[2]]]


def test_file_says_where_it_comes_from(predict: Callable[..., Path], mute_table_path: str, tmp_path: Path) -> None:
    trainer = Trainer(accelerator="cpu", logger=False, enable_progress_bar=False, max_epochs=0, default_root_dir=tmp_path)
    trainer.strategy.connect(RowNumbers())
    trainer.save_checkpoint(tmp_path / "some.ckpt")
    info = load_predictions(predict(ckpt_path=str(tmp_path / "some.ckpt"))).info
    data = EmotionDataModule(table=mute_table_path)
    data.setup("predict")
    assert info.system == "acoustic"
    assert info.classes == tuple(data.classes)
    assert info.corpus == data.table.info.fingerprint
    assert info.checkpoint == file_digest(tmp_path / "some.ckpt")
    assert info.source_prior is None
    assert info.absent_classes == ()
    assert load_predictions(predict()).info.checkpoint == ""


def test_path_and_system_can_be_given(predict: Callable[..., Path], tmp_path: Path) -> None:
    predict(writer=PredictionWriter(str(tmp_path / "deep" / "here.parquet"), "WavLM-S"))
    assert load_predictions(tmp_path / "deep" / "here.parquet").info.system == "WavLM-S"
    assert not (tmp_path / "acoustic").exists()


def test_class_without_share_in_the_prior_is_absent(predict: Callable[..., Path]) -> None:
    prior = [0.25, 0.25, 0.5, 0, 0, 0, 0, 0]
    found = load_predictions(predict(RowNumbers(prior)))
    assert found.info.source_prior == tuple(prior)
    assert found.info.absent_classes == ("surprise", "fear", "disgust", "contempt", "neutral")
    assert np.isnan(found.logits[:, 3:]).all()
    assert found.labels()[0] == "happy"


def test_network_that_tells_no_prior_leaves_the_counts_to_the_corpus(
    predict: Callable[..., Path], tiny_table: Table, tmp_path: Path
) -> None:
    emotions = ["happy" if label == "contempt" else label for label in tiny_table.column("emotion")]
    changed = tiny_table.with_columns(emotion=emotions)
    changed.save(tmp_path / "changed.parquet")
    found = load_predictions(predict(data={"table": str(tmp_path / "changed.parquet")}))
    assert found.info.absent_classes == ("contempt",)
    without_train = changed.select(changed.indices("dev", "test1"))
    without_train.save(tmp_path / "changed.parquet")
    assert load_predictions(predict(data={"table": str(tmp_path / "changed.parquet")})).info.absent_classes == ()


def test_missing_utterances_are_named_and_nothing_is_written(predict: Callable[..., Path], tmp_path: Path) -> None:
    with pytest.raises(PredictionsError, match="utterances have no prediction: MSP-PODCAST"):
        predict(limit_predict_batches=2)
    assert not (tmp_path / "acoustic").exists()


@pytest.mark.parametrize(("foreign", "problem"), [(False, "several predictions"), (True, "a prediction that was not asked for")])
def test_repeated_and_foreign_rows_are_refused(predict: Callable[..., Path], tmp_path: Path, foreign: bool, problem: str) -> None:
    class Stutter(PredictionWriter):
        def on_predict_batch_end(self, trainer: Any, pl_module: Any, outputs: Any, batch: Batch, batch_idx: int, *rest: Any) -> None:
            super().on_predict_batch_end(trainer, pl_module, outputs, batch, batch_idx)
            row = torch.zeros(1, dtype=torch.int64) if foreign else batch.row[:1]  # row 0 is of test1
            again = {"row": row, "logits": outputs["logits"][:1]}
            super().on_predict_batch_end(trainer, pl_module, again, Batch(row, batch.id[:1]), batch_idx)

    with pytest.raises(PredictionsError, match=problem):
        predict(writer=Stutter(), data={"predict_splits": ["dev"], "eval_batch_size": 100})
    assert not (tmp_path / "acoustic").exists()


def test_second_prediction_replaces_the_first(predict: Callable[..., Path]) -> None:
    writer = PredictionWriter()
    before = load_predictions(predict(writer=writer))
    after = load_predictions(predict(writer=writer, data={"predict_splits": ["test1"]}))
    assert len(after) == 8 < len(before)


def test_data_without_a_table_is_refused(tmp_path: Path) -> None:
    trainer = Trainer(accelerator="cpu", logger=False, enable_progress_bar=False, callbacks=[PredictionWriter()], default_root_dir=tmp_path)
    batch = Batch(torch.arange(2), ["a", "b"])
    with pytest.raises(ConfigError, match="EmotionDataModule"):
        trainer.predict(RowNumbers(), DataLoader([batch], batch_size=None))  # type: ignore[arg-type]


def test_attributes_alone_are_the_file_and_beside_emotions_a_second(predict: Callable[..., Path], tiny_table: Table) -> None:
    rows, rows_of_dev = tiny_table.indices("dev", "test1", "test3"), tiny_table.indices("dev")
    path = predict(Attributes(emotions=False))
    alone = load_predictions(path, "attributes")
    assert not path.with_name("predictions_attributes.parquet").exists()
    assert (alone.info.system, alone.info.attributes, alone.info.absent_attributes) == ("acoustic", ATTRIBUTES, ())
    assert alone.id == tiny_table.select(rows).column("id")
    assert np.allclose(alone.values[alone.predicted], (rows[:, None] + np.arange(3) / 4)[alone.predicted])
    assert [id for id, known in zip(alone.id, alone.predicted, strict=True) if not known] == [tiny_table.column("id")[rows_of_dev[2]]]
    emotions = load_predictions(predict(Attributes(emotions=True)), "emotion")
    beside = load_predictions(path.with_name("predictions_attributes.parquet"), "attributes")
    assert np.array_equal(beside.values, alone.values, equal_nan=True)
    assert np.allclose(emotions.logits[emotions.predicted][:, 0], rows[emotions.predicted])


def test_attribute_that_training_did_not_have_is_null_whatever_the_network_said(predict: Callable[..., Path]) -> None:
    found = load_predictions(predict(Attributes(emotions=False, absent=("arousal",))), "attributes")
    assert found.info.absent_attributes == ("arousal",)
    assert np.isnan(found.values).all(axis=0).tolist() == [False, True, False]


def test_no_file_is_written_unless_both_are_right(predict: Callable[..., Path], tmp_path: Path) -> None:
    with pytest.raises(PredictionsError, match="has a value that is not finite"):
        predict(Attributes(emotions=True, broken=True))
    assert not (tmp_path / "acoustic").exists()


def test_module_that_predicts_neither_task_is_refused(predict: Callable[..., Path]) -> None:
    class Other(RowNumbers):
        def predict_step(self, batch: Batch, batch_idx: int) -> dict[str, Tensor]:
            return {"row": batch.row, "speaker": batch.row}

    with pytest.raises(ConfigError, match="needs 'logits' or 'attributes' from predict_step, found row, speaker"):
        predict(Other())


def test_one_process_leaves_nothing_but_the_file(predict: Callable[..., Path]) -> None:
    path = predict()
    assert list(path.parent.iterdir()) == [path]
