"""Every shipped config has the form it should have, is used, builds and trains; configs are found by path and by name."""

import json
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import huggingface_hub.constants
import pytest
import torch
import yaml
from jsonargparse import ArgumentParser
from lightning.pytorch import Trainer

from emojudge.cli.main import main
from emojudge.cli.parsing import OneLineErrors, resolve_configs, set_up_parsing
from emojudge.configs import config_root, find_config, shipped_configs
from emojudge.errors import ConfigError
from emojudge.pipeline.config import RunConfig
from emojudge.pipeline.fusing import check_comparators

REPOSITORY = Path(__file__).resolve().parents[2]
RUN_CONFIGS = [name for name in shipped_configs() if name.startswith("run/")]
CORPUS_CONFIGS = [name for name in shipped_configs() if name.startswith("corpus/")]
ENCODER = "--model.init_args.network.init_args.encoder.init_args"
TRANSFORMER = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16}
SPEECH = {**TRANSFORMER, "conv_dim": [8] * 7, "num_conv_pos_embeddings": 16, "num_conv_pos_embedding_groups": 2}
WHISPER = {"model_type": "whisper", "d_model": 16, "encoder_layers": 1, "encoder_attention_heads": 2, "encoder_ffn_dim": 16}
WORDS = {**TRANSFORMER, "vocab_size": 300, "max_position_embeddings": 130}
RANDOM = {
    "wavlm_large": {**SPEECH, "model_type": "wavlm", "feat_extract_norm": "layer", "do_stable_layer_norm": True},
    "wavlm_base_plus": {**SPEECH, "model_type": "wavlm"},
    "hubert_large": {**SPEECH, "model_type": "hubert", "feat_extract_norm": "layer", "do_stable_layer_norm": True},
    "wav2vec2_large_robust": {**SPEECH, "model_type": "wav2vec2", "feat_extract_norm": "layer", "do_stable_layer_norm": True},
    "whisper_small": WHISPER,
    "roberta_large": {**WORDS, "model_type": "roberta"},
    "roberta_base": {**WORDS, "model_type": "roberta"},
    "deberta_large": {**WORDS, "model_type": "deberta", "relative_attention": True, "pos_att_type": ["c2p", "p2c"]},
}
"""Sizes of a tiny random model of the same kind, by the name of its config."""
SMALL_ECAPA = {"model": None, "embedding": 8, "channels": 16, "features": 24, "bottleneck": 8, "attention": 8}
HUB_MODELS = [*RANDOM, "ecapa_voxceleb"]


def without_hub(files, folder):
    """Return the settings that put a tiny random model, and a tokenizer of the corpus, in the place of a pretrained one.

    A file in ``folder`` holds those that a command line cannot: jsonargparse makes a text of a null so far inside.
    """
    more = []
    for name in (Path(file).stem for file in files):
        if name in RANDOM:
            more += [f"{ENCODER}.model={json.dumps(RANDOM[name])}", f"{ENCODER}.pretrained=false"]
        if name.startswith(("roberta_", "deberta_")) and name in RANDOM:
            more += ["--data.init_args.tokenizer=corpus", "--data.init_args.vocab_size=300"]
        if name == "ecapa_voxceleb":
            network = {"init_args": {"encoder": {"init_args": SMALL_ECAPA}}}
            (folder / "small_ecapa.yaml").write_text(yaml.safe_dump({"model": {"init_args": {"network": network}}}))
            more.append(f"--config={folder / 'small_ecapa.yaml'}")
        if name.startswith("paper_text"):
            more += ["--trainer.val_check_interval=1.0", "--trainer.check_val_every_n_epoch=1"]
    return more


def content(name):
    return yaml.safe_load(find_config(name).read_text(encoding="utf-8"))


def combinations():
    """Return the config files of every system of every run config, each combination once."""
    systems = [tuple(files) for name in RUN_CONFIGS for files in content(name)["systems"].values()]
    return list(dict.fromkeys(systems))


def run_config(*arguments):
    """Return what ``emojudge run`` makes of some arguments."""
    set_up_parsing(attribute_docstrings=True)
    parser = OneLineErrors(exit_on_error=False)
    parser.add_argument("--config", action="config")
    parser.add_class_arguments(RunConfig, fail_untyped=False)
    return parser.instantiate(parser.parse_args(resolve_configs(arguments)))


def run_on_two_steps(command, files, folder, table, *more):
    here = ["accelerator=cpu", "devices=1", "precision=32-true", "max_epochs=1", "limit_train_batches=2", "enable_progress_bar=false"]
    here.append("accumulate_grad_batches=1")
    trainer = [f"--trainer.{setting}" for setting in [*here, f"default_root_dir={folder}"]]
    data = [f"--data.init_args.table={table}", "--data.init_args.num_workers=0"]
    return main([command, *(f"--config={file}" for file in files), *trainer, *data, *more])


# their form


@pytest.mark.parametrize(
    "name", [name for name in shipped_configs() if name.split("/")[0] in ("trainer", "data", "model", "corpus", "fusion")]
)
def test_a_config_has_the_one_section_of_its_folder(name):
    assert list(content(name)) == [name.split("/")[0]]


@pytest.mark.parametrize("name", [name for name in shipped_configs() if name.startswith("experiment/")])
def test_an_experiment_is_a_small_overlay_that_leaves_the_encoder(name):
    settings = content(name)
    assert settings.keys() <= {"trainer", "data", "model", "early_stopping"}
    network = settings.get("model", {}).get("init_args", {}).get("network", {})
    assert "class_path" not in network
    assert "class_path" not in network.get("init_args", {}).get("encoder", {})
    assert len(find_config(name).read_text(encoding="utf-8").splitlines()) <= 32


TABLE_2 = {"emotion": 7, "attributes": 6}
"""Rows of the paper's table 2 by task."""


@pytest.mark.parametrize("task", TABLE_2)
def test_there_is_a_run_for_each_row_of_table_2(task):
    runs = [name for name in RUN_CONFIGS if name.startswith(f"run/paper_{task}_")]
    assert len(runs) == TABLE_2[task]
    for name in runs:
        assert run_config("--config", name).judge.client == ("rules" if "refined" in name else "none")
        for system, files in content(name)["systems"].items():
            assert any(file.startswith(f"experiment/paper_{system}_{task}") for file in files)
    if task == "emotion":  # a plain logistic regression keeps the prior that it was fitted on
        assert {run_config("--config", name).fusion.target_prior for name in runs if "baseline" not in name} == {"natural"}
    else:  # and keeps the moments of its own output
        fused = [name for name in runs if len(content(name)["systems"]) > 1]
        assert {run_config("--config", name).fusion.match_moments for name in fused} == {False}


def test_the_comparators_join_any_run():
    config = run_config("--config", "run/podcast_small.yaml", "--config", "fusion/comparators.yaml")
    check_comparators(config.fusion.comparators)
    assert len(config.fusion.comparators) == 7
    assert config.systems.keys() == {"acoustic", "text"}


@pytest.mark.parametrize("name", RUN_CONFIGS)
def test_a_run_config_is_one_and_names_shipped_configs(name):
    parser = ArgumentParser(exit_on_error=False)
    parser.add_class_arguments(RunConfig, fail_untyped=False)
    run = parser.parse_path(find_config(name))
    assert run.systems
    for files in run.systems.values():
        assert set(files) <= set(shipped_configs())


@pytest.mark.parametrize("name", CORPUS_CONFIGS)
def test_a_corpus_config_says_what_it_reads_and_how_it_is_run(name):
    comment, options = find_config(name).read_text(encoding="utf-8").split("corpus:\n", 1)
    assert all(line.startswith("# ") for line in comment.splitlines())
    assert "icence" in comment
    (run,) = re.findall(rf"# emojudge run --config (run/\w+\.yaml) --config {name}", comment)
    assert ("acoustic" in content(run)["systems"]) == content(name)["corpus"]["options"].get("audio", True)
    assert len(options.splitlines()) <= 12


@pytest.mark.parametrize("name", CORPUS_CONFIGS)
def test_a_corpus_config_composes_with_a_run_config_and_the_command_line(name):
    corpus = run_config("--config", "run/manifest_small.yaml", "--config", name, "--corpus.options.split", "train").corpus
    assert corpus.reader == content(name)["corpus"]["reader"]
    assert corpus.options == {**content(name)["corpus"]["options"], "split": "train"}
    path = run_config("--config", "run/manifest_small.yaml", "--config", name, "--corpus.options.path", "{train: a.csv}").corpus
    assert path.options["path"] == {"train": "a.csv"}


def test_every_config_is_used_by_a_run_or_names_a_corpus_or_is_named_in_the_readme():
    used = {file for files in combinations() for file in files} | set(RUN_CONFIGS) | set(CORPUS_CONFIGS)
    readme = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    assert [name for name in shipped_configs() if name not in used and name not in readme] == []


def test_every_config_that_the_readme_names_is_there():
    readme = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    named = set(re.findall(r"\b(?:trainer|data|model|experiment|run|corpus)/\w+\.yaml", readme))
    assert named
    assert named <= set(shipped_configs())


@pytest.mark.parametrize("name", [name for name in shipped_configs() if name.startswith("trainer/")])
def test_a_trainer_config_makes_a_trainer(name, tmp_path):
    here = {"accelerator": "cpu", "devices": 1, "num_nodes": 1, "plugins": None, "logger": False, "default_root_dir": tmp_path}
    trainer = Trainer(**{**content(name)["trainer"], **here})
    assert trainer.accumulate_grad_batches == 1


# what they build


@pytest.mark.parametrize("files", combinations(), ids=lambda files: "+".join(Path(file).stem for file in files))
def test_a_combination_of_a_run_config_builds_and_trains_two_steps(runs, files, tmp_path):
    more = ["--trainer.limit_val_batches=1", "--data.init_args.num_workers=0", "--data.init_args.batch_size=4"]
    assert run_on_two_steps("fit", files, tmp_path / "run", runs.table, *more, *without_hub(files, tmp_path)) == 0
    state = torch.load(tmp_path / "run" / "checkpoints" / "last.ckpt", weights_only=True)
    assert state["global_step"] == 2
    assert {group["name"] for group in state["optimizer_states"][0]["param_groups"]} >= {"encoder", "head"}


@pytest.mark.parametrize("name", [name for name in HUB_MODELS if name in ("hubert_large", "wav2vec2_large_robust")])
def test_a_model_that_no_run_names_builds_and_trains_two_steps(name, runs, tmp_path):
    files = ["trainer/cpu.yaml", "data/audio.yaml", f"model/{name}.yaml", "experiment/paper_acoustic_emotion.yaml"]
    more = ["--trainer.limit_val_batches=1", "--data.init_args.num_workers=0", "--data.init_args.batch_size=4"]
    assert run_on_two_steps("fit", files, tmp_path / "run", runs.table, *more, *without_hub(files, tmp_path)) == 0


def test_the_masked_experiment_joins_a_model_on_log_mel_frames(runs, tmp_path):
    files = ["trainer/cpu.yaml", "data/audio.yaml", "model/ecapa_small.yaml", "experiment/small_acoustic.yaml", "experiment/masked.yaml"]
    assert run_on_two_steps("fit", files, tmp_path / "run", runs.table, "--trainer.limit_val_batches=1") == 0
    made = yaml.safe_load((tmp_path / "run" / "config_fit.yaml").read_text())["model"]["init_args"]["network"]["init_args"]
    assert made["encoder"]["init_args"]["masking"]["class_path"] == "emojudge.nn.masking.SpectrumMasking"
    assert made["encoder"]["init_args"]["scale"] == 4  # the rest of the model's config stays


def test_the_augmented_experiment_joins_any_data_with_sound(runs, tmp_path):
    pytest.importorskip("audiomentations")
    files = ["trainer/cpu.yaml", "data/audio.yaml", "model/ecapa_small.yaml", "experiment/small_acoustic.yaml"]
    assert (
        run_on_two_steps("fit", [*files, "experiment/augmented.yaml"], tmp_path / "run", runs.table, "--trainer.limit_val_batches=1") == 0
    )
    made = yaml.safe_load((tmp_path / "run" / "config_fit.yaml").read_text())["data"]["init_args"]["augmentation"]
    assert [transform["class_path"] for transform in made["init_args"]["transforms"]] == [
        "audiomentations.Gain",
        "audiomentations.AddGaussianSNR",
    ]
    settings = ["--data.init_args.batch_seconds=8", "--data.init_args.pool_batches=50", "--data.init_args.target=votes"]
    assert run_on_two_steps("fit", files, tmp_path / "other", runs.table, "--trainer.limit_val_batches=1", *settings) == 0


def test_an_extra_that_a_config_needs_is_named(runs, tmp_path, monkeypatch, capsys):
    class Missing:
        @staticmethod
        def find_spec(name, path=None, target=None):
            if name.partition(".")[0] == "audiomentations":
                raise ModuleNotFoundError(f"No module named '{name}'", name=name)

    for name in [name for name in sys.modules if name.partition(".")[0] == "audiomentations"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "meta_path", [Missing, *sys.meta_path])
    assert run_on_two_steps("fit", ["data/audio.yaml", "model/ecapa_small.yaml", "experiment/augmented.yaml"], tmp_path, runs.table) == 2
    error = capsys.readouterr().err
    assert "data.init_args.augmentation.init_args.transforms: No module named 'audiomentations'" in error
    assert error.strip().endswith("it is not installed: pip install 'emojudge[augmentation]'")
    assert error.count("\n") == 1


@pytest.mark.parametrize("name", HUB_MODELS)
def test_a_pretrained_model_that_cannot_be_reached_is_one_line(runs, name, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "empty"))
    kind = "text" if name.startswith(("roberta_", "deberta_")) else "audio"
    files = ["trainer/cpu.yaml", f"data/{kind}.yaml", f"model/{name}.yaml"]
    assert run_on_two_steps("fit", files, tmp_path / "run", runs.table) == 1
    line = capsys.readouterr().err.strip().splitlines()[-1]
    assert re.match(r"emojudge: '\w+/[\w-]+' is neither a local folder nor reachable on the Hugging Face hub\.", line)
    assert ("embedding_model.ckpt" if name == "ecapa_voxceleb" else "config.json") in line
    assert not (tmp_path / "run" / "checkpoints").exists()


# how they are found


@pytest.mark.parametrize("name", ["trainer/cpu.yaml", "trainer/cpu", "lightning_configs/trainer/cpu.yaml"])
def test_a_shipped_config_is_found_by_name(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert find_config(name) == config_root() / "trainer" / "cpu.yaml"


def test_a_file_comes_before_a_shipped_config(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "trainer").mkdir()
    (tmp_path / "trainer" / "cpu.yaml").write_text("trainer: {}\n")
    assert find_config("trainer/cpu.yaml") == Path("trainer/cpu.yaml")
    assert find_config(str(tmp_path / "trainer" / "cpu.yaml")) == tmp_path / "trainer" / "cpu.yaml"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("trainer/cpuu.yaml", "neither a file nor a shipped one. Did you mean 'trainer/cpu.yaml'?"),
        ("experiment/small-text", "Did you mean 'experiment/small_text.yaml'?"),
        ("nothing like it", "there is no config 'nothing like it', neither a file nor a shipped one."),
        ("https://example.org/trainer.yaml", "configs are read from files only"),
        ("s3://bucket/trainer.yaml", "configs are read from files only"),
    ],
)
def test_what_is_no_config_is_refused_with_the_nearest_name(name, words):
    with pytest.raises(ConfigError) as found:
        find_config(name)
    assert words in str(found.value)


@pytest.mark.slow
def test_a_wheel_holds_the_configs_and_everything_else_that_is_no_code(tmp_path):
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check", "--no-deps", "--wheel-dir", str(tmp_path)]
    subprocess.run([*pip, str(REPOSITORY)], check=True)
    (wheel,) = tmp_path.glob("emojudge-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        archive.extractall(tmp_path / "installed")
    source = REPOSITORY / "src"
    data = {path.relative_to(source).as_posix() for path in (source / "emojudge").rglob("*") if path.is_file()}
    data = {name for name in data if "__pycache__" not in name}
    assert {"emojudge/judge/prompts/paper.txt", "emojudge/py.typed"} <= data <= names
    assert {f"emojudge/lightning_configs/{name}" for name in shipped_configs()} <= names
    program = "from emojudge.configs import config_root, shipped_configs; print(config_root()); print(len(shipped_configs()))"
    environment = {"PYTHONPATH": str(tmp_path / "installed")}
    found = subprocess.run([sys.executable, "-c", program], check=True, env=environment, cwd=tmp_path, capture_output=True, text=True)
    assert found.stdout.split() == [str(tmp_path / "installed" / "emojudge" / "lightning_configs"), str(len(shipped_configs()))]
