"""The run folder: what is kept, what is made again, and who may work in it."""

import json

import pytest

from emojudge.errors import EmojudgeError
from emojudge.pipeline.stages import RunFolder, sources_digest


class Runs:
    """A run folder whose one stage writes a file and counts how often."""

    def __init__(self, path):
        self.path, self.made, self.said = path, 0, []

    def start(self, inputs, **options):
        folder = RunFolder(self.path, {}, self.said.append, **options)
        with folder.locked():
            folder.stage("words", lambda: inputs, ["words.txt"], self.make)
        return folder

    def make(self):
        self.made += 1
        (self.path / "words.txt").write_text("some words")
        return "some"


@pytest.fixture
def runs(tmp_path):
    return Runs(tmp_path / "run")


def test_a_stage_is_kept_while_nothing_changes(runs):
    runs.start({"seed": 1})
    runs.start({"seed": 1})
    assert runs.made == 1
    assert runs.said == ["words: done in 0 s; some", "words: nothing changed, kept"]


def test_a_stage_is_made_again_when_its_inputs_change(runs):
    runs.start({"seed": 1})
    runs.start({"seed": 2})
    assert runs.made == 2


@pytest.mark.parametrize("damage", [lambda path: path.unlink(), lambda path: path.write_text("other words")])
def test_a_stage_is_made_again_when_its_output_was_changed_or_lost(runs, damage):
    runs.start({"seed": 1})
    damage(runs.path / "words.txt")
    runs.start({"seed": 1})
    assert runs.made == 2
    assert (runs.path / "words.txt").read_text() == "some words"


def test_force_makes_every_stage_again(runs):
    runs.start({"seed": 1})
    runs.start({"seed": 1}, force=True)
    assert runs.made == 2


def test_a_stage_that_failed_is_made_again_even_with_its_old_output_there(runs):
    runs.start({"seed": 1})
    made, runs.make = runs.make, lambda: 1 / 0
    with pytest.raises(ZeroDivisionError):
        runs.start({"seed": 2})
    runs.make = made
    runs.start({"seed": 1})
    assert runs.made == 2


def test_a_stage_that_writes_nothing_is_an_error(runs):
    runs.make = lambda: None
    with pytest.raises(EmojudgeError, match=r"words\.txt was not written"):
        runs.start({})


def test_the_record_holds_versions_and_inputs(runs):
    runs.start({"seed": 1})
    record = json.loads((runs.path / "run.json").read_text())
    assert record["stages"]["words"]["inputs"] == {"seed": 1}
    assert set(record["packages"]) >= {"torch", "lightning"}


def test_two_processes_cannot_work_in_one_folder(runs):
    folder = RunFolder(runs.path, {}, runs.said.append)
    with folder.locked(), pytest.raises(EmojudgeError, match="another run"):
        runs.start({})
    runs.start({})
    assert runs.made == 1


def test_a_broken_record_is_an_error_not_a_fresh_start(runs):
    runs.start({})
    (runs.path / "run.json").write_text("{")
    with pytest.raises(EmojudgeError, match=r"run\.json: not readable"):
        runs.start({})


def test_a_stage_that_writes_its_own_sources_is_kept_the_next_time(runs):
    for _ in range(2):
        folder = RunFolder(runs.path, {}, runs.said.append)
        with folder.locked():
            folder.stage("words", lambda: {"files": sources_digest([runs.path / "words.txt"])}, ["words.txt"], runs.make)
    assert runs.made == 1


def test_the_digest_of_sources_sees_changed_new_and_lost_files_and_passes_over_the_run(tmp_path):
    def digest():
        return sources_digest([tmp_path / "labels.csv"], [tmp_path / "audio"], without=tmp_path / "audio" / "run")

    (tmp_path / "audio" / "run").mkdir(parents=True)
    seen = [digest()]
    (tmp_path / "audio" / "run" / "table.parquet").write_text("x")
    assert digest() == seen[0]
    for name, text in (("labels.csv", "one"), ("labels.csv", "three"), ("audio/a.wav", "one"), ("audio/a.wav", "three")):
        (tmp_path / name).write_text(text)
        seen.append(digest())
    (tmp_path / "audio" / "lost.wav").symlink_to(tmp_path / "nowhere.wav")
    seen.append(digest())
    assert len(set(seen)) == 6
