"""Two processes started by Lightning, by torchrun, by srun and by ``emojudge run`` train and predict what one does."""

import csv
from dataclasses import replace

import numpy as np
import pytest
import yaml

from emojudge.cli.main import main
from emojudge.configs import config_root
from emojudge.predictions import load_predictions

pytestmark = pytest.mark.slow
TWO = ["--trainer.devices=2", "--trainer.strategy=ddp"]
SLURM = ["--config=trainer/slurm.yaml", "--trainer.accelerator=cpu", "--trainer.precision=32-true"]
JOB = {"SLURM_NTASKS": "1", "SLURM_JOB_ID": "4711", "SLURM_JOB_NAME": "training", "SLURM_PROCID": "0", "SLURM_LOCALID": "0"}
"""What a batch script of one task finds; the processes of a training in it are not tasks of the job."""
TORCHRUN = ["-m", "torch.distributed.run", "--standalone", "--nproc_per_node=2"]


def task(rank, port):
    """Return what srun tells one of two tasks on one node."""
    numbers = {"PROCID": rank, "LOCALID": rank, "NODEID": 0, "NTASKS": 2, "NTASKS_PER_NODE": 2, "NNODES": 1, "JOB_ID": 4711}
    names = {"JOB_NAME": "training", "NODELIST": "127.0.0.1"}
    variables = {f"SLURM_{name}": str(value) for name, value in {**numbers, **names}.items()}
    return variables | {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}


@pytest.mark.parametrize("launcher", ["lightning", "torchrun", "srun"])
def test_two_processes_fit_and_predict_as_one_and_leave_nothing_in_home(commands, tmp_path, free_port, launcher):
    folder = tmp_path / "run"
    for command in ("fit", "predict"):
        arguments = ["-m", "emojudge", command, *commands.arguments(folder, *(SLURM if launcher == "srun" else TWO))]
        if launcher == "lightning":
            ended = [commands(*arguments)]
        elif launcher == "torchrun":
            ended = [commands(*TORCHRUN, *arguments)]
        else:
            ended = commands.wait(*(commands.start(arguments, **task(rank, free_port)) for rank in range(2)))
        assert [status for status, _ in ended] == [0] * len(ended), ended
    with open(folder / "logs" / "metrics.csv", newline="") as file:
        assert [(row["epoch"], row["step"]) for row in csv.DictReader(file)] == [("0", "2"), ("1", "5")]  # five batches of 8, three each
    together = load_predictions(folder / "predictions.parquet", "emotion")
    assert not [path for path in folder.rglob(".*") if path.suffix in (".npz", ".tmp")]
    assert list(commands.home.rglob("*")) == []
    assert main(["predict", *commands.arguments(folder, f"--predictions.path={tmp_path / 'alone.parquet'}")]) == 0
    alone = load_predictions(tmp_path / "alone.parquet", "emotion")
    assert (together.id, together.info) == (alone.id, replace(alone.info, system="run"))
    assert np.allclose(together.logits, alone.logits, rtol=0, atol=1e-5, equal_nan=True)  # other batches, in float32


def test_a_run_inside_a_job_trains_on_two_processes_from_any_folder(commands, tmp_path):
    (tmp_path / "yaml.py").write_text("raise RuntimeError('imported from the current folder')\n")
    sizes = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    encoder = {"init_args": {"model": {"model_type": "roberta", "vocab_size": 300, "max_position_embeddings": 130, **sizes}}}
    overlay = {
        "trainer": {"max_epochs": 1, "devices": 2, "strategy": "ddp"},
        "model": {"init_args": {"network": {"init_args": {"encoder": encoder}}}},
        "data": {"init_args": {"vocab_size": 300}},
    }
    (tmp_path / "two.yaml").write_text(yaml.safe_dump(overlay))
    systems = ["trainer/cpu.yaml", "data/text.yaml", "model/roberta_small.yaml", "experiment/small_text.yaml", str(tmp_path / "two.yaml")]
    corpus = {"reader": "table", "options": {"path": commands.table_path}}
    run = {"corpus": corpus, "systems": {"text": systems}, "fusion": {"folds": 2}, "judge": {"client": "none"}}
    (tmp_path / "run.yaml").write_text(yaml.safe_dump(run))
    process = commands.start(
        ["-P", "-m", "emojudge", "run", f"--config={tmp_path / 'run.yaml'}", f"--out={tmp_path / 'out'}"], cwd=tmp_path, **JOB
    )
    [(status, output)] = commands.wait(process)
    assert status == 0, output
    assert len(load_predictions(tmp_path / "out" / "text" / "predictions.parquet", "emotion")) > 0
    assert "devices: 2" in (tmp_path / "out" / "text" / "config_fit.yaml").read_text()
    assert list(commands.home.rglob("*")) == []


def test_the_batch_script_asks_for_what_its_config_takes():
    script = (config_root() / "slurm" / "fit.sh").read_text()
    assert "--config trainer/slurm.yaml" in script
