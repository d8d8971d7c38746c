"""A network on its own: equal outputs, nothing lost, nothing run, nothing fetched, whole or not at all."""

import json
import os
import pickle
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import lightning as L
import pytest
import tiny_sizes
import torch
import yaml
from jsonargparse import set_parsing_settings
from lightning.pytorch.cli import LightningCLI
from safetensors.torch import load_file, save_file
from tiny_pretrained import write_ecapa, write_wavlm, write_whisper
from tiny_sizes import WAVLM
from torch.utils.data import DataLoader

from emojudge.batch import Batch
from emojudge.data.tokenizer import TextTokenizer, read_tokenizer, train_tokenizer
from emojudge.errors import ConfigError
from emojudge.files import file_digest
from emojudge.models import (
    AcousticNetwork,
    AttributeRegressor,
    EmotionClassifier,
    MultiTaskLearner,
    TextNetwork,
    export,
    export_network,
    load_network,
    read_network_info,
)
from emojudge.nn.encoders import EcapaTdnn, LogMel

CLASSES = ["sad", "happy", "neutral"]
ROBERTA = {**tiny_sizes.ROBERTA, "vocab_size": 300, "max_position_embeddings": 18}


def part(class_path: str, **init_args: Any) -> dict[str, Any]:
    return {"class_path": f"emojudge.{class_path}", "init_args": init_args}


ECAPA = part(
    "nn.encoders.EcapaTdnn",
    log_mel=part("nn.encoders.LogMel", n_mels=20, hop_s=0.02),
    masking=part("nn.masking.SpectrumMasking"),
    **{"channels": 16, "features": 24, "scale": 4, "normalize": "train"},
)
HEAD = part("nn.ResidualHead", hidden=16, blocks=1)
EMOTION, ATTRIBUTES = {"classes": CLASSES}, {"classes": None, "attributes": ["valence", "dominance"]}
MODELS = {
    "emotion": part("models.EmotionClassifier", network=part("models.AcousticNetwork", encoder=ECAPA, head=HEAD, **EMOTION)),
    "attributes": part(
        "models.AttributeRegressor",
        network=part(
            "models.AcousticNetwork",
            encoder=part("nn.encoders.HuggingFaceEncoder", model=WAVLM, pretrained=False, tuning=part("nn.tuning.TopLayers", n=1)),
            pooling=part("nn.MeanStdPooling"),
            **ATTRIBUTES,
        ),
    ),
    "both": part(
        "models.MultiTaskLearner",
        network=part("models.AcousticNetwork", encoder=ECAPA, head=HEAD, classes=CLASSES, attributes=["arousal", "valence", "dominance"]),
    ),
    "text": part(
        "models.EmotionClassifier",
        network=part("models.TextNetwork", encoder=part("nn.encoders.HuggingFaceTextEncoder", model=ROBERTA, pretrained=False), **EMOTION),
    ),
}
MODULES = {"emotion": EmotionClassifier, "attributes": AttributeRegressor, "both": MultiTaskLearner, "text": EmotionClassifier}
TOKENIZER = train_tokenizer(["one two three"], 300)


def batch() -> Batch:
    generator = torch.Generator().manual_seed(0)
    mask = torch.arange(6000) < torch.tensor([[6000], [4000], [5000]])
    token_mask = torch.arange(9) < torch.tensor([[9], [4], [6]])
    return Batch(
        torch.arange(3),
        ["a", "b", "c"],
        torch.randn(3, 6000, generator=generator) * mask,
        mask,
        torch.randint(5, 300, (3, 9), generator=generator),
        token_mask,
        emotion=torch.tensor([0, 1, 0]),
        attributes=torch.rand(3, 3, generator=generator),
    )


class RandomUtterances(L.LightningDataModule):
    """Sound, words, classes and attributes; the last class and the last attribute do not occur in training."""

    def __init__(self, classes: list[str] = CLASSES):
        super().__init__()
        self.classes = classes

    def class_counts(self):
        return torch.tensor([3, 2, 0])

    def attribute_counts(self):
        return torch.tensor([3, 3, 0])

    def waveform_statistics(self):
        return 0.5, 3.0

    def train_dataloader(self):
        return DataLoader([batch()] * 2, batch_size=None)

    def state_dict(self):
        return {"classes": self.classes, "tokenizer": TOKENIZER}

    def load_state_dict(self, state):
        pass


def train(model: dict[str, Any], folder: Path, **trainer: Any) -> Path:
    """Fit a model through LightningCLI and return its checkpoint."""
    quiet = {"logger": False, "enable_progress_bar": False, "enable_model_summary": False, "enable_checkpointing": False}
    settings = {"max_epochs": 1, "accelerator": "cpu", **quiet, "default_root_dir": str(folder), **trainer}
    (folder / "config.yaml").write_text(
        yaml.safe_dump({"model": model, "data": {"class_path": f"{__name__}.RandomUtterances"}, "trainer": settings})
    )
    set_parsing_settings(omegaconf_absolute_to_relative_paths=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.argv", ["emojudge"])
        cli = LightningCLI(
            L.LightningModule,
            L.LightningDataModule,
            subclass_mode_model=True,
            subclass_mode_data=True,
            auto_configure_optimizers=False,
            save_config_callback=None,
            parser_kwargs={"parser_mode": "omegaconf+"},
            args=["fit", "--config", str(folder / "config.yaml")],
        )
    cli.trainer.save_checkpoint(folder / "model.ckpt")
    return folder / "model.ckpt"


@pytest.fixture(scope="module")
def checkpoints(tmp_path_factory):
    """Return a function from a kind of model to its checkpoint. Do not change it."""
    made = {}

    def get(kind):
        if kind not in made:
            made[kind] = train(MODELS[kind], tmp_path_factory.mktemp(kind))
        return made[kind]

    return get


@pytest.fixture
def exported(checkpoints, tmp_path):
    """Folder of an exported emotion network, to be spoilt."""
    export_network(checkpoints("emotion"), tmp_path / "out")
    return tmp_path / "out"


def changed(folder, change):
    """Change the config of an export."""
    config = json.loads((folder / "config.json").read_text())
    change(config)
    (folder / "config.json").write_text(json.dumps(config))


# what comes out


@pytest.mark.parametrize("kind", MODELS)
def test_a_loaded_network_gives_the_outputs_of_the_checkpoint_bit_for_bit(checkpoints, tmp_path, kind):
    export_network(checkpoints(kind), tmp_path / "out")
    network = load_network(tmp_path / "out")
    module = MODULES[kind].load_from_checkpoint(checkpoints(kind)).eval()
    assert not network.training
    assert type(network) is (TextNetwork if kind == "text" else AcousticNetwork)
    with torch.no_grad():
        outputs = network(batch())
        assert torch.equal(outputs, module.network(batch()))
    assert outputs.shape == (3, {"attributes": 2, "both": 6}.get(kind, 3))
    assert outputs.isfinite().all()


def test_the_config_says_what_the_outputs_are(checkpoints, tmp_path):
    info = export_network(checkpoints("both"), tmp_path / "out")
    assert info == read_network_info(tmp_path / "out")
    assert info.tasks == ("emotion", "attributes")
    assert (info.classes, info.absent_classes) == (tuple(CLASSES), ("neutral",))
    assert (info.attributes, info.absent_attributes) == (("arousal", "valence", "dominance"), ("dominance",))
    assert info.source_prior == tuple(MultiTaskLearner.load_from_checkpoint(checkpoints("both")).source_prior().tolist())
    assert info.normalization == {"mean": 0.5, "std": 3.0}
    assert info.checkpoint == file_digest(checkpoints("both"))
    assert info.packages["torch"] == torch.__version__
    attributes = export_network(checkpoints("attributes"), tmp_path / "attributes")
    assert (attributes.tasks, attributes.classes, attributes.source_prior) == (("attributes",), (), None)


def test_a_network_on_words_brings_its_tokenizer(checkpoints, tmp_path):
    export_network(checkpoints("text"), tmp_path / "out")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["config.json", "model.safetensors", "tokenizer.json"]
    assert TextTokenizer(read_tokenizer(tmp_path / "out" / "tokenizer.json")).vocabulary() == TextTokenizer(TOKENIZER).vocabulary()


def test_whoever_may_read_the_config_may_read_the_weights(exported):
    assert {path.stat().st_mode for path in exported.iterdir()} == {(exported / "config.json").stat().st_mode}


@pytest.mark.parametrize(
    ("encoder", "options", "write"),
    [
        ("HuggingFaceEncoder", {}, write_wavlm),
        ("WhisperEncoder", {"layer": "weighted"}, write_whisper),
        ("EcapaTdnn", {"bottleneck": 8, "scale": 4}, write_ecapa),
    ],
)
def test_a_pretrained_encoder_is_not_fetched_again(tmp_path, encoder, options, write):
    folder = tmp_path / "pretrained"
    write(folder)
    made = part(f"nn.encoders.{encoder}", model=str(folder), **options)
    model = part("models.EmotionClassifier", network=part("models.AcousticNetwork", encoder=made, head=HEAD, classes=CLASSES))
    path = train(model, tmp_path)
    shutil.rmtree(folder)
    export_network(path, tmp_path / "out")
    with torch.no_grad():
        expected = EmotionClassifier.load_from_checkpoint(path).eval().network(batch())
        assert torch.equal(load_network(tmp_path / "out")(batch()), expected)


def test_loading_needs_no_lightning(exported):
    program = (
        "import sys\nfrom emojudge.models import load_network\n"
        f"load_network({str(exported)!r})\n"
        "loaded = {'lightning', 'torchmetrics'} & set(sys.modules)\nsys.exit(str(loaded) if loaded else 0)"
    )
    subprocess.run([sys.executable, "-c", program], check=True, env=os.environ | {"HF_HUB_OFFLINE": "1"})


# classes


@pytest.mark.parametrize(
    ("expected", "words"),
    [
        (
            ["happy", "sad", "neutral"],
            "the classes are sad, happy, neutral; expected are happy, sad, neutral, which are the same in another order",
        ),
        (["sad", "happy"], "expected are sad, happy, which are other ones"),
    ],
)
def test_other_classes_than_expected_are_refused(checkpoints, exported, tmp_path, expected, words):
    with pytest.raises(ConfigError, match=words):
        load_network(exported, classes=expected)
    with pytest.raises(ConfigError, match=words):
        export_network(checkpoints("emotion"), tmp_path / "other", classes=expected)
    assert not (tmp_path / "other").exists()


def test_the_expected_classes_are_taken(checkpoints, exported, tmp_path):
    assert load_network(exported, classes=CLASSES).classes == tuple(CLASSES)
    export_network(checkpoints("emotion"), tmp_path / "other", classes=tuple(CLASSES))


# nothing is run, nothing is fetched


@pytest.fixture
def trap(tmp_path, monkeypatch):
    """A module whose import would be noticed."""
    (tmp_path / "trap.py").write_text("class Network:\n    pass\n")
    monkeypatch.syspath_prepend(tmp_path)
    yield "trap.Network"
    assert "trap" not in sys.modules


@pytest.mark.parametrize(
    "class_path",
    [
        "os.system",
        "torch.nn.Linear",
        "emojudge.nn.heads.torch.nn.Linear",
        "emojudge.nn.heads.nn.Linear",
        "emojudge.nn.heads.nn",
        "emojudge.nn.heads._hidden_layer",
        "emojudge.nn.encoders.ecapa._SERes2Block",
        "emojudge.nn.NoSuchHead",
        "emojudge.nn.nowhere.Head",
        "emojudge.nn",
        "emojudge.corpus.synthetic.synthesize_corpus",
        "emojudge.models.export.NetworkInfo",
        "emojudge.models.export.export_network",
        None,
        7,
    ],
)
def test_a_class_that_is_not_a_part_of_this_library_is_refused(exported, class_path):
    changed(exported, lambda config: config["network"]["init_args"]["head"].update(class_path=class_path))
    with pytest.raises(ConfigError, match=r"config\.json: network\.head is .*; an exported network is made of emojudge's own classes"):
        load_network(exported)


def test_a_class_of_another_package_is_not_even_imported(exported, trap):
    for place in (lambda config: config["network"], lambda config: config["network"]["init_args"]["encoder"]["init_args"]["log_mel"]):
        changed(exported, lambda config, place=place: place(config).update(class_path=trap))
        with pytest.raises(ConfigError, match=r"is trap\.Network; an exported network is made of"):
            load_network(exported)


def test_a_path_in_place_of_a_part_stays_a_text(exported, trap):
    changed(exported, lambda config: config["network"]["init_args"].update(head=trap))
    with pytest.raises(ConfigError, match="does not build from these arguments"):
        load_network(exported)


def test_a_part_that_is_no_network_is_refused_in_its_place(exported):
    changed(exported, lambda config: config.update(network=config["network"]["init_args"]["encoder"]))
    with pytest.raises(ConfigError, match=r"network is emojudge\.nn\.encoders\.EcapaTdnn, expected a network of emojudge\.models"):
        load_network(exported)


@pytest.mark.parametrize(
    ("encoder", "arguments"),
    [
        ("HuggingFaceEncoder", {"model": "someone/some-model"}),
        ("HuggingFaceEncoder", {"model": "x", "pretrained": False}),
        ("HuggingFaceEncoder", {"model": WAVLM}),
        ("WhisperEncoder", {}),
        ("WhisperEncoder", {"pretrained": False}),
        ("EcapaTdnn", {"model": "someone/some-model"}),
    ],
)
def test_nothing_is_fetched(exported, encoder, arguments, monkeypatch):
    for place in ("huggingface.load_config", "whisper.encoder.load_config", "ecapa.network.read_weights"):
        monkeypatch.setattr(f"emojudge.nn.encoders.{place}", lambda *given: pytest.fail("was asked for a model"))
    made = part(f"nn.encoders.{encoder}", **arguments)
    changed(exported, lambda config: config["network"]["init_args"].update(encoder=made))
    with pytest.raises(ConfigError, match=r"network\.encoder names the pretrained model"):
        load_network(exported)


class Bomb:
    def __reduce__(self):
        return (pytest.fail, ("a pickle was opened",))


def test_weights_that_are_a_pickle_are_not_opened(exported):
    (exported / "model.safetensors").write_bytes(pickle.dumps(Bomb()))
    with pytest.raises(ConfigError, match=r"model\.safetensors: cannot be read"):
        load_network(exported)


ADDRESSES = [
    "http://example.org/x",
    "https://example.org/x",
    "s3://bucket/x",
    "gs://bucket/x",
    "hdfs://host/x",
    "file:///x",
    Path("s3://bucket/x"),
]


@pytest.mark.parametrize("address", ADDRESSES)
def test_nothing_is_taken_from_a_server(checkpoints, tmp_path, address):
    for take in (
        lambda: export_network(address, tmp_path / "out"),
        lambda: export_network(checkpoints("emotion"), address),
        lambda: load_network(address),
        lambda: EmotionClassifier.load_from_checkpoint(address),
    ):
        with pytest.raises(ConfigError, match="checkpoints are read from files only"):
            take()


# what cannot be exported


def test_a_checkpoint_trained_from_python_is_refused_with_what_to_do(tmp_path):
    network = AcousticNetwork(EcapaTdnn(LogMel(n_mels=20, hop_s=0.02), channels=16, features=24, scale=4), CLASSES)
    quiet = {"logger": False, "enable_progress_bar": False, "enable_model_summary": False, "enable_checkpointing": False}
    trainer = L.Trainer(max_epochs=1, accelerator="cpu", default_root_dir=tmp_path, **quiet)
    trainer.fit(EmotionClassifier(network), datamodule=RandomUtterances())
    trainer.save_checkpoint(tmp_path / "model.ckpt")
    with pytest.raises(ConfigError, match=r"model\.ckpt: was trained from Python.*Train it from a config \(emojudge fit\)"):
        export_network(tmp_path / "model.ckpt", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def respelt(path, to, change):
    """Write a checkpoint with other contents."""
    content = torch.load(path, weights_only=True)
    change(content)
    torch.save(content, to)
    return to


def test_parts_of_other_packages_are_refused_by_name(checkpoints, tmp_path, trap):
    places = {
        r"model is trap\.Network": lambda arguments: arguments.update(_class_path=trap),
        r"network\.head is trap\.Network": lambda arguments: arguments["network"]["init_args"]["head"].update(class_path=trap),
    }
    for words, change in places.items():
        path = respelt(checkpoints("emotion"), tmp_path / "own.ckpt", lambda content, change=change: change(content["hyper_parameters"]))
        with pytest.raises(ConfigError, match=rf"own\.ckpt: cannot be exported: {words}"):
            export_network(path, tmp_path / "out")


def test_a_checkpoint_without_the_names_of_its_classes_needs_them(checkpoints, tmp_path):
    def forget(content):
        content["hyper_parameters"]["network"]["init_args"]["classes"] = 3
        content["learnt"]["classes"] = None
        del content["RandomUtterances"]

    path = respelt(checkpoints("emotion"), tmp_path / "nameless.ckpt", forget)
    with pytest.raises(ConfigError, match="does not name its 3 classes"):
        export_network(path, tmp_path / "out")
    assert export_network(path, tmp_path / "out", classes=CLASSES).classes == tuple(CLASSES)


def test_weights_of_another_network_are_refused(checkpoints, exported, tmp_path):
    weights = load_file(exported / "model.safetensors")
    del weights["head.output.bias"]
    save_file(weights, exported / "model.safetensors")
    with pytest.raises(ConfigError, match=r"model\.safetensors: its weights do not fit .*head\.output\.bias"):
        load_network(exported)
    path = respelt(checkpoints("emotion"), tmp_path / "cut.ckpt", lambda content: content["state_dict"].pop("network.head.output.bias"))
    with pytest.raises(ConfigError, match=r"cut\.ckpt: its weights do not fit"):
        export_network(path, tmp_path / "other")


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda folder: (folder / "config.json").unlink(), "is no exported network"),
        (lambda folder: (folder / "config.json").write_text("{"), "config.json: is damaged"),
        (lambda folder: (folder / "config.json").write_text("[]"), "config.json: is damaged"),
        (lambda folder: (folder / "config.json").write_text('{"model_type": "wavlm"}'), "is not of a network exported by emojudge"),
        (lambda folder: changed(folder, lambda config: config.pop("classes")), r"is damaged \(KeyError: 'classes'\)"),
        (lambda folder: changed(folder, lambda config: config.update(schema_version=2)), "schema version 2, this release reads 1"),
        (
            lambda folder: changed(folder, lambda config: config["network"]["init_args"].update(hed=1)),
            "does not build from these arguments",
        ),
        (lambda folder: changed(folder, lambda config: config.update(network=[])), "is damaged .*network is no object"),
        (lambda folder: (folder / "model.safetensors").unlink(), r"model\.safetensors: cannot be read"),
        (lambda folder: (folder / "model.safetensors").write_bytes(b"12345678{}"), r"model\.safetensors: cannot be read"),
    ],
)
def test_a_damaged_export_is_one_line_with_the_file(exported, spoil, words):
    spoil(exported)
    with pytest.raises(ConfigError, match=words) as refused:
        load_network(exported)
    assert "out" in str(refused.value)
    assert "\n" not in str(refused.value)


# whole or not at all


def test_an_earlier_export_gives_way_and_other_folders_do_not(checkpoints, exported, tmp_path):
    export_network(checkpoints("both"), exported)
    assert read_network_info(exported).tasks == ("emotion", "attributes")
    (exported / "notes.txt").write_text("mine")
    with pytest.raises(ConfigError, match=r"holds other files \(notes.txt\)"):
        export_network(checkpoints("emotion"), exported)
    (tmp_path / "hub").mkdir()
    (tmp_path / "hub" / "config.json").write_text('{"model_type": "wavlm"}')
    with pytest.raises(ConfigError, match="is not of a network exported by emojudge"):
        export_network(checkpoints("emotion"), tmp_path / "hub")
    (tmp_path / "file").write_text("mine")
    with pytest.raises(ConfigError, match="file: is a file"):
        export_network(checkpoints("emotion"), tmp_path / "file")
    (tmp_path / "empty").mkdir()
    export_network(checkpoints("emotion"), tmp_path / "empty")


def test_a_failure_leaves_what_was_there_and_nothing_half(checkpoints, exported, tmp_path, monkeypatch):
    before = {path.name: path.read_bytes() for path in exported.iterdir()}

    def full(*given):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(export.shutil, "copymode", full)
    for folder in (exported, tmp_path / "new"):
        with pytest.raises(OSError, match="No space left"):
            export_network(checkpoints("both"), folder)
    assert {path.name: path.read_bytes() for path in exported.iterdir()} == before
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
