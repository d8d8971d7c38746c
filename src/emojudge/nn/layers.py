"""Which layer of a transformer is taken: the last one, another one, or a learnt mixture of all."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Literal, TypeAlias

import torch
from torch import Tensor, nn

from ..errors import ConfigError

Layer: TypeAlias = int | Literal["last", "weighted"]
"""``last`` is what the model gives; a number counts from 1; ``weighted`` is a learnt mixture."""


class LayerMixture(nn.Module):
    """Weighted sum of the states of a transformer, the weights learnt and 1 in sum; they begin equal.

    Args:
        n_states: How many states there are: the input of the first layer and the output of each.
    """

    def __init__(self, n_states: int) -> None:
        super().__init__()
        self.score = nn.Parameter(torch.zeros(n_states))

    def forward(self, states: Sequence[Tensor]) -> Tensor:
        """Return the weighted sum of states of one shape, ``(batch, frames, features)``."""
        weighted = (weight * state for weight, state in zip(self.weights(), states, strict=True))
        return sum(weighted, start=torch.zeros_like(states[0]))

    def weights(self) -> Tensor:
        """Return how much each state counts, ``(states,)``."""
        return self.score.softmax(dim=0)


def transformer_layers(model: nn.Module, n: int, front: Sequence[nn.Module] = ()) -> nn.ModuleList:
    """Return the list of a model's ``n`` transformer layers, empty where it keeps them in another way.

    Args:
        model: An encoder of the transformers library.
        n: How many layers its configuration gives it.
        front: Modules in which they are not, such as the convolutions before them.
    """
    elsewhere = {id(module) for part in front for module in part.modules()}
    lists = [module for module in model.modules() if isinstance(module, nn.ModuleList) and id(module) not in elsewhere]
    return next((found for found in lists if len(found) == n), nn.ModuleList())


def cut_above(layers: nn.ModuleList, layer: int) -> None:
    """Take away the layers above one, which is counted from 1, so that nothing is left that has no gradient.

    Raises:
        ConfigError: If there is no such layer.
    """
    if not 1 <= layer <= len(layers):
        raise ConfigError(f"there is no layer {layer}: the encoder has {len(layers)} transformer layers, counted from 1")
    del layers[layer:]


@contextmanager
def captured(layers: nn.ModuleList) -> Iterator[list[Tensor]]:
    """Give a list that a forward pass within the context fills: the input of the first layer, then the output of each."""
    states: list[Tensor] = []

    def take_input(module: nn.Module, args: tuple[Any, ...], options: dict[str, Any]) -> None:
        states.append(args[0] if args else options["hidden_states"])

    def take_output(module: nn.Module, args: tuple[Any, ...], output: Any) -> None:
        states.append(output[0] if isinstance(output, tuple) else output)

    hooks = [layers[0].register_forward_pre_hook(take_input, with_kwargs=True)]
    hooks += [layer.register_forward_hook(take_output) for layer in layers]
    try:
        yield states
    finally:
        for hook in hooks:
            hook.remove()
