"""The utterances of one split, read when a batch asks for them."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from torch.utils.data import Dataset

from ..corpus.table import Table
from ..errors import AudioError
from .augmentation import Augmentation, augmented
from .collate import Utterance
from .tokenizer import TextTokenizer
from .waveforms import Waveforms


class UtteranceDataset(Dataset[list[Utterance]]):
    """Some rows of a table as lists of utterances, for a sampler that yields lists of indices.

    Words are tokenized once, here; sound is read for each batch, and changed anew each epoch where there is an augmentation.

    Args:
        table: The corpus.
        rows: Rows of the table, ``(utterances,)``.
        emotions: Class index of every row of the table, -1 without label, ``(rows of the table,)``.
        votes: Distribution to fit on for every row of the table, ``(rows of the table, classes)``, or None.
        attributes: Attributes of every row of the table on the scale of the networks, ``(rows of the table, 3)``, or None.
        waveforms: Reader of the audio, or None for a run without sound.
        tokenizer: Tokenizer of the transcripts, or None for a run without words.
        augmentation: What changes waveforms, or None.
        seed: Decides what an augmentation draws, together with epoch and row.
    """

    def __init__(
        self,
        table: Table,
        rows: NDArray[np.int64],
        emotions: NDArray[np.int64],
        *,
        votes: NDArray[np.float32] | None = None,
        attributes: NDArray[np.float32] | None = None,
        waveforms: Waveforms | None = None,
        tokenizer: TextTokenizer | None = None,
        augmentation: Augmentation | None = None,
        seed: int = 0,
    ) -> None:
        self.rows = rows
        self.seed = seed
        self._ids = table.rows.data.column("id")
        self._emotions = emotions
        self._votes = votes
        self._attributes = attributes
        self._waveforms = waveforms
        self._augmentation = augmentation
        self._tokens = None
        if tokenizer is not None:
            transcripts = table.rows.data.column("transcript").take(rows).to_pylist()
            self._tokens = tokenizer.encode(transcripts)

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int | Sequence[int]) -> list[Utterance]:
        """Return the utterances of a list of indices, or the one of a single index (``overfit_batches`` gives such) as a list too.

        The list says by ``epoch`` which epoch it is drawn for, as those of ``BucketSampler`` do; without, it is epoch 0.
        """
        epoch: int = getattr(index, "epoch", 0)
        return [self._utterance(i, epoch) for i in ([index] if isinstance(index, int) else index)]

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Return what a batch is padded by: samples if there is sound, else tokens, ``(utterances,)``."""
        if self._waveforms is not None:
            return self._waveforms.n_samples[self.rows]
        return np.array([len(tokens) for tokens in self._tokens or ()], dtype=np.int64)

    def _utterance(self, index: int, epoch: int) -> Utterance:
        row = int(self.rows[index])
        return Utterance(
            row=row,
            id=self._ids[row].as_py(),
            emotion=int(self._emotions[row]),
            waveform=None if self._waveforms is None else self._waveform(self._waveforms, row, epoch),
            tokens=None if self._tokens is None else self._tokens[index],
            votes=None if self._votes is None else self._votes[row],
            attributes=None if self._attributes is None else self._attributes[row],
        )

    def _waveform(self, waveforms: Waveforms, row: int, epoch: int) -> NDArray[np.float32]:
        samples = waveforms.read(row)
        if self._augmentation is None:
            return samples
        try:
            return augmented(self._augmentation, samples, waveforms.sample_rate, [self.seed, epoch, row])
        except AudioError as error:
            raise AudioError(f"utterance '{self._ids[row].as_py()}': {error}") from error
