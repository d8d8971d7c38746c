"""Text encoders of the transformers library: RoBERTa, DeBERTa, BERT and their like."""

import inspect
from typing import Any

import torch
from torch import Tensor

from ...errors import ConfigError
from ..layers import Layer
from ..tuning import Transformer, Tuning
from .pretrained import PretrainedEncoder, one_by_one
from .transformer import load_config, load_model, model_class, plain_config

_POSITIONS_AFTER_PADDING = ("camembert", "data2vec-text", "mpnet", "roberta", "roberta-prelayernorm", "xlm-roberta", "xlm-roberta-xl")
"""Those whose positions begin after the padding token's id."""

_MASKED = (*_POSITIONS_AFTER_PADDING, "albert", "bert", "deberta", "deberta-v2", "distilbert", "electra", "ernie", "modernbert")
"""Those whose masks keep padding out."""


class HuggingFaceTextEncoder(PretrainedEncoder):
    """Frames of a text encoder, one a token (paper, section 4.4). It has no pooler, so every parameter gets a gradient.

    Padding changes no utterance's frames; an encoder that is not known for that takes text by text in evaluation.

    Its pretrained weights are numbered by its own tokenizer: ``pretrained_name`` says whose they are, ``vocab_size`` how
    many ids it knows.

    Args:
        model: A name on the Hugging Face hub, a local folder, or sizes: ``model_type`` and what differs from the
            defaults of its transformers configuration. ``max_position_embeddings`` of a RoBERTa is the longest
            transcript in tokens plus 2.
        pretrained: Whether to load weights; False makes them random, and is needed where only sizes are given.
        layer: ``last``; a number from 1, that layer's output, and nothing is computed above it; ``weighted``, a learnt mixture
            of the embeddings and all layers.
        tuning: What is trained: one of ``emojudge.nn.tuning``; by default all. A frozen model stays in
            evaluation mode: it has no dropout and makes no graph.
        gradient_checkpointing: Whether the backward pass computes each layer again instead of keeping what it needs.

    Raises:
        ConfigError: If the model does not exist, cannot be reached, is no text encoder, or has no such layer.
    """

    def __init__(
        self,
        model: str | dict[str, Any],
        pretrained: bool = True,
        layer: Layer = "last",
        tuning: Tuning | None = None,
        gradient_checkpointing: bool = False,
    ) -> None:
        super().__init__()
        config = load_config(model)
        if not _is_text_encoder(config):
            raise ConfigError(f"a {config.model_type} model does not serve as a text encoder; choose a RoBERTa, DeBERTa or BERT model")
        self.config = plain_config(config)
        self.features_out: int = config.hidden_size
        self.vocab_size: int = config.vocab_size
        self.pretrained_name = model if pretrained and isinstance(model, str) else None
        self.n_tokens_max: int = config.max_position_embeddings
        if config.model_type in _POSITIONS_AFTER_PADDING:
            self.n_tokens_max -= config.pad_token_id + 1
        self._text_by_text = config.model_type not in _MASKED
        has_pooler = "add_pooling_layer" in inspect.signature(model_class(config).__init__).parameters
        self.model = load_model(model, config, pretrained, **({"add_pooling_layer": False} if has_pooler else {}))
        self._settle(layer, tuning or Transformer(), gradient_checkpointing)
        if self._text_by_text:
            self._try(torch.arange(min(4, self.n_tokens_max)))

    def forward(self, tokens: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Return frames and which of them are real.

        Args:
            tokens: Token ids, ``(batch, tokens)`` int64; what stands on padded places does not matter.
            mask: True where a token is real, ``(batch, tokens)``, the first ones of a row and at least one.

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
        if self._text_by_text and not self.model.training and len(tokens) > 1:
            return one_by_one(self, tokens, mask)
        tokens = tokens.masked_fill(~mask, self.config["pad_token_id"])  # RoBERTa counts positions by this id
        return self._taken(lambda: self.model(tokens, attention_mask=mask.long()).last_hidden_state), mask

    def rebuild_arguments(self) -> dict[str, Any]:
        """Return the arguments that build this encoder again without the hub, for its weights to be loaded into."""
        return {"model": self.config, "pretrained": False}


def _is_text_encoder(config: Any) -> bool:
    """Return whether a configuration is that of an encoder of tokens: one that was trained on masked words, and has no decoder."""
    from transformers.models.auto.modeling_auto import MODEL_FOR_MASKED_LM_MAPPING_NAMES

    needed = ("hidden_size", "max_position_embeddings", "pad_token_id", "vocab_size")
    takes_tokens = all(getattr(config, name, None) is not None for name in needed) and not hasattr(config, "conv_stride")
    return takes_tokens and config.model_type in MODEL_FOR_MASKED_LM_MAPPING_NAMES and not config.is_encoder_decoder
