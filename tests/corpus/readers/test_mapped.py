"""Columns made of columns, chosen rows, rescaled attributes and votes: what a column map says is what a table gets."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emojudge.corpus.faults import Faults
from emojudge.corpus.readers.column_map import ColumnMap
from emojudge.corpus.readers.manifest import read_manifest
from emojudge.errors import ConfigError, CorpusError


def manifest(tmp_path, *lines, header="file,split,emotion"):
    path = tmp_path / "manifest.csv"
    path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
    return path


def columns(path, on_bad_utterance="error", **options):
    faults = Faults(on_bad_utterance)
    return faults.settle(read_manifest(path, faults=faults, **options).columns)


# ids and files made of several columns


def test_an_id_may_be_made_of_several_columns(tmp_path):
    path = manifest(tmp_path, "1001,audio,train,sad", "1001,video,train,sad", header="clip,modality,split,emotion")
    assert columns(path, audio=False, columns={"id": ["clip", "modality"]})["id"] == ["1001_audio", "1001_video"]


def test_a_file_may_be_made_of_text_and_columns(tmp_path):
    path = manifest(tmp_path, "3,7,train,sad", header="dialogue,turn,split,emotion")
    found = columns(path, columns={"file": "{split}/dia{dialogue}_utt{turn}.wav"})
    assert found["audio"] == [str(tmp_path / "train/dia3_utt7.wav")]
    assert found["id"] == ["dia3_utt7"]


def test_a_part_that_is_empty_leaves_nothing(tmp_path):
    path = manifest(tmp_path, "1,,train,sad", header="clip,modality,split,emotion")
    with pytest.raises(CorpusError, match=r"'line 2': .*line 2: the id is empty"):
        columns(path, audio=False, columns={"id": ["clip", "modality"]})


@pytest.mark.parametrize("spelled", [["clip", "modal"], "{clip}_{modal}"])
def test_a_part_that_is_not_there_is_named(tmp_path, spelled):
    with pytest.raises(CorpusError, match=r"has no column 'modal' .*mean 'modality'"):
        columns(manifest(tmp_path, "1,a,train,sad", header="clip,modality,split,emotion"), audio=False, columns={"id": spelled})


def test_a_column_whose_name_has_braces_is_that_column(tmp_path):
    assert columns(manifest(tmp_path, "a.wav,train,sad", header="{f},split,emotion"), columns={"file": "{f}"})["id"] == ["a"]


# several files, one split, some rows


def test_a_file_for_each_split(tmp_path):
    for name, row in (("a", "x.wav,sad"), ("b", "y.wav,happy")):
        (tmp_path / f"{name}.csv").write_text(f"file,emotion\n{row}\n")
    paths = {"train": str(tmp_path / "a.csv"), "Validation": str(tmp_path / "b.csv")}
    found = columns(paths, columns={"recording": "{split}-1"})
    assert found["split"] == ["train", "dev"]
    assert found["emotion"] == ["sad", "happy"]
    assert found["recording"] == ["train-1", "Validation-1"]
    (tmp_path / "b.csv").write_text("file,emotion\ny.wav,hapy\n")
    with pytest.raises(CorpusError, match=f"'y': {tmp_path}/b.csv, line 2: class 'hapy'"):
        columns(paths)
    with pytest.raises(CorpusError, match=rf"^{tmp_path} has no column 'label' \(found: file, emotion, split\)"):
        columns(paths, columns={"emotion": "label"})
    (tmp_path / "b.csv").write_text("file,label\ny.wav,happy\n")
    with pytest.raises(CorpusError, match=r"b\.csv and .*a\.csv have other columns: 'emotion' is in one of them only"):
        columns(paths)
    (tmp_path / "b.csv").write_text("file,split,emotion\ny.wav,dev,happy\n")
    with pytest.raises(ConfigError, match=r"b\.csv has a column 'split' of its own"):
        columns(paths)


def test_a_corpus_without_a_split_column_is_of_one_split(tmp_path):
    path = manifest(tmp_path, "a.wav,sad", "b.wav,sad", header="file,emotion")
    assert columns(path, split="Development")["split"] == ["dev", "dev"]
    with pytest.raises(CorpusError, match="has no column 'split'"):
        columns(path)


def test_rows_may_be_chosen_by_their_values(tmp_path):
    path = manifest(tmp_path, "1,a,train,sad", "1,v,train,sad", "2,a,dev,sad", "3,av,dev,sad", header="id,modality,split,emotion")
    assert columns(path, audio=False, where={"modality": "a"})["id"] == ["1", "2"]
    assert columns(path, audio=False, where={"modality": ["a", "av"], "split": "dev"})["id"] == ["2", "3"]
    with pytest.raises(CorpusError, match=r"where: no row has modality audio \(found: a, av, v\)"):
        columns(path, audio=False, where={"modality": ["a", "audio"]})
    with pytest.raises(CorpusError, match=r"has no column 'mode' .*in where"):
        columns(path, audio=False, where={"mode": "a"})


def test_a_fault_after_rows_were_passed_over_names_its_own_line(tmp_path):
    path = manifest(tmp_path, "1,v,train,sad", "2,a,train,hapy", header="id,modality,split,emotion")
    with pytest.raises(CorpusError, match="line 3: class 'hapy'"):
        columns(path, audio=False, where={"modality": "a"})


def test_what_a_pattern_finds_becomes_columns(tmp_path):
    path = manifest(tmp_path, "wav/03a01Fa.wav,train", "wav/10b02Wc.wav,train", header="file,split")
    options = {"columns": {"speaker": "who", "emotion": "code"}, "class_map": {"F": "happy", "W": "angry"}}
    found = columns(path, patterns={"file": r"(?P<who>\d\d)[ab]\d\d(?P<code>[A-Z])"}, **options)
    assert found["speaker"] == ["03", "10"]
    assert found["emotion"] == ["happy", "angry"]
    with pytest.raises(CorpusError, match=r"manifest.csv, line 2: file is 'wav/03a01Fa.wav', expected a text with the pattern"):
        columns(path, patterns={"file": "(?P<who>X)"}, **options)


# attributes


def test_a_corpus_of_attributes_needs_no_emotion(tmp_path):
    found = columns(manifest(tmp_path, "a.wav,train,2,3", header="file,split,valence,arousal"))
    assert found["valence"] == [2]
    assert "emotion" not in found
    assert "source_label" not in found


def test_a_range_is_rescaled_to_one_to_seven(tmp_path):
    path = manifest(tmp_path, "a.wav,train,1,1", "b.wav,train,5,3", "c.wav,train,3,7", header="file,split,valence,arousal")
    found = columns(path, attribute_range={"valence": [1, 5]})
    assert found["valence"] == [1, 7, 4]
    assert found["arousal"] == [1, 3, 7]
    path = manifest(tmp_path, "a.wav,train,-1,1,0.5", header="file,split,valence,arousal,valence_std")
    found = columns(path, attribute_range=[-1, 1])
    assert (found["valence"], found["arousal"], found["valence_std"]) == ([1], [7], [1.5])


@settings(deadline=None)
@given(st.floats(-1e6, 1e6), st.floats(1e-3, 1e6), st.floats(0, 1))
def test_a_rescaled_value_never_leaves_one_to_seven(low, width, part):
    high = low + width
    (value,) = ColumnMap(attribute_range=[low, high]).rescaled("valence", [min(high, low + part * width)])
    assert 1 <= value <= 7
    assert ColumnMap(attribute_range=[low, high]).rescaled("valence", [low, high]) == [1, 7]


def test_a_value_out_of_the_given_range_is_a_fault(tmp_path):
    path = manifest(tmp_path, "a.wav,train,5.5", header="file,split,valence")
    with pytest.raises(CorpusError, match=r"'a': .*line 2: valence is '5.5', expected a number from 1 to 5\."):
        columns(path, attribute_range=[1, 5])


# votes

VOTES = {"classes": ["happy", "sad", "calm"], "votes": {"happy": ["joy", "fun"], "sad": "sad"}}


def test_votes_become_a_distribution_and_the_label_that_most_chose(tmp_path):
    path = manifest(tmp_path, "a.wav,train,1,2,1,4", "b.wav,train,1,,1,0", "c.wav,train,0,0,0,3", header="file,split,joy,fun,sad,other")
    found = columns(path, votes_other="other", **VOTES)
    assert found["emotion_votes"] == [[0.75, 0.25, 0], [0.5, 0.5, 0], None]
    assert found["votes_other"] == [0.5, 0, 1]
    assert found["emotion"] == [None, None, None], "others have more votes; a tie; no vote for a class"
    found = columns(path, **VOTES)
    assert found["emotion"] == ["happy", None, None]
    assert "votes_other" not in found


def test_shares_are_votes_too_and_a_label_that_is_there_is_kept(tmp_path):
    path = manifest(tmp_path, "a.wav,train,calm,0.2,0.3,0.3", header="file,split,emotion,joy,fun,sad")
    found = columns(path, **VOTES)
    assert found["emotion_votes"][0] == pytest.approx([0.625, 0.375, 0])
    assert found["emotion"] == ["calm"]


def test_a_vote_that_is_no_count_is_a_fault(tmp_path):
    path = manifest(tmp_path, "a.wav,train,-1,0,1", header="file,split,joy,fun,sad")
    with pytest.raises(CorpusError, match="line 2: joy is '-1', expected a number of at least 0"):
        columns(path, **VOTES)
    with pytest.raises(CorpusError, match=r"has no column 'fun' .*votes: \{CLASS: COLUMN\}"):
        columns(manifest(tmp_path, "a.wav,train,1,0", header="file,split,joy,sad"), **VOTES)
