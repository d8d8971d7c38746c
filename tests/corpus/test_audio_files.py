"""The pass over audio files: each once, what cannot be used beside what can, and little waiting at a time."""

import numpy as np
import pytest
import soundfile

from emojudge.audio import AudioFacts
from emojudge.corpus import audio_files
from emojudge.errors import AudioError


@pytest.fixture
def paths(tmp_path):
    paths = [str(tmp_path / f"{i}.wav") for i in range(7)]
    for i, path in enumerate(paths):
        soundfile.write(path, np.full(1_600 * (i + 1), 0.1), 16_000)
    return paths


def test_facts_are_by_path_however_many_are_waiting(paths, monkeypatch):
    monkeypatch.setattr(audio_files, "_BATCH", 2)
    found = audio_files.inspect_files([paths[3], None, *paths])
    assert list(found) == [paths[3], *paths[:3], *paths[4:]]
    assert [found[path].duration_s for path in paths] == pytest.approx([0.1 * (i + 1) for i in range(7)])


def test_a_file_that_cannot_be_used_stands_beside_the_others(paths):
    with open(paths[2], "wb") as file:
        file.write(b"not audio")
    found = audio_files.inspect_files([*paths, "nowhere.wav"])
    assert {path for path, facts in found.items() if isinstance(facts, AudioError)} == {paths[2], "nowhere.wav"}
    assert sum(isinstance(facts, AudioFacts) for facts in found.values()) == 6


def test_a_name_that_no_file_can_have_is_a_missing_file():
    (error,) = audio_files.inspect_files(["x" * 5_000]).values()
    assert "no such audio file" in str(error)
