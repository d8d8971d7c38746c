"""The dispatcher: exit statuses, one line an error, and nothing heavy before a command is known."""

import os
import subprocess
import sys

import pytest

from emojudge import __version__
from emojudge.cli import main as cli
from emojudge.errors import EmojudgeError


@pytest.fixture
def failing(monkeypatch):
    """Let ``emojudge demo`` raise what a test asks for."""

    def arrange(error):
        class Command:
            @staticmethod
            def main(arguments):
                raise error

        monkeypatch.setattr(cli, "import_module", lambda *names: Command)

    return arrange


def test_help_names_every_command(capsys):
    assert cli.main(["--help"]) == 0
    text = capsys.readouterr().out
    assert all(f"  {name} " in text for name in cli.COMMANDS)


def test_version(capsys):
    assert cli.main(["--version"]) == 0
    assert capsys.readouterr().out == f"emojudge {__version__}\n"


def test_an_unknown_command_is_a_usage_error_with_the_nearest_name(capsys):
    assert cli.main(["ruun"]) == 2
    assert "Did you mean 'run'?" in capsys.readouterr().err


def test_a_mistake_in_the_input_is_one_line_and_status_1(failing, capsys):
    failing(EmojudgeError("labels.csv has no\ncolumn"))
    assert cli.main(["demo"]) == 1
    assert capsys.readouterr().err == "emojudge: labels.csv has no column\n"


def test_debug_shows_the_traceback(failing):
    failing(EmojudgeError("broken"))
    with pytest.raises(EmojudgeError):
        cli.main(["demo", "--debug"])


def test_a_fault_of_the_program_is_not_hidden(failing):
    failing(ZeroDivisionError())
    with pytest.raises(ZeroDivisionError):
        cli.main(["demo"])


def test_an_interruption_is_status_130(failing, capsys):
    failing(KeyboardInterrupt())
    assert cli.main(["demo"]) == 130
    assert "takes it up again" in capsys.readouterr().err


def test_a_full_disk_is_one_line(failing, capsys):
    failing(OSError(28, "No space left on device", "table.parquet"))
    assert cli.main(["demo"]) == 1
    assert "No space left on device" in capsys.readouterr().err


def test_ranks_above_zero_are_silent(failing, capsys, monkeypatch):
    monkeypatch.setenv("LOCAL_RANK", "1")
    failing(EmojudgeError("broken"))
    assert cli.main(["demo"]) == 1
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("started_by", [{"TORCHELASTIC_RUN_ID": "x", "WORLD_SIZE": "2"}, {"SLURM_STEP_NUM_TASKS": "2"}])
def test_a_command_that_starts_processes_itself_is_refused_in_several(failing, capsys, monkeypatch, started_by):
    for name, value in started_by.items():
        monkeypatch.setenv(name, value)
    failing(EmojudgeError("was begun"))
    assert cli.main(["demo"]) == 2
    assert "emojudge demo is one process, which starts others itself; call it without torchrun or srun" in capsys.readouterr().err


def test_importing_the_package_and_asking_for_help_load_nothing_heavy():
    program = (
        "import sys\n"
        "from emojudge.cli.main import main\n"
        "import emojudge\n"
        "main(['--help'])\n"
        "heavy = {'torch', 'lightning', 'transformers', 'numpy', 'sklearn', 'datasets', 'pyarrow', 'rich'} & set(sys.modules)\n"
        "sys.exit(f'loaded: {heavy}' if heavy else 0)"
    )
    subprocess.run([sys.executable, "-c", program], check=True, stdout=subprocess.DEVNULL)


@pytest.mark.parametrize("room", ["corpus", "evaluation", "fusion", "judge", "predictions", "pipeline.results"])
def test_rooms_that_need_no_torch_do_not_load_it(room):
    heavy = "{'torch', 'lightning', 'transformers', 'librosa', 'openai'}"
    program = f"import sys, emojudge.{room}\nsys.exit(str({heavy} & set(sys.modules)) if {heavy} & set(sys.modules) else 0)"
    subprocess.run([sys.executable, "-c", program], check=True)


@pytest.mark.parametrize("room", ["nn", "losses", "nn.encoders"])
def test_networks_need_no_lightning(room):
    program = f"import sys, emojudge.{room}\nsys.exit('lightning' in sys.modules or 'lightning.pytorch' in sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True, env=os.environ | {"HF_HUB_OFFLINE": "1"})
