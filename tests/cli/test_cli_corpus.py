"""``emojudge corpus synthesize`` writes a corpus, and says in one line why it does not."""

import subprocess
import sys

import pytest

from emojudge.cli import main as cli
from emojudge.corpus import load_table


def test_it_writes_the_corpus_of_its_options(tmp_path, capsys):
    arguments = ["corpus", "synthesize", str(tmp_path / "a"), "--utterances", "40", "--speakers", "9", "--seed", "3"]
    assert cli.main(arguments) == 0
    assert "40 synthetic utterances by 9 speakers, seed 3" in capsys.readouterr().out
    table = load_table("synthetic", root=tmp_path / "a", utterances=40, speakers=9, seed=3)
    assert len(table) == 40
    assert cli.main(arguments) == 0  # it is there: nothing to do


def test_what_cannot_be_written_is_one_line(tmp_path, capsys):
    assert cli.main(["corpus", "synthesize", str(tmp_path / "a"), "--utterances", "12"]) == 1
    error = capsys.readouterr().err.strip().splitlines()
    assert error[-1] == "emojudge: 12 utterances are too few for 4 parts of at least 8 (Train, Development, Test1, Test3)"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["syntesize", "x"], "Did you mean 'synthesize'?"),
        (["synthesize", "x", "--sed", "1"], "Did you mean '--seed'?"),
        (["synthesize"], "the following arguments are required: OUT."),
        (["synthesize", "x", "--seed", "one"], "argument --seed: invalid int value: 'one'."),
        ([], "the following arguments are required: COMMAND."),
    ],
)
def test_usage_errors_are_one_line_with_the_nearest_name(capsys, arguments, words):
    assert cli.main(["corpus", *arguments]) == 2
    error = capsys.readouterr().err
    assert words in error
    assert error.count("\n") == 1


def test_help_needs_no_heavy_package():
    code = (
        "import sys; from emojudge.cli.main import main; main(['corpus', 'synthesize', '--help']);"
        "sys.exit(any(name in sys.modules for name in ('numpy', 'torch', 'datasets', 'rich')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, stdout=subprocess.DEVNULL).returncode == 0
