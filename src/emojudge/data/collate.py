"""Utterances of different lengths become one padded ``Batch`` with masks."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..batch import Batch

MIN_SAMPLES = 400
"""Least width of a waveform batch: one receptive field of the WavLM family's feature extractor, which fails below."""


class Utterance(NamedTuple):
    """One utterance as the dataset gives it; a part that the run does not use is None, one that is missing is empty."""

    row: int
    id: str
    emotion: int
    waveform: NDArray[np.float32] | None = None
    tokens: NDArray[np.int64] | None = None
    votes: NDArray[np.float32] | None = None
    attributes: NDArray[np.float32] | None = None


def collate(utterances: Sequence[Utterance], *, pad_id: int = 0, min_samples: int = MIN_SAMPLES) -> Batch:
    """Return utterances padded to the longest, with masks that are true on real samples and tokens only.

    Args:
        utterances: Of one run: each part in all of them or in none.
        pad_id: Token id of padding.
        min_samples: Least number of samples of the padded waveforms; a shorter clip is padded, and its mask stays short.
    """
    waveform = waveform_mask = tokens = token_mask = None
    if utterances[0].waveform is not None:
        waveform, waveform_mask = _pad([u.waveform for u in utterances if u.waveform is not None], np.float32(0), min_samples)
    if utterances[0].tokens is not None:
        tokens, token_mask = _pad([u.tokens for u in utterances if u.tokens is not None], np.int64(pad_id), 1)
    votes = [u.votes for u in utterances if u.votes is not None]
    attributes = [u.attributes for u in utterances if u.attributes is not None]
    return Batch(
        row=torch.tensor([u.row for u in utterances], dtype=torch.int64),
        id=[u.id for u in utterances],
        waveform=waveform,
        waveform_mask=waveform_mask,
        tokens=tokens,
        token_mask=token_mask,
        emotion=torch.tensor([u.emotion for u in utterances], dtype=torch.int64),
        votes=torch.from_numpy(np.stack(votes)) if votes else None,
        attributes=torch.from_numpy(np.stack(attributes)) if attributes else None,
    )


def _pad(sequences: Sequence[NDArray[np.generic]], value: np.generic, min_length: int) -> tuple[Tensor, Tensor]:
    """Return the sequences in rows, filled up with ``value``, and their mask, both ``(batch, longest)``."""
    length = max(min_length, *(len(s) for s in sequences))
    padded = np.empty((len(sequences), length), dtype=value.dtype)
    mask = np.zeros(padded.shape, dtype=bool)
    for i, sequence in enumerate(sequences):
        padded[i, : len(sequence)] = sequence
        padded[i, len(sequence) :] = value
        mask[i, : len(sequence)] = True
    return torch.from_numpy(padded), torch.from_numpy(mask)
