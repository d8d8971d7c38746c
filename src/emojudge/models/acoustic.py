"""The acoustic branch: waveform, encoder, pooling, head."""

import logging
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from ..batch import Batch
from ..errors import ConfigError
from ..labels import EMOTIONS
from ..nn import AttentiveStatisticsPooling, ResidualHead
from .network import Network, built

_log = logging.getLogger(__name__)


class AcousticNetwork(Network):
    """Emotions, attributes or both of the waveform: normalisation, encoder, pooling over frames, head (paper, sections 4.1 to 4.3).

    Waveforms are normalised by one mean and deviation over all training samples, which a Lightning module sets
    before the first step and the checkpoint keeps.

    Args:
        encoder: Frames of a waveform: ``forward(waveform, mask) -> (frames, mask)`` and ``features_out``; ``sample_rate``
            and ``depends_on_padding`` are looked at where offered.
        classes: The run's class list, or its length; None for a network of attributes alone.
        pooling: What makes the pooling for frames of a given size, or a finished one with ``features_out``.
        head: What makes the head for an input size and a number of outputs, or a finished one. With classes and attributes
            it makes two.
        attributes: Names of the attributes, for Task 2; None for emotions alone.

    >>> from functools import partial
    >>> from emojudge.nn.encoders import EcapaTdnn
    >>> encoder = EcapaTdnn(channels=16, features=24, bottleneck=8)
    >>> network = AcousticNetwork(encoder, classes=["sad", "happy"], head=partial(ResidualHead, hidden=32, blocks=1))
    >>> [group["name"] for group in network.parameter_groups()]
    ['encoder', 'pooling', 'head']
    """

    parts = ("encoder", "pooling", "head")
    waveform_mean: Tensor
    waveform_std: Tensor

    def __init__(
        self,
        encoder: nn.Module,
        classes: Sequence[str] | int | None = EMOTIONS,
        pooling: Callable[[int], nn.Module] = AttentiveStatisticsPooling,
        head: Callable[[int, int], nn.Module] = ResidualHead,
        attributes: Sequence[str] | None = None,
    ) -> None:
        super().__init__(classes, attributes)
        self.encoder = encoder
        self.pooling = built(pooling, encoder.features_out)  # type: ignore[arg-type]
        self.head = self._made_head(head, self.pooling.features_out)  # type: ignore[arg-type]
        self.register_buffer("waveform_mean", torch.tensor(0.0))
        self.register_buffer("waveform_std", torch.tensor(1.0))

    def set_normalization(self, mean: float, std: float) -> None:
        """Set the mean and the standard deviation of all training samples.

        Raises:
            ConfigError: If the deviation is not a positive number.
        """
        if not (std > 0 and torch.tensor([mean, std]).isfinite().all()):
            raise ConfigError(f"the training waveforms have mean {mean} and deviation {std}; they must not all be silent")
        self.waveform_mean.fill_(mean)
        self.waveform_std.fill_(std)

    def has_input(self, batch: Batch) -> Tensor:
        """Return True for each utterance that has a real sample, ``(batch,)``.

        Raises:
            ConfigError: If the batch brings no waveforms at all.
        """
        if batch.waveform_mask is None:
            raise ConfigError("the acoustic network needs waveforms, but the batches have none; turn audio on in the data module")
        return batch.waveform_mask.any(dim=1)

    def check_data(self, data: Any, stage: str) -> None:
        """Check that waveforms have the encoder's sample rate, and warn where batches change what an encoder gives in evaluation.

        Raises:
            ConfigError: If the sample rates differ.
        """
        ours, theirs = getattr(self.encoder, "sample_rate", None), getattr(data, "sample_rate", None)
        if None not in (ours, theirs) and ours != theirs:
            raise ConfigError(
                f"the encoder takes waveforms at {ours} Hz, data.init_args.sample_rate is {theirs}; "
                'give both one rate, in a config by sample_rate: "${data.init_args.sample_rate}" where the encoder has such a setting'
            )
        n_together = getattr(data, "eval_batch_size", 1)  # None where batches are cut by seconds
        if getattr(self.encoder, "depends_on_padding", False) and n_together != 1:
            _log.warning(
                "%s gives an utterance other values in a padded batch than alone (feat_extract_norm: group), and "
                "data.init_args.eval_batch_size is %s: set it to 1 for scores and predictions that do not depend on the batch",
                getattr(self.encoder, "name", "the encoder"),
                n_together,
            )

    def frames(self, batch: Batch, rows: Any = slice(None)) -> tuple[Tensor, Tensor]:
        """Return the encoder's frames of some rows ``(rows, frames, features)``, and which are real ``(rows, frames)``."""
        assert batch.waveform is not None and batch.waveform_mask is not None  # noqa: PT018
        waveform, mask = batch.waveform[rows], batch.waveform_mask[rows]
        waveform = ((waveform - self.waveform_mean) / self.waveform_std).masked_fill(~mask, 0)  # (rows, samples)
        return self.encoder(waveform, mask)  # type: ignore[no-any-return]

    def _outputs(self, batch: Batch, rows: Any) -> Tensor:
        return self.head(self.pooling(*self.frames(batch, rows)))  # type: ignore[no-any-return]
