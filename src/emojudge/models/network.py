"""What both networks share: parts that are trained as named groups, and rows that have no input."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from ..batch import Batch


class Network(nn.Module):
    """A network of named parts that turns a batch into logits.

    A Lightning module takes any network that offers ``forward(batch)`` and ``parameter_groups()``; ``penalty()``,
    ``has_input(batch)`` and ``check_data(data, stage)`` are taken where they are offered.

    Args:
        classes: The run's class list, or its length.
    """

    parts: tuple[str, ...] = ()
    """Names of the submodules that are parameter groups, in the order of the flow."""

    def __init__(self, classes: Sequence[str] | int) -> None:
        super().__init__()
        self.classes: tuple[str, ...] | None = None if isinstance(classes, int) else tuple(classes)
        self.n_classes = classes if isinstance(classes, int) else len(classes)

    def forward(self, batch: Batch) -> Tensor:
        """Return logits ``(batch, classes)``; NaN for an utterance without input, which does not touch the others."""
        present = self.has_input(batch)
        if bool(present.all()):
            return self._logits(batch, slice(None))
        if not bool(present.any()):
            return torch.full((len(present), self.n_classes), torch.nan, device=present.device)
        logits = self._logits(batch, present)
        return logits.new_full((len(present), self.n_classes), torch.nan).index_put((present,), logits)

    def has_input(self, batch: Batch) -> Tensor:
        """Return True for each utterance that has what this network takes, ``(batch,)``."""
        raise NotImplementedError

    def check_data(self, data: Any, stage: str) -> None:
        """Check before a run that a data module makes what the encoder takes.

        Args:
            data: The data module, set up for the stage. What it does not tell is not checked.
            stage: ``fit``, ``validate``, ``test`` or ``predict``.

        Raises:
            ConfigError: If it does not.
        """

    def _logits(self, batch: Batch, rows: Any) -> Tensor:
        """Return the logits of some rows of the batch, each of which has input."""
        raise NotImplementedError

    def parameter_groups(self) -> list[dict[str, Any]]:
        """Return ``[{"name": part, "params": [...]}, ...]`` over the trainable parameters, in the order of the flow."""
        groups = []
        for name in self.parts:
            params = [p for p in getattr(self, name).parameters() if p.requires_grad]
            if params:
                groups.append({"name": name, "params": params})
        return groups

    def penalty(self) -> Tensor:
        """Return what the parts add to the loss, such as the pooling's L2 penalty; 0 where none does."""
        penalties = [getattr(self, name).penalty() for name in self.parts if hasattr(getattr(self, name), "penalty")]
        return sum(penalties, torch.zeros((), device=next(self.parameters()).device))


def built(part: Callable[..., nn.Module], *sizes: int) -> nn.Module:
    """Return a part made for its sizes; one that is a module already is taken as it is."""
    return part if isinstance(part, nn.Module) else part(*sizes)
