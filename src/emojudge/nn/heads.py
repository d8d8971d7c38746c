"""Heads: the vector of an utterance becomes logits, or values of attributes."""

import torch
from torch import Tensor, nn

from .masked import MaskedBatchNorm


class ResidualHead(nn.Module):
    """Fully connected layers, each followed by layer norm, ReLU and dropout, with residual connections between them.

    Paper, section 4.3.

    Paper: it gives neither sizes nor dropout; we project to 1024, add two residual blocks of 1024, and drop half
    of the values, those of the input too.

    Args:
        features_in: Size of the input.
        outputs: Number of outputs: classes or attributes.
        hidden: Size of every hidden layer.
        blocks: Number of residual blocks after the projection.
        dropout: Share of values dropped after each hidden layer.
        input_dropout: Share of input values dropped; by default as much as in the hidden layers.
        input_norm: Whether each input value is normalised over the batch first, as after the pooling of the published
            ECAPA-TDNN; pooled values of an encoder trained from scratch differ in scale.
    """

    def __init__(
        self,
        features_in: int,
        outputs: int,
        hidden: int = 1024,
        blocks: int = 2,
        dropout: float = 0.5,
        input_dropout: float | None = None,
        input_norm: bool = False,
    ) -> None:
        super().__init__()
        self.input_norm = MaskedBatchNorm(features_in) if input_norm else None
        self.input_dropout = nn.Dropout(dropout if input_dropout is None else input_dropout)
        self.project = _hidden_layer(features_in, hidden, dropout)
        self.blocks = nn.ModuleList(_hidden_layer(hidden, hidden, dropout) for _ in range(blocks))
        self.output = nn.Linear(hidden, outputs)

    def forward(self, x: Tensor) -> Tensor:
        """Return ``(batch, outputs)`` of vectors ``(batch, features_in)``."""
        if self.input_norm is not None:
            x = self.input_norm(x.T[None], x.new_ones(1, 1, len(x), dtype=torch.bool))[0].T  # (batch, features_in)
        x = self.project(self.input_dropout(x))  # (batch, hidden)
        for block in self.blocks:
            x = x + block(x)
        return self.output(x)  # type: ignore[no-any-return]


class BaselineHead(nn.Module):
    """Fully connected layers, each followed by layer norm, ReLU and dropout, and an output layer; nothing residual.

    The head of the challenge's baseline system (its ``EmotionRegression``, for both tasks): one hidden layer of 1024, half of the
    values dropped, those of the input too.

    Args:
        features_in: Size of the input.
        outputs: Number of outputs: classes or attributes.
        hidden: Size of every hidden layer.
        layers: Number of hidden layers, 1 or more.
        dropout: Share of values dropped, of the input and after each hidden layer.

    Raises:
        ValueError: If there is no hidden layer.
    """

    def __init__(self, features_in: int, outputs: int, hidden: int = 1024, layers: int = 1, dropout: float = 0.5) -> None:
        super().__init__()
        if layers < 1:
            raise ValueError(f"layers must be 1 or more, found {layers}; LinearHead has none")
        self.input_dropout = nn.Dropout(dropout)
        self.hidden = nn.Sequential(*(_hidden_layer(hidden if k else features_in, hidden, dropout) for k in range(layers)))
        self.output = nn.Linear(hidden, outputs)

    def forward(self, x: Tensor) -> Tensor:
        """Return ``(batch, outputs)`` of vectors ``(batch, features_in)``."""
        return self.output(self.hidden(self.input_dropout(x)))  # type: ignore[no-any-return]


class LinearHead(nn.Module):
    """Dropout and one linear layer: what a frozen encoder is probed with.

    Args:
        features_in: Size of the input.
        outputs: Number of outputs: classes or attributes.
        dropout: Share of input values dropped.
    """

    def __init__(self, features_in: int, outputs: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.dropout = nn.Dropout(dropout)
        self.output = nn.Linear(features_in, outputs)

    def forward(self, x: Tensor) -> Tensor:
        """Return ``(batch, outputs)`` of vectors ``(batch, features_in)``."""
        return self.output(self.dropout(x))  # type: ignore[no-any-return]


class ClassificationHead(nn.Module):
    """Dropout, dense, tanh, dropout, linear: the standard classification head of RoBERTa (paper, section 4.4).

    Args:
        features_in: Size of the input.
        outputs: Number of outputs: classes or attributes.
        dropout: Share of values dropped before both layers.
    """

    def __init__(self, features_in: int, outputs: int, dropout: float = 0.3) -> None:
        super().__init__()
        self.dropout = nn.Dropout(dropout)
        self.dense = nn.Linear(features_in, features_in)
        self.output = nn.Linear(features_in, outputs)

    def forward(self, x: Tensor) -> Tensor:
        """Return ``(batch, outputs)`` of vectors ``(batch, features_in)``."""
        x = torch.tanh(self.dense(self.dropout(x)))  # (batch, features_in)
        return self.output(self.dropout(x))  # type: ignore[no-any-return]


def _hidden_layer(features_in: int, features_out: int, dropout: float) -> nn.Sequential:
    return nn.Sequential(nn.Linear(features_in, features_out), nn.LayerNorm(features_out), nn.ReLU(), nn.Dropout(dropout))
