"""Partitions and speakers of MSP-Podcast, line by line."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emojudge.corpus.readers.msp_lists import read_partitions, read_speakers
from emojudge.errors import CorpusError


def test_blank_lines_and_space_do_not_matter(tmp_path):
    (tmp_path / "p.txt").write_text("\nTrain;a.wav\n  Test3 ;  b.wav \n\n")
    assert read_partitions(tmp_path / "p.txt") == {"a.wav": "Train", "b.wav": "Test3"}


def test_speakers_and_their_genders_share_a_file(tmp_path):
    (tmp_path / "s.txt").write_text("Speaker_127; Male\nSpeaker_3; Unknown\na.wav; 127\nb.wav; Unknown\nc.wav; Speaker_3\n")
    assert read_speakers(tmp_path / "s.txt") == ({"a.wav": "127", "b.wav": "Unknown", "c.wav": "3"}, {"127": "male", "3": "unknown"})


def test_names_may_lack_their_ending(tmp_path):
    (tmp_path / "p.txt").write_text("Train; a\nTrain; a.wav\nTest3; b\n")
    assert read_partitions(tmp_path / "p.txt") == {"a.wav": "Train", "b.wav": "Test3"}
    (tmp_path / "s.txt").write_text("a; 5\na.wav; 5\n")
    assert read_speakers(tmp_path / "s.txt")[0] == {"a.wav": "5"}


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ("a.wav; 5\na.wav; 6\n", "line 2 says 6 of a.wav, an earlier one 5"),
        ("Speaker_5; Male\n\nSpeaker_5; Female\n", "line 3 says female of Speaker_5, an earlier one male"),
    ],
)
def test_speakers_that_contradict_each_other_are_refused(tmp_path, lines, words):
    (tmp_path / "s.txt").write_text(lines)
    with pytest.raises(CorpusError, match=f"s.txt: {words}"):
        read_speakers(tmp_path / "s.txt")


@pytest.mark.parametrize("line", ["a.wav", "Train, a.wav", "Train; a.wav; b", "; a.wav", "Train;"])
def test_a_line_of_another_form_is_refused_with_its_number(tmp_path, line):
    (tmp_path / "p.txt").write_text(f"Train; x.wav\n{line}\n")
    with pytest.raises(CorpusError, match=r"p.txt: line 2 is .*expected the form 'Train; MSP-PODCAST_0001_0008.wav'"):
        read_partitions(tmp_path / "p.txt")
    with pytest.raises(CorpusError, match=r"line 2 is .*expected the form 'Speaker_127; Male' or"):
        read_speakers(tmp_path / "p.txt")


def test_a_file_in_two_splits_is_refused(tmp_path):
    (tmp_path / "p.txt").write_text("Train; a.wav\nTrain; a.wav\nTest1; a.wav\n")
    with pytest.raises(CorpusError, match=r"line 3 puts a.wav into Test1, an earlier one into Train"):
        read_partitions(tmp_path / "p.txt")


def test_another_encoding_is_refused(tmp_path):
    (tmp_path / "p.txt").write_bytes(b"Train; \xe9.wav\n")
    with pytest.raises(CorpusError, match=r"line [0-9]+ is not UTF-8 .byte 0x"):
        read_partitions(tmp_path / "p.txt")


@pytest.mark.parametrize("read", [read_partitions, read_speakers])
@settings(deadline=None)
@given(content=st.binary(max_size=60) | st.text("Train; Speaker_1\n.wav\x85", max_size=60).map(str.encode))
def test_no_content_raises_anything_but_a_corpus_error(tmp_path_factory, read, content):
    path = tmp_path_factory.mktemp("lists") / "list.txt"
    path.write_bytes(content)
    try:
        found = read(path)
    except CorpusError as error:
        assert "\n" not in str(error)  # noqa: PT017
        return
    for names in found if isinstance(found, tuple) else (found,):
        assert all(name and value for name, value in names.items())
