"""``EmotionDataModule``: a corpus as Lightning's trainer wants it; the owner of the run's class list."""

from functools import partial
from typing import Any, Literal

import numpy as np
import torch
from lightning.pytorch import LightningDataModule
from lightning.pytorch.trainer.states import TrainerFn
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader

from ..audio import SAMPLE_RATE
from ..corpus.table import Table, read_table
from ..errors import ConfigError, CorpusError
from ..labels import EMOTIONS
from .classes import class_indices
from .collate import MIN_SAMPLES, collate
from .dataset import UtteranceDataset
from .loader import check_processes, make_loader
from .normalization import waveform_statistics
from .ranks import from_rank_zero
from .reading import read_corpus
from .run_tokenizer import RunTokenizer
from .sampler import POOL_BATCHES, BucketSampler
from .selection import complete_rows, labelled_rows
from .settings import check_classes, check_parts, check_positive, check_source
from .store import find_store
from .tokenizer import MAX_TOKENS
from .waveforms import Waveforms

_EMOTIONS, _FIT, _VAL, _TEST = list(EMOTIONS), ["train"], ["dev"], ["test1"]  # defaults that a config can refer to; copied below


class EmotionDataModule(LightningDataModule):
    """Batches of a corpus' utterances for training, evaluation and prediction (paper, sections 3.1, 4.1 and 4.4).

    Utterances without a label are left out of fit, validation and test, and are predicted. One that lacks a part
    the run needs (sound or words) is left out of fit; elsewhere its mask is False throughout.

    A tokenizer is made when a run fits, on rank 0, and is kept in the run's folder and in the checkpoint. Every
    other stage takes the checkpoint's, since the network's embeddings are numbered by it, or else the folder's.

    Paper: gives no longest duration; we keep the first 12 s of an utterance, as the challenge's baseline does.

    Args:
        table: Parquet file of a table that was saved. Either this or ``reader``.
        reader: Corpus reader, as for :func:`emojudge.corpus.load_table`.
        reader_options: The reader's own options, such as ``root``.
        classes: The run's class list, in the order of the logits. The corpus has the same or ``class_map`` joins them.
        class_map: Class of the corpus to class of the run, or to null to leave its utterances without label.
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
        batch_size: Utterances in a batch of one process.
        eval_batch_size: The same for validation, test and prediction; by default ``batch_size``.
        pool_batches: Training batches that are drawn together and sorted by length; 1 gives random batches.
        num_workers: Processes that read ahead.
        seed: Decides the order of each training epoch, together with the epoch's number.
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
        classes: list[str] = _EMOTIONS,
        class_map: dict[str, str | None] | None = None,
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
        batch_size: int = 32,
        eval_batch_size: int | None = None,
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
        check_parts(audio=audio, text=text)
        check_classes(classes)
        check_positive(
            {
                "batch_size": batch_size,
                "eval_batch_size": eval_batch_size,
                "max_tokens": max_tokens,
                "sample_rate": sample_rate,
                "max_duration_s": max_duration_s,
                "pool_batches": pool_batches,
                "min_samples": min_samples,
            }
        )
        self.table_path, self.reader, self.reader_options = table, reader, dict(reader_options or {})
        self.classes, self.class_map = list(classes), class_map
        self.audio, self.text = audio, text
        self.sample_rate, self.max_duration_s, self.min_samples = sample_rate, max_duration_s, min_samples
        self.cache_mb, self.store = cache_mb, store
        self.tokenizer_name, self.tokenizer_dir = tokenizer, tokenizer_dir
        self._tokenizer = RunTokenizer(tokenizer, vocab_size=vocab_size, max_tokens=max_tokens)
        self.batch_size, self.eval_batch_size = batch_size, batch_size if eval_batch_size is None else eval_batch_size
        self.pool_batches = pool_batches
        self.num_workers, self.seed, self.on_bad_utterance = num_workers, seed, on_bad_utterance
        self.fit_splits, self.val_splits, self.test_splits = list(fit_splits), list(val_splits), list(test_splits)
        self._predict_splits = predict_splits
        self.prepare_data_per_node = False  # rank 0 reads the corpus once; setup hands it to the others
        self._table: Table | None = None
        self._emotions: NDArray[np.int64] | None = None
        self._waveforms: Waveforms | None = None
        self._statistics: tuple[float, float] | None = None

    @property
    def table(self) -> Table:
        """Return the corpus as it was read; its labels are not mapped."""
        if self._table is None:
            raise RuntimeError("the data module has no table yet: call setup first")
        return self._table

    @property
    def emotions(self) -> NDArray[np.int64]:
        """Return the index of each row's emotion in ``classes``, -1 where there is no label, ``(rows of the table,)``."""
        if self._emotions is None:
            raise RuntimeError("the data module has no labels yet: call setup first")
        return self._emotions

    @property
    def splits(self) -> dict[str, int]:
        """Return the number of utterances of each split of the corpus."""
        return self.table.splits

    @property
    def predict_splits(self) -> list[str]:
        """Return the splits that are predicted."""
        return (
            [split for split in self.splits if split not in self.fit_splits] if self._predict_splits is None else list(self._predict_splits)
        )

    @property
    def n_token_ids(self) -> int | None:
        """Return how many token ids the tokenizer may give, None before there is one."""
        return None if self._tokenizer.current is None else self._tokenizer.current.n_ids

    def predict_rows(self) -> NDArray[np.int64]:
        """Return the rows of the table that are predicted, in row order.

        Raises:
            CorpusError: If there is nothing to predict.
        """
        if not self.predict_splits:
            raise CorpusError(f"{self.table.info.source} has no split but {self.fit_splits}; name some in data.init_args.predict_splits")
        return self.table.indices(*self.predict_splits)

    def class_counts(self) -> Tensor:
        """Return how many utterances of each class the network is fitted on, ``(classes,)`` int64."""
        counted = np.bincount(self.emotions[self._fit_rows()], minlength=len(self.classes))
        return torch.from_numpy(counted.astype(np.int64))

    def waveform_statistics(self) -> tuple[float, float]:
        """Return mean and standard deviation of all samples of the fitted splits, labelled or not (paper, section 4.1).

        They are taken after resampling and cutting. Rank 0 computes them, so that every rank has the same: all must call this.

        Raises:
            CorpusError: If the splits have no audio, or nothing but silence.
            AudioError: If a file cannot be read.
            ConfigError: If the run has no audio.
        """
        if self._statistics is None:
            if self._waveforms is None:
                raise ConfigError("waveform statistics need data.init_args.audio: true")
            self._statistics = from_rank_zero(self.trainer, partial(waveform_statistics, self.table, self._waveforms, self.fit_splits))
        return self._statistics

    def prepare_data(self) -> None:
        """Read the corpus, on rank 0 alone and before a timeout of the process group can strike."""
        if self._table is None:
            self._table = self._read_table()

    def setup(self, stage: str) -> None:
        """Share the corpus among the ranks, translate its labels, and make or find the tokenizer."""
        if self._emotions is None:
            self._table = from_rank_zero(self.trainer, lambda: self._table or self._read_table())
            self._emotions = class_indices(self.table, self.classes, self.class_map)
            self._waveforms = self._open_waveforms() if self.audio else None
        if self.text and stage == "fit":
            self._tokenizer.make(self.trainer, self._tokenizer_dir(), self._fit_transcripts)
        elif self.text and self._tokenizer.current is None:
            self._tokenizer.find(self.trainer, self._tokenizer_dir())

    def train_dataloader(self) -> DataLoader[Any]:
        """Return shuffled batches of the labelled utterances of the fitted splits that have all parts."""
        return self._loader(self._fit_rows(), self.batch_size, shuffle=True)

    def val_dataloader(self) -> DataLoader[Any]:
        """Return batches of the labelled utterances of the splits that choose checkpoints."""
        return self._loader(labelled_rows(self.table, self.val_splits, self.emotions), self.eval_batch_size)

    def test_dataloader(self) -> list[DataLoader[Any]] | DataLoader[Any]:
        """Return batches of the labelled utterances of each test split, one loader a split."""
        loaders = [self._loader(labelled_rows(self.table, [split], self.emotions), self.eval_batch_size) for split in self.test_splits]
        return loaders[0] if len(loaders) == 1 else loaders

    def predict_dataloader(self) -> DataLoader[Any]:
        """Return batches of every utterance of the splits to predict."""
        return self._loader(self.predict_rows(), self.eval_batch_size)

    def state_dict(self) -> dict[str, Any]:
        """Return what a checkpoint must keep: the class list and the tokenizer."""
        return {"classes": self.classes, "tokenizer": None if self._tokenizer.current is None else self._tokenizer.current.text}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take the tokenizer of a checkpoint; Lightning calls this after ``setup`` and before it asks for a loader, in every stage.

        Raises:
            ConfigError: If the checkpoint has other classes, or if a resumed fit would change the tokenizer.
        """
        trained = state_dict["classes"]
        if trained != self.classes:
            raise ConfigError(f"the checkpoint was trained on the classes {trained}, data.init_args.classes is {self.classes}")
        if self.text and state_dict["tokenizer"] is not None:
            fitting = self.trainer is not None and self.trainer.state.fn == TrainerFn.FITTING
            self._tokenizer.take(state_dict["tokenizer"], self._tokenizer_dir(), fitting=fitting)

    def _loader(self, rows: NDArray[np.int64], batch_size: int, *, shuffle: bool = False) -> DataLoader[Any]:
        check_processes(self.trainer, None if shuffle else len(rows))
        tokenizer = self._tokenizer.needed(self._tokenizer_dir()) if self.text else None
        dataset = UtteranceDataset(self.table, rows, self.emotions, waveforms=self._waveforms, tokenizer=tokenizer)
        return make_loader(
            dataset,
            BucketSampler(dataset.lengths, batch_size, shuffle=shuffle, seed=self.seed, pool_batches=self.pool_batches),
            partial(collate, pad_id=0 if tokenizer is None else tokenizer.pad_id, min_samples=self.min_samples),
            num_workers=self.num_workers,
            seed=self.seed,
        )

    def _read_table(self) -> Table:
        if self.table_path is not None:
            return read_table(self.table_path)
        assert self.reader is not None  # __init__ checked it
        run_dir = None if self.trainer is None else self.trainer.default_root_dir
        return read_corpus(self.reader, self.reader_options, self.on_bad_utterance, run_dir)

    def _fit_rows(self) -> NDArray[np.int64]:
        rows = labelled_rows(self.table, self.fit_splits, self.emotions)
        return complete_rows(self.table, rows, audio=self.audio, text=self.text)

    def _open_waveforms(self) -> Waveforms:
        rank = {**dict.fromkeys(self.val_splits, 1), **dict.fromkeys(self.fit_splits, 0)}
        return Waveforms(
            self.table,
            sample_rate=self.sample_rate,
            max_duration_s=self.max_duration_s,
            cache_mb=self.cache_mb,
            first=np.argsort([rank.get(split, 2) for split in self.table.column("split")], kind="stable"),
            store=find_store(self.store, self.table_path),
        )

    def _fit_transcripts(self) -> list[str]:
        rows = self.table.indices(*self.fit_splits)
        return self.table.rows.data.column("transcript").take(rows).drop_null().to_pylist()  # type: ignore[no-any-return]

    def _tokenizer_dir(self) -> str | None:
        return self.tokenizer_dir or (None if self.trainer is None else self.trainer.default_root_dir)
