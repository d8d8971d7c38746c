"""Collation: padding, masks, and parts that are missing or not used."""

import numpy as np
import torch

from emojudge.data.collate import Utterance, collate


def ramp(n: int) -> np.ndarray:
    return np.arange(1, n + 1, dtype=np.float32)


def test_waveforms_are_padded_with_zeros_that_the_mask_excludes() -> None:
    batch = collate([Utterance(3, "a", 1, ramp(500)), Utterance(0, "b", -1, ramp(700))])
    assert batch.waveform is not None
    assert batch.waveform_mask is not None
    assert batch.waveform.shape == batch.waveform_mask.shape == (2, 700)
    assert batch.waveform.dtype == torch.float32
    assert torch.equal(batch.waveform[0, :500], torch.arange(1.0, 501))
    assert not batch.waveform[~batch.waveform_mask].any()
    assert batch.waveform_mask.sum(1).tolist() == [500, 700]
    assert batch.row.tolist() == [3, 0]
    assert batch.id == ["a", "b"]
    assert batch.emotion is not None
    assert batch.emotion.tolist() == [1, -1]
    assert batch.tokens is None
    assert batch.token_mask is None


def test_short_clip_fills_the_least_width_and_keeps_its_mask() -> None:
    batch = collate([Utterance(0, "a", 0, ramp(10)), Utterance(1, "b", 0, ramp(0))])
    assert batch.waveform is not None
    assert batch.waveform_mask is not None
    assert batch.waveform.shape == (2, 400)
    assert batch.waveform_mask.sum(1).tolist() == [10, 0]
    wide = collate([Utterance(0, "a", 0, ramp(10))], min_samples=3600)
    assert wide.waveform is not None
    assert wide.waveform.shape == (1, 3600)


def test_tokens_are_padded_with_the_tokenizers_padding() -> None:
    batch = collate([Utterance(0, "a", 0, tokens=np.array([0, 9, 2])), Utterance(1, "b", 0, tokens=np.array([], dtype=np.int64))], pad_id=1)
    assert batch.tokens is not None
    assert batch.token_mask is not None
    assert batch.tokens.tolist() == [[0, 9, 2], [1, 1, 1]]
    assert batch.token_mask.tolist() == [[True] * 3, [False] * 3]
    assert batch.tokens.dtype == torch.int64
    assert batch.waveform is None


def test_a_batch_without_any_words_has_one_masked_token() -> None:
    batch = collate([Utterance(0, "a", 0, tokens=np.array([], dtype=np.int64))], pad_id=1)
    assert batch.tokens is not None
    assert batch.token_mask is not None
    assert batch.tokens.tolist() == [[1]]
    assert batch.token_mask.tolist() == [[False]]


def test_votes_are_stacked_where_there_are_some() -> None:
    shares = [np.array([0.5, 0.5, 0], dtype=np.float32), np.array([0, 0, 1], dtype=np.float32)]
    batch = collate([Utterance(i, str(i), -1, ramp(5), votes=share) for i, share in enumerate(shares)])
    assert batch.votes is not None
    assert batch.votes.tolist() == [[0.5, 0.5, 0], [0, 0, 1]]
    assert batch.votes.dtype == torch.float32
    assert collate([Utterance(0, "a", 0, ramp(5))]).votes is None


def test_attributes_are_stacked_where_the_corpus_has_some() -> None:
    values = [np.array([0.5, np.nan, 0], dtype=np.float32), np.array([np.nan] * 3, dtype=np.float32)]
    batch = collate([Utterance(i, str(i), -1, ramp(5), attributes=value) for i, value in enumerate(values)])
    assert batch.attributes is not None
    np.testing.assert_array_equal(batch.attributes, np.stack(values))
    assert batch.attributes.dtype == torch.float32
    assert collate([Utterance(0, "a", 0, ramp(5))]).attributes is None
