"""Which layer of a transformer is taken."""

import pytest
import torch
from torch import nn

from emojudge.errors import ConfigError
from emojudge.nn.layers import LayerMixture, captured, cut_above, transformer_layers


def test_a_mixture_begins_as_the_mean_and_learns_its_weights():
    mixture = LayerMixture(4)
    states = [torch.randn(2, 5, 3) for _ in range(4)]
    torch.testing.assert_close(mixture(states), torch.stack(states).mean(dim=0))
    with torch.no_grad():
        mixture.score.copy_(torch.tensor([0.1, 0.2, 0.3, 0.4]).log())
    torch.testing.assert_close(mixture.weights(), torch.tensor([0.1, 0.2, 0.3, 0.4]))
    torch.testing.assert_close(mixture(states), sum(w * s for w, s in zip((0.1, 0.2, 0.3, 0.4), states, strict=True)))
    mixture(states).square().sum().backward()
    assert mixture.score.grad.any()


def test_a_mixture_wants_every_state():
    with pytest.raises(ValueError, match="zip"):
        LayerMixture(4)([torch.zeros(1, 1, 1)] * 3)


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.convolutions = nn.ModuleList(nn.Linear(2, 2) for _ in range(3))
        self.encoder = nn.Module()
        self.encoder.layers = nn.ModuleList(nn.Linear(2, 2) for _ in range(3))

    def forward(self, x):
        for layer in [*self.convolutions, *self.encoder.layers]:
            x = layer(x)
        return x


def test_layers_are_found_by_their_number_outside_of_the_front():
    model = Model()
    assert transformer_layers(model, 3, [model.convolutions]) is model.encoder.layers
    assert len(transformer_layers(model, 4)) == 0


def test_cutting_takes_away_what_is_above():
    layers = Model().encoder.layers
    kept = list(layers)[:2]
    cut_above(layers, 2)
    assert list(layers) == kept
    with pytest.raises(ConfigError, match="there is no layer 3: the encoder has 2"):
        cut_above(layers, 3)


def test_states_are_captured_within_the_context_alone():
    model, x = Model(), torch.ones(1, 2)
    with captured(model.encoder.layers) as states:
        out = model(x)
    model(x)
    assert len(states) == 4
    assert states[-1] is out
    for layer, before, after in zip(model.encoder.layers, states, states[1:], strict=False):
        torch.testing.assert_close(layer(before), after)
