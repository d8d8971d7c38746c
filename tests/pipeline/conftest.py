"""A finished run on the tiny corpus, with networks that train one epoch."""

import shutil
from pathlib import Path

import pytest
import yaml

from emojudge.cli.main import main
from emojudge.configs import find_config
from emojudge.labels import ATTRIBUTES

WORDS = {
    "model_type": "roberta",
    "vocab_size": 2000,
    "max_position_embeddings": 130,
    "hidden_size": 8,
    "num_hidden_layers": 1,
    "num_attention_heads": 1,
    "intermediate_size": 8,
}
TINY = {
    "acoustic": {
        "encoder": {"init_args": {"channels": 8, "features": 8, "bottleneck": 4, "scale": 2}},
        "head": {"init_args": {"hidden": 8}},
    },
    "text": {"encoder": {"init_args": {"model": WORDS}}},
}
ATTRIBUTE_MODELS = {
    "words": ("MultiTaskLearner", "val/macro_f1", {}),
    "values": ("AttributeRegressor", "val/ccc_mean", {"classes": None}),
}
"""Text systems by name: one of both tasks, and one of attributes alone."""


def write_config(folder: Path, *names: str) -> Path:
    """Write a run config of some systems with tiny networks into a folder and return its path."""
    systems = {}
    for name, model in (("acoustic", "ecapa_small"), ("text", "roberta_small")):
        overlay = {"trainer": {"max_epochs": 1}, "model": {"init_args": {"network": {"init_args": TINY[name]}}}}
        (folder / f"{name}.yaml").write_text(yaml.safe_dump(overlay))
        data = "audio" if name == "acoustic" else "text"
        systems[name] = [
            "trainer/cpu.yaml",
            f"data/{data}.yaml",
            f"model/{model}.yaml",
            f"experiment/small_{name}.yaml",
            str(folder / f"{name}.yaml"),
        ]
    for name, (module, monitor, changes) in ATTRIBUTE_MODELS.items():
        config = yaml.safe_load(find_config("model/roberta_small.yaml").read_text())
        config["model"]["class_path"] = f"emojudge.models.{module}"
        config["model"]["init_args"]["network"]["init_args"] |= {"attributes": list(ATTRIBUTES)} | changes
        (folder / f"{name}.yaml").write_text(yaml.safe_dump(config | {"best_checkpoint": {"monitor": monitor}}))
        systems[name] = [str(folder / f"{name}.yaml") if file == "model/roberta_small.yaml" else file for file in systems["text"]]
    config = {"systems": {name: systems[name] for name in names}, "fusion": {"folds": 2}}
    path = folder / "run.yaml"
    path.write_text(yaml.safe_dump(config, sort_keys=False))
    return path


class Run:
    """``emojudge run`` on a corpus of its own copy, as often as a test likes."""

    def __init__(self, folder: Path, corpus: Path, *names: str):
        self.folder, self.corpus, self.out = folder, folder / "corpus", folder / "out"
        shutil.copytree(corpus, self.corpus)
        self.config = write_config(folder, *(names or ("acoustic", "text")))

    def leave(self, *names: str) -> None:
        """Go on with some of the systems only."""
        config = yaml.safe_load(self.config.read_text())
        config["systems"] = {name: config["systems"][name] for name in names}
        self.config = self.folder / "left.yaml"
        self.config.write_text(yaml.safe_dump(config, sort_keys=False))

    def start(self, *options: str) -> int:
        return main(["run", f"--config={self.config}", f"--corpus.options.root={self.corpus}", f"--out={self.out}", *options])


@pytest.fixture(scope="session")
def finished(tmp_path_factory, tiny_corpus) -> Run:
    """A run that is done. Do not change it."""
    run = Run(tmp_path_factory.mktemp("finished"), tiny_corpus)
    assert run.start() == 0
    return run


@pytest.fixture(scope="session")
def finished_both(tmp_path_factory, tiny_corpus) -> Run:
    """A run of both tasks that is done: one network of both, and one of attributes alone. Do not change it."""
    run = Run(tmp_path_factory.mktemp("finished_both"), tiny_corpus, "words", "values")
    assert run.start() == 0
    return run


@pytest.fixture
def run(tmp_path, tiny_corpus) -> Run:
    """A run that has not started, on a corpus that a test may break."""
    return Run(tmp_path, tiny_corpus)


@pytest.fixture
def both(tmp_path, tiny_corpus) -> Run:
    """A run of both tasks that has not started, on a corpus that a test may break."""
    return Run(tmp_path, tiny_corpus, "words", "values")
