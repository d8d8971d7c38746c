"""LoRA by itself, on layers and on whole models; the other tunings are tested with the encoders."""

import sys

import pytest
import torch
from torch import nn

from emojudge.errors import ConfigError, MissingExtraError
from emojudge.nn.tuning import LoRA, TopLayers, merge_lora


class Model(nn.Module):
    """Two layers, each a query projection, a value projection and an output."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.layers = nn.ModuleList(nn.ModuleDict({name: nn.Linear(6, 6) for name in ("query", "value", "output")}) for _ in range(2))
        self.query = nn.Linear(6, 6)  # outside of the layers

    def forward(self, x):
        for layer in self.layers:
            x = layer["output"](torch.tanh(layer["query"](x) * layer["value"](x)))
        return self.query(x)


def adapted(model, **options):
    tuning = LoRA(**options)
    tuning.apply(model, list(model.layers))
    return model


def moved(model):
    """Return the model with updates that are not zero any more."""
    for name, parameter in model.named_parameters():
        if "lora_B" in name:
            nn.init.normal_(parameter)
    return model


@pytest.fixture(autouse=True)
def peft():
    return pytest.importorskip("peft")


X = torch.linspace(-1, 1, 24).reshape(4, 6)


def test_it_begins_at_the_model_and_trains_updates_of_query_and_value_alone():
    model = adapted(Model(), rank=2)
    torch.testing.assert_close(model(X), Model()(X))
    trained = {name.replace(".default.weight", "") for name, p in model.named_parameters() if p.requires_grad}
    assert trained == {f"layers.{i}.{name}.lora_{ab}" for i in (0, 1) for name in ("query", "value") for ab in "AB"}


def test_the_update_is_alpha_over_rank_times_b_times_a():
    model = moved(adapted(Model(), rank=3, alpha=6))
    layer = model.layers[0]["query"]
    update = 6 / 3 * (layer.lora_B["default"].weight @ layer.lora_A["default"].weight)
    torch.testing.assert_close(layer(X), nn.functional.linear(X, layer.base_layer.weight + update, layer.base_layer.bias))


def test_merged_it_gives_the_same_by_plain_layers():
    model = moved(adapted(Model()))
    expected = model(X)
    assert not torch.allclose(expected, Model()(X), atol=0.01)
    merge_lora(model)
    torch.testing.assert_close(model(X), expected)
    assert model.state_dict().keys() == Model().state_dict().keys()
    plain = Model()
    plain.load_state_dict(model.state_dict())
    torch.testing.assert_close(plain(X), expected)


def test_dropout_falls_on_the_update_in_training_alone():
    model = moved(adapted(Model(), dropout=0.5))
    assert not torch.equal(model.train()(X), model(X))
    assert torch.equal(model.eval()(X), model(X))


def test_targets_are_chosen_by_name():
    model = adapted(Model(), targets=["output"])
    assert {name.split(".")[2] for name, p in model.named_parameters() if p.requires_grad} == {"output"}
    with pytest.raises(ConfigError, match="no linear layer for outptu; the layers of this encoder have output, query, value"):
        adapted(Model(), targets=["output", "outptu"])
    model = Model()
    for layer in model.layers:
        del layer["query"], layer["value"]
    with pytest.raises(ConfigError, match="no linear layer for the query and value projections; the layers of this encoder have output"):
        adapted(model)


def test_a_name_is_no_list_of_targets():
    model = Model()
    with pytest.raises(ConfigError, match=r"LoRA's targets are 'query', expected a list: \['query'\]"):
        LoRA(targets="query").apply(model, list(model.layers))
    with pytest.raises(ConfigError, match="this encoder has none"):
        LoRA().apply(model, [])


def test_without_peft_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "peft", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'emojudge\[lora\]'"):
        adapted(Model())


def test_no_layers_to_tune_are_refused():
    with pytest.raises(ValueError, match="n must be 1 or more, found 0; Frozen trains none"):
        TopLayers(0)
