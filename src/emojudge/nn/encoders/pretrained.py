"""What speech and text encoders of the transformers library share: the layer taken, the tuning, checkpointing."""

from collections.abc import Callable, Sequence
from functools import partial

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from ...errors import ConfigError, nearest
from ..layers import Layer, LayerMixture, captured, cut_above, transformer_layers
from ..masked import first_places
from ..tuning import TunedEncoder, Tuning, check_tuning


class PretrainedEncoder(TunedEncoder):
    """An encoder around a model of the transformers library.

    Its ``mixture`` is None unless the layer is ``weighted``; its weights are trained whatever the tuning.
    """

    mixture: LayerMixture | None

    def _settle(
        self, layer: Layer, tuning: Tuning, gradient_checkpointing: bool, front: Sequence[str] = (), top: Sequence[str] = ()
    ) -> None:
        """Cut the model off above the layer that is taken, and make what is tuned trainable.

        Args:
            layer: The layer taken.
            tuning: What is trained of what remains.
            gradient_checkpointing: Whether the backward pass computes each layer again, and keeps only what enters it.
            front: Names of the model's modules that make features of samples.
            top: Names of those that follow the last layer; they belong to the last layer, and are taken away with any other.

        Raises:
            ConfigError: If there is no such layer or tuning, or the model is not made for one of these.
        """
        if not isinstance(layer, int) and layer not in ("last", "weighted"):
            raise ConfigError(f"layer is '{layer}', expected last, weighted or a number from 1.{nearest(str(layer), ['last', 'weighted'])}")
        check_tuning(tuning)
        kind = self.model.config.model_type
        before = [self.model.get_submodule(name) for name in front]
        layers = transformer_layers(self.model, self.model.config.num_hidden_layers, before)
        if layer != "last" and not len(layers):
            raise ConfigError(f"{kind} models keep no list of layers that could be chosen or weighted; set layer to last")
        if isinstance(layer, int):
            cut_above(layers, layer)
            for name in top:
                self.model.set_submodule(name, nn.Identity())
        self.mixture = LayerMixture(len(layers) + 1) if layer == "weighted" else None
        self._layers_name = next((name for name, module in self.model.named_modules() if module is layers), "")
        self.tuning = tuning
        tuning.apply(self.model, list(layers), before, [self.model.get_submodule(name) for name in top])
        if gradient_checkpointing:
            if not self.model.supports_gradient_checkpointing:
                raise ConfigError(f"{kind} models have no gradient checkpointing; set gradient_checkpointing to false")
            # its public method asks a text model for gradients of its embeddings, frozen or not
            self.model._set_gradient_checkpointing(True, partial(checkpoint, use_reentrant=False))
        self.train(self.training)

    def _taken(self, run: Callable[[], Tensor]) -> Tensor:
        """Return the layer that is taken, ``(batch, frames, features)``.

        Args:
            run: A pass through the model, which returns its last layer.
        """
        if self.mixture is None:
            with self.graph():
                return run()
        with self.graph(), captured(self.model.get_submodule(self._layers_name)) as states:
            last = run()
        if any(state.shape != last.shape for state in states):
            raise ConfigError(f"the layers of {self.model.config.model_type} models give frames of other shapes; set layer to last")
        return self.mixture([*states[:-1], last])  # type: ignore[no-any-return]

    def _try(self, given: Tensor) -> None:
        """Send one row of samples or tokens through a model of a kind that is not known well, and freeze what it does not use.

        Raises:
            ConfigError: If the model cannot take it.
        """
        trained = [p for p in self.model.parameters() if p.requires_grad]
        try:
            with torch.random.fork_rng(devices=[]):
                frames, _ = self(given[None], torch.ones_like(given[None], dtype=torch.bool))
            gradients = torch.autograd.grad(frames.sum(), trained, allow_unused=True) if trained else ()
        except ConfigError:
            raise
        except Exception as error:  # whatever a kind of model does that nobody here has seen
            kind, reason = self.model.config.model_type, (str(error) or type(error).__name__).splitlines()[0]
            raise ConfigError(f"{kind} models cannot be used as encoders here ({reason}); choose another kind") from error
        for parameter, gradient in zip(trained, gradients, strict=True):
            if gradient is None:
                parameter.requires_grad_(False)


def one_by_one(encode: Callable[[Tensor, Tensor], tuple[Tensor, Tensor]], given: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """Return the frames of a batch, each row encoded by itself without its padding, and which are real.

    Args:
        encode: An encoder.
        given: Samples or tokens, ``(batch, places)``.
        mask: True where they are real, ``(batch, places)``.
    """
    rows = [encode(given[i : i + 1, :n], mask[i : i + 1, :n])[0][0] for i, n in enumerate(mask.sum(dim=1).tolist())]
    frames = nn.utils.rnn.pad_sequence(rows, batch_first=True)  # (batch, frames, features)
    return frames, first_places(torch.tensor([len(row) for row in rows], device=frames.device), frames.shape[1])
