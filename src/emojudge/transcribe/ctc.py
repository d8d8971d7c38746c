"""Models with a CTC head on an encoder of raw samples: wav2vec 2.0, HuBERT, WavLM."""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from ..nn.encoders.huggingface import receptive_field

WINDOW_S = 30.0
"""A longer recording is heard in windows of this length, in seconds; attention costs the square of it."""

CONTEXT_S = 3.0
"""What neighbouring windows hear in common on each side, in seconds; its frames are taken from the window where they are further inside."""


class CtcRecognizer:
    """Words by a CTC model: the likeliest token of each frame, repeats merged, blanks dropped; no language model.

    Padded frames are not decoded, and a model whose values depend on padding (group norm: the base sizes; an adapter)
    hears one stretch at a time, so that words do not depend on neighbours.

    Args:
        model: ``Wav2Vec2ForCTC`` or its kin.
        features: Its feature extractor.
        tokenizer: Its tokenizer, of which the padding token is the blank.
        batch_size: Stretches of sound that go through the network together.
    """

    def __init__(self, model: Any, features: Any, tokenizer: Any, batch_size: int = 16) -> None:
        self.model, self.features, self.tokenizer = model, features, tokenizer
        self.sample_rate = int(features.sampling_rate)
        has_adapter = getattr(model.config, "add_adapter", False)  # convolutions behind the encoder, which thin out its frames
        self.depends_on_padding = has_adapter or getattr(model.config, "feat_extract_norm", None) == "group"
        self.batch_size = 1 if self.depends_on_padding else batch_size
        self._n_samples_min = receptive_field(model.config.conv_kernel, model.config.conv_stride)
        self._hop = int(np.prod(model.config.conv_stride))
        if has_adapter:
            self._hop *= model.config.adapter_stride**model.config.num_adapter_layers
        delimiter = getattr(tokenizer, "word_delimiter_token_id", None)
        self._unspoken = frozenset(tokenizer.all_special_ids) - {tokenizer.pad_token_id, delimiter}

    @torch.inference_mode()
    def __call__(self, waveforms: Sequence[NDArray[np.float32]]) -> list[str]:
        """Return the words of each recording."""
        ids: list[list[int]] = [[] for _ in waveforms]
        stretches = (
            (i, waveform[first * self._hop : last * self._hop], kept)
            for i, waveform in enumerate(waveforms)
            for first, last, kept in windows(len(waveform), self._hop, self.sample_rate)
        )
        while batch := list(islice(stretches, self.batch_size)):
            for (i, _, kept), best in zip(batch, self._best_tokens([samples for _, samples, _ in batch]), strict=True):
                ids[i] += best[kept]
        return [self._decoded(each) for each in ids]

    def _best_tokens(self, stretches: list[NDArray[np.float32]]) -> list[list[int]]:
        """Return the likeliest token of each real frame of some stretches of sound."""
        stretches = [np.pad(samples, (0, max(0, self._n_samples_min - len(samples)))) for samples in stretches]
        inputs = self.features(
            stretches, sampling_rate=self.sample_rate, padding=True, return_attention_mask=not self.depends_on_padding, return_tensors="pt"
        ).to(self.model.device)  # input_values: (stretches, samples)
        inputs["input_values"] = inputs["input_values"].to(self.model.dtype)
        best = self.model(**inputs).logits.argmax(dim=2).cpu()  # (stretches, frames)
        n_frames = self.model._get_feat_extract_output_lengths(torch.tensor([len(samples) for samples in stretches]))
        return [row[:n].tolist() for row, n in zip(best, n_frames.tolist(), strict=True)]

    def _decoded(self, ids: list[int]) -> str:
        """Return the text of frame-wise tokens; what is no sound (sentence marks, unknown) counts as blank.

        The tokenizer's own ``skip_special_tokens`` drops blanks before repeats are merged, which makes "helo" of "hello".
        """
        return str(self.tokenizer.decode([self.tokenizer.pad_token_id if id in self._unspoken else id for id in ids]))


def windows(n_samples: int, hop: int, sample_rate: int) -> Iterator[tuple[int, int, slice]]:
    """Yield the windows of a recording, in frames: first, last (excluded), and which of the window's own frames are kept.

    The kept frames of all windows follow one another without gap or overlap, and end with the recording.

    Args:
        n_samples: Samples of the recording.
        hop: Samples from one frame to the next.
        sample_rate: In Hz.
    """
    size, context = round(WINDOW_S * sample_rate / hop), round(CONTEXT_S * sample_rate / hop)
    first = 0
    while first * hop + size * hop < n_samples:
        yield first, first + size, slice(context if first else 0, size - context)
        first += size - 2 * context
    yield first, -(-n_samples // hop), slice(context if first else 0, None)
