"""Task 2 and both tasks by configs: the shipped ones for emotions, and a few lines over them."""

import pytest

from emojudge.corpus import load_table
from emojudge.labels import ATTRIBUTES, EMOTIONS
from emojudge.losses import ConcordanceLoss
from emojudge.models import AttributeRegressor, MultiTaskLearner

OVERLAYS = {
    "attributes": """
model:
  class_path: emojudge.models.AttributeRegressor
  init_args:
    network:
      init_args:
        classes: null
        attributes: [valence, arousal, dominance]
    loss: null
""",
    "both": """
model:
  class_path: emojudge.models.MultiTaskLearner
  init_args:
    network:
      init_args:
        attributes: [valence, arousal, dominance]
    attribute_weight: 0.5
    micro_batches: 2
""",
}


@pytest.fixture
def overlay(tmp_path):
    """Return a function that writes the lines of a task and returns them as arguments."""

    def write(task, monitor):
        path = tmp_path / f"{task}.yaml"
        path.write_text(OVERLAYS[task])
        return [f"--config={path}", f"--best_checkpoint.monitor={monitor}", "--trainer.max_epochs=1"]

    return write


def last_line(capsys):
    error = capsys.readouterr().err
    assert "Traceback" not in error
    return error.strip().splitlines()[-1]


@pytest.mark.parametrize("branch", ["acoustic", "text"])
def test_a_few_lines_over_a_config_of_emotions_learn_attributes(runs, overlay, tmp_path, branch):
    folder = tmp_path / "run"
    assert runs("fit", folder, *overlay("attributes", "val/ccc_mean"), branch=branch) == 0
    model = AttributeRegressor.load_from_checkpoint(folder / "checkpoints" / "best.ckpt")
    assert (model.classes, model.attributes) == (None, ATTRIBUTES)
    assert isinstance(model.loss, ConcordanceLoss)
    header = (folder / "logs" / "metrics.csv").read_text().splitlines()[0]
    assert {"train/loss", "val/loss", "val/ccc_mean", *(f"val/ccc_{name}" for name in ATTRIBUTES)} <= set(header.split(","))
    assert "val/macro_f1" not in header


def test_a_few_lines_over_a_config_of_emotions_learn_both(runs, overlay, tmp_path):
    folder = tmp_path / "run"
    assert runs("fit", folder, *overlay("both", "val/macro_f1")) == 0
    model = MultiTaskLearner.load_from_checkpoint(folder / "checkpoints" / "best.ckpt")
    assert (model.classes, model.attributes) == (EMOTIONS, ATTRIBUTES)
    assert (model.loss_weights, model.micro_batches) == ({"emotion": 1.0, "attributes": 0.5}, 2)
    header = (folder / "logs" / "metrics.csv").read_text().splitlines()[0]
    assert {"train/emotion_loss", "train/attributes_loss", "val/macro_f1", "val/ccc_mean"} <= set(header.split(","))
    assert runs("test", folder, *overlay("both", "val/macro_f1"), "--ckpt_path=best") == 0


def test_the_command_line_can_say_it_too(runs, tmp_path):
    network = "--model.init_args.network.init_args"
    arguments = ["--model=emojudge.models.AttributeRegressor", f"{network}.classes=[]", f"{network}.attributes=[arousal]"]
    assert runs("fit", tmp_path / "run", *arguments, "--best_checkpoint.monitor=val/ccc_mean", "--trainer.max_epochs=1") == 0
    model = AttributeRegressor.load_from_checkpoint(tmp_path / "run" / "checkpoints" / "last.ckpt")
    assert (model.network.n_outputs, model.attributes) == (1, ("arousal",))
    assert model.network.encoder.first.convolution.out_channels == 16  # the rest stays as the configs have it


def test_a_corpus_without_attributes_is_refused_in_one_line(runs, overlay, tmp_path, capsys):
    table = load_table("table", path=runs.table)
    bare = tmp_path / "bare.parquet"
    table.with_columns(**{name: [None] * len(table) for name in ATTRIBUTES}).save(bare)
    arguments = [*overlay("attributes", "val/ccc_mean"), f"--data.init_args.table={bare}"]
    assert runs("fit", tmp_path / "run", *arguments) == 1
    assert "none of the 35 utterances of split 'train' has a value of valence, arousal or dominance" in last_line(capsys)
    assert not list(tmp_path.glob("run/checkpoints/*"))


def test_a_module_that_does_not_fit_its_network_is_refused_in_one_line(runs, tmp_path, capsys):
    path = tmp_path / "half.yaml"
    path.write_text("model: {class_path: emojudge.models.AttributeRegressor}")
    assert runs("fit", tmp_path / "run", f"--config={path}") == 1
    assert "AttributeRegressor learns attributes, but the network gives emotion; set its classes" in last_line(capsys)


def test_an_attribute_with_a_typo_is_refused_with_the_nearest(runs, overlay, tmp_path, capsys):
    arguments = [*overlay("attributes", "val/ccc_mean"), "--model.init_args.network.init_args.attributes=[valance]"]
    assert runs("fit", tmp_path / "run", *arguments) == 1
    assert "'valance' is no attribute (known: valence, arousal, dominance). Did you mean 'valence'?" in last_line(capsys)


def test_resuming_with_other_attributes_is_refused_in_one_line(runs, overlay, tmp_path, capsys):
    assert runs("fit", tmp_path / "run", *overlay("attributes", "val/ccc_mean")) == 0
    other = "--model.init_args.network.init_args.attributes=[dominance, arousal, valence]"
    arguments = [*overlay("attributes", "val/ccc_mean"), other, "--trainer.max_epochs=2", "--ckpt_path=last"]
    assert runs("fit", tmp_path / "run", *arguments) == 1
    assert "trained on valence, arousal, dominance, this network gives dominance, arousal, valence" in last_line(capsys)
