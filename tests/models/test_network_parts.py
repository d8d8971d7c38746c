"""The two networks: groups, gradients, rows without input, construction from YAML."""

from functools import partial

import pytest
import tiny_sizes
import torch
from jsonargparse import ArgumentParser
from torch import nn

from emojudge.batch import Batch
from emojudge.errors import ConfigError
from emojudge.labels import ATTRIBUTES
from emojudge.models import AcousticNetwork, TextNetwork
from emojudge.nn import AttentiveStatisticsPooling, ClassificationHead, FirstFrame, ResidualHead
from emojudge.nn.encoders import EcapaTdnn, HuggingFaceEncoder, HuggingFaceTextEncoder, LogMel
from emojudge.nn.tuning import LoRA

CLASSES = ["sad", "happy", "neutral"]
WAVLM = {**tiny_sizes.WAVLM, "num_hidden_layers": 2, "do_stable_layer_norm": True}
ROBERTA = {**tiny_sizes.ROBERTA, "num_hidden_layers": 2}


def ecapa():
    return EcapaTdnn(LogMel(n_mels=20, hop_s=0.02), channels=16, features=24, bottleneck=8, scale=4)


def acoustic(encoder):
    head = partial(ResidualHead, hidden=16, blocks=1)
    return AcousticNetwork(encoder, CLASSES, pooling=partial(AttentiveStatisticsPooling, hidden=8), head=head)


NETWORKS = {
    "ecapa": lambda: acoustic(ecapa()),
    "wavlm": lambda: acoustic(HuggingFaceEncoder(WAVLM, pretrained=False)),
    "roberta": lambda: TextNetwork(HuggingFaceTextEncoder(ROBERTA, pretrained=False), CLASSES),
}


def batch_of(n_samples, n_tokens):
    generator = torch.Generator().manual_seed(0)
    waveform_mask = torch.arange(max(n_samples)) < torch.tensor(n_samples)[:, None]
    token_mask = torch.arange(max(n_tokens)) < torch.tensor(n_tokens)[:, None]
    n = len(n_samples)
    return Batch(
        row=torch.arange(n),
        id=[f"u{i}" for i in range(n)],
        waveform=torch.randn(waveform_mask.shape, generator=generator) * waveform_mask,
        waveform_mask=waveform_mask,
        tokens=torch.randint(3, 50, token_mask.shape, generator=generator),
        token_mask=token_mask,
        emotion=torch.arange(n) % 3,
    )


@pytest.fixture(params=NETWORKS)
def network(request):
    torch.manual_seed(0)
    return NETWORKS[request.param]()


def test_no_trainable_parameter_is_without_gradient_or_group(network):
    logits = network(batch_of([9000, 12000, 7000], [9, 5, 7]))
    assert logits.shape == (3, 3)
    logits.square().sum().backward()
    grouped = [p for group in network.parameter_groups() for p in group["params"]]
    assert {id(p) for p in grouped} == {id(p) for p in network.parameters() if p.requires_grad}
    assert all(p.grad is not None for p in grouped)


def test_groups_are_the_parts_in_the_order_of_the_flow():
    assert [group["name"] for group in NETWORKS["wavlm"]().parameter_groups()] == ["encoder", "pooling", "head"]
    assert [group["name"] for group in NETWORKS["roberta"]().parameter_groups()] == ["encoder", "head"]


def test_both_heads_are_one_group():
    network = AcousticNetwork(ecapa(), CLASSES, head=partial(ResidualHead, hidden=16), attributes=ATTRIBUTES)
    groups = {group["name"]: group["params"] for group in network.parameter_groups()}
    assert list(groups) == ["encoder", "pooling", "head"]
    assert [p.shape for p in groups["head"]] == [p.shape for head in network.head.children() for p in head.parameters()]


@pytest.mark.parametrize(("make", "sizes", "behind"), [(HuggingFaceEncoder, WAVLM, ["pooling"]), (HuggingFaceTextEncoder, ROBERTA, [])])
def test_a_learnt_mixture_of_layers_and_lora_are_groups_of_their_own(make, sizes, behind):
    pytest.importorskip("peft")

    def network(**options):
        encoder = make(sizes, pretrained=False, layer="weighted", **options)
        return AcousticNetwork(encoder, CLASSES) if behind else TextNetwork(encoder, CLASSES)

    adapted = network(tuning=LoRA(rank=2))
    groups = {group["name"]: group["params"] for group in adapted.parameter_groups()}
    assert list(groups) == ["lora", "layers", *behind, "head"]
    assert [p.shape for p in groups["layers"]] == [(3,)]  # what goes into the first of two layers, and what comes out of each
    assert {min(p.shape) for p in groups["lora"]} == {2}
    trained = [id(p) for p in adapted.parameters() if p.requires_grad]
    assert sorted(trained) == sorted(id(p) for params in groups.values() for p in params)
    assert [group["name"] for group in network().parameter_groups()] == ["encoder", "layers", *behind, "head"]


def test_a_frozen_part_is_no_group():
    network = NETWORKS["ecapa"]()
    network.encoder.requires_grad_(False)
    assert [group["name"] for group in network.parameter_groups()] == ["pooling", "head"]


def test_rows_without_input_are_nan_and_do_not_touch_the_others(network):
    network.eval()
    whole = network(batch_of([9000, 12000, 7000], [9, 5, 7]))
    batch = batch_of([9000, 12000, 7000], [9, 5, 7])
    batch.waveform_mask[1] = False
    batch.token_mask[1] = False
    logits = network(batch)
    assert logits[1].isnan().all()
    torch.testing.assert_close(logits[[0, 2]], whole[[0, 2]], atol=1e-5, rtol=0)
    assert network.has_input(batch).tolist() == [True, False, True]
    logits[[0, 2]].sum().backward()
    assert all(p.grad.isfinite().all() for group in network.parameter_groups() for p in group["params"])


def test_a_batch_without_any_input_is_nan(network):
    batch = batch_of([9000, 7000], [9, 7])
    batch = batch._replace(waveform_mask=torch.zeros(2, 9000, dtype=torch.bool), token_mask=torch.zeros(2, 9, dtype=torch.bool))
    assert network(batch).isnan().all()
    assert network(batch).shape == (2, 3)


def test_a_batch_without_the_part_itself_says_what_to_do():
    batch = batch_of([9000], [9])
    with pytest.raises(ConfigError, match="needs waveforms"):
        NETWORKS["ecapa"]()(batch._replace(waveform=None, waveform_mask=None))
    with pytest.raises(ConfigError, match="needs tokens"):
        NETWORKS["roberta"]()(batch._replace(tokens=None, token_mask=None))


class _Echo(nn.Module):
    """An encoder that keeps what it was given."""

    features_out = 1

    def forward(self, waveform, mask):
        self.given = waveform
        return waveform.unsqueeze(2), mask


def test_waveforms_are_normalised_and_padding_stays_zero():
    network = AcousticNetwork(_Echo(), CLASSES, head=partial(ResidualHead, hidden=4))
    network.set_normalization(0.5, 2.0)
    batch = batch_of([6, 3], [1, 1])
    network(batch)
    expected = (batch.waveform - 0.5) / 2
    torch.testing.assert_close(network.encoder.given[0], expected[0])
    torch.testing.assert_close(network.encoder.given[1, :3], expected[1, :3])
    assert (network.encoder.given[1, 3:] == 0).all()
    assert {name: value.shape for name, value in network.state_dict().items() if "waveform" in name} == {
        "waveform_mean": (),
        "waveform_std": (),
    }


def test_an_encoder_that_takes_raw_waveforms_gets_them_as_they_are():
    encoder = _Echo()
    encoder.takes_raw_waveform = True
    network = AcousticNetwork(encoder, CLASSES, head=partial(ResidualHead, hidden=4))
    network.set_normalization(0.5, 2.0)
    batch = batch_of([6, 3], [1, 1])
    batch.waveform[1, 3:] = 1.0  # what an augmentation may leave on padded places
    network(batch)
    assert torch.equal(encoder.given, batch.waveform * batch.waveform_mask)


def test_the_embedding_of_an_utterance_goes_to_the_head():
    encoder = EcapaTdnn(channels=16, features=24, bottleneck=8, scale=4, embedding=12)
    network = AcousticNetwork(encoder, CLASSES, pooling=FirstFrame, head=partial(ResidualHead, hidden=16, blocks=1)).eval()
    batch = batch_of([9000, 7000], [1, 1])
    embedding = encoder(batch.waveform, batch.waveform_mask)[0][:, 0]  # (batch, 12)
    torch.testing.assert_close(network(batch), network.head(embedding))
    assert [group["name"] for group in network.parameter_groups()] == ["encoder", "head"]


@pytest.mark.parametrize("std", [0.0, float("nan"), -1.0])
def test_silent_training_waveforms_are_refused(std):
    with pytest.raises(ConfigError, match="must not all be silent"):
        NETWORKS["ecapa"]().set_normalization(0.0, std)


def test_penalty_is_that_of_the_pooling():
    network = NETWORKS["ecapa"]()
    torch.testing.assert_close(network.penalty(), network.pooling.penalty())
    assert NETWORKS["roberta"]().penalty() == 0


@pytest.mark.parametrize("name", NETWORKS)
def test_attributes_follow_the_classes_or_stand_alone(name):
    batch = batch_of([9000, 12000, 7000], [9, 5, 7])

    def outputs(**kept):
        torch.manual_seed(0)
        if name == "roberta":
            return TextNetwork(HuggingFaceTextEncoder(ROBERTA, pretrained=False), **kept).eval()
        encoder = ecapa() if name == "ecapa" else HuggingFaceEncoder(WAVLM, pretrained=False)
        return AcousticNetwork(encoder, head=partial(ResidualHead, hidden=16), **kept).eval()

    both = outputs(classes=CLASSES, attributes=["arousal", "valence"])
    assert (both.classes, both.n_classes, both.attributes, both.n_outputs) == (tuple(CLASSES), 3, ("arousal", "valence"), 5)
    alone = outputs(classes=None, attributes=ATTRIBUTES)
    assert (alone.classes, alone.n_classes, alone.attributes, alone.n_outputs) == (None, 0, ATTRIBUTES, 3)
    assert alone(batch).shape == (3, 3)
    emotions = outputs(classes=CLASSES)
    assert (emotions.attributes, emotions.n_outputs) == ((), 3)
    torch.testing.assert_close(both(batch)[:, :3], emotions(batch))  # the first head is made first, from the same seed
    batch.waveform_mask[1], batch.token_mask[1] = False, False
    assert both(batch)[1].isnan().all()
    both(batch)[[0, 2]].sum().backward()
    assert all(p.grad is not None for group in both.parameter_groups() for p in group["params"])


def test_outputs_that_cannot_be_are_refused():
    with pytest.raises(ConfigError, match=r"needs classes or attributes to give; for Task 2 set attributes to \['valence', 'arousal'"):
        AcousticNetwork(ecapa(), None)
    with pytest.raises(ConfigError, match=r"'arrousal' is no attribute .*Did you mean 'arousal'"):
        TextNetwork(nn.Identity(), None, attributes=["arrousal"])


def test_a_finished_head_gives_all_outputs():
    network = AcousticNetwork(ecapa(), 4, head=ResidualHead(48, 7, hidden=8), attributes=ATTRIBUTES)
    assert network(batch_of([9000], [1])).shape == (1, 7)


def test_parts_may_be_finished_modules_and_classes_a_number():
    network = AcousticNetwork(ecapa(), 4, pooling=AttentiveStatisticsPooling(24), head=ResidualHead(48, 4, hidden=8))
    assert network(batch_of([9000], [1])).shape == (1, 4)
    assert (network.classes, network.n_classes) == (None, 4)


def test_the_head_sees_the_first_token():
    network = NETWORKS["roberta"]().eval()
    batch = batch_of([1, 1], [9, 5])
    frames, _ = network.encoder(batch.tokens, batch.token_mask)
    torch.testing.assert_close(network(batch), network.head(frames[:, 0]))
    assert isinstance(network.head, ClassificationHead)
    assert network.head.dropout.p == 0.3


def test_networks_are_built_from_yaml_with_references():
    parser = ArgumentParser(parser_mode="omegaconf+", exit_on_error=False)
    parser.add_argument("--classes", type=list[str], default=CLASSES)
    parser.add_subclass_arguments(nn.Module, "acoustic")
    parser.add_subclass_arguments(nn.Module, "text")
    config = f"""
    acoustic:
      class_path: emojudge.models.AcousticNetwork
      init_args:
        classes: "${{classes}}"
        encoder:
          class_path: emojudge.nn.encoders.EcapaTdnn
          init_args:
            log_mel: {{n_mels: 20, hop_s: 0.02}}
            masking: {{class_path: emojudge.nn.masking.SpectrumMasking, init_args: {{time_masks: 1}}}}
            normalize: both
            channels: 16
            features: 24
            dilations: [2, 3]
        pooling: {{class_path: emojudge.nn.AttentiveStatisticsPooling, init_args: {{hidden: 8}}}}
        head: {{class_path: emojudge.nn.ResidualHead, init_args: {{hidden: 16, blocks: 1, dropout: 0.2}}}}
    text:
      class_path: emojudge.models.TextNetwork
      init_args:
        classes: "${{classes}}"
        encoder:
          class_path: emojudge.nn.encoders.HuggingFaceTextEncoder
          init_args: {{pretrained: false, model: {ROBERTA}}}
        head: {{class_path: emojudge.nn.ClassificationHead, init_args: {{dropout: 0.1}}}}
    """
    built = parser.instantiate(parser.parse_string(config))
    assert built.acoustic.classes == built.text.classes == tuple(CLASSES)
    assert len(built.acoustic.head.blocks) == 1
    assert built.acoustic.encoder.log_mel.n_mels == 20
    assert built.acoustic.encoder.masking.time_masks == 1
    batch = batch_of([9000, 5000], [9, 5])
    assert built.acoustic(batch).shape == built.text(batch).shape == (2, 3)


@pytest.mark.parametrize(
    ("outputs", "message"),
    [
        ({"classes": "sad"}, "classes is 'sad', expected a list of names"),
        ({"classes": -2}, "classes is -2, expected a list of names, or their number"),
        ({"classes": ["sad", "happy", "sad"]}, "the classes are sad, happy, sad, expected each once"),
        ({"classes": None, "attributes": "valence"}, r"attributes is 'valence', expected a list: \['valence'\]"),
    ],
)
def test_a_name_is_no_list_and_comes_once(outputs, message):
    with pytest.raises(ConfigError, match=message):
        AcousticNetwork(EcapaTdnn(channels=8, features=8, bottleneck=4), **outputs)
