"""What both networks share: parts that are trained as named groups, outputs of one task or two, and rows that have no input."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from ..batch import Batch
from ..errors import ConfigError, nearest
from ..labels import ATTRIBUTES

LORA_PREFIX = "lora_"
"""How the package peft begins the names of what it adds to a layer."""


class Network(nn.Module):
    """A network of named parts that turns a batch into the logits of classes, into attributes, or into both.

    A Lightning module takes any network that offers ``forward(batch)`` and ``parameter_groups()``; ``classes``, ``n_classes``,
    ``attributes``, ``penalty()``, ``has_input(batch)`` and ``check_data(data, stage)`` are taken where they are offered.

    Args:
        classes: The run's class list, or its length; None or an empty list for a network without classes.
        attributes: Which of valence, arousal and dominance it gives, in the order of its outputs; None for none.

    Raises:
        ConfigError: If there is nothing to give, an attribute is unknown, or a class or an attribute comes twice.
    """

    parts: tuple[str, ...] = ()
    """Names of the submodules that are parameter groups, in the order of the flow."""

    def __init__(self, classes: Sequence[str] | int | None, attributes: Sequence[str] | None = None) -> None:
        super().__init__()
        check_class_names(classes)
        self.classes: tuple[str, ...] | None = None if not classes or isinstance(classes, int) else tuple(classes)
        self.n_classes = classes if isinstance(classes, int) else len(classes or ())
        self.attributes = known_attributes(attributes or ())
        self.n_outputs = self.n_classes + len(self.attributes)
        if self.n_outputs == 0:
            raise ConfigError(f"a network needs classes or attributes to give; for Task 2 set attributes to {list(ATTRIBUTES)}")

    def forward(self, batch: Batch) -> Tensor:
        """Return ``(batch, outputs)``: the logits of the classes, then the attributes as ``(y - 1) / 6``, not squashed.

        An utterance without input is NaN and does not touch the others.
        """
        present = self.has_input(batch)
        if bool(present.all()):
            return self._outputs(batch, slice(None))
        if not bool(present.any()):
            return torch.full((len(present), self.n_outputs), torch.nan, device=present.device)
        outputs = self._outputs(batch, present)
        return outputs.new_full((len(present), self.n_outputs), torch.nan).index_put((present,), outputs)

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

    def _outputs(self, batch: Batch, rows: Any) -> Tensor:
        """Return the outputs of some rows of the batch, each of which has input."""
        raise NotImplementedError

    def parameter_groups(self) -> list[dict[str, Any]]:
        """Return ``[{"name": ..., "params": [...]}, ...]`` over the trainable parameters, in the order of the flow.

        A group is a part; what LoRA adds to a part is a group ``lora``, and a module inside a part that says its own
        ``parameter_group``, such as the learnt weights of layers, is a group of that name.
        """
        groups: dict[str, list[nn.Parameter]] = {}
        for part in self.parts:
            groups[part] = []  # before what comes out of it
            module: nn.Module = getattr(self, part)
            apart = [inner for inner in module.modules() if hasattr(inner, "parameter_group")]
            own = {id(p): str(inner.parameter_group) for inner in apart for p in inner.parameters()}
            for name, parameter in module.named_parameters():
                if parameter.requires_grad:
                    group = own.get(id(parameter), "lora" if LORA_PREFIX in name else part)
                    groups.setdefault(group, []).append(parameter)
        return [{"name": name, "params": params} for name, params in groups.items() if params]

    def penalty(self) -> Tensor:
        """Return what the parts add to the loss, such as the pooling's L2 penalty; 0 where none does."""
        penalties = [getattr(self, name).penalty() for name in self.parts if hasattr(getattr(self, name), "penalty")]
        return sum(penalties, torch.zeros((), device=next(self.parameters()).device))

    def _made_head(self, head: Callable[[int, int], nn.Module], features_in: int) -> nn.Module:
        """Return the head of the only task, or one a task behind a common input; a finished module has all the outputs."""
        if self.n_classes and self.attributes and not isinstance(head, nn.Module):
            return JoinedHeads(emotion=head(features_in, self.n_classes), attributes=head(features_in, len(self.attributes)))
        return built(head, features_in, self.n_outputs)


class JoinedHeads(nn.Module):
    """Heads of several tasks on the same vectors, their outputs side by side."""

    def __init__(self, **heads: nn.Module) -> None:
        super().__init__()
        for task, head in heads.items():
            self.add_module(task, head)

    def forward(self, x: Tensor) -> Tensor:
        """Return ``(batch, outputs)``: those of the first head, then of the next."""
        return torch.cat([head(x) for head in self.children()], dim=1)


def built(part: Callable[..., nn.Module], *sizes: int) -> nn.Module:
    """Return a part made for its sizes; one that is a module already is taken as it is."""
    return part if isinstance(part, nn.Module) else part(*sizes)


def check_class_names(classes: Sequence[str] | int | None) -> None:
    """Check a class list: a name is no list of its letters, and no name comes twice.

    Raises:
        ConfigError: If it is.
    """
    if isinstance(classes, str) or (isinstance(classes, int) and classes < 0):
        raise ConfigError(f"classes is {classes!r}, expected a list of names, or their number")
    if not isinstance(classes, int | None) and len(set(classes)) < len(classes):
        raise ConfigError(f"the classes are {', '.join(classes)}, expected each once")


def known_attributes(names: Sequence[str]) -> tuple[str, ...]:
    """Return the names of attributes, each of which must be one of ``labels.ATTRIBUTES``.

    Raises:
        ConfigError: If one is not, or comes twice.
    """
    if isinstance(names, str):
        raise ConfigError(f"attributes is '{names}', expected a list: ['{names}']")
    for name in names:
        if name not in ATTRIBUTES:
            raise ConfigError(f"'{name}' is no attribute (known: {', '.join(ATTRIBUTES)}).{nearest(name, ATTRIBUTES)}")
    if len(set(names)) < len(names):
        raise ConfigError(f"the attributes are {', '.join(names)}, expected each once")
    return tuple(names)
