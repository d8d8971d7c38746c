"""Any corpus by a CSV file: columns and classes under any name, and faults with the line."""

import numpy as np
import pytest
import soundfile

from emojudge.corpus import load_table
from emojudge.corpus.faults import Faults
from emojudge.corpus.readers.manifest import read_manifest
from emojudge.errors import ConfigError, CorpusError
from emojudge.labels import EMOTIONS


def manifest(tmp_path, *lines, header="file,split,emotion"):
    path = tmp_path / "manifest.csv"
    path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
    return path


def columns(path, on_bad_utterance="error", **options):
    faults = Faults(on_bad_utterance)
    return faults.settle(read_manifest(path, faults=faults, **options).columns)


def test_the_three_columns_are_enough(tmp_path):
    assert columns(manifest(tmp_path, "wav/a.wav,train,sad", "wav/b.wav,test,")) == {
        "id": ["a", "b"],
        "split": ["train", "test"],
        "emotion": ["sad", None],
        "source_label": ["sad", None],
        "audio": [str(tmp_path / "wav/a.wav"), str(tmp_path / "wav/b.wav")],
    }


def test_optional_columns_are_read_where_they_are_there(tmp_path):
    path = manifest(
        tmp_path,
        "x.wav,Development,sad,one,null,7,Female,r1,1.5,2,3,4.5",
        "y.wav,NA,sad,two,,Unknown,Unknown,,,,,",
        header="file,split,emotion,id,transcript,speaker,gender,recording,start_s,valence,arousal,dominance",
    )
    found = columns(path)
    assert found["id"] == ["one", "two"]
    assert found["split"] == ["dev", "na"]
    assert found["transcript"] == ["null", None]
    assert found["transcript_source"] == ["human", "none"]
    assert found["speaker"] == ["7", None]
    assert found["gender"] == ["female", None]
    assert found["recording"] == ["r1", None]
    assert found["start_s"] == [1.5, None]
    assert [found[name] for name in ("valence", "arousal", "dominance")] == [[2, None], [3, None], [4.5, None]]


@pytest.mark.parametrize("text", ["N/A", "null", "nan", "NULL", "None", "NA"])
def test_a_transcript_that_looks_like_nothing_stays_what_it_is(tmp_path, text):
    assert columns(manifest(tmp_path, f"a.wav,train,sad,{text}", header="file,split,emotion,transcript"))["transcript"] == [text]


def test_the_source_of_a_transcript_may_be_given(tmp_path):
    path = manifest(tmp_path, "a.wav,train,sad,hi,asr:whisper", header="file,split,emotion,transcript,transcript_source")
    assert columns(path)["transcript_source"] == ["asr:whisper"]


def test_columns_may_have_other_names(tmp_path):
    path = manifest(tmp_path, "a.wav,train,sad,hello,S1", header="path,set,label,transcript,who")
    found = columns(path, columns={"file": "path", "split": "set", "emotion": "label", "speaker": "who", "transcript": None})
    assert found["speaker"] == ["S1"]
    assert "transcript" not in found


def test_splits_may_have_other_names(tmp_path):
    path = manifest(tmp_path, "a.wav,Session1,sad", "b.wav,VALIDATION,sad", "c.wav,fold7,sad")
    assert columns(path, split_map={"session1": "train"})["split"] == ["train", "dev", "fold7"]


def test_another_class_list_and_a_class_map(tmp_path):
    path = manifest(tmp_path, "a.wav,train,joy", "b.wav,train,calm", "c.wav,train,dull", "d.wav,train,xxx")
    options = {"classes": ["happy", "calm"], "class_map": {"joy": "happy", "dull": "calm", "xxx": None}}
    found = columns(path, **options)
    assert found["emotion"] == ["happy", "calm", "calm", None]
    assert found["source_label"] == ["joy", "calm", "dull", "xxx"]
    assert read_manifest(path, faults=Faults(), **options).classes == ("happy", "calm")


def test_files_may_start_from_another_folder_or_be_absolute(tmp_path):
    path = manifest(tmp_path, "a.wav,train,sad", "/far/b.wav,train,sad")
    assert columns(path, audio_root="/near")["audio"] == ["/near/a.wav", "/far/b.wav"]


def test_a_text_only_corpus_needs_an_id_instead_of_a_file(tmp_path):
    path = manifest(tmp_path, "a,train,sad,hello", header="id,split,emotion,transcript")
    found = columns(path, audio=False)
    assert found["id"] == ["a"]
    assert "audio" not in found
    with pytest.raises(CorpusError, match="has no column 'file'"):
        columns(path)
    with pytest.raises(CorpusError, match="has no column 'id'"):
        columns(manifest(tmp_path, "a.wav,train,sad"), audio=False)


@pytest.mark.parametrize("column", ["file", "split", "emotion"])
def test_a_missing_column_says_how_to_name_it(tmp_path, column):
    header = "file,split,emotion".replace(column, "other")
    with pytest.raises(
        CorpusError, match=rf"has no column '{column}' \(found: {header.replace(',', ', ')}\).*in columns: {{{column}: \.\.\.}}"
    ):
        columns(manifest(tmp_path, "a.wav,train,sad", header=header))


def test_a_named_column_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(CorpusError, match="has no column 'words'"):
        columns(manifest(tmp_path, "a.wav,train,sad"), columns={"transcript": "words"})


def test_an_unknown_class_is_a_fault_with_the_nearest_name_and_the_way_to_map_it(tmp_path):
    path = manifest(tmp_path, "a.wav,train,sad", "b.wav,train,hapy")
    with pytest.raises(CorpusError, match=r"'b': .*manifest.csv, line 3: class 'hapy' is not .* mean 'happy'.*class_map: \{hapy: CLASS\}"):
        columns(path)
    assert columns(path, on_bad_utterance="skip")["id"] == ["a"]


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (
            ["x/a.wav,train,sad", "y/a.wav,dev,sad"],
            r"'a': .*2 times \(line 2, line 3\): the files x/a.wav, y/a.wav share this id; give an id column",
        ),
        (["a.wav,train,sad", "a.wav,train,sad"], r"'a': .*2 times \(line 2, line 3\): an utterance must occur once"),
        (["a.wav,,sad"], "'a': .*line 2: the split is empty"),
        ([",train,sad"], "line 2: the file is empty"),
        (["audio/,train,sad"], "line 2: the file 'audio/' is a folder, expected one audio file"),
    ],
)
def test_rows_that_cannot_be_told_apart_or_placed_are_faults(tmp_path, lines, words):
    path = manifest(tmp_path, *lines, "ok.wav,train,sad")
    with pytest.raises(CorpusError, match=words):
        columns(path)
    assert columns(path, on_bad_utterance="skip")["id"] == ["ok"]


def test_the_same_file_name_in_two_folders_is_fine_with_ids(tmp_path):
    path = manifest(tmp_path, "x/a.wav,train,sad,xa", "y/a.wav,dev,sad,ya", header="file,split,emotion,id")
    assert columns(path)["id"] == ["xa", "ya"]


@pytest.mark.parametrize(("column", "value"), [("valence", "9"), ("arousal", "high"), ("start_s", "-1")])
def test_a_field_that_should_be_a_number_is_a_fault(tmp_path, column, value):
    path = manifest(tmp_path, f"a.wav,train,sad,{value}", header=f"file,split,emotion,{column}")
    with pytest.raises(CorpusError, match=f"'a': .*line 2: {column} is '{value}'"):
        columns(path)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"columns": {"transcrip": "x"}}, "no column 'transcrip' .*mean 'transcript'"),
        ({"columns": {"emotion": None}}, "'emotion' is required"),
        ({"classes": ["sad"]}, "two or more different names"),
        ({"classes": ["sad", "sad"]}, "two or more different names"),
        ({"class_map": {"joy": "hapy"}}, "'joy' is mapped to 'hapy', .*mean 'happy'"),
    ],
)
def test_settings_that_name_nothing_are_refused(tmp_path, options, words):
    with pytest.raises(ConfigError, match=words):
        columns(manifest(tmp_path, "a.wav,train,sad"), **options)


def test_a_table_with_audio(tmp_path):
    (tmp_path / "wav").mkdir()
    for name in "ab":
        soundfile.write(tmp_path / "wav" / f"{name}.wav", np.random.default_rng(0).normal(0, 0.1, 1_600), 16_000)
    table = load_table("manifest", path=manifest(tmp_path, "wav/a.wav,train,sad", "wav/b.wav,dev,happy"))
    assert table.info.classes == EMOTIONS
    assert table.column("duration_s") == [0.1, 0.1]
    assert table.info.counts["without_transcript"] == 2
