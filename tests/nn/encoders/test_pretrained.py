"""What speech and text encoders share: layers, tunings, gradients, checkpointing, kinds of models that nobody here has seen."""

import copy

import pytest
import tiny_models
import torch
from torch import nn

from emojudge.errors import ConfigError
from emojudge.nn.encoders import HuggingFaceTextEncoder
from emojudge.nn.layers import captured
from emojudge.nn.tuning import Everything, Frozen, LoRA, TopLayers, Transformer

FAMILIES = [*((tiny_models.speech, name) for name in tiny_models.SPEECH), *((tiny_models.text, name) for name in tiny_models.TEXT)]
ONE_OF_EACH = [(tiny_models.speech, "wavlm-large"), (tiny_models.speech, "hubert-base"), (tiny_models.text, "deberta")]
TUNINGS = [Frozen(), TopLayers(1), Transformer(), Everything()]
NO_DROPOUT = dict.fromkeys(["hidden_dropout", "attention_dropout", "activation_dropout", "feat_proj_dropout"], 0.0)


def batch_for(build):
    return tiny_models.waveforms([9000, 5001]) if build is tiny_models.speech else tiny_models.tokens([9, 5])


def named(case):
    return case[1] if isinstance(case, tuple) else type(case).__name__


# no trainable parameter without gradient


@pytest.mark.parametrize("case", FAMILIES, ids=named)
def test_every_trainable_parameter_of_every_family_has_a_gradient(case):
    build, name = case
    encoder = build(name)
    assert any(p.requires_grad for p in encoder.parameters())
    assert tiny_models.without_gradient(encoder, batch_for(build)) == []


@pytest.mark.parametrize("layer", ["last", 2, "weighted"])
@pytest.mark.parametrize("tuning", TUNINGS, ids=named)
@pytest.mark.parametrize("case", ONE_OF_EACH, ids=named)
def test_every_trainable_parameter_has_a_gradient_with_each_layer_and_tuning(case, tuning, layer):
    build, name = case
    encoder = build(name, layer=layer, tuning=tuning)
    if isinstance(tuning, Frozen) and layer != "weighted":
        assert not encoder(*batch_for(build))[0].requires_grad
    else:
        assert tiny_models.without_gradient(encoder, batch_for(build)) == []


@pytest.mark.parametrize("case", FAMILIES, ids=named)
def test_every_parameter_of_lora_has_a_gradient_and_nothing_else_is_trained(case):
    pytest.importorskip("peft")
    build, name = case
    encoder = build(name, layer="last" if name == "sew" else "weighted", tuning=LoRA(rank=2))
    assert tiny_models.without_gradient(encoder, batch_for(build)) == []
    trained = {name: p for name, p in encoder.named_parameters() if p.requires_grad}
    assert all("lora_" in name or name == "mixture.score" for name in trained)
    assert all(p.grad.any() for name, p in trained.items() if "lora_B" in name)  # that of A is zero while B is


# what is tuned


def trained_parts(encoder):
    return {".".join(name.split(".")[1:4]) for name, p in encoder.named_parameters() if p.requires_grad}


def test_the_tunings_train_what_they_say():
    everything = {name for name, _ in tiny_models.speech().named_parameters()}
    for tuning, expected in [
        (Frozen(), set()),
        (TopLayers(1), {name for name in everything if ".layers.2." in name or name.startswith("model.encoder.layer_norm")}),
        (TopLayers(3), {name for name in everything if ".layers." in name or name.startswith("model.encoder.layer_norm")}),
        (Transformer(), {name for name in everything if "feature_extractor" not in name}),
        (None, {name for name in everything if "feature_extractor" not in name}),
        (Everything(), everything),
    ]:
        encoder = tiny_models.speech(tuning=tuning)
        assert {name for name, p in encoder.named_parameters() if p.requires_grad} == expected


def test_top_layers_count_from_the_layer_that_is_taken():
    assert trained_parts(tiny_models.speech(layer=2, tuning=TopLayers(1))) == {"encoder.layers.1"}
    with pytest.raises(ConfigError, match="the 3 top layers cannot be tuned: the encoder has 2"):
        tiny_models.speech(layer=2, tuning=TopLayers(3))


@pytest.mark.parametrize("case", ONE_OF_EACH, ids=named)
def test_a_frozen_encoder_has_no_dropout_and_no_graph_whatever_mode_is_set(case):
    build, name = case
    encoder = build(name, tuning=Frozen())
    given = batch_for(build)
    expected = build(name).eval()(*given)[0]
    nn.Sequential(encoder).train()
    assert encoder.training
    assert not any(module.training for module in encoder.model.modules())
    frames, _ = encoder(*given)
    assert frames.grad_fn is None
    torch.testing.assert_close(frames, expected.detach())


@pytest.mark.parametrize("checkpointing", [False, True])
@pytest.mark.parametrize("case", ONE_OF_EACH, ids=named)
def test_layers_below_those_that_are_tuned_make_no_graph(case, checkpointing):
    build, name = case
    encoder = build(name, tuning=TopLayers(1), gradient_checkpointing=checkpointing)
    with captured(encoder.model.get_submodule(encoder._layers_name)) as states:
        encoder(*batch_for(build))
    assert [state.requires_grad for state in states] == [False, False, False, True]


# layers


@pytest.mark.parametrize("case", FAMILIES, ids=named)
def test_a_layer_is_what_a_model_of_so_many_layers_gives(case):
    build, name = case
    n = 2
    encoder = build(name, layer=n).eval()
    key = "n_layers" if name == "distilbert" else "num_hidden_layers"
    shallow = build(name, {key: n}).eval()
    shallow.load_state_dict({**shallow.state_dict(), **encoder.state_dict()})  # large ones have a norm more
    if isinstance(getattr(encoder.model.encoder if hasattr(encoder.model, "encoder") else None, "layer_norm", None), nn.Identity):
        shallow.model.encoder.layer_norm = nn.Identity()
    given = batch_for(build)
    torch.testing.assert_close(encoder(*given)[0], shallow(*given)[0])
    assert sum(p.numel() for p in encoder.parameters()) < sum(p.numel() for p in build(name).parameters())


def test_a_layer_of_a_large_model_comes_before_the_norm_that_follows_the_last_one():
    whole, third = tiny_models.speech().eval(), tiny_models.speech(layer=3).eval()
    given = tiny_models.waveforms([9000])
    norm = whole.model.encoder.layer_norm
    nn.init.normal_(norm.weight)
    torch.testing.assert_close(norm(third(*given)[0]), whole(*given)[0])
    torch.testing.assert_close(tiny_models.speech("hubert-base", layer=3).eval()(*given), tiny_models.speech("hubert-base").eval()(*given))


@pytest.mark.parametrize("layer", [0, 4, -1])
def test_a_layer_that_is_not_there_is_refused(layer):
    with pytest.raises(ConfigError, match=f"there is no layer {layer}: the encoder has 3 transformer layers, counted from 1"):
        tiny_models.text(layer=layer)


@pytest.mark.parametrize("case", ONE_OF_EACH, ids=named)
def test_a_mixture_joins_the_input_of_the_first_layer_and_every_layer(case):
    build, name = case
    encoder = build(name, layer="weighted").eval()
    given = batch_for(build)
    singles = [build(name, layer=n).eval()(*given)[0] for n in (1, 2)] + [build(name).eval()(*given)[0]]
    with torch.no_grad():
        encoder.mixture.score.copy_(torch.tensor([-torch.inf, 0.1, -0.3, 0.7]))
    expected = sum(w * s for w, s in zip(torch.tensor([0.1, -0.3, 0.7]).softmax(0), singles, strict=True))
    torch.testing.assert_close(encoder(*given)[0], expected)
    with torch.no_grad():
        encoder.mixture.score.copy_(torch.tensor([0, -torch.inf, -torch.inf, -torch.inf]))
    assert not torch.allclose(encoder(*given)[0], singles[0], atol=0.1)


# gradient checkpointing


def gradients(encoder, given):
    frames, mask = encoder.train()(*given)
    (frames * torch.linspace(-1, 1, frames.shape[2]))[mask].sum().backward()
    return {name: p.grad for name, p in encoder.named_parameters() if p.requires_grad}


@pytest.mark.parametrize(("layer", "dropout"), [("last", 0.0), ("weighted", 0.2)])
@pytest.mark.parametrize("case", FAMILIES[:9:2] + [(tiny_models.text, name) for name in ("roberta", "deberta", "deberta-v3")], ids=named)
def test_checkpointing_changes_no_gradient(case, layer, dropout):
    build, name = case
    keys = NO_DROPOUT if build is tiny_models.speech else ["hidden_dropout_prob", "attention_probs_dropout_prob"]
    given, found = batch_for(build), []
    for checkpointing in (False, True):
        encoder = build(name, dict.fromkeys(keys, dropout), layer=layer, gradient_checkpointing=checkpointing)
        torch.manual_seed(1)
        found.append(gradients(encoder, given))
    torch.testing.assert_close(found[1], found[0], atol=1e-6, rtol=1e-5)


def test_checkpointing_keeps_less_for_the_backward_pass():
    def n_kept(checkpointing):
        encoder = tiny_models.speech(gradient_checkpointing=checkpointing).train()
        sizes = []
        with torch.autograd.graph.saved_tensors_hooks(lambda t: (sizes.append(t.numel()), t)[1], lambda t: t):
            encoder(*tiny_models.waveforms([48000, 48000]))
        return sum(sizes)

    assert n_kept(True) < n_kept(False) / 2


def test_a_kind_without_checkpointing_is_refused():
    with pytest.raises(ConfigError, match="mpnet models have no gradient checkpointing; set gradient_checkpointing to false"):
        HuggingFaceTextEncoder({**tiny_models.TEXT["bert"], "model_type": "mpnet"}, pretrained=False, gradient_checkpointing=True)


# as parts of a program


@pytest.mark.parametrize("case", ONE_OF_EACH, ids=named)
def test_a_copy_is_an_encoder_of_its_own(case):
    build, name = case
    encoder = build(name, layer="weighted").eval()
    again = copy.deepcopy(encoder)
    given = batch_for(build)
    torch.testing.assert_close(again(*given), encoder(*given))
    for parameter in encoder.parameters():
        nn.init.zeros_(parameter)
    assert again(*given)[0].any()


def test_a_kind_that_cannot_be_used_is_refused_in_one_line():
    with pytest.raises(ConfigError, match=r"^xmod models cannot be used as encoders here \(Input language unknown.*choose another kind$"):
        HuggingFaceTextEncoder({**tiny_models.TEXT["bert"], "model_type": "xmod"}, pretrained=False)
    with pytest.raises(ConfigError, match="the layers of sew models give frames of other shapes; set layer to last"):
        tiny_models.speech("sew", layer="weighted")
    with pytest.raises(ConfigError, match="albert models keep no list of layers that could be chosen or weighted"):
        HuggingFaceTextEncoder({**tiny_models.TEXT["bert"], "model_type": "albert"}, pretrained=False, layer="weighted")


@pytest.mark.parametrize("build", [tiny_models.speech, tiny_models.text])
def test_a_layer_or_a_tuning_that_does_not_exist_is_refused(build):
    name = "wavlm-large" if build is tiny_models.speech else "deberta"
    with pytest.raises(ConfigError, match=r"layer is 'weigthed', expected last, weighted or a number from 1\. Did you mean 'weighted'\?"):
        build(name, layer="weigthed")
    with pytest.raises(ConfigError, match=r"tuning is 'lora', expected one of emojudge.nn.tuning, such as Frozen\(\)"):
        build(name, tuning="lora")
    with pytest.raises(ConfigError, match=r"tuning is the class LoRA; make one: LoRA\(\)"):
        build(name, tuning=LoRA)


def test_trying_a_kind_draws_nothing_from_the_generator():
    encoder = tiny_models.text("roformer")
    state = torch.get_rng_state()
    encoder._try(torch.arange(4))
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.parametrize(
    "sizes",
    [{"num_attention_heads": 3}, {"hidden_act": "gleu"}, {"vocab_size": 1}, {"hidden_size": -4}],
    ids=lambda sizes: next(iter(sizes)),
)
def test_sizes_that_do_not_fit_are_refused_in_one_line(sizes):
    with pytest.raises(ConfigError, match=r"^no roberta model has these sizes: .+$"):
        HuggingFaceTextEncoder({**tiny_models.TEXT["roberta"], **sizes}, pretrained=False)
