"""Augmentation: drawn anew each epoch, the same whatever reads the batches, and in training only."""

import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from emojudge.audio import load_audio
from emojudge.corpus import Table
from emojudge.data import EmotionDataModule
from emojudge.data.augmentation import WaveformAugmentation, augmented
from emojudge.errors import AudioError, MissingExtraError

Waveform = NDArray[np.float32]


def noisy(samples: Waveform, sample_rate: int) -> Waveform:
    """Add noise of a random level, from both generators that augmentations draw from."""
    samples += np.float32(random.random()) * np.random.standard_normal(len(samples)).astype(np.float32)
    return samples


def shortened(samples: Waveform, sample_rate: int) -> Waveform:
    return samples[: len(samples) // 2]


@pytest.fixture(scope="module")
def table_path(tiny_table: Table, tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("table") / "table.parquet"
    tiny_table.save(path)
    return str(path)


def ready(table_path: str, **options: Any) -> EmotionDataModule:
    data = EmotionDataModule(table=table_path, batch_size=8, **options)
    data.setup("fit")
    return data


def heard(loader: Any, epoch: int = 0) -> dict[str, torch.Tensor]:
    loader.sampler.set_epoch(epoch)
    return {
        id: waveform[mask] for batch in loader for id, waveform, mask in zip(batch.id, batch.waveform, batch.waveform_mask, strict=True)
    }


def same(first: dict[str, torch.Tensor], second: dict[str, torch.Tensor]) -> list[bool]:
    assert first.keys() == second.keys()
    return [torch.equal(first[id], second[id]) for id in first]


def test_each_epoch_draws_anew_and_gives_the_same_again(table_path: str) -> None:
    loader = ready(table_path, augmentation=noisy).train_dataloader()
    first, second = heard(loader, 0), heard(loader, 1)
    assert not any(same(first, second))
    assert all(same(first, heard(loader, 0)))
    assert not any(same(first, heard(ready(table_path, augmentation=noisy, seed=1).train_dataloader(), 0)))


def test_workers_that_live_on_draw_what_one_process_draws(table_path: str) -> None:
    plain = ready(table_path, augmentation=noisy).train_dataloader()
    worked = ready(table_path, augmentation=noisy, num_workers=2).train_dataloader()
    for epoch in range(3):
        assert all(same(heard(worked, epoch), heard(plain, epoch)))


def test_what_an_utterance_draws_does_not_depend_on_its_batch(table_path: str) -> None:
    one = EmotionDataModule(table=table_path, batch_size=1, pool_batches=1, augmentation=noisy)
    one.setup("fit")
    for epoch in range(2):
        assert all(same(heard(one.train_dataloader(), epoch), heard(ready(table_path, augmentation=noisy).train_dataloader(), epoch)))


def test_training_alone_is_changed(table_path: str, tiny_table: Table) -> None:
    plain, changed = ready(table_path), ready(table_path, augmentation=noisy)
    expected = {id: load_audio(path) for id, path in zip(tiny_table.column("id"), tiny_table.column("audio"), strict=True)}
    assert not any(same(heard(changed.train_dataloader()), heard(plain.train_dataloader())))
    for loader in (changed.val_dataloader(), changed.test_dataloader(), changed.predict_dataloader()):
        for id, samples in heard(loader).items():
            assert np.array_equal(samples.numpy(), expected[id])
    assert changed.waveform_statistics() == plain.waveform_statistics()


def test_the_cache_keeps_the_recordings(table_path: str) -> None:
    loader = ready(table_path, augmentation=noisy, cache_mb=50).train_dataloader()
    first = heard(loader, 0)
    heard(loader, 1)
    assert all(same(first, heard(loader, 0)))
    assert all(same(first, heard(ready(table_path, augmentation=noisy, cache_mb=0).train_dataloader(), 0)))


def test_nothing_else_sees_that_it_draws() -> None:
    random.seed(0)
    np.random.seed(0)
    expected = random.random(), np.random.random()
    random.seed(0)
    np.random.seed(0)
    augmented(noisy, np.zeros(100, dtype=np.float32), 16000, [0, 0, 0])
    with pytest.raises(ZeroDivisionError):
        augmented(lambda samples, rate: samples / (1 // 0), np.zeros(100, dtype=np.float32), 16000, [0, 0, 0])
    assert (random.random(), np.random.random()) == expected


def test_the_samples_that_were_read_stay_as_they_are() -> None:
    samples = np.zeros(100, dtype=np.float32)
    samples.flags.writeable = False
    assert augmented(noisy, samples, 16000, [0, 0, 0]).any()
    assert not samples.any()


def test_length_may_change(table_path: str) -> None:
    halves = heard(ready(table_path, augmentation=shortened).train_dataloader())
    whole = heard(ready(table_path).train_dataloader())
    assert {id: len(samples) for id, samples in halves.items()} == {id: len(samples) // 2 for id, samples in whole.items()}


@pytest.mark.parametrize(
    "made", [np.zeros(0), np.zeros((2, 5)), np.array([1.0, np.nan]), np.array([np.inf])], ids=["nothing", "stereo", "nan", "inf"]
)
def test_what_is_no_sound_is_refused_with_the_utterance(table_path: str, made: Any) -> None:
    loader = ready(table_path, augmentation=lambda samples, rate: made).train_dataloader()
    with pytest.raises(AudioError, match=r"^utterance 'MSP-PODCAST_\w+': data.init_args.augmentation made an array of shape"):
        list(loader)


def test_seed_and_epoch_tell_after_a_resumed_epoch_too(table_path: str, make_trainer: Any, probe: Any, tmp_path: Path) -> None:
    from lightning.pytorch.callbacks import ModelCheckpoint

    class Hearing(type(probe)):  # type: ignore[misc]
        def training_step(self, batch: Any, batch_idx: int) -> Any:
            level = dict(zip(batch.id, batch.waveform.square().sum(dim=1).tolist(), strict=True))
            self.levels = [*getattr(self, "levels", []), level]
            return super().training_step(batch, batch_idx)

    whole, rest = Hearing(), Hearing()
    options = {"table": table_path, "batch_size": 8, "augmentation": noisy}
    keeper = ModelCheckpoint(tmp_path, filename="{step}", every_n_train_steps=1, save_top_k=-1)
    make_trainer(max_epochs=2, enable_checkpointing=True, callbacks=[keeper]).fit(whole, datamodule=EmotionDataModule(**options))
    module = EmotionDataModule(**options, num_workers=1)
    make_trainer(max_epochs=2).fit(rest, datamodule=module, ckpt_path=tmp_path / "step=7.ckpt", weights_only=True)
    assert len(whole.levels) == 10
    assert rest.levels == whole.levels[7:]


# the library


def transforms() -> list[Any]:
    audiomentations = pytest.importorskip("audiomentations")
    return [audiomentations.AddGaussianSNR(min_snr_db=5, max_snr_db=20, p=0.5), audiomentations.Gain(p=0.5)]


def test_the_librarys_transforms_are_seeded_by_epoch_and_utterance(table_path: str) -> None:
    plain = ready(table_path).train_dataloader()
    loaders = [ready(table_path, augmentation=WaveformAugmentation(transforms()), num_workers=n).train_dataloader() for n in (0, 2)]
    for epoch in range(2):
        first, second = (heard(loader, epoch) for loader in loaders)
        assert all(same(first, second))
        assert 0 < sum(same(first, heard(plain, epoch))) < len(first)  # a quarter go through unchanged


def test_settings_of_the_library_matter() -> None:
    samples = np.random.default_rng(0).standard_normal(4000).astype(np.float32)

    def share(**options: Any) -> float:
        part = WaveformAugmentation([louder, noisy_afterwards], **options)
        made = [augmented(part, samples, 16000, [0, 0, row]) for row in range(200)]
        return float(np.mean([np.array_equal(a, samples) for a in made]))

    def louder(samples: Waveform, sample_rate: int) -> Waveform:
        return samples * np.float32(2)

    def noisy_afterwards(samples: Waveform, sample_rate: int) -> Waveform:
        return samples + np.float32(1)

    pytest.importorskip("audiomentations")
    assert share() == 0
    assert share(p=0.0) == 1
    assert 0.4 < share(p=0.5) < 0.6
    orders = {augmented(WaveformAugmentation([louder, noisy_afterwards], shuffle=True), samples, 1, [row])[0] for row in range(20)}
    assert orders == {samples[0] * 2 + 1, (samples[0] + 1) * 2}


def test_a_missing_library_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "audiomentations", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'emojudge\[augmentation\]'"):
        WaveformAugmentation([])
