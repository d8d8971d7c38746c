"""Any corpus by a file that lists it: columns and classes under any name, and faults with the line."""

import json

import numpy as np
import pyarrow
import pyarrow.parquet
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
        ({"columns": {"emotion": None}}, "'emotion' is required and cannot be left out where there are neither attributes nor votes"),
        ({"columns": {"split": None}}, "'split' is required and cannot be left out; say split: NAME"),
        ({"columns": {"file": None}}, "'file' is required"),
        ({"columns": {"valence": ["a", "b"]}}, r"'valence' is a column of numbers and cannot be made of several \(a, b\)"),
        ({"columns": {"file": "audio/{clip.wav"}}, "'audio/{clip.wav': .*a name of a column stands in braces"),
        ({"split": "dev", "columns": {"split": "set"}}, "split: 'dev' for every row, but columns takes the split from 'set'"),
        ({"attribute_range": [5, 1]}, r"attribute_range: \[5, 1\] for every attribute, expected the lowest and the highest"),
        ({"attribute_range": [1]}, "expected the lowest and the highest"),
        ({"attribute_range": [1, float("nan")]}, "expected the lowest and the highest"),
        ({"attribute_range": {"valence": [1, float("inf")]}}, "for valence, expected the lowest and the highest"),
        ({"attribute_range": {"valenc": [1, 5]}}, "no attribute 'valenc' .*mean 'valence'"),
        ({"votes": {"sda": "x"}}, "votes: there are votes for 'sda', .*mean 'sad'"),
        ({"votes_other": "x"}, "votes_other: .* need votes"),
        ({"patterns": {"file": "("}}, r"patterns: '\(' of column 'file' is no regular expression"),
        ({"patterns": {"file": "(a)"}}, "names no group"),
        ({"patterns": {"file": "(?P<split>a)"}}, "has a column 'split' already; name the group otherwise"),
        ({"path": {}}, "path: there is no file in it"),
        ({"classes": ["sad"]}, "two or more different names"),
        ({"classes": ["sad", "sad"]}, "two or more different names"),
        ({"class_map": {"joy": "hapy"}}, "'joy' is mapped to 'hapy', .*mean 'happy'"),
    ],
)
def test_settings_that_name_nothing_are_refused(tmp_path, options, words):
    with pytest.raises(ConfigError, match=words):
        columns(**{"path": manifest(tmp_path, "a.wav,train,sad"), **options})


def test_a_table_with_audio(tmp_path):
    (tmp_path / "wav").mkdir()
    for name in "ab":
        soundfile.write(tmp_path / "wav" / f"{name}.wav", np.random.default_rng(0).normal(0, 0.1, 1_600), 16_000)
    table = load_table("manifest", path=manifest(tmp_path, "wav/a.wav,train,sad", "wav/b.wav,dev,happy"))
    assert table.info.classes == EMOTIONS
    assert table.column("duration_s") == [0.1, 0.1]
    assert table.info.counts["without_transcript"] == 2


# where the audio is


def test_a_file_is_looked_for_under_one_root_after_the_other(tmp_path):
    for place in ("one/a.wav", "two/a.wav", "two/b.wav"):
        (tmp_path / place).parent.mkdir(exist_ok=True)
        (tmp_path / place).touch()
    roots = [str(tmp_path / "one"), tmp_path / "two"]
    path = manifest(tmp_path, "a.wav,train,sad", "b.wav,train,sad")
    assert columns(path, audio_root=roots)["audio"] == [str(tmp_path / "one/a.wav"), str(tmp_path / "two/b.wav")]
    path = manifest(tmp_path, "a.wav,train,sad", "c.wav,train,sad")
    with pytest.raises(CorpusError, match=rf"'c': .*line 3: the file 'c.wav' is in none of {tmp_path}/one, {tmp_path}/two"):
        columns(path, audio_root=roots)
    assert columns(path, "skip", audio_root=roots)["id"] == ["a"]


def test_some_utterances_may_have_no_audio_and_keep_their_stated_duration(tmp_path):
    soundfile.write(tmp_path / "a.wav", np.random.default_rng(0).normal(0, 0.1, 1_600), 16_000)
    path = manifest(tmp_path, "one,a.wav,train,sad,9", "two,,train,sad,2.5", header="id,file,split,emotion,duration_s")
    table = load_table("manifest", path=path)
    assert table.column("audio") == [str(tmp_path / "a.wav"), None]
    assert table.column("duration_s") == [0.1, 2.5]


# typed values


def test_numbers_of_json_and_parquet_are_ids_and_labels_exactly(tmp_path):
    rows = [{"id": 7, "split": "train", "emotion": 1, "valence": 2}, {"id": 8.0, "split": "dev", "emotion": None, "valence": None}]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    typed = {"id": [7.0, 8.0], "split": ["train", "dev"], "emotion": [1, None], "valence": [2.0, None]}
    pyarrow.parquet.write_table(pyarrow.table(typed), tmp_path / "a.parquet")
    for name in ("a.jsonl", "a.parquet"):
        found = columns(tmp_path / name, audio=False, class_map={"1": "sad"})
        assert found["id"] == ["7", "8"]
        assert found["emotion"] == ["sad", None]
        assert found["source_label"] == ["1", None]
        assert found["valence"] == [2, None]


def test_a_value_of_another_type_is_a_fault_with_its_row(tmp_path):
    rows = [{"id": "a", "split": "train", "emotion": ["sad"]}, {"id": {"x": 1}, "split": "train", "emotion": "sad"}]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    with pytest.raises(CorpusError, match=r"'line 2': .*line 2: id is \{'x': 1\}, expected text \(1 more"):
        columns(tmp_path / "a.jsonl", audio=False)
    (tmp_path / "a.jsonl").write_text(json.dumps(rows[0]))
    with pytest.raises(CorpusError, match=r"'a': .*line 1: emotion is \['sad'\], expected text"):
        columns(tmp_path / "a.jsonl", audio=False)


def test_a_null_of_json_is_null_and_the_word_stays(tmp_path):
    (tmp_path / "a.jsonl").write_text(
        '{"id": "a", "split": "train", "emotion": null, "transcript": null}\n'
        '{"id": "b", "split": "train", "emotion": "sad", "transcript": "null"}\n'
    )
    found = columns(tmp_path / "a.jsonl", audio=False)
    assert found["transcript"] == [None, "null"]
    assert found["emotion"] == [None, "sad"]


def test_genders_by_their_initial_are_spelled_out(tmp_path):
    path = manifest(tmp_path, "a,train,sad,F", "b,train,sad,m", "c,train,sad,Other", header="id,split,emotion,gender")
    assert columns(path, audio=False)["gender"] == ["female", "male", "other"]


def test_the_columns_of_every_form_make_the_same_table(tmp_path):
    texts = {"file": ["a b.wav", "c.wav"], "split": ["train", "dev"], "emotion": ["sad", "happy"], "transcript": ["N/A", 'he said "null"']}
    lines = [",".join(f'"{text.replace(chr(34), chr(34) * 2)}"' for text in row) for row in zip(*texts.values(), strict=True)]
    path = manifest(tmp_path, *lines, header=",".join(texts))
    path.with_suffix(".tsv").write_text(path.read_text().replace('","', '"\t"').replace("file,split,emotion,transcript", "\t".join(texts)))
    rows = [dict(zip(texts, row, strict=True)) for row in zip(*texts.values(), strict=True)]
    path.with_suffix(".jsonl").write_text("\n".join(json.dumps(row) for row in rows))
    pyarrow.parquet.write_table(pyarrow.table(texts), path.with_suffix(".parquet"))
    found = [columns(path.with_suffix(ending)) for ending in (".csv", ".tsv", ".jsonl", ".parquet")]
    assert found[0]["transcript"] == texts["transcript"]
    assert found == [found[0]] * 4
