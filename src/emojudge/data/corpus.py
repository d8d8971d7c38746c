"""``CorpusDataModule``: what a run knows of its corpus, read once and shared among its processes."""

from functools import partial
from typing import Any, Literal

import numpy as np
from lightning.pytorch import LightningDataModule
from numpy.typing import NDArray
from torch import Tensor

from ..corpus.loading import load_table
from ..corpus.table import Table
from ..errors import ConfigError, CorpusError
from .classes import ClassMap
from .normalization import waveform_statistics
from .ranks import from_rank_zero
from .reading import read_corpus
from .run_tokenizer import RunTokenizer
from .selection import complete_rows, known_rows
from .store import find_store
from .targets import Target, Targets, check_votes, find_targets
from .waveforms import Waveforms


class CorpusDataModule(LightningDataModule):
    """The part of :class:`~emojudge.data.EmotionDataModule` that makes no batches: table, targets, rows, statistics, tokenizer.

    Its settings are documented and set there.
    """

    table_path: str | None
    reader: str | None
    reader_options: dict[str, Any]
    splits_path: str | None
    on_bad_utterance: Literal["error", "skip"]
    classes: list[str]
    class_map: ClassMap | None
    target: Target
    audio: bool
    text: bool
    sample_rate: int
    max_duration_s: float | None
    cache_mb: int
    store: str | None
    tokenizer_dir: str | None
    fit_splits: list[str]
    val_splits: list[str]
    _tokenizer: RunTokenizer
    _predict_splits: list[str] | None

    def __init__(self) -> None:
        super().__init__()
        self.prepare_data_per_node = False  # rank 0 reads the corpus once; setup hands it to the others
        self._table: Table | None = None
        self._targets: Targets | None = None
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
        return self._known_targets.emotion

    @property
    def tasks(self) -> tuple[str, ...]:
        """Return what the trainer's module learns, ``emotion``, ``attributes`` or both: it decides which utterances have a target."""
        module = getattr(self.trainer, "lightning_module", None)
        return getattr(module, "tasks", ("emotion",))

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
        """Return how many utterances of each class the network is fitted on, ``(classes,)``.

        int64; or float64 for ``target: votes``, where each utterance counts for every class by its share of the votes.
        """
        return self._known_targets.class_counts(self._fit_rows(), len(self.classes))

    def attribute_counts(self) -> Tensor:
        """Return how many utterances the network is fitted on have a value of valence, arousal and dominance, ``(3,)`` int64."""
        return self._known_targets.attribute_counts(self._fit_rows())

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
        if self._targets is None:
            self._table = from_rank_zero(self.trainer, lambda: self._table or self._read_table())
            self._targets = find_targets(self.table, self.classes, self.class_map, self.target)
            self._waveforms = self._open_waveforms() if self.audio else None
        if self.target == "votes" and stage == "fit" and "emotion" in self.tasks:
            check_votes(self.table, self.fit_splits)
        if self.text and stage == "fit":
            self._tokenizer.make(self.trainer, self._tokenizer_dir(), self._fit_transcripts)
        elif self.text and self._tokenizer.current is None:
            self._tokenizer.find(self.trainer, self._tokenizer_dir())

    @property
    def _known_targets(self) -> Targets:
        if self._targets is None:
            raise RuntimeError("the data module has no labels yet: call setup first")
        return self._targets

    def _read_table(self) -> Table:
        if self.table_path is not None:
            return load_table("table", path=self.table_path, splits=self.splits_path)
        assert self.reader is not None  # __init__ checked it
        run_dir = None if self.trainer is None else self.trainer.default_root_dir
        return read_corpus(self.reader, self.reader_options, self.on_bad_utterance, run_dir, splits=self.splits_path)

    def _scored_rows(self, *splits: str) -> NDArray[np.int64]:
        return known_rows(self.table, splits, self._known_targets.known(self.tasks, fitting=False))

    def _fit_rows(self) -> NDArray[np.int64]:
        rows = known_rows(self.table, self.fit_splits, self._known_targets.known(self.tasks, fitting=True))
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
