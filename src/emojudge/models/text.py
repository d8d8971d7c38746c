"""The text branch: tokens, encoder, head."""

from collections.abc import Callable, Sequence
from typing import Any

from torch import Tensor, nn

from ..batch import Batch
from ..errors import ConfigError
from ..labels import EMOTIONS
from ..nn import ClassificationHead
from .network import Network


class TextNetwork(Network):
    """Emotions, attributes or both of the transcript: the first token's representation in the encoder's last layer, and a head on it.

    Paper, section 4.4: dropout 0.3 and the encoder's standard classification head; no other pooling.

    Args:
        encoder: Frames of tokens: ``forward(tokens, mask) -> (frames, mask)`` and ``features_out``; ``pretrained_name``
            and ``vocab_size`` are looked at where offered.
        classes: The run's class list, or its length; None for a network of attributes alone.
        head: What makes the head for an input size and a number of outputs, or a finished one. With classes and attributes
            it makes two.
        attributes: Names of the attributes, for Task 2; None for emotions alone.
    """

    parts = ("encoder", "head")

    def __init__(
        self,
        encoder: nn.Module,
        classes: Sequence[str] | int | None = EMOTIONS,
        head: Callable[[int, int], nn.Module] = ClassificationHead,
        attributes: Sequence[str] | None = None,
    ) -> None:
        super().__init__(classes, attributes)
        self.encoder = encoder
        self.head = self._made_head(head, encoder.features_out)  # type: ignore[arg-type]

    def has_input(self, batch: Batch) -> Tensor:
        """Return True for each utterance that has a token, ``(batch,)``.

        Raises:
            ConfigError: If the batch brings no tokens at all.
        """
        if batch.token_mask is None:
            raise ConfigError("the text network needs tokens, but the batches have none; give the data module a tokenizer")
        return batch.token_mask.any(dim=1)

    def check_data(self, data: Any, stage: str) -> None:
        """Check at the start of a fit that the tokenizer is the encoder's; later ones are the checkpoint's.

        Raises:
            ConfigError: If pretrained weights would meet a tokenizer trained on the corpus, or ids that the encoder does not know.
        """
        if stage != "fit":
            return
        name = getattr(self.encoder, "pretrained_name", None)
        if name is not None and getattr(data, "tokenizer_name", None) == "corpus":
            raise ConfigError(
                f"the text encoder has the pretrained weights of {name}, but the tokenizer is trained on the corpus and numbers "
                f"its tokens otherwise; set data.init_args.tokenizer: {name}"
            )
        known, n_ids = getattr(self.encoder, "vocab_size", None), getattr(data, "n_token_ids", None)
        if known is not None and n_ids is not None and n_ids > known:
            raise ConfigError(
                f"the tokenizer has {n_ids} token ids, the text encoder's vocab_size is {known}; take the tokenizer of the encoder, "
                'or in a config vocab_size: "${data.init_args.vocab_size}" for an encoder from scratch'
            )

    def _outputs(self, batch: Batch, rows: Any) -> Tensor:
        assert batch.tokens is not None and batch.token_mask is not None  # noqa: PT018
        frames, _ = self.encoder(batch.tokens[rows], batch.token_mask[rows])  # (rows, tokens, features)
        return self.head(frames[:, 0])  # type: ignore[no-any-return]
