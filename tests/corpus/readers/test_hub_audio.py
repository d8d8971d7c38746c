"""Embedded audio is written once, whole, under a name that belongs to its id."""

import io

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from emojudge.corpus.readers.hub_audio import safe_name, write_sounds
from emojudge.errors import ConfigError, CorpusError


def sound(form="WAV", seed=0):
    file = io.BytesIO()
    soundfile.write(file, np.random.default_rng(seed).normal(0, 0.1, 800), 16_000, format=form)
    return file.getvalue()


def write(sounds, wanted, folder, progress=None):
    return write_sounds(iter(sounds), wanted, folder, "data", progress)


def test_bytes_are_written_as_they_are_and_paths_left_alone(tmp_path):
    told = []
    wanted = {0: ("a", "x/a.WAV"), 2: ("c", None), 3: ("d", "far.wav")}
    paths = write([sound(), sound(), sound("FLAC"), None], wanted, tmp_path, lambda done, total: told.append((done, total)))
    assert paths == {0: str(tmp_path / "a.wav"), 2: str(tmp_path / "c.flac")}
    assert (tmp_path / "a.wav").read_bytes() == sound()
    assert (tmp_path / "c.flac").read_bytes() == sound("FLAC")
    assert sorted(file.name for file in tmp_path.iterdir()) == ["a.wav", "c.flac"]
    assert told == [(1, 3), (2, 3), (3, 3)]


def test_what_is_there_already_is_not_written_again(tmp_path):
    write([sound()], {0: ("a", None)}, tmp_path)
    before = (tmp_path / "a.wav").stat()
    assert write([sound()], {0: ("a", None)}, tmp_path) == {0: str(tmp_path / "a.wav")}
    after = (tmp_path / "a.wav").stat()
    assert (before.st_mtime_ns, before.st_ino) == (after.st_mtime_ns, after.st_ino)


@pytest.mark.parametrize("other", [sound(seed=1), b"", b"another file"])
def test_other_audio_under_the_same_name_is_not_overwritten(tmp_path, other):
    (tmp_path / "a.wav").write_bytes(other)
    with pytest.raises(CorpusError, match=r"a\.wav: utterance 'a' has other audio than this file, .*name another audio_dir"):
        write([sound()], {0: ("a", "a.wav")}, tmp_path)
    assert (tmp_path / "a.wav").read_bytes() == other


def test_an_interruption_leaves_no_half_file(tmp_path, monkeypatch):
    def cut(path, content):
        with open(path, "wb") as file:
            file.write(content[:10])
        raise KeyboardInterrupt

    monkeypatch.setattr("pathlib.Path.write_bytes", cut)
    with pytest.raises(KeyboardInterrupt):
        write([sound()], {0: ("a", "a.wav")}, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_bytes_without_a_folder_say_which_option_names_one():
    with pytest.raises(ConfigError, match=r"data holds its audio as bytes: name the folder .*audio_dir"):
        write([sound()], {0: ("a", None)}, None)
    assert write([None], {0: ("a", "a.wav")}, None) == {}


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(CorpusError, match=r"a\.wav: the audio of utterance 'a' cannot be written"):
        write([sound()], {0: ("a", "a.wav")}, tmp_path / "file")


def test_bytes_that_are_no_audio_have_no_ending(tmp_path):
    assert write([b"hello"], {0: ("a", None)}, tmp_path) == {0: str(tmp_path / "a")}


def test_a_plain_id_is_its_own_file_name():
    assert safe_name("MSP-PODCAST_0001_0008.1") == "MSP-PODCAST_0001_0008.1"


@pytest.mark.parametrize("id", ["../../etc/x", "a/b", ".hidden", "-rf", "ż", "a\0b", "x" * 300, ".."])
def test_any_other_id_gets_a_safe_name_of_its_own(id):
    name = safe_name(id)
    assert name != id
    assert not set(name) & set("/\0\\")
    assert not name.startswith((".", "-rf"))
    assert len(name.encode()) < 150


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), unique=True, max_size=20))
def test_no_two_ids_share_a_name(ids):
    assert len({safe_name(id) for id in ids}) == len(ids)
