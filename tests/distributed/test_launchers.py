"""Two processes started by Lightning, by torchrun, by srun and by ``emojudge run`` train and predict what one does."""

import csv
import json
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml

from emojudge.configs import config_root
from emojudge.predictions import load_predictions

pytestmark = pytest.mark.slow
TWO = ["--trainer.devices=2", "--trainer.strategy=ddp"]
SLURM = ["--config=trainer/slurm.yaml", "--trainer.accelerator=cpu", "--trainer.precision=32-true"]
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
    status, output = commands("-m", "emojudge", "predict", *commands.arguments(folder, f"--predictions.path={tmp_path / 'alone.parquet'}"))
    assert status == 0, output
    alone = load_predictions(tmp_path / "alone.parquet", "emotion")
    assert (together.id, together.info) == (alone.id, alone.info)
    assert np.allclose(together.logits, alone.logits, rtol=0, atol=1e-6, equal_nan=True)
    assert list(commands.home.rglob("*")) == []


def test_a_run_trains_on_two_processes_from_any_folder(commands, tmp_path):
    (tmp_path / "yaml.py").write_text("raise RuntimeError('imported from the current folder')\n")
    (tmp_path / "tiny.yaml").write_text(
        yaml.safe_dump(
            {
                "trainer": {"max_epochs": 1, "devices": 2, "strategy": "ddp"},
                "model": {"init_args": {"network": {"init_args": {"encoder": {"init_args": {"model": {"hidden_size": 16}}}}}}},
                "data": {"init_args": {"vocab_size": 300}},
            }
        )
    )
    systems = ["trainer/cpu.yaml", "data/text.yaml", "model/roberta_small.yaml", "experiment/small_text.yaml", str(tmp_path / "tiny.yaml")]
    run = {"systems": {"text": systems}, "fusion": {"folds": 2}, "judge": {"client": "none"}}
    (tmp_path / "run.yaml").write_text(yaml.safe_dump(run))
    start = f"import os, sys; os.chdir({str(tmp_path)!r}); from emojudge.cli.main import main; sys.exit(main({{}}))"
    arguments = ["run", f"--config={tmp_path / 'run.yaml'}", f"--corpus={json.dumps({'reader': 'table', 'options': {'path': commands.table_path}})}"]
    arguments += [f"--out={tmp_path / 'out'}"]
    # as a user does inside a job of one task: the training's processes are its own
    job = {"SLURM_NTASKS": "1", "SLURM_JOB_ID": "4711", "SLURM_JOB_NAME": "training", "SLURM_PROCID": "0", "SLURM_LOCALID": "0"}
    status, output = commands("-c", start.format(arguments), **job)
    assert status == 0, output
    assert len(load_predictions(tmp_path / "out" / "text" / "predictions.parquet")) > 0
    assert "devices: 2" in (tmp_path / "out" / "text" / "config_fit.yaml").read_text()


def test_the_batch_script_asks_for_what_its_config_takes():
    script = (config_root() / "slurm" / "fit.sh").read_text()
    assert "--config trainer/slurm.yaml" in script
