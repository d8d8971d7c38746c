"""The data module under a real trainer: what each stage sees, and what travels with a checkpoint."""

import shutil
from collections import Counter
from itertools import chain
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from lightning.pytorch import LightningDataModule, LightningModule

from emojudge.audio import load_audio
from emojudge.batch import Batch
from emojudge.corpus import Table, write_splits
from emojudge.data import EmotionDataModule, MSPPodcastDataModule
from emojudge.data.tokenizer import TextTokenizer
from emojudge.errors import AudioError, ConfigError, CorpusError
from emojudge.labels import ATTRIBUTES
from emojudge.models import AcousticNetwork, AttributeRegressor
from emojudge.nn.encoders import EcapaTdnn


@pytest.fixture(scope="module")
def table_path(tiny_table: Table, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Saved tiny table in which two labelled train utterances and one of dev have no transcript, and one of train no audio."""
    rows = tiny_table.emotions()
    train, dev = (tiny_table.indices(split) for split in ("train", "dev"))
    train = train[rows[train] >= 0]
    transcripts, audio = tiny_table.column("transcript"), tiny_table.column("audio")
    for row in (train[0], train[1], dev[0]):
        transcripts[row] = None
    audio[train[2]] = None
    path = tmp_path_factory.mktemp("table") / "table.parquet"
    tiny_table.with_columns(transcript=transcripts, audio=audio).save(path)
    return str(path)


def ready(stage: str = "fit", **options: Any) -> EmotionDataModule:
    data = EmotionDataModule(**options)
    data.setup(stage)
    return data


def ids(loader: Any) -> list[str]:
    return [id for batch in loader for id in batch.id]


def of_split(data: EmotionDataModule, split: str, *, labelled: bool) -> set[str]:
    columns = zip(data.table.column("id"), data.table.column("split"), data.table.column("emotion"), strict=True)
    return {id for id, name, emotion in columns if name == split and not (labelled and emotion is None)}


def test_batches_hold_what_the_table_says(tiny_table: Table, table_path: str) -> None:
    data = ready(table=table_path, batch_size=8)
    row_of = {id: i for i, id in enumerate(tiny_table.column("id"))}
    for batch in data.train_dataloader():
        assert isinstance(batch, Batch)
        assert batch.waveform is not None
        assert batch.waveform_mask is not None
        for k, id in enumerate(batch.id):
            row = row_of[id]
            assert batch.row[k] == row
            assert data.classes[batch.emotion[k]] == tiny_table.column("emotion")[row]
            expected = torch.from_numpy(load_audio(tiny_table.column("audio")[row]))
            assert torch.equal(batch.waveform[k][batch.waveform_mask[k]], expected)
        assert batch.tokens is None


def test_unlabelled_utterances_are_predicted_but_neither_fitted_nor_scored(table_path: str) -> None:
    data = ready(table=table_path, predict_splits=["train", "test3"])
    assert len(of_split(data, "train", labelled=False) - of_split(data, "train", labelled=True)) == 2
    without_audio = of_split(data, "train", labelled=True) - set(ids(data.train_dataloader()))
    assert len(without_audio) == 1
    assert set(ids(data.val_dataloader())) == of_split(data, "dev", labelled=True)
    assert set(ids(data.test_dataloader())) == of_split(data, "test1", labelled=True)
    assert set(ids(data.predict_dataloader())) == of_split(data, "train", labelled=False) | of_split(data, "test3", labelled=False)
    assert {int(e) for batch in data.predict_dataloader() for e, id in zip(batch.emotion, batch.id, strict=True) if "test3" in id} == {-1}


def test_everything_but_train_is_predicted_by_default(table_path: str) -> None:
    data = ready("predict", table=table_path)
    assert data.predict_splits == ["dev", "test1", "test3"]
    assert Counter(ids(data.predict_dataloader())) == Counter(data.table.select(data.predict_rows()).column("id"))
    with pytest.raises(CorpusError, match="predict_splits"):
        ready("predict", table=table_path, fit_splits=["train", "test1", "dev", "test3"]).predict_dataloader()


def test_missing_words_are_left_out_of_fit_and_masked_elsewhere(table_path: str) -> None:
    data = ready(table=table_path, audio=False, text=True, vocab_size=300)
    assert len(ids(data.train_dataloader())) == len(of_split(data, "train", labelled=True)) - 2
    wordless = {id for id, words in zip(data.table.column("id"), data.table.column("transcript"), strict=True) if words is None}
    for batch in data.val_dataloader():
        assert batch.waveform is None
        assert {id for id, mask in zip(batch.id, batch.token_mask, strict=True) if not mask.any()} == wordless & set(batch.id)
    assert wordless & set(ids(data.val_dataloader()))


def test_missing_sound_is_masked_where_it_is_predicted(table_path: str) -> None:
    data = ready("predict", table=table_path, predict_splits=["train"])
    silent = {id for id, audio in zip(data.table.column("id"), data.table.column("audio"), strict=True) if audio is None}
    masked = {id for batch in data.predict_dataloader() for id, mask in zip(batch.id, batch.waveform_mask, strict=True) if not mask.any()}
    assert masked == silent
    assert len(silent) == 1


def test_class_counts_are_those_of_what_is_fitted(table_path: str) -> None:
    data = ready(table=table_path, audio=True, text=True, vocab_size=300)
    seen = Counter(int(emotion) for batch in data.train_dataloader() for emotion in batch.emotion)
    assert data.class_counts().tolist() == [seen[k] for k in range(8)]
    assert data.class_counts().dtype == torch.int64
    assert data.class_counts().sum() == 30  # 35 of train, 2 without label, 2 without words, 1 without sound


@pytest.mark.parametrize("cache_mb", [0, 10])
def test_waveform_statistics_equal_the_direct_ones(table_path: str, cache_mb: int) -> None:
    data = ready(table=table_path, max_duration_s=0.8, cache_mb=cache_mb)
    columns = zip(data.table.column("split"), data.table.column("audio"), strict=True)
    samples = [load_audio(path, max_duration_s=0.8) for split, path in columns if split == "train" and path is not None]
    direct = np.concatenate(samples).astype(np.float64)
    mean, deviation = data.waveform_statistics()
    assert abs(mean - direct.mean()) < 1e-6
    assert abs(deviation - direct.std()) < 1e-6
    with pytest.raises(ConfigError, match="audio: true"):
        ready(table=table_path, audio=False, text=True, vocab_size=300).waveform_statistics()


def test_silent_train_split_is_refused(tiny_table: Table, tmp_path: Path) -> None:
    import soundfile

    soundfile.write(tmp_path / "silence.wav", np.zeros(8000), 16000)
    table = tiny_table.select(tiny_table.indices("train")[:3])
    table.with_columns(audio=[str(tmp_path / "silence.wav")] * 3, duration_s=[0.5] * 3).save(tmp_path / "table.parquet")
    with pytest.raises(CorpusError, match="silent throughout"):
        ready(table=str(tmp_path / "table.parquet")).waveform_statistics()


def test_rate_duration_and_least_width_shape_the_waveforms(table_path: str) -> None:
    data = ready(table=table_path, sample_rate=8000, max_duration_s=0.4, min_samples=5000)
    (batch,) = ready(table=table_path, sample_rate=8000, max_duration_s=0.4, min_samples=5000, eval_batch_size=100).val_dataloader()
    assert batch.waveform.shape == (13, 5000)
    assert batch.waveform_mask.sum(1).tolist() == [3200] * 13
    assert next(iter(data.train_dataloader())).waveform.shape == (32, 5000)


def test_batch_sizes_of_fit_and_evaluation(table_path: str) -> None:
    data = ready(table=table_path, batch_size=5, eval_batch_size=4)
    assert sorted(len(batch.id) for batch in data.train_dataloader()) == [2] + [5] * 6
    assert [len(batch.id) for batch in data.val_dataloader()] == [4, 4, 4, 1]
    assert len(ready(table=table_path, batch_size=5).val_dataloader()) == 3


def padded_seconds(loader: Any) -> list[tuple[int, float]]:
    return [(len(batch.id), batch.waveform.numel() / 16000) for batch in loader]


def test_batches_by_seconds_hold_as_much_sound_as_they_may(table_path: str) -> None:
    data = ready(table=table_path, batch_seconds=6.0, eval_batch_seconds=3.0, max_duration_s=None)
    for loader, seconds in ((data.train_dataloader(), 6.0), (data.val_dataloader(), 3.0), (data.predict_dataloader(), 3.0)):
        found = padded_seconds(loader)
        assert len(found) == len(loader)
        assert max(padded for _, padded in found) <= seconds
        assert len({n for n, _ in found}) > 1  # more of the shorter ones
    assert sorted(ids(data.train_dataloader())) == sorted(ids(ready(table=table_path).train_dataloader()))
    assert {n for n, _ in padded_seconds(ready(table=table_path, batch_seconds=0.4).train_dataloader())} == {1}


def test_evaluation_follows_training_unless_it_is_told_otherwise(table_path: str) -> None:
    def limits(**options: Any) -> tuple[Any, ...]:
        data = EmotionDataModule(table=table_path, **options)
        return data.batch_size, data.batch_seconds, data.eval_batch_size, data.eval_batch_seconds

    assert limits() == (32, None, 32, None)
    assert limits(batch_size=5) == (5, None, 5, None)
    assert limits(batch_size=5, eval_batch_size=1) == (5, None, 1, None)
    assert limits(batch_size=5, batch_seconds=60.0) == (None, 60.0, None, 60.0)
    assert limits(batch_seconds=60.0, eval_batch_size=1) == (None, 60.0, 1, None)
    assert limits(batch_size=5, eval_batch_seconds=90.0) == (5, None, None, 90.0)


def test_seconds_are_those_that_are_kept_of_an_utterance(table_path: str) -> None:
    found = padded_seconds(ready(table=table_path, batch_seconds=8.0, max_duration_s=0.25, min_samples=400).train_dataloader())
    assert {n for n, _ in found} == {8}  # shorter than a second: as many as seconds


def test_votes_train_what_has_no_majority_too(tiny_table: Table, table_path: str) -> None:
    data, plain = ready(table=table_path, target="votes"), ready(table=table_path)
    votes = dict(zip(tiny_table.column("id"), tiny_table.column("emotion_votes"), strict=True))
    found = {}
    for batch in data.train_dataloader():
        assert batch.votes.dtype == torch.float32
        found |= dict(zip(batch.id, batch.votes, strict=True))
    without = set(found) - set(ids(plain.train_dataloader()))
    source = dict(zip(tiny_table.column("id"), tiny_table.column("source_label"), strict=True))
    assert sorted(source[id] for id in without) == ["O", "X"]
    for id, share in found.items():
        torch.testing.assert_close(share, torch.tensor(votes[id]))
    counts = data.class_counts()
    torch.testing.assert_close(counts, torch.stack(list(found.values())).sum(dim=0, dtype=torch.float64))
    assert plain.class_counts().sum() == len(found) - 2


def test_evaluation_stays_with_the_majority(table_path: str) -> None:
    data, plain = ready(table=table_path, target="votes"), ready(table=table_path)
    for ours, theirs in ((data.val_dataloader(), plain.val_dataloader()), (data.test_dataloader(), plain.test_dataloader())):
        for batch, expected in zip(ours, theirs, strict=True):
            assert batch.votes is None
            assert batch.id == expected.id
            assert torch.equal(batch.emotion, expected.emotion)
    assert all(batch.votes is None for batch in plain.train_dataloader())


class Learns(LightningModule):
    """Says what is learnt, as a trainer's module does, and keeps what it is given."""

    def __init__(self, *tasks: str) -> None:
        super().__init__()
        self.tasks = tasks


def learning(data: EmotionDataModule, *tasks: str) -> EmotionDataModule:
    data.trainer = SimpleNamespace(lightning_module=Learns(*tasks), world_size=1, default_root_dir=".")  # type: ignore[assignment]
    data.setup("fit")
    return data


@pytest.fixture(scope="module")
def valued(tiny_table: Table, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, dict[str, set[str]]]:
    """Saved tiny table in which attributes and labels are known of different utterances, and which those are in train and dev."""
    ids, emotions = tiny_table.column("id"), tiny_table.column("emotion")
    columns = {name: tiny_table.column(name) for name in ATTRIBUTES}
    known: dict[str, set[str]] = {}
    for split in ("train", "dev"):
        rows = tiny_table.indices(split)
        none, some, unlabelled = rows[0], rows[1], rows[2]
        for name in ATTRIBUTES:
            columns[name][none] = None
        columns["arousal"][some] = None
        emotions[unlabelled], emotions[none] = None, "happy"
        known[f"{split} emotion"] = {ids[row] for row in rows if emotions[row] is not None}
        known[f"{split} attributes"] = {ids[row] for row in rows if row != none}
        known[f"{split} either"] = {ids[row] for row in rows}
    path = tmp_path_factory.mktemp("valued") / "table.parquet"
    tiny_table.with_columns(emotion=emotions, **columns).save(path)
    return str(path), known


@pytest.mark.parametrize(
    ("tasks", "has"), [(["emotion"], "emotion"), (["attributes"], "attributes"), (["emotion", "attributes"], "either")]
)
def test_what_the_module_learns_decides_which_utterances_are_used(
    valued: tuple[str, dict[str, set[str]]], tasks: list[str], has: str
) -> None:
    path, known = valued
    data = learning(EmotionDataModule(table=path), *tasks)
    assert set(ids(data.train_dataloader())) == known[f"train {has}"]
    assert set(ids(data.val_dataloader())) == known[f"dev {has}"]
    assert known["train emotion"] < known["train either"] > known["train attributes"] != known["train emotion"]


def test_o_and_x_train_attributes(tiny_table: Table, table_path: str, tmp_path: Path) -> None:
    options = {"audio": False, "text": True, "vocab_size": 300, "tokenizer_dir": str(tmp_path)}
    data = learning(EmotionDataModule(table=table_path, **options), "attributes")
    source = dict(zip(tiny_table.column("id"), tiny_table.column("source_label"), strict=True))
    assert {"O", "X"} <= {source[id] for id in ids(data.train_dataloader())}


@pytest.mark.parametrize("target", ["majority", "votes"])
def test_batches_hold_the_attributes_of_the_table_on_the_scale_of_the_networks(valued: tuple[str, Any], target: Any) -> None:
    data = learning(EmotionDataModule(table=valued[0], target=target), "emotion", "attributes")
    columns = {name: dict(zip(data.table.column("id"), data.table.column(name), strict=True)) for name in ATTRIBUTES}
    for batch in chain(data.train_dataloader(), data.val_dataloader(), data.predict_dataloader()):
        assert batch.attributes.dtype == torch.float32
        expected = [[(columns[name][id] - 1) / 6 if columns[name][id] is not None else np.nan for name in ATTRIBUTES] for id in batch.id]
        np.testing.assert_allclose(batch.attributes, expected, rtol=1e-6)
    assert all(batch.votes is not None for batch in data.train_dataloader()) == (target == "votes")


def test_counts_are_those_of_what_is_fitted_for_each_task(valued: tuple[str, dict[str, set[str]]]) -> None:
    path, known = valued
    data = learning(EmotionDataModule(table=path), "emotion", "attributes")
    assert data.class_counts().sum() == len(known["train emotion"])
    n = len(known["train attributes"])
    assert data.attribute_counts().tolist() == [n, n - 1, n]  # valence, arousal, dominance


def test_a_corpus_without_attributes_is_refused_before_training_by_split(tiny_table: Table, tmp_path: Path, make_trainer: Any) -> None:
    tiny_table.with_columns(**{name: [None] * len(tiny_table) for name in ATTRIBUTES}).save(tmp_path / "table.parquet")
    network = AcousticNetwork(EcapaTdnn(channels=8, features=8, scale=2), classes=None, attributes=ATTRIBUTES)
    data = EmotionDataModule(table=str(tmp_path / "table.parquet"))
    with pytest.raises(CorpusError, match=r"none of the 35 utterances of split 'train' has a value of valence, arousal or dominance"):
        make_trainer().fit(AttributeRegressor(network), datamodule=data)
    assert all(batch.attributes is None for batch in data.predict_dataloader())


def test_votes_go_through_the_class_map(table_path: str) -> None:
    class_map = {"happy": "up", "surprise": "up", "sad": "down", "angry": "down"}
    data = ready(table=table_path, classes=["up", "down"], class_map=class_map, target="votes")
    batches = list(data.train_dataloader())
    assert all(batch.votes.shape[1] == 2 for batch in batches)
    torch.testing.assert_close(torch.cat([batch.votes for batch in batches]).sum(dim=1), torch.ones(sum(len(b.id) for b in batches)))


def test_votes_of_a_corpus_without_any_are_refused_before_training(
    tiny_table: Table, tmp_path: Path, make_trainer: Any, probe: Any
) -> None:
    tiny_table.with_columns(emotion_votes=[None] * len(tiny_table)).save(tmp_path / "table.parquet")
    with pytest.raises(CorpusError, match="has votes of raters"):
        make_trainer().fit(probe, datamodule=EmotionDataModule(table=str(tmp_path / "table.parquet"), target="votes"))
    ready("predict", table=str(tmp_path / "table.parquet"), target="votes").predict_dataloader()


def test_workers_give_the_same_batches(table_path: str) -> None:
    plain = list(ready(table=table_path, batch_size=8).train_dataloader())
    worked = list(ready(table=table_path, batch_size=8, num_workers=2).train_dataloader())
    assert [batch.id for batch in worked] == [batch.id for batch in plain]
    assert all(torch.equal(a.waveform, b.waveform) for a, b in zip(worked, plain, strict=True))


def test_loading_draws_nothing_from_the_global_generator(table_path: str) -> None:
    data = ready(table=table_path)
    torch.manual_seed(0)
    expected = torch.rand(1)
    torch.manual_seed(0)
    list(data.train_dataloader())
    assert torch.equal(torch.rand(1), expected)


def test_several_splits_validate_as_one_and_test_apart(table_path: str) -> None:
    data = ready(table=table_path, val_splits=["dev", "test1"], test_splits=["dev", "test1"])
    dev, test1 = (of_split(data, split, labelled=True) for split in ("dev", "test1"))
    assert set(ids(data.val_dataloader())) == dev | test1
    first, second = data.test_dataloader()
    assert (set(ids(first)), set(ids(second))) == (dev, test1)
    assert len(ids(ready(table=table_path, fit_splits=["train", "dev"]).train_dataloader())) == len(ids(data.train_dataloader())) + len(dev)


def test_a_file_of_splits_takes_the_place_of_the_corpus_own(tiny_corpus: Path, tiny_table: Table, tmp_path: Path) -> None:
    swapped = {"train": "dev", "dev": "train"}
    write_splits(
        tiny_table.with_columns(split=[swapped.get(split, split) for split in tiny_table.column("split")]), tmp_path / "splits.csv"
    )
    tiny_table.save(tmp_path / "table.parquet")
    own = ready(table=str(tmp_path / "table.parquet"))
    for source in ({"table": str(tmp_path / "table.parquet")}, {"reader": "msp_podcast", "reader_options": {"root": str(tiny_corpus)}}):
        data = ready(splits_path=str(tmp_path / "splits.csv"), **source)
        assert set(ids(data.train_dataloader())) == set(ids(own.val_dataloader()))
        assert set(ids(data.val_dataloader())) == set(ids(own.train_dataloader()))


def test_reader_and_saved_table_give_the_same(tiny_corpus: Path, tiny_table: Table) -> None:
    by_reader = ready(reader="msp_podcast", reader_options={"root": str(tiny_corpus)})
    by_name = MSPPodcastDataModule(root=str(tiny_corpus), reader_options={"votes": True}, batch_size=4)
    by_name.setup("fit")
    assert by_reader.table.info.fingerprint == by_name.table.info.fingerprint == tiny_table.info.fingerprint
    assert by_name.batch_size == 4
    assert by_name.splits == tiny_table.splits


def test_bad_utterance_stops_or_is_listed_in_the_run(tiny_corpus: Path, tmp_path: Path, probe: Any, make_trainer: Any) -> None:
    root = shutil.copytree(tiny_corpus, tmp_path / "corpus")
    broken = sorted((root / "Audios").iterdir())[5]
    broken.write_bytes(b"RIFF")
    options = {"reader": "msp_podcast", "reader_options": {"root": str(root)}}
    with pytest.raises(CorpusError, match=broken.stem):
        make_trainer().fit(probe, datamodule=EmotionDataModule(**options))
    data = EmotionDataModule(**options, on_bad_utterance="skip")
    make_trainer().fit(probe, datamodule=data)
    assert len(data.table) == 63
    lines = (tmp_path / "run" / "skipped_utterances.csv").read_text().splitlines()
    assert lines[0] == "id,reason"
    assert lines[1].startswith(broken.stem)
    assert len(lines) == 2


def test_file_that_vanished_is_named_with_its_utterance(tiny_corpus: Path, tmp_path: Path) -> None:
    root = shutil.copytree(tiny_corpus, tmp_path / "corpus")
    data = ready(reader="msp_podcast", reader_options={"root": str(root)})
    row = int(data.table.indices("dev")[0])
    Path(data.table.column("audio")[row]).unlink()
    with pytest.raises(AudioError, match=f"utterance '{data.table.column('id')[row]}': .*no such audio file"):
        list(data.val_dataloader())


def test_missing_split_is_refused_with_those_there_are(table_path: str) -> None:
    with pytest.raises(CorpusError, match="no utterance in split 'dev2'"):
        ready(table=table_path, val_splits=["dev2"]).val_dataloader()
    with pytest.raises(CorpusError, match="none of the 8 utterances of split 'test3'"):
        ready(table=table_path, test_splits=["test3"]).test_dataloader()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "either 'table'"),
        ({"table": "a", "reader": "b"}, "either 'table'"),
        ({"table": "a", "audio": False}, "both false"),
        ({"table": "a", "batch_size": 0}, "batch_size is 0"),
        ({"table": "a", "eval_batch_size": 0}, "eval_batch_size is 0"),
        ({"table": "a", "max_duration_s": -1.0}, r"max_duration_s is -1\.0"),
        ({"table": "a", "classes": ["x", "x"]}, "each once"),
        ({"table": "a", "batch_seconds": 0.0}, r"batch_seconds is 0\.0"),
        ({"table": "a", "eval_batch_seconds": -3.0}, r"eval_batch_seconds is -3\.0"),
        ({"table": "a", "eval_batch_size": 4, "eval_batch_seconds": 30.0}, "eval_batch_size is 4 and .eval_batch_seconds is 30"),
        ({"table": "a", "audio": False, "text": True, "batch_seconds": 30.0}, "batch_seconds is 30, but batches without audio"),
        ({"table": "a", "audio": False, "text": True, "eval_batch_seconds": 30.0}, "eval_batch_seconds is 30, but batches without audio"),
        ({"table": "a", "audio": False, "text": True, "augmentation": np.copy}, "augmentation changes waveforms, but .audio is false"),
        ({"table": "a", "batch_seconds": 30.0, "pool_batches": 1}, "pool_batches is 1, but batches by seconds"),
        ({"table": "a", "num_workers": -1}, "num_workers is -1, expected 0 or more"),
        ({"table": "a", "cache_mb": -1}, "cache_mb is -1, expected 0 or more"),
        ({"table": "a", "seed": -1}, "seed is -1, expected 0 or more"),
    ],
)
def test_contradictory_arguments_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        EmotionDataModule(**options)


def test_other_classes_need_a_map(table_path: str) -> None:
    with pytest.raises(ConfigError, match="class_map"):
        ready(table=table_path, classes=["up", "down"])
    class_map = {"happy": "up", "surprise": "up", "sad": "down", "angry": "down"}
    data = ready(table=table_path, classes=["up", "down"], class_map=class_map)
    emotion = dict(zip(data.table.column("id"), data.table.column("emotion"), strict=True))
    for batch in data.train_dataloader():
        assert [data.classes[k] for k in batch.emotion] == [class_map[emotion[id]] for id in batch.id]


def test_each_epoch_has_its_order_and_a_seed_repeats_it(table_path: str, make_trainer: Any, probe: Any) -> None:
    def order(seed: int) -> dict[int, list[list[str]]]:
        model = type(probe)()
        make_trainer(max_epochs=2).fit(model, datamodule=EmotionDataModule(table=table_path, batch_size=8, seed=seed))
        return model.seen  # type: ignore[no-any-return]

    first = order(0)
    assert first == order(0)
    assert first != order(1)
    assert first[0] != first[1]
    assert Counter(chain(*first[0])) == Counter(chain(*first[1]))


def test_overfitting_a_batch_works_as_lightning_does_it(table_path: str, make_trainer: Any, probe: Any) -> None:
    make_trainer(overfit_batches=2, max_epochs=2).fit(probe, datamodule=EmotionDataModule(table=table_path, batch_size=8))
    assert probe.seen[0] == probe.seen[1]
    assert len(probe.seen[0]) == 2


def text_module(table_path: str, **options: Any) -> EmotionDataModule:
    return EmotionDataModule(table=table_path, audio=False, text=True, **{"vocab_size": 300, **options})


@pytest.fixture
def fitted(table_path: str, make_trainer: Any, probe: Any, tmp_path: Path) -> tuple[str, EmotionDataModule]:
    """Checkpoint of a text run in ``tmp_path/run``, and its data module."""
    data = text_module(table_path)
    trainer = make_trainer()
    trainer.fit(probe, datamodule=data)
    trainer.save_checkpoint(tmp_path / "text.ckpt")
    return str(tmp_path / "text.ckpt"), data


def predicted_tokens(data: EmotionDataModule) -> dict[str, list[int]]:
    return {id: row[mask].tolist() for b in data.predict_dataloader() for id, row, mask in zip(b.id, b.tokens, b.token_mask, strict=True)}


def test_tokenizer_is_made_of_the_train_split_alone(table_path: str) -> None:
    data = ready(table=table_path, audio=False, text=True, vocab_size=600)
    rows = data.table.indices("train")
    own = [text for text in data.table.select(rows).column("transcript") if text is not None]
    longest = max(TextTokenizer(data.state_dict()["tokenizer"]).vocabulary(), key=len).strip("Ġ")
    assert any(longest in text for text in own)
    changed = data.table.column("transcript")
    for row in data.table.indices("dev"):
        changed[row] = "zyzzyva zyzzyva zyzzyva"
    other = EmotionDataModule(table=table_path, audio=False, text=True, vocab_size=600)
    other._table = data.table.with_columns(transcript=changed)
    other.setup("fit")
    assert other.state_dict() == data.state_dict()


def test_prediction_takes_the_checkpoints_tokenizer(
    fitted: tuple[str, EmotionDataModule], table_path: str, make_trainer: Any, probe: Any, tmp_path: Path
) -> None:
    checkpoint, before = fitted
    after = text_module(table_path)
    make_trainer(default_root_dir=tmp_path / "elsewhere").predict(probe, datamodule=after, ckpt_path=checkpoint, weights_only=True)
    assert predicted_tokens(after) == predicted_tokens(before)
    assert not (tmp_path / "elsewhere" / "tokenizer.json").exists()


def test_checkpoints_tokenizer_beats_another_in_the_folder(
    fitted: tuple[str, EmotionDataModule], table_path: str, make_trainer: Any, probe: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    checkpoint, before = fitted
    text_module(table_path, vocab_size=262, tokenizer_dir=str(tmp_path / "other")).setup("fit")
    after = text_module(table_path, tokenizer_dir=str(tmp_path / "other"))
    make_trainer().predict(probe, datamodule=after, ckpt_path=checkpoint, weights_only=True)
    assert predicted_tokens(after) == predicted_tokens(before)
    assert "the checkpoint's tokenizer is used" in caplog.text


def test_folder_serves_where_no_checkpoint_is_given(fitted: tuple[str, EmotionDataModule], table_path: str, tmp_path: Path) -> None:
    after = text_module(table_path, tokenizer_dir=str(tmp_path / "run"))
    after.setup("predict")
    assert predicted_tokens(after) == predicted_tokens(fitted[1])


def test_missing_tokenizer_is_an_error_and_no_new_training(table_path: str, make_trainer: Any, probe: Any, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no tokenizer: .*tokenizer\.json"):
        make_trainer().predict(probe, datamodule=text_module(table_path))
    assert not (tmp_path / "run" / "tokenizer.json").exists()


def test_resuming_with_another_vocabulary_is_refused(
    fitted: tuple[str, EmotionDataModule], table_path: str, make_trainer: Any, probe: Any
) -> None:
    make_trainer(max_epochs=2).fit(probe, datamodule=text_module(table_path), ckpt_path=fitted[0], weights_only=True)
    with pytest.raises(ConfigError, match="another tokenizer"):
        make_trainer(max_epochs=2).fit(probe, datamodule=text_module(table_path, vocab_size=280), ckpt_path=fitted[0], weights_only=True)


def test_checkpoint_of_other_classes_is_refused(
    fitted: tuple[str, EmotionDataModule], table_path: str, make_trainer: Any, probe: Any
) -> None:
    other = text_module(table_path, classes=["happy", "sad"], class_map={})
    with pytest.raises(ConfigError, match="trained on the classes"):
        make_trainer().predict(probe, datamodule=other, ckpt_path=fitted[0], weights_only=True)


def test_other_classes_do_not_matter_where_attributes_are_learnt(table_path: str) -> None:
    state = {**ready(table=table_path).state_dict(), "classes": ["happy", "sad"]}
    learning(EmotionDataModule(table=table_path), "attributes").load_state_dict(state)
    for tasks in (["emotion"], ["emotion", "attributes"]):
        with pytest.raises(ConfigError, match=r"trained on the classes \['happy', 'sad'\]"):
            learning(EmotionDataModule(table=table_path), *tasks).load_state_dict(state)


def test_pretrained_tokenizer_is_kept_in_the_checkpoint_too(
    fitted: tuple[str, EmotionDataModule], table_path: str, make_trainer: Any, probe: Any, tmp_path: Path
) -> None:
    folder = shutil.copytree(tmp_path / "run", tmp_path / "pretrained")
    trainer = make_trainer(default_root_dir=tmp_path / "second")
    trainer.fit(probe, datamodule=text_module(table_path, tokenizer=str(folder), vocab_size=1))
    trainer.save_checkpoint(tmp_path / "second.ckpt")
    shutil.rmtree(folder)
    shutil.rmtree(tmp_path / "second")
    after = text_module(table_path)
    make_trainer(default_root_dir=tmp_path / "third").predict(
        probe, datamodule=after, ckpt_path=tmp_path / "second.ckpt", weights_only=True
    )
    assert predicted_tokens(after) == predicted_tokens(fitted[1])


def test_number_of_token_ids_is_that_of_the_tokenizer(table_path: str) -> None:
    data = text_module(table_path)
    assert data.n_token_ids is None
    data.setup("fit")
    assert data.n_token_ids == 300


def test_long_transcripts_are_cut(table_path: str) -> None:
    assert max(batch.tokens.shape[1] for batch in ready(table=table_path, audio=False, text=True, vocab_size=300).train_dataloader()) > 5
    cut = ready(table=table_path, audio=False, text=True, vocab_size=300, max_tokens=5)
    assert max(batch.tokens.shape[1] for batch in cut.train_dataloader()) == 5


def test_config_files_can_name_every_argument(table_path: str) -> None:
    from jsonargparse import ArgumentParser

    parser = ArgumentParser()
    parser.add_subclass_arguments(LightningDataModule, "data")
    config = {
        "class_path": "emojudge.data.MSPPodcastDataModule",
        "init_args": {"root": "corpus", "batch_size": 4, "class_map": {"happy": None}},
    }
    made = parser.instantiate_classes(parser.parse_object({"data": config})).data
    assert (made.reader_options, made.batch_size, made.class_map) == ({"root": "corpus"}, 4, {"happy": None})
    config = {"class_path": "emojudge.data.EmotionDataModule", "init_args": {"table": table_path, "predict_splits": ["dev"]}}
    made = parser.instantiate_classes(parser.parse_object({"data": config})).data
    made.setup("predict")
    assert made.predict_splits == ["dev"]
    assert len(made.classes) == 8


def fit_on_two(probe: Any, make_trainer: Any, data: EmotionDataModule, **settings: Any) -> None:
    trainer = make_trainer(strategy="ddp_fork", devices=2, **{"use_distributed_sampler": False, **settings})
    trainer.fit(probe, datamodule=data)


@pytest.mark.slow
def test_two_processes_share_corpus_tokenizer_and_statistics(
    tiny_corpus: Path, table_path: str, make_trainer: Any, probe: Any, tmp_path: Path
) -> None:
    class Recording(type(probe)):  # type: ignore[misc]
        def on_train_end(self) -> None:
            data = self.trainer.datamodule
            found = {"seen": self.seen[0], "statistics": self.statistics, "state": data.state_dict(), "corpus": data.table.info.fingerprint}
            torch.save(found, tmp_path / f"{self.global_rank}.pt")

    options = {"reader": "msp_podcast", "reader_options": {"root": str(tiny_corpus)}, "text": True, "vocab_size": 300, "batch_size": 4}
    fit_on_two(Recording(), make_trainer, EmotionDataModule(**options), limit_val_batches=1)
    first, second = (torch.load(tmp_path / f"{rank}.pt", weights_only=True) for rank in range(2))
    for shared in ("statistics", "state", "corpus"):
        assert first[shared] == second[shared]
    alone = ready(**options)
    assert first["statistics"] == alone.waveform_statistics()
    assert first["state"] == alone.state_dict()
    assert len(first["seen"]) == len(second["seen"]) == 5  # 33 utterances: 9 batches, one of them repeated
    assert set(chain(*first["seen"], *second["seen"])) == set(ids(alone.train_dataloader()))


def test_fewer_utterances_than_processes_are_refused_in_evaluation(table_path: str) -> None:
    data = ready(table=table_path)
    data.trainer = SimpleNamespace(world_size=14, _accelerator_connector=SimpleNamespace(use_distributed_sampler=False))  # type: ignore[assignment]
    assert len(data.train_dataloader()) > 0
    with pytest.raises(ConfigError, match="13 utterances cannot be shared among 14 processes"):
        data.val_dataloader()


@pytest.mark.slow
def test_lightnings_own_sampler_is_refused_with_several_processes(table_path: str, make_trainer: Any, probe: Any) -> None:
    with pytest.raises(Exception, match="use_distributed_sampler must be false"):
        fit_on_two(probe, make_trainer, EmotionDataModule(table=table_path), use_distributed_sampler=True)
