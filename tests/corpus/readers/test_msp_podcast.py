"""The MSP-Podcast reader: what it finds, under every spelling, and what it refuses."""

import logging

import pytest
import soundfile

from emojudge.corpus import load_table
from emojudge.corpus.faults import Faults
from emojudge.corpus.readers.msp_podcast import read_msp_podcast
from emojudge.errors import ConfigError, CorpusError


def read(podcast, on_bad_utterance="error", **options):
    faults = Faults(on_bad_utterance)
    result = read_msp_podcast(podcast.root, faults=faults, **options)
    return result, faults.settle(result.columns)


def columns(podcast, **options):
    return read(podcast, **options)[1]


def refused(podcast, words, **options):
    with pytest.raises(CorpusError, match=words) as error:
        read(podcast, **options)
    assert "\n" not in str(error.value)
    return str(error.value)


def left_out(podcast, **options):
    """Return the ids that ``skip`` leaves out."""
    before = [name.removesuffix(".wav") for name in podcast.names]
    return [id for id in before if id not in columns(podcast, on_bad_utterance="skip", **options)["id"]]


def test_every_column_of_the_release(podcast):
    found = columns(podcast)
    assert found["id"] == [name.removesuffix(".wav") for name in podcast.names]
    assert found["split"] == ["train", "train", "dev", "test1", "na", "test3"]
    assert found["emotion"] == ["angry", None, None, "contempt", "neutral", None]
    assert found["source_label"] == ["A", "X", "O", "C", "N", None]
    assert found["speaker"] == ["127", "5", "127", "9", "10", None]
    assert found["gender"] == ["male", "female", "male", "female", "female", None]
    assert found["recording"] == ["MSP-PODCAST_0001"] * 2 + ["MSP-PODCAST_0002", "MSP-PODCAST_0003", "MSP-PODCAST_0004", None]
    assert found["arousal"] == [5.5, 4.0, 3.0, 3.0, None, None]
    assert found["valence"] == [2.25, 4.0, 3.5, 3.5, None, None]
    assert found["dominance"] == [6.0, 4.0, 4.0, 4.0, 4.0, None]
    assert found["audio"] == [str(podcast.audios / name) for name in podcast.names]
    assert found["transcript"] == ["Well, I told you.", None, None, "N/A", None, None]
    assert found["transcript_source"] == ["human", "none", "none", "human", "none", "none"]


def test_attributes_are_taken_by_name_and_not_by_place(podcast):
    podcast.consensus.write_text(
        "EmoDom,EmoVal,EmoAct,FileName,EmoClass,SpkrID,Gender,Split_Set\n6,2,5,MSP-PODCAST_0001_0008.wav,A,1,Male,Train\n"
    )
    podcast.partitions.unlink()
    found = columns(podcast)
    assert (found["arousal"], found["valence"], found["dominance"]) == ([5.0], [2.0], [6.0])


@pytest.mark.parametrize("folder", ["label", "labels", "Labels"])
@pytest.mark.parametrize("name", ["labels_consensus.csv", "labels_concensus.csv"])
@pytest.mark.parametrize("partitions", ["Partitions.txt", "Partition.txt"])
def test_known_spellings_are_found(podcast, folder, name, partitions):
    expected = columns(podcast)
    podcast.consensus.rename(podcast.consensus.with_name(name))
    podcast.partitions.rename(podcast.root / partitions)
    podcast.consensus.parent.rename(podcast.root / "moved")
    (podcast.root / "moved").rename(podcast.root / folder)
    assert columns(podcast) == expected


def test_validation_is_the_older_name_of_development(podcast):
    podcast.replace(podcast.consensus, "Development", "Validation")
    assert columns(podcast)["split"][2] == "dev"


def test_a_byte_order_mark_is_tolerated(podcast):
    expected = columns(podcast)
    for path in (podcast.consensus, podcast.partitions, podcast.speakers, podcast.detailed):
        path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert columns(podcast) == expected


def test_windows_line_ends_change_nothing(podcast):
    expected = columns(podcast)
    for path in (podcast.consensus, podcast.partitions, podcast.speakers, podcast.detailed, *podcast.transcripts.iterdir()):
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert columns(podcast) == expected


def test_the_consensus_file_and_the_audio_may_be_elsewhere(podcast, tmp_path):
    podcast.consensus.rename(tmp_path / "mine.csv")
    podcast.audios.rename(tmp_path / "wav")
    found = columns(podcast, labels_path=tmp_path / "mine.csv", audio_dir=tmp_path / "wav")
    assert found["audio"][0] == str(tmp_path / "wav" / podcast.names[0])
    assert "emotion_votes" not in found


def test_a_text_only_table_needs_no_audio(podcast):
    podcast.audios.rename(podcast.root / "elsewhere")
    refused(podcast, "no such folder; point audio_dir .* audio: false")
    assert "audio" not in columns(podcast, audio=False)


def test_transcripts_can_be_left_out(podcast):
    assert "transcript" not in columns(podcast, transcripts=False)


def test_a_corpus_without_transcripts_goes_on_with_a_warning(podcast, caplog):
    podcast.transcripts.rename(podcast.root / "elsewhere")
    with caplog.at_level(logging.WARNING):
        assert columns(podcast)["transcript"] == [None] * 6
    assert "no folder Transcripts" in caplog.text


def test_missing_and_empty_transcripts_are_counted(podcast):
    assert load_table("msp_podcast", root=podcast.root).info.counts["without_transcript"] == 4


def test_without_a_partitions_file_there_is_no_test3(podcast):
    podcast.partitions.unlink()
    assert "test3" not in columns(podcast)["split"]


def test_the_partitions_file_stands_in_for_a_missing_split_set(podcast):
    lines = [line.rsplit(",", 1)[0] for line in podcast.consensus.read_text().splitlines()]
    podcast.consensus.write_text("\n".join(lines[:-1]) + "\n")
    assert columns(podcast)["split"] == ["train", "train", "dev", "test1", "test3"]
    podcast.replace(podcast.partitions, "Train; MSP-PODCAST_0001_0008.wav\n", "")
    refused(podcast, f"'MSP-PODCAST_0001_0008': {podcast.partitions} does not list it")
    podcast.replace(podcast.partitions, "Test1;", "Tset1;")
    assert left_out(podcast)[0::2] == ["MSP-PODCAST_0001_0008", "MSP-PODCAST_0004_0001"]
    podcast.partitions.unlink()
    refused(podcast, "has no column 'Split_Set'")


def test_the_consensus_file_decides_about_speakers_and_differences_are_counted(podcast):
    podcast.speakers.write_text("MSP-PODCAST_0001_0008.wav; 55\n")
    result, found = read(podcast)
    assert found["speaker"][:2] == ["127", None]
    assert result.counts["speaker_differs_in_speaker_ids"] == 1


def test_a_gender_that_speaker_ids_gives_otherwise_is_counted(podcast):
    podcast.replace(podcast.speakers, "Speaker_127; Male", "Speaker_127; Female")
    result, found = read(podcast)
    assert found["gender"][:3] == ["male", "female", "male"]
    assert result.counts["gender_differs_in_speaker_ids"] == 2


def test_utterances_that_the_partitions_leave_out_are_counted(podcast):
    assert read(podcast)[0].counts["not_in_partitions"] == 1
    podcast.partitions.unlink()
    assert "not_in_partitions" not in read(podcast)[0].counts


@pytest.mark.parametrize("weight", [-0.1, 1.5, float("nan")])
def test_a_weight_that_is_none_is_refused(podcast, weight):
    with pytest.raises(ConfigError, match=r"secondary_weight is .*, expected a number from 0 to 1"):
        read(podcast, secondary_weight=weight)


def test_an_unknown_class_code_names_file_line_utterance_and_codes(podcast):
    podcast.replace(podcast.consensus, ",C,", ",Q,")
    message = refused(podcast, "'MSP-PODCAST_0003_0001'.*line 5: unknown class code 'Q' .known: A angry, .*X no agreement")
    assert str(podcast.consensus) in message
    assert left_out(podcast) == ["MSP-PODCAST_0003_0001"]


@pytest.mark.parametrize("column", ["FileName", "EmoClass", "EmoAct", "EmoVal", "EmoDom"])
def test_a_missing_column_says_what_was_found_and_what_to_do(podcast, column):
    podcast.replace(podcast.consensus, column, "Emo")
    message = refused(podcast, rf"has no column '{column}' \(found: .*Emo.*\)\..*Point labels_path at the consensus file of the corpus\.")
    assert str(podcast.consensus) in message
    refused(podcast, column, on_bad_utterance="skip")


@pytest.mark.parametrize("column", ["SpkrID", "Gender"])
def test_a_missing_column_of_speakers_is_filled_from_speaker_ids_or_refused(podcast, column):
    podcast.replace(podcast.consensus, column, "Emo")
    found = columns(podcast)
    expected = {"SpkrID": [None, "5", None, None, None, None], "Gender": ["male", "female", "male", None, None, None]}
    assert found["speaker" if column == "SpkrID" else "gender"] == expected[column]
    podcast.speakers.unlink()
    refused(
        podcast, rf"has no column '{column}' \(found: .*Emo.*\)\..*Point labels_path at .*, or put a Speaker_ids\.txt beside its folder\."
    )


def test_a_name_with_its_ending_and_without_is_one_utterance(podcast):
    with open(podcast.consensus, "a") as file:
        file.write("MSP-PODCAST_0003_0001,A,3,3,3,1,Male,Test1\n")
    refused(podcast, r"'MSP-PODCAST_0003_0001': .*holds it 2 times \(lines 5, 7\)")


def test_every_row_of_a_doubled_name_is_bad(podcast):
    with open(podcast.consensus, "a") as file:
        file.write("MSP-PODCAST_0003_0001.wav,A,3,3,3,1,Male,Test1\n")
    refused(podcast, r"'MSP-PODCAST_0003_0001': .*holds it 2 times \(lines 5, 7\)")
    assert left_out(podcast) == ["MSP-PODCAST_0003_0001"]


def test_an_attribute_that_is_no_number_from_1_to_7_is_bad(podcast):
    for value in ("high", "nan", "7.5", "0"):
        podcast.replace(podcast.consensus, "2.25", value)
        refused(podcast, f"line 2: EmoVal is '{value}', expected a number from 1 to 7")
        assert left_out(podcast) == ["MSP-PODCAST_0001_0008"]
        podcast.replace(podcast.consensus, value + ",6", "2.25,6")


def test_an_unknown_split_is_bad(podcast):
    podcast.replace(podcast.consensus, "Test1", "Tset1")
    refused(podcast, "line 5: unknown split 'Tset1'")
    assert left_out(podcast) == ["MSP-PODCAST_0003_0001"]


def test_partitions_that_disagree_are_an_error_that_counts_and_names(podcast):
    podcast.replace(podcast.partitions, "Train;", "Development;")
    for choice in ("error", "skip"):
        refused(
            podcast,
            r"disagree about the split of 2 utterances: MSP-PODCAST_0001_0008.wav \(Train / Development\), ",
            on_bad_utterance=choice,
        )


def test_a_listed_file_that_is_not_there_is_bad(podcast):
    (podcast.audios / "MSP-PODCAST_test3_0001.wav").unlink()
    refused(podcast, "'MSP-PODCAST_test3_0001': .*no such audio file")
    assert left_out(podcast) == ["MSP-PODCAST_test3_0001"]


def test_a_training_utterance_without_labels_is_bad(podcast):
    with open(podcast.partitions, "a") as file:
        file.write("Train; MSP-PODCAST_0007_0001.wav\n")
    refused(podcast, "'MSP-PODCAST_0007_0001': .*lists it in Train, but .* has no row for it")


def test_a_transcript_of_another_encoding_is_bad(podcast):
    (podcast.transcripts / "MSP-PODCAST_0003_0001.txt").write_bytes("Lubię".encode("latin2"))
    refused(podcast, "'MSP-PODCAST_0003_0001': .*not UTF-8")
    assert left_out(podcast) == ["MSP-PODCAST_0003_0001"]


def test_missing_folders_say_what_to_point_at(podcast):
    podcast.consensus.unlink()
    refused(podcast, "no labels_consensus.csv or labels_concensus.csv in a folder Labels; point labels_path at")
    podcast.root = podcast.root / "nowhere"
    refused(podcast, "nowhere: there is no such folder; point root at")


def test_a_row_without_a_name_is_refused_with_its_line(podcast):
    podcast.replace(podcast.consensus, "MSP-PODCAST_0003_0001.wav,C", ",C")
    refused(podcast, "line 5 has no FileName")


def test_the_table_of_a_whole_corpus(tiny_table, tiny_corpus):
    assert tiny_table.splits == {"test1": 8, "train": 35, "dev": 13, "test3": 8}
    assert tiny_table.info.source == f"msp_podcast {tiny_corpus}"
    durations = tiny_table.column("duration_s")
    assert durations == [soundfile.info(path).duration for path in tiny_table.column("audio")]
