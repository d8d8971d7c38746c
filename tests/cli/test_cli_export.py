"""``emojudge export``: a checkpoint becomes a folder; what cannot be exported is one line."""

import os
import shutil
import subprocess
import sys

import pytest

from emojudge.cli.main import main
from emojudge.files import file_digest
from emojudge.models import load_network, read_network_info


def refused(capsys, *arguments):
    """Return the one line that the command says before it fails."""
    assert main(["export", *map(str, arguments)]) == 1
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    return error


@pytest.mark.parametrize("branch", ["acoustic", "text"])
def test_a_checkpoint_becomes_a_folder_that_opens(request, tmp_path, capsys, branch):
    path = request.getfixturevalue("trained" if branch == "acoustic" else "trained_text") / "checkpoints" / "best.ckpt"
    assert main(["export", str(path), str(tmp_path / "out")]) == 0
    assert capsys.readouterr().out == f"{tmp_path / 'out'}: network of 8 classes, from {path}\n"
    assert load_network(tmp_path / "out").n_classes == 8
    assert read_network_info(tmp_path / "out").checkpoint == file_digest(path)
    assert (tmp_path / "out" / "tokenizer.json").is_file() == (branch == "text")


def test_an_export_is_used_as_the_tokenizer_of_a_run(trained_text, runs, tmp_path):
    assert main(["export", str(trained_text / "checkpoints" / "best.ckpt"), str(tmp_path / "out")]) == 0
    settings = ["--trainer.max_epochs=1", "--trainer.limit_train_batches=1", f"--data.init_args.tokenizer={tmp_path / 'out'}"]
    assert runs("fit", tmp_path / "run", *settings, branch="text") == 0
    assert (tmp_path / "run" / "tokenizer.json").read_text() == (trained_text / "tokenizer.json").read_text()


def test_a_run_folder_is_told_which_checkpoint_to_name(trained, tmp_path, capsys):
    run = tmp_path / "run"
    shutil.copytree(trained, run / "acoustic")
    best = run / "acoustic" / "checkpoints" / "best.ckpt"
    assert f"is a folder, expected a checkpoint file; name one of its checkpoints, such as {best}" in refused(capsys, run, tmp_path / "out")
    (run / "run.json").write_text("{}")
    assert f"whole runs cannot be exported yet; name one of its checkpoints, such as {best}" in refused(capsys, run, tmp_path / "out")
    assert "and has no checkpoints/best.ckpt in it" in refused(capsys, run / "acoustic" / "logs", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_what_cannot_be_exported_is_one_line(trained, tmp_path, capsys):
    best = trained / "checkpoints" / "best.ckpt"
    assert "there is no such checkpoint" in refused(capsys, tmp_path / "no.ckpt", tmp_path / "out")
    assert "checkpoints are read from files only" in refused(capsys, "https://example.org/best.ckpt", tmp_path / "out")
    assert "is no checkpoint" in refused(capsys, trained / "config_fit.yaml", tmp_path / "out")
    assert "holds other files" in refused(capsys, best, trained)


def test_usage_and_help(capsys):
    assert main(["export", "only.ckpt"]) == 2
    assert "the following arguments are required: OUT" in capsys.readouterr().err
    assert main(["export", "a.ckpt", "b", "--fast"]) == 2
    assert "unrecognized arguments: --fast" in capsys.readouterr().err
    assert main(["export", "--help"]) == 0
    assert "load_network(OUT)" in capsys.readouterr().out


def test_help_comes_at_once():
    program = (
        "import sys\nfrom emojudge.cli.main import main\nmain(['export', '--help'])\n"
        "heavy = {'torch', 'lightning', 'numpy', 'safetensors'} & set(sys.modules)\nsys.exit(str(heavy) if heavy else 0)"
    )
    subprocess.run([sys.executable, "-c", program], check=True, stdout=subprocess.DEVNULL, env=os.environ)
