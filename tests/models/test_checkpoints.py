"""A checkpoint opens by its path alone, without the hub, with plain values only."""

import shutil
import zipfile
from functools import partial
from pathlib import Path

import lightning as L
import numpy as np
import pytest
import torch
from jsonargparse import set_parsing_settings
from lightning.pytorch.cli import LightningCLI
from tiny_pretrained import write_ecapa, write_whisper
from tiny_sizes import WAVLM
from torch.utils.data import DataLoader

from emojudge.batch import Batch
from emojudge.errors import ConfigError
from emojudge.labels import ATTRIBUTES
from emojudge.losses import CrossEntropyLoss, MeanSquaredErrorLoss
from emojudge.models import AcousticNetwork, AttributeRegressor, EmotionClassifier, MultiTaskLearner
from emojudge.models.checkpoint import check_checkpoint
from emojudge.models.module import EmojudgeModule
from emojudge.models.optim import LinearWarmup
from emojudge.nn import ResidualHead
from emojudge.nn.encoders import EcapaTdnn, HuggingFaceEncoder, LogMel

CLASSES = ["sad", "happy", "neutral"]


def batch():
    generator = torch.Generator().manual_seed(0)
    mask = torch.arange(6000) < torch.tensor([[6000], [4000], [5000]])
    waveform = torch.randn(3, 6000, generator=generator) * mask
    attributes = torch.tensor([[0.1, 0.5, 0.3], [0.7, 0.2, 0.4], [0.9, 0.8, torch.nan]])
    return Batch(torch.arange(3), ["a", "b", "c"], waveform, mask, emotion=torch.tensor([0, 1, 2]), attributes=attributes)


class RandomWaveforms(L.LightningDataModule):
    def __init__(self, classes: list[str] = CLASSES):
        super().__init__()
        self.classes = classes

    def class_counts(self):
        return torch.tensor([3, 2, 1])

    def attribute_counts(self):
        return torch.tensor([3, 3, 2])

    def waveform_statistics(self):
        return 0.5, 3.0

    def train_dataloader(self):
        return DataLoader([batch()] * 2, batch_size=None)

    predict_dataloader = train_dataloader


def config(encoder: str, module: str) -> str:
    classes = "null" if module == "AttributeRegressor" else '"${data.init_args.classes}"'
    attributes = "null" if module == "EmotionClassifier" else "[valence, arousal, dominance]"
    losses = {
        "EmotionClassifier": "loss: {class_path: emojudge.losses.CrossEntropyLoss}",
        "AttributeRegressor": "loss: {class_path: emojudge.losses.MeanSquaredErrorLoss}",
        "MultiTaskLearner": "attribute_weight: 0.5\n    emotion_loss: {class_path: emojudge.losses.CrossEntropyLoss}",
    }
    return f"""
model:
  class_path: emojudge.models.{module}
  init_args:
    network:
      class_path: emojudge.models.AcousticNetwork
      init_args:
        classes: {classes}
        attributes: {attributes}
        encoder: {encoder}
        pooling: {{class_path: emojudge.nn.AttentiveStatisticsPooling, init_args: {{hidden: 8}}}}
        head: {{class_path: emojudge.nn.ResidualHead, init_args: {{hidden: 16, blocks: 1}}}}
    {losses[module]}
    micro_batches: 2
    optimizer: {{class_path: torch.optim.AdamW, init_args: {{lr: 0.01}}}}
    lr_scheduler: {{class_path: emojudge.models.optim.LinearWarmup, init_args: {{share: 0.5}}}}
    group_options: {{pooling: {{lr: 0.1, betas: [0.9, 0.99]}}}}
data:
  class_path: RandomWaveforms
  init_args:
    classes: [sad, happy, neutral]
trainer:
  max_epochs: 1
  accelerator: cpu
  logger: false
  enable_progress_bar: false
  enable_model_summary: false
"""


@pytest.fixture
def train(tmp_path, monkeypatch):
    """Fit the config of an encoder and a module through LightningCLI; return the module and its checkpoint."""
    set_parsing_settings(omegaconf_absolute_to_relative_paths=True)
    monkeypatch.setattr("sys.argv", ["emojudge"])

    def run(encoder: str, module: str = "EmotionClassifier") -> tuple[EmojudgeModule, Path]:
        path = tmp_path / "config.yaml"
        path.write_text(config(encoder, module).replace("class_path: RandomWaveforms", f"class_path: {__name__}.RandomWaveforms"))
        cli = LightningCLI(
            L.LightningModule,
            L.LightningDataModule,
            subclass_mode_model=True,
            subclass_mode_data=True,
            auto_configure_optimizers=False,
            save_config_callback=None,
            parser_kwargs={"parser_mode": "omegaconf+"},
            args=["fit", "--config", str(path), f"--trainer.default_root_dir={tmp_path}"],
        )
        cli.trainer.save_checkpoint(tmp_path / "model.ckpt")
        return cli.model, tmp_path / "model.ckpt"

    return run


def same(one, other):
    return torch.equal(one.eval()(batch()), other.eval()(batch()))


ECAPA = """
          class_path: emojudge.nn.encoders.EcapaTdnn
          init_args: {log_mel: {n_mels: 20, hop_s: 0.02}, channels: 16, features: 24, scale: 4, normalize: train}
"""


def test_trained_from_a_config_it_opens_by_its_path(train):
    model, path = train(ECAPA)
    again = EmotionClassifier.load_from_checkpoint(path, weights_only=True)
    assert same(model, again)
    assert again.classes == tuple(CLASSES)
    assert isinstance(again.loss, CrossEntropyLoss)
    assert again.group_options == {"pooling": {"lr": 0.1, "betas": [0.9, 0.99]}}
    assert again.class_count.tolist() == [3, 2, 1]
    assert (float(again.network.waveform_mean), float(again.network.waveform_std)) == (0.5, 3.0)
    torch.testing.assert_close(again.source_prior(), torch.full((3,), 1 / 3, dtype=torch.float64))


@pytest.mark.parametrize("module", [AttributeRegressor, MultiTaskLearner])
def test_every_module_opens_by_its_path(train, module):
    model, path = train(ECAPA, module.__name__)
    again = module.load_from_checkpoint(path)
    assert same(model, again)
    assert (again.classes, again.attributes) == (model.classes, ATTRIBUTES)
    assert again.classes == (tuple(CLASSES) if module is MultiTaskLearner else None)
    assert again.micro_batches == 2
    (loss,) = [again.loss] if module is AttributeRegressor else [again.emotion_loss]
    assert type(loss) is (MeanSquaredErrorLoss if module is AttributeRegressor else CrossEntropyLoss)
    assert again.loss_weights.get("attributes") == (1.0 if module is AttributeRegressor else 0.5)


def test_each_task_has_a_head_of_its_own_from_one_config(train):
    model, _ = train(ECAPA, "MultiTaskLearner")
    emotion, attributes = model.network.head.emotion, model.network.head.attributes
    assert (emotion.output.out_features, attributes.output.out_features) == (3, 3)
    assert (len(emotion.blocks), len(attributes.blocks)) == (1, 1)
    assert {id(p) for p in emotion.parameters()}.isdisjoint(id(p) for p in attributes.parameters())
    assert [group["name"] for group in model.network.parameter_groups()] == ["encoder", "pooling", "head"]


def test_a_checkpoint_of_another_task_is_refused(train, tmp_path):
    _, path = train(ECAPA)
    for module, learns in ((AttributeRegressor, "attributes"), (MultiTaskLearner, "emotion and attributes")):
        with pytest.raises(ConfigError, match=rf"trained on emotion, {module.__name__} learns {learns}; take its own module"):
            module.load_from_checkpoint(path)
    other = AttributeRegressor(AcousticNetwork(ecapa(), classes=None, attributes=ATTRIBUTES))
    trainer = L.Trainer(accelerator="cpu", default_root_dir=tmp_path, **QUIET)
    with pytest.raises(ConfigError, match="trained on emotion, AttributeRegressor learns attributes"):
        trainer.predict(other, datamodule=RandomWaveforms(), ckpt_path=path, weights_only=True)


@pytest.mark.parametrize(
    ("classes", "attributes", "words"),
    [
        (["happy", "sad", "neutral"], ATTRIBUTES, "the classes sad, happy, neutral, this network gives the classes happy, sad, neutral;"),
        (["sad", "happy"], ATTRIBUTES, "the classes sad, happy, neutral, this network gives the classes sad, happy; give the list"),
        (2, ATTRIBUTES, "the classes sad, happy, neutral, this network gives 2 classes; give the list that it was trained with"),
        (CLASSES, ["arousal", "valence", "dominance"], "valence, arousal, dominance, this network gives arousal, valence, dominance;"),
        (CLASSES, ["valence"], "valence, arousal, dominance, this network gives valence; give the list"),
    ],
)
def test_a_checkpoint_of_other_outputs_or_another_order_is_refused_with_both(tmp_path, classes, attributes, words):
    path = fitted(joint(CLASSES, ATTRIBUTES), tmp_path)
    with pytest.raises(ConfigError, match=f"the checkpoint was trained on {words}"):
        MultiTaskLearner.load_from_checkpoint(path, network=joint(classes, attributes).network)


@pytest.mark.parametrize("stage", ["fit", "predict"])
def test_so_it_is_where_a_fit_resumes_and_in_prediction(tmp_path, stage):
    path, classes = fitted(joint(CLASSES, ATTRIBUTES), tmp_path), ["happy", "sad", "neutral"]
    run = getattr(L.Trainer(max_epochs=2, accelerator="cpu", default_root_dir=tmp_path, enable_checkpointing=False, **QUIET), stage)
    with pytest.raises(ConfigError, match="sad, happy, neutral, this network gives the classes happy, sad, neutral"):
        run(joint(classes, ATTRIBUTES), datamodule=RandomWaveforms(classes), ckpt_path=path, weights_only=True)
    with pytest.raises(ConfigError, match="trained on valence, arousal, dominance, this network gives valence"):
        run(joint(CLASSES, ["valence"]), datamodule=RandomWaveforms(), ckpt_path=path, weights_only=True)


def test_a_number_of_classes_takes_the_names_of_the_checkpoint(tmp_path):
    path = fitted(joint(CLASSES, ATTRIBUTES), tmp_path)
    again = MultiTaskLearner.load_from_checkpoint(path, network=joint(3, ATTRIBUTES).network)
    assert again.classes == tuple(CLASSES)


def test_a_checkpoint_of_an_earlier_release_still_opens(train):
    """It does not tell what was learnt, and has none of the later arguments."""
    model, path = train(ECAPA)
    content = torch.load(path, weights_only=True)
    del content["learnt"]
    for name in ("micro_batches", "class_weighting_beta"):
        del content["hyper_parameters"][name]
    del content["hyper_parameters"]["network"]["init_args"]["attributes"]
    torch.save(content, path)
    again = EmotionClassifier.load_from_checkpoint(path)
    assert same(model, again)
    assert again.class_count.tolist() == [3, 2, 1]
    assert {"class_count", "class_weight", "network.head.output.weight"} <= set(content["state_dict"])


def test_a_pretrained_encoder_is_not_fetched_again(train, tmp_path):
    folder = tmp_path / "wavlm"
    HuggingFaceEncoder(WAVLM, pretrained=False).model.save_pretrained(folder)
    model, path = train(f"{{class_path: emojudge.nn.encoders.HuggingFaceEncoder, init_args: {{model: {folder}}}}}")
    assert model.hparams["network"]["init_args"]["encoder"]["init_args"]["model"] == str(folder)
    for file in folder.iterdir():
        file.unlink()
    folder.rmdir()
    assert same(model, EmotionClassifier.load_from_checkpoint(path))
    stored = torch.load(path, weights_only=True)["hyper_parameters"]["network"]["init_args"]["encoder"]["init_args"]
    assert (stored["pretrained"], stored["model"]["model_type"]) == (False, "wavlm")


@pytest.mark.parametrize(
    ("encoder", "options", "write"),
    [
        ("WhisperEncoder", "layer: 1", write_whisper),
        ("WhisperEncoder", "layer: weighted, tuning: {class_path: emojudge.nn.tuning.TopLayers, init_args: {n: 1}}", write_whisper),
        ("WhisperEncoder", "padded: true, gradient_checkpointing: true", write_whisper),
        ("EcapaTdnn", "bottleneck: 8, scale: 4", write_ecapa),
        ("EcapaTdnn", "bottleneck: 8, scale: 4, tuning: {class_path: emojudge.nn.tuning.Frozen}", write_ecapa),
    ],
)
def test_whisper_and_ecapa_train_and_open_again_with_their_folder_gone(train, tmp_path, encoder, options, write):
    folder = tmp_path / "pretrained"
    write(folder)
    made = f"{{class_path: emojudge.nn.encoders.{encoder}, init_args: {{model: {folder}, {options}}}}}"
    model, path = train(made)
    assert model.trainer.global_step == 2
    shutil.rmtree(folder)
    again = EmotionClassifier.load_from_checkpoint(path)
    assert same(model, again)
    trained = [name for name, p in model.network.encoder.named_parameters() if p.requires_grad]
    assert trained == [name for name, p in again.network.encoder.named_parameters() if p.requires_grad]


@pytest.mark.parametrize("layer", ["last", "1", "weighted"])
@pytest.mark.parametrize("tuning", ["{class_path: emojudge.nn.tuning.LoRA, init_args: {rank: 2, targets: [q_proj]}}", "Frozen"])
def test_an_encoder_with_its_tuning_and_layer_opens_by_its_path_without_its_folder(train, tmp_path, tuning, layer):
    if "LoRA" in tuning:
        pytest.importorskip("peft")
    folder = tmp_path / "wavlm"
    HuggingFaceEncoder({**WAVLM, "num_hidden_layers": 2}, pretrained=False).model.save_pretrained(folder)
    options = f"model: {folder}, tuning: {tuning}, layer: {layer}, gradient_checkpointing: true"
    model, path = train(f"{{class_path: emojudge.nn.encoders.HuggingFaceEncoder, init_args: {{{options}}}}}")
    shutil.rmtree(folder)
    again = EmotionClassifier.load_from_checkpoint(path)
    assert same(model, again)
    encoder = again.network.encoder
    assert len(encoder.model.encoder.layers) == (1 if layer == "1" else 2)
    trained = {name.split(".")[-3] for name, p in encoder.model.named_parameters() if p.requires_grad}
    assert trained == ({"lora_A", "lora_B"} if "LoRA" in tuning else set())


QUIET = {"logger": False, "enable_progress_bar": False, "enable_model_summary": False}


def ecapa():
    return EcapaTdnn(LogMel(n_mels=20, hop_s=0.02), channels=16, features=24, scale=4)


def built(**options):
    torch.manual_seed(0)
    network = AcousticNetwork(ecapa(), CLASSES, head=partial(ResidualHead, hidden=16))
    return EmotionClassifier(network, lr_scheduler=partial(LinearWarmup, share=0.5), **options)


def joint(classes, attributes):
    return MultiTaskLearner(AcousticNetwork(ecapa(), classes, head=partial(ResidualHead, hidden=16), attributes=attributes))


def fitted(model, folder):
    trainer = L.Trainer(max_epochs=1, accelerator="cpu", default_root_dir=folder, **QUIET)
    trainer.fit(model, datamodule=RandomWaveforms())
    trainer.save_checkpoint(folder / "model.ckpt")
    return folder / "model.ckpt"


def test_built_in_python_it_opens_with_its_network(tmp_path):
    model = built(group_options={"head": {"lr": 0.1}})
    path = fitted(model, tmp_path)
    other = built()
    torch.nn.init.zeros_(other.network.head.output.weight)
    again = EmotionClassifier.load_from_checkpoint(path, network=other.network)
    assert same(model, again)
    assert again.group_options == {"head": {"lr": 0.1}}


def test_built_in_python_the_path_alone_says_what_is_missing(tmp_path):
    path = fitted(built(), tmp_path)
    with pytest.raises(
        ConfigError, match=r"model.ckpt was trained from Python.*EmotionClassifier.load_from_checkpoint\(path, network=...\)"
    ):
        EmotionClassifier.load_from_checkpoint(path)


def test_hyper_parameters_hold_no_parts_and_plain_values_only():
    model = built(group_options={"head": {"lr": np.float64(0.1)}, "pooling": {"betas": (0.9, np.float32(0.5))}})
    for kept in (model.hparams, model.hparams_initial):
        plain = {"loss", "group_options", "class_weighting", "class_weighting_beta", "classes", "micro_batches"}
        assert set(kept) == plain  # no network, optimizer, schedule
        assert type(kept["group_options"]["head"]["lr"]) is float
        assert kept["group_options"]["pooling"]["betas"] == [0.9, 0.5]
    with pytest.raises(ConfigError, match="argument 'group_options' is a Tensor"):
        built(group_options={"head": {"lr": torch.tensor(0.1)}})


def test_a_checkpoint_on_a_server_is_refused():
    with pytest.raises(ConfigError, match="checkpoints are read from files only"):
        EmotionClassifier.load_from_checkpoint("http://example.org/model.ckpt")


def cut(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def emptied(path):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("hello.txt", "hello")


def damaged(path):
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, b"\x80\x02" if name.endswith("data.pkl") else content)


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda path: path.write_text("hello"), "is no checkpoint, or only a part of one"),
        (lambda path: path.write_bytes(b""), "is no checkpoint, or only a part of one"),
        (cut, "is no checkpoint, or only a part of one"),
        (emptied, "is no checkpoint, or a damaged one"),
        (damaged, r"is no checkpoint, or a damaged one \(EOFError\)"),
        (lambda path: torch.save({"weight": torch.ones(2)}, path), "no checkpoint of a training; it has no 'state_dict'"),
        (lambda path: torch.save([1], path), "no checkpoint of a training"),
        (lambda path: torch.save({"state_dict": {}, "path": path}, path), "holds objects other than tensors and plain values"),
        (lambda path: path.unlink(), "there is no such checkpoint"),
        (lambda path: (path.unlink(), path.mkdir()), "is a folder"),
    ],
)
def test_a_file_that_is_no_checkpoint_is_refused_in_one_line(tmp_path, spoil, words):
    path = tmp_path / "model.ckpt"
    torch.save({"state_dict": {}}, path)
    spoil(path)
    for given in (path, str(path)):
        with pytest.raises(ConfigError, match=rf"model\.ckpt: .*{words}") as refused:
            EmotionClassifier.load_from_checkpoint(given)
        assert "\n" not in str(refused.value)
        assert "weights_only" not in str(refused.value)


def test_a_file_whose_origin_is_known_may_hold_other_objects(tmp_path):
    torch.save({"state_dict": {}, "path": tmp_path}, tmp_path / "model.ckpt")
    check_checkpoint(tmp_path / "model.ckpt", weights_only=False)


def test_a_resumed_fit_gives_the_same_buffers(tmp_path):
    path = fitted(built(), tmp_path)
    model = built()
    trainer = L.Trainer(max_epochs=2, accelerator="cpu", default_root_dir=tmp_path, enable_checkpointing=False, **QUIET)
    trainer.fit(model, datamodule=RandomWaveforms(), ckpt_path=path, weights_only=True)
    torch.testing.assert_close(model.class_weight, torch.tensor([6 / 9, 6 / 6, 6 / 3]))
    assert trainer.global_step == 4
