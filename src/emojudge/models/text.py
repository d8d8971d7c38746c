"""The text branch: tokens, encoder, head."""

from collections.abc import Callable, Sequence
from typing import Any

from torch import Tensor, nn

from ..batch import Batch
from ..errors import ConfigError
from ..labels import EMOTIONS
from ..nn import ClassificationHead
from .network import Network, built


class TextNetwork(Network):
    """Logits of the transcript: the first token's representation in the encoder's last layer, and a head on it.

    Paper, section 4.4: dropout 0.3 and the encoder's standard classification head; no other pooling.

    Args:
        encoder: Frames of tokens: ``forward(tokens, mask) -> (frames, mask)`` and ``features_out``.
        classes: The run's class list, or its length.
        head: What makes the head for an input size and a number of classes, or a finished one.
    """

    parts = ("encoder", "head")

    def __init__(
        self,
        encoder: nn.Module,
        classes: Sequence[str] | int = EMOTIONS,
        head: Callable[[int, int], nn.Module] = ClassificationHead,
    ) -> None:
        super().__init__(classes)
        self.encoder = encoder
        self.head = built(head, encoder.features_out, self.n_classes)  # type: ignore[arg-type]

    def has_input(self, batch: Batch) -> Tensor:
        """Return True for each utterance that has a token, ``(batch,)``.

        Raises:
            ConfigError: If the batch brings no tokens at all.
        """
        if batch.token_mask is None:
            raise ConfigError("the text network needs tokens, but the batches have none; give the data module a tokenizer")
        return batch.token_mask.any(dim=1)

    def _logits(self, batch: Batch, rows: Any) -> Tensor:
        assert batch.tokens is not None and batch.token_mask is not None  # noqa: PT018
        frames, _ = self.encoder(batch.tokens[rows], batch.token_mask[rows])  # (rows, tokens, features)
        return self.head(frames[:, 0])  # type: ignore[no-any-return]
