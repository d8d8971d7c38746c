"""What the README shows is run, and what it names exists."""

import re
from itertools import pairwise
from pathlib import Path

import pytest

from emojudge.cli.main import COMMANDS
from emojudge.configs import find_config

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, flags=re.DOTALL)


def test_the_snippets_run(finished, tmp_path, monkeypatch):
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "first").symlink_to(finished.out)
    monkeypatch.chdir(tmp_path)
    snippets = blocks("python")
    assert snippets
    for snippet in snippets:
        exec(compile(snippet, "README.md", "exec"), {})


@pytest.mark.parametrize(
    "command", [line for block in blocks("sh") for line in block.replace("\\\n", " ").splitlines() if line.startswith("emojudge")]
)
def test_the_commands_and_configs_exist(command):
    words = command.split("#")[0].split()
    assert words[1] in COMMANDS
    for flag, name in pairwise(words):
        if flag == "--config":
            assert find_config(name).is_file()


def test_every_room_is_explained():
    source = ROOT / "src" / "emojudge"
    rooms = {path.name for path in source.iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert rooms <= set(re.findall(r"`(\w+)`", README))


def test_the_make_targets_exist():
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))
    assert set(re.findall(r"make ([a-z-]+)", README)) <= targets
