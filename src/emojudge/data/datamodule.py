"""``EmotionDataModule``: a corpus as Lightning's trainer wants it; the owner of the run's class list."""

from collections.abc import Sequence
from functools import partial
from typing import Any, Literal

import numpy as np
from lightning.pytorch.trainer.states import TrainerFn
from numpy.typing import NDArray
from torch.utils.data import DataLoader

from ..audio import SAMPLE_RATE
from ..errors import ConfigError
from ..labels import EMOTIONS
from .augmentation import Augmentation
from .collate import MIN_SAMPLES, collate
from .corpus import CorpusDataModule
from .dataset import UtteranceDataset
from .loader import BatchLoader, check_processes, make_loader
from .position import Position, position
from .run_tokenizer import RunTokenizer
from .sampler import POOL_BATCHES, BucketSampler
from .settings import BatchLimit, batch_limits, check_classes, check_not_negative, check_parts, check_positive, check_source
from .targets import Target
from .tokenizer import MAX_TOKENS

_EMOTIONS, _FIT, _VAL, _TEST = list(EMOTIONS), ["train"], ["dev"], ["test1"]  # defaults that a config can refer to; copied below


class EmotionDataModule(CorpusDataModule):
    """Batches of a corpus' utterances for training, evaluation and prediction (paper, sections 3.1, 4.1 and 4.4).

    The trainer's module says by its ``tasks`` what is learnt. For emotions, utterances without a label are left out of fit, validation
    and test, and are predicted; with ``target: votes`` those with votes are fitted on. For attributes, utterances with a value of any
    of them are used, those of other emotions or none (``O``, ``X``; paper, section 3.1) included; for both, utterances with either.
    One that lacks a part the run needs (sound or words) is left out of fit; elsewhere its mask is False throughout.

    A tokenizer is made when a run fits, on rank 0, and is kept in the run's folder and in the checkpoint. Every
    other stage takes the checkpoint's, since the network's embeddings are numbered by it, or else the folder's.

    A checkpoint saved inside an epoch says how many of its batches were trained on; a fit resumed from it goes on behind them.

    Paper: gives no longest duration; we keep the first 12 s of an utterance, as the challenge's baseline does.

    Args:
        table: Parquet file of a table that was saved. Either this or ``reader``.
        reader: Corpus reader, as for :func:`emojudge.corpus.load_table`.
        reader_options: The reader's own options, such as ``root``.
        splits_path: File of ``id, split`` in place of the corpus' own splits; ``emojudge corpus split`` writes such.
        classes: The run's class list, in the order of the logits. The corpus has the same or ``class_map`` joins them.
        class_map: Class of the corpus to class of the run, or to null to leave its utterances without label.
        target: What emotions are fitted on: the label of the ``majority``, or the distribution of the raters' ``votes``, which
            ``Batch.votes`` then holds in training. Evaluation is scored by the majority's label either way.
        audio: Whether batches hold waveforms.
        text: Whether batches hold tokens.
        sample_rate: Rate of the waveforms in Hz.
        max_duration_s: Seconds kept from the beginning of an utterance; null keeps everything.
        min_samples: Least width of a waveform batch in samples.
        cache_mb: Megabytes of decoded audio kept in memory by each process of the run, train's first. The default
            holds an hour, a corpus small enough to be read many times; larger ones are read from files. 0 for none.
        store: Folder of prepared audio (``emojudge prepare``), which is read instead of the files and needs no cache. By
            default the one beside the saved table, where there is one; ``files`` to read the files all the same.
        tokenizer: ``corpus`` for a byte-level BPE trained on train's transcripts, else a hub name or a folder.
        tokenizer_dir: Folder of ``tokenizer.json``; by default the trainer's ``default_root_dir``.
        vocab_size: Most entries of a tokenizer trained on the corpus.
        max_tokens: Tokens kept of a transcript.
        augmentation: Changes the waveforms of training, such as ``emojudge.data.augmentation.WaveformAugmentation``; null for none.
        batch_size: Utterances in a batch of one process.
        batch_seconds: In its place, seconds in a batch of one process, padding included; a longer utterance has a batch of its own.
            The loss is a mean over a batch, so that an utterance among few weighs more.
        eval_batch_size: Utterances in a batch of validation, test and prediction; by default as in training.
        eval_batch_seconds: In its place, seconds.
        pool_batches: Training batches that are drawn together and sorted by length; 1 gives random batches. Not by seconds.
        num_workers: Processes that read ahead.
        seed: Decides order and augmentation of each training epoch, together with the epoch's number.
        on_bad_utterance: Whether a reader stops at an utterance that cannot be used, or goes on without it and lists it
            in the run's ``skipped_utterances.csv``. A saved table was settled when it was read.
        fit_splits: Splits that the network is fitted on.
        val_splits: Splits that choose checkpoints, scored as one.
        test_splits: Splits of the test stage, one loader each.
        predict_splits: Splits to predict; by default every one but ``fit_splits``.

    Raises:
        ConfigError: If arguments contradict each other, or, in ``setup``, if the class lists differ.
        CorpusError: In ``setup`` and when a loader is made, if the corpus cannot be read or a split has no utterance to use.
        StoreError: In ``setup``, if there is prepared audio that cannot be used.
    """

    def __init__(
        self,
        table: str | None = None,
        reader: str | None = None,
        reader_options: dict[str, Any] | None = None,
        *,
        splits_path: str | None = None,
        classes: list[str] = _EMOTIONS,
        class_map: dict[str, str | None] | None = None,
        target: Target = "majority",
        audio: bool = True,
        text: bool = False,
        sample_rate: int = SAMPLE_RATE,
        max_duration_s: float | None = 12.0,
        min_samples: int = MIN_SAMPLES,
        cache_mb: int = 250,
        store: str | None = None,
        tokenizer: str = "corpus",
        tokenizer_dir: str | None = None,
        vocab_size: int = 4096,
        max_tokens: int = MAX_TOKENS,
        augmentation: Augmentation | None = None,
        batch_size: int = 32,
        batch_seconds: float | None = None,
        eval_batch_size: int | None = None,
        eval_batch_seconds: float | None = None,
        pool_batches: int = POOL_BATCHES,
        num_workers: int = 0,
        seed: int = 0,
        on_bad_utterance: Literal["error", "skip"] = "error",
        fit_splits: list[str] = _FIT,
        val_splits: list[str] = _VAL,
        test_splits: list[str] = _TEST,
        predict_splits: list[str] | None = None,
    ) -> None:
        super().__init__()
        check_source(table, reader)
        check_parts(audio=audio, text=text, augmented=augmentation is not None)
        check_classes(classes)
        check_positive(
            {
                "batch_size": batch_size,
                "batch_seconds": batch_seconds,
                "eval_batch_size": eval_batch_size,
                "eval_batch_seconds": eval_batch_seconds,
                "max_tokens": max_tokens,
                "sample_rate": sample_rate,
                "max_duration_s": max_duration_s,
                "pool_batches": pool_batches,
                "min_samples": min_samples,
            }
        )
        check_not_negative({"num_workers": num_workers, "cache_mb": cache_mb, "seed": seed})
        self.table_path, self.reader, self.reader_options = table, reader, dict(reader_options or {})
        self.splits_path = splits_path
        self.classes, self.class_map, self.target = list(classes), class_map, target
        self.audio, self.text = audio, text
        self.sample_rate, self.max_duration_s, self.min_samples = sample_rate, max_duration_s, min_samples
        self.cache_mb, self.store = cache_mb, store
        self.tokenizer_name, self.tokenizer_dir = tokenizer, tokenizer_dir
        self._tokenizer = RunTokenizer(tokenizer, vocab_size=vocab_size, max_tokens=max_tokens)
        self._fit_limit, self._eval_limit = batch_limits(
            batch_size, batch_seconds, eval_batch_size, eval_batch_seconds, audio=audio, pool_batches=pool_batches
        )
        self.batch_size, self.batch_seconds = self._fit_limit
        self.eval_batch_size, self.eval_batch_seconds = self._eval_limit
        self.augmentation, self.pool_batches = augmentation, pool_batches
        self.num_workers, self.seed, self.on_bad_utterance = num_workers, seed, on_bad_utterance
        self.fit_splits, self.val_splits, self.test_splits = list(fit_splits), list(val_splits), list(test_splits)
        self._predict_splits = predict_splits
        self._fit_sampler: BucketSampler | None = None
        self._stopped_at: Position | None = None

    def setup(self, stage: str) -> None:
        """Share the corpus among the ranks, translate its labels, and make or find the tokenizer."""
        self._stopped_at = None  # that of an earlier fit; a checkpoint is loaded after this
        super().setup(stage)

    def train_dataloader(self) -> DataLoader[Any]:
        """Return shuffled batches of the utterances of the fitted splits that have a target and all parts.

        Raises:
            ConfigError: If the run was resumed inside an epoch and would go on with other batches.
        """
        dataset = self._dataset(self._fit_rows(), votes=self._known_targets.votes, augmentation=self.augmentation, seed=self.seed)
        loader = self._loader(dataset, self._fit_limit, shuffle=True)
        self._fit_sampler = loader.sampler
        if self._stopped_at is not None:
            self._stopped_at.apply(loader.sampler)
        return loader

    def val_dataloader(self) -> DataLoader[Any]:
        """Return batches of the utterances that have a target, of the splits that choose checkpoints."""
        return self._eval_loader(self._scored_rows(*self.val_splits))

    def test_dataloader(self) -> Sequence[DataLoader[Any]] | DataLoader[Any]:
        """Return batches of the utterances that have a target, of each test split, one loader a split."""
        loaders = [self._eval_loader(self._scored_rows(split)) for split in self.test_splits]
        return loaders[0] if len(loaders) == 1 else loaders

    def predict_dataloader(self) -> DataLoader[Any]:
        """Return batches of every utterance of the splits to predict."""
        return self._eval_loader(self.predict_rows())

    def state_dict(self) -> dict[str, Any]:
        """Return what a checkpoint must keep: the class list, the tokenizer, and the place inside an epoch."""
        place = position(self.trainer, self._fit_sampler)
        return {
            "classes": self.classes,
            "tokenizer": None if self._tokenizer.current is None else self._tokenizer.current.text,
            "position": None if place is None else place._asdict(),
        }

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take tokenizer and place of a checkpoint; Lightning calls this after ``setup`` and before it asks for a loader, in every stage.

        Raises:
            ConfigError: If the checkpoint has other classes, or if a resumed fit would change the tokenizer.
        """
        trained = state_dict["classes"]
        if trained != self.classes and "emotion" in self.tasks:
            raise ConfigError(f"the checkpoint was trained on the classes {trained}, data.init_args.classes is {self.classes}")
        place = state_dict.get("position")  # earlier releases kept none
        self._stopped_at = None if place is None else Position(**place)
        if self.text and state_dict["tokenizer"] is not None:
            fitting = self.trainer is not None and self.trainer.state.fn == TrainerFn.FITTING
            self._tokenizer.take(state_dict["tokenizer"], self._tokenizer_dir(), fitting=fitting)

    def _dataset(self, rows: NDArray[np.int64], **parts: Any) -> UtteranceDataset:
        tokenizer = self._tokenizer.needed(self._tokenizer_dir()) if self.text else None
        targets = self._known_targets
        return UtteranceDataset(
            self.table,
            rows,
            targets.emotion,
            attributes=targets.attributes,
            waveforms=self._waveforms,
            tokenizer=tokenizer,
            **parts,
        )

    def _loader(self, dataset: UtteranceDataset, limit: BatchLimit, *, shuffle: bool) -> BatchLoader:
        check_processes(self.trainer, None if shuffle else len(dataset))
        lengths = np.maximum(dataset.lengths, self.min_samples) / self.sample_rate if self.audio else dataset.lengths  # seconds or tokens
        tokenizer = self._tokenizer.current
        return make_loader(
            dataset,
            BucketSampler(
                lengths, limit.size, batch_seconds=limit.seconds, shuffle=shuffle, seed=self.seed, pool_batches=self.pool_batches
            ),
            partial(collate, pad_id=0 if tokenizer is None else tokenizer.pad_id, min_samples=self.min_samples),
            num_workers=self.num_workers,
            seed=self.seed,
        )

    def _eval_loader(self, rows: NDArray[np.int64]) -> BatchLoader:
        return self._loader(self._dataset(rows), self._eval_limit, shuffle=False)
