"""Where the files of a release lie: any known spelling, one candidate only."""

import re

import pytest

from emojudge.corpus.readers.msp_files import file_name, find_release
from emojudge.errors import CorpusError


def test_files_and_folders_are_found_in_any_case(podcast):
    before = find_release(podcast.root)
    for path in [*podcast.consensus.parent.iterdir(), *podcast.root.iterdir()]:
        path.rename(path.with_name("moved")).rename(path.with_name(path.name.swapcase()))
    after = find_release(podcast.root)
    assert after.root == before.root
    for name in ("consensus", "ratings", "partitions", "speakers", "transcripts", "audio"):
        assert getattr(after, name).name == getattr(before, name).name.swapcase()
    assert after.alignments is before.alignments is None


@pytest.mark.parametrize(
    ("first", "second", "words"),
    [
        ("Labels/labels_consensus.csv", "Labels/labels_concensus.csv", "Point labels_path at the one that is meant."),
        ("Labels/labels_consensus.csv", "label/labels_consensus.csv", "Point labels_path at the one that is meant."),
        ("Labels/labels_detailed.csv", "Labels/Labels_Detailed.csv", "Keep one of them in the corpus."),
        ("Partitions.txt", "Partition.txt", "Keep one of them in the corpus."),
        ("Speaker_ids.txt", "speaker_ids.txt", "Keep one of them in the corpus."),
        ("Transcripts", "Transcript", "Keep one of them in the corpus."),
        ("Audios", "Audio", "Point audio_dir at the one that is meant."),
    ],
)
def test_two_files_that_could_be_meant_are_refused_by_name(podcast, first, second, words):
    other = podcast.root / second
    if (podcast.root / first).is_dir():
        other.mkdir()
    else:
        other.parent.mkdir(exist_ok=True)
        if other.exists():
            pytest.skip("the file system does not tell the case of names")
        other.write_text("")
    both = "|".join(re.escape(f"{podcast.root / a} and {podcast.root / b}") for a, b in ((first, second), (second, first)))
    with pytest.raises(CorpusError, match=rf"^({both}) are both there, and only one can be read\. {words}$"):
        find_release(podcast.root)


def test_a_link_to_the_same_folder_is_no_second_candidate(podcast):
    (podcast.root / "Audio").symlink_to(podcast.audios)
    (podcast.root / "labels").symlink_to(podcast.consensus.parent)
    assert find_release(podcast.root).audio in (podcast.audios, podcast.root / "Audio")


def test_a_label_folder_without_a_consensus_file_is_no_candidate(podcast):
    (podcast.root / "label").mkdir()
    assert find_release(podcast.root).consensus == podcast.consensus


def test_what_is_pointed_at_ends_the_search(podcast, tmp_path):
    (podcast.root / "Audio").mkdir()
    (podcast.consensus.parent / "labels_concensus.csv").write_text("")
    release = find_release(podcast.root, podcast.consensus, tmp_path / "wav")
    assert (release.consensus, release.audio) == (podcast.consensus, tmp_path / "wav")


def test_ratings_are_the_csv_file_where_both_are_there(podcast):
    json = podcast.detailed.with_suffix(".json")
    json.write_text("{}")
    assert find_release(podcast.root).ratings == podcast.detailed
    podcast.detailed.unlink()
    assert find_release(podcast.root).ratings == json


def test_names_get_the_ending_that_lists_leave_out():
    assert [file_name(name) for name in ("a.wav", "a", "a.flac", "a.WAV")] == ["a.wav", "a.wav", "a.flac", "a.WAV"]
