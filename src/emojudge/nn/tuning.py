"""Tuning: which parameters of a pretrained encoder are trained. An encoder takes one of these and applies it to itself."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Self

import torch
from torch import nn

from .._extras import need
from ..errors import ConfigError

QUERY_AND_VALUE = (
    *("q_proj", "v_proj"),  # speech encoders
    *("query", "value"),  # BERT, RoBERTa
    "in_proj",  # DeBERTa; the keys too
    *("query_proj", "value_proj"),  # DeBERTa-v2
    "Wqkv",  # ModernBERT; the keys too
    *("linear_q", "linear_v"),  # conformers
    *("q_lin", "v_lin"),  # DistilBERT
)
"""What the families of transformers call the projections that LoRA adapts by default."""


class Tuning(ABC):
    """Which of an encoder's parameters are trained."""

    trains_model = True
    """Whether anything of the model is trained; where not, it stays in evaluation mode and makes no graph."""

    @abstractmethod
    def apply(self, model: nn.Module, layers: Sequence[nn.Module], front: Iterable[nn.Module] = (), top: Iterable[nn.Module] = ()) -> None:
        """Set ``requires_grad`` of every parameter of a model, in place.

        Args:
            model: Everything that there is to train.
            layers: Its transformer layers, the first one first, without those that are cut off.
            front: Modules before the transformer that make features of samples.
            top: Modules after the last layer, such as its norm.
        """


class Frozen(Tuning):
    """Nothing is trained. The model stays in evaluation mode, so that its dropout is off, and makes no graph."""

    trains_model = False

    def apply(self, model: nn.Module, layers: Sequence[nn.Module], front: Iterable[nn.Module] = (), top: Iterable[nn.Module] = ()) -> None:
        """Freeze every parameter."""
        model.requires_grad_(False)


class TopLayers(Tuning):
    """The last layers of the transformer are trained, with the norm that follows them.

    The layers below keep their dropout, and make no graph.

    Args:
        n: How many layers.

    Raises:
        ValueError: If that is less than one.
    """

    def __init__(self, n: int) -> None:
        if n < 1:
            raise ValueError(f"n must be 1 or more, found {n}; Frozen trains none")
        self.n = n

    def apply(self, model: nn.Module, layers: Sequence[nn.Module], front: Iterable[nn.Module] = (), top: Iterable[nn.Module] = ()) -> None:
        """Freeze what is below the last ``n`` layers.

        Raises:
            ConfigError: If there are fewer layers.
        """
        if self.n > len(layers):
            raise ConfigError(f"the {self.n} top layers cannot be tuned: the encoder has {len(layers)} up to the one that is used")
        model.requires_grad_(False)
        for part in [*layers[len(layers) - self.n :], *top]:
            part.requires_grad_(True)


class Transformer(Tuning):
    """All is trained but the convolutional feature extractor. Of a text encoder that is everything.

    Paper: section 4.2 freezes the extractor and does not say whether the transformer is tuned. We tune it; ``Frozen`` is the literal
    reading.
    """

    def apply(self, model: nn.Module, layers: Sequence[nn.Module], front: Iterable[nn.Module] = (), top: Iterable[nn.Module] = ()) -> None:
        """Freeze the front."""
        model.requires_grad_(True)
        for part in front:
            part.requires_grad_(False)


class Everything(Tuning):
    """All is trained, the convolutional feature extractor too."""

    def apply(self, model: nn.Module, layers: Sequence[nn.Module], front: Iterable[nn.Module] = (), top: Iterable[nn.Module] = ()) -> None:
        """Freeze nothing."""
        model.requires_grad_(True)


class LoRA(Tuning):
    """Low-rank updates of some linear layers are trained, and nothing else (Hu et al., 2022).

    Each adapted layer adds ``alpha / rank * B A x`` to what it gives; ``B`` begins as zero, so that training begins at
    the pretrained model. A checkpoint holds both. Needs the package peft, extra ``lora``.

    Args:
        rank: Rows of ``A``.
        alpha: Scale of the update, over the rank.
        dropout: Share of the values dropped on the way into ``A``.
        targets: Last parts of the names of the linear layers to adapt, within the transformer's layers; by default
            the query and value projections, whatever the family calls them.
    """

    def __init__(self, rank: int = 8, alpha: float = 16.0, dropout: float = 0.0, targets: Sequence[str] | None = None) -> None:
        self.rank = rank
        self.alpha = alpha
        self.dropout = dropout
        self.targets = targets

    def apply(self, model: nn.Module, layers: Sequence[nn.Module], front: Iterable[nn.Module] = (), top: Iterable[nn.Module] = ()) -> None:
        """Freeze all and put an update beside each linear layer that is meant.

        Raises:
            ConfigError: If a target is no linear layer of the transformer.
            MissingExtraError: If peft is not installed.
        """
        peft = need("peft", "lora")
        if isinstance(self.targets, str):
            raise ConfigError(f"LoRA's targets are '{self.targets}', expected a list: ['{self.targets}']")
        inside = {id(module) for layer in layers for module in layer.modules() if isinstance(module, nn.Linear)}
        names = [name for name, module in model.named_modules() if id(module) in inside]
        wanted = tuple(QUERY_AND_VALUE if self.targets is None else self.targets)
        chosen = [name for name in names if name.split(".")[-1] in wanted]
        missing = [] if self.targets is None else sorted(set(wanted) - {name.split(".")[-1] for name in chosen})
        if not names:
            raise ConfigError("LoRA adapts the linear layers of a transformer, and this encoder has none; choose another tuning")
        if missing or not chosen:
            known = ", ".join(sorted({name.split(".")[-1] for name in names}))
            meant = ", ".join(missing) or "the query and value projections"
            raise ConfigError(f"LoRA finds no linear layer for {meant}; the layers of this encoder have {known}: name some as targets")
        model.requires_grad_(False)
        config = peft.LoraConfig(r=self.rank, lora_alpha=self.alpha, lora_dropout=self.dropout, target_modules=chosen)
        peft.inject_adapter_in_model(config, model)


def check_tuning(tuning: Any) -> None:
    """Check that an encoder was given a tuning, and not its name or its class.

    Raises:
        ConfigError: If it was not.
    """
    if isinstance(tuning, type) and issubclass(tuning, Tuning):
        raise ConfigError(f"tuning is the class {tuning.__name__}; make one: {tuning.__name__}()")
    if not isinstance(tuning, Tuning):
        raise ConfigError(f"tuning is {tuning!r}, expected one of emojudge.nn.tuning, such as Frozen()")


def merge_lora(module: nn.Module) -> None:
    """Fold every LoRA update within a module into the weights beside it, in place; the plain layers remain.

    What the module gives stays the same, and its weights fit the model without LoRA.
    """
    layers = need("peft", "lora").tuners.tuners_utils
    for parent in list(module.modules()):
        for name, child in parent.named_children():
            if isinstance(child, layers.BaseTunerLayer):
                child.merge()
                setattr(parent, name, child.get_base_layer())


class TunedEncoder(nn.Module):
    """An encoder whose ``model`` is trained as its ``tuning`` says: a frozen one stays in evaluation mode."""

    model: Any
    tuning: Tuning

    def train(self, mode: bool = True) -> Self:
        """Set training mode of all but a model that is not trained."""
        super().train(mode)
        if not self.tuning.trains_model:
            self.model.eval()
        return self

    def graph(self) -> AbstractContextManager[Any]:
        """Return the context to run the model in: without a graph where nothing of it is trained."""
        return nullcontext() if self.tuning.trains_model else torch.no_grad()
