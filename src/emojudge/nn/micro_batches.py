"""One batch through a network in parts: the loss is of the whole batch, the memory that of a part."""

import random
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from ..batch import Batch


def in_micro_batches(network: nn.Module, batch: Batch, n_parts: int) -> Tensor:
    """Return a network's outputs for a batch, ``(batch, outputs)``, having taken it in so many parts, one after the other.

    A loss that is no mean over utterances, such as concordance, is then of the effective batch, which accumulation of gradients over
    batches cannot do. It is a two-pass gradient cache (Gao et al., 2021, "Scaling Deep Contrastive Learning Batch Size under Memory
    Limited Setup"), made of torch's activation checkpoints: the first pass keeps nothing but the outputs; the backward pass runs each
    part again and holds one part's activations at a time. So memory is that of ``batch / n_parts`` utterances, beside the inputs of all,
    and time is that of one more forward pass.

    The second pass of a part repeats the first one exactly: random numbers of torch, numpy and Python, autocast and running statistics
    are as they were, and afterwards as if it had not been. What a network computes over utterances, such as batch normalisation, is over a
    part, and running statistics take one step a part, both as in accumulation.

    Where no gradient is wanted, or with one part, it is ``network(batch)``.

    Args:
        network: ``forward(batch) -> (batch, outputs)``, each row of the utterance of that row alone.
        batch: The utterances; parts are cut in their order, of equal size or one apart, and keep the padding.
        n_parts: How many; more than utterances are as many as these.

    Raises:
        ValueError: If ``n_parts`` is below 1.
    """
    if n_parts < 1:
        raise ValueError(f"a batch is taken in one part or more, found {n_parts}")
    n = len(batch.row)
    n_parts = min(n_parts, n)
    if n_parts <= 1 or not torch.is_grad_enabled():
        return network(batch)  # type: ignore[no-any-return]
    outputs = []
    for start, stop in pairwise(n * k // n_parts for k in range(n_parts + 1)):
        part = Batch._make(None if field is None else field[start:stop] for field in batch)
        passes = partial(_passes, network)
        outputs.append(checkpoint(network, part, use_reentrant=False, preserve_rng_state=True, context_fn=passes))
    return torch.cat(outputs)


def _passes(network: nn.Module) -> tuple[AbstractContextManager[None], AbstractContextManager[None]]:
    """Return what the first and the second pass of a part run in; called before the first."""
    return nullcontext(), _Repeat(network)


class _Repeat(AbstractContextManager[None]):
    """A pass that begins from the state in which this object was made, and leaves no trace.

    A class, since the second pass may be run more than once, which a generator could not.
    """

    def __init__(self, network: nn.Module) -> None:
        self.network = network
        self.before = _copies(self._buffers()), random.getstate(), np.random.get_state()

    def __enter__(self) -> None:
        self.after = self._buffers(), random.getstate(), np.random.get_state()
        buffers, *generators = self.before
        # copies take the place of the buffers: the graph may hold these, so that they must not change
        self._set(_copies(buffers), *generators)

    def __exit__(self, *error: object) -> None:
        self._set(*self.after)

    def _buffers(self) -> dict[str, Tensor]:
        return dict(self.network.named_buffers(remove_duplicate=False))

    def _set(self, buffers: dict[str, Tensor], python: Any, numpy: Any) -> None:
        for name, buffer in buffers.items():
            owner, _, leaf = name.rpartition(".")
            setattr(self.network.get_submodule(owner), leaf, buffer)
        random.setstate(python)
        np.random.set_state(numpy)


def _copies(buffers: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name: buffer.clone() for name, buffer in buffers.items()}
