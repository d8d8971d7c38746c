"""Text encoders of the transformers library: RoBERTa and its like."""

from typing import Any

from torch import Tensor, nn

from ...errors import ConfigError
from .transformer import load_config, load_model, plain_config

_WITH_POOLER = ("bert", "camembert", "roberta", "xlm-roberta")
_POSITIONS_AFTER_PADDING = ("camembert", "roberta", "xlm-roberta")


class HuggingFaceTextEncoder(nn.Module):
    """Frames of a text encoder, one a token (paper, section 4.4). It has no pooler, so every parameter gets a gradient.

    Its pretrained weights are numbered by its own tokenizer: ``pretrained_name`` says whose they are, ``vocab_size`` how
    many ids it knows.

    Args:
        model: A name on the Hugging Face hub, a local folder, or sizes: ``model_type`` and what differs from the
            defaults of its transformers configuration. ``max_position_embeddings`` of a RoBERTa is the longest
            transcript in tokens plus 2.
        pretrained: Whether to load weights; False makes them random, and is needed where only sizes are given.

    Raises:
        ConfigError: If the model does not exist or cannot be reached.
    """

    def __init__(self, model: str | dict[str, Any], pretrained: bool = True) -> None:
        super().__init__()
        config = load_config(model)
        self.config = plain_config(config)
        self.features_out: int = config.hidden_size
        self.vocab_size: int = config.vocab_size
        self.pretrained_name = model if pretrained and isinstance(model, str) else None
        self.n_tokens_max: int = config.max_position_embeddings
        if config.model_type in _POSITIONS_AFTER_PADDING:
            self.n_tokens_max -= config.pad_token_id + 1
        options = {"add_pooling_layer": False} if config.model_type in _WITH_POOLER else {}
        self.model = load_model(model, config, pretrained, **options)

    def forward(self, tokens: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Return frames and which of them are real.

        Args:
            tokens: Token ids, ``(batch, tokens)`` int64; what stands on padded places does not matter.
            mask: True where a token is real, ``(batch, tokens)``, at least one a row.

        Returns:
            ``(batch, tokens, features_out)`` and ``(batch, tokens)``.

        Raises:
            ConfigError: If there are more tokens than the model has positions for.
        """
        if tokens.shape[1] > self.n_tokens_max:
            raise ConfigError(
                f"a transcript has {tokens.shape[1]} tokens, the text encoder takes {self.n_tokens_max}; "
                "lower the data module's max_tokens, or raise the model's max_position_embeddings (for RoBERTa: max_tokens + 2)"
            )
        tokens = tokens.masked_fill(~mask, self.config["pad_token_id"])  # RoBERTa counts positions by this id
        return self.model(tokens, attention_mask=mask.long()).last_hidden_state, mask

    def rebuild_arguments(self) -> dict[str, Any]:
        """Return the arguments that build this encoder again without the hub, for its weights to be loaded into."""
        return {"model": self.config, "pretrained": False}
