"""Joint 1: what a table promises, saved and opened again."""

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest

from emojudge.corpus import Table, TableInfo, build_table, read_table
from emojudge.corpus.table import COLUMNS
from emojudge.errors import ConfigError, CorpusError

COLUMNS_GIVEN = {
    "id": ["a", "b", "c", "d"],
    "split": ["train", "train", "dev", "test1"],
    "emotion": ["sad", None, "happy", "sad"],
    "speaker": ["1", None, None, "2"],
    "recording": ["r1", "r2", None, None],
    "emotion_votes": [[0.5, 0.5], None, [0, 1], [1, 0]],
    "transcript": ["N/A", "null", None, ""],
}


def table(info=None, **columns):
    return build_table(COLUMNS_GIVEN | columns, info or TableInfo("here", ("sad", "happy")))


def test_columns_that_are_not_given_are_null_and_the_others_stay_as_they_are():
    built = table()
    assert list(built.rows.column_names) == list(COLUMNS)
    assert built.column("valence") == [None] * 4
    assert built.column("transcript") == ["N/A", "null", None, ""]
    assert len(built) == 4


def test_a_saved_table_comes_back(tmp_path):
    info = TableInfo("here", ("sad", "happy"), roles={"dev": "hold"}, counts={"silent": 2}, skipped=(("x", "no audio"),))
    built = table(info)
    built.save(tmp_path / "table.parquet")
    opened = read_table(tmp_path / "table.parquet")
    assert opened.info == built.info
    assert opened.rows.to_list() == built.rows.to_list()


def test_roles_have_defaults_by_split():
    assert table().info.roles == {"train": "fit", "dev": "tune", "test1": "hold"}


def test_roles_can_be_changed():
    changed = table().with_roles({"test1": "tune"})
    assert changed.info.roles == {"train": "fit", "dev": "tune", "test1": "tune"}
    assert changed.info.fingerprint == table().info.fingerprint


@pytest.mark.parametrize(
    ("roles", "words"), [({"tset1": "hold"}, "no split 'tset1'.*Did you mean 'test1'"), ({"dev": "tuen"}, "'tuen'.*mean 'tune'")]
)
def test_roles_of_another_name_are_refused(roles, words):
    with pytest.raises(ConfigError, match=words):
        table().with_roles(roles)


def test_rows_of_splits_are_found():
    assert table().splits == {"train": 2, "dev": 1, "test1": 1}
    assert table().indices("dev", "train").tolist() == [0, 1, 2]


def test_an_empty_split_is_an_error_that_lists_the_others():
    with pytest.raises(CorpusError, match=r"here has no utterance in split 'test2' .found: train 2, dev 1, test1 1"):
        table().indices("test2")


def test_emotions_are_indices_in_the_class_list():
    assert table().emotions().tolist() == [0, -1, 1, 0]


def test_unknown_speakers_are_grouped_by_recording_and_else_alone():
    assert table().speaker_groups() == ["speaker 1", "recording r2", "id c", "speaker 2"]


def test_selected_rows_have_their_own_fingerprint_and_roles():
    part = table().select(np.array([3, 0]))
    assert part.column("id") == ["d", "a"]
    assert part.info.roles == {"test1": "hold", "train": "fit"}
    assert part.info.fingerprint != table().info.fingerprint


@pytest.mark.parametrize(
    "change",
    [
        {"id": ["a", "b", "c", "e"]},
        {"split": ["train", "dev", "dev", "test1"]},
        {"emotion": ["sad", None, "happy", "happy"]},
        {"transcript": ["N/A", "null", None, "x"]},
        {"audio_digest": ["1", None, None, None]},
        {"valence": [1.0, None, None, None]},
    ],
)
def test_the_fingerprint_follows_what_is_learned_from(change):
    assert table(**change).info.fingerprint != table().info.fingerprint


def test_the_fingerprint_does_not_follow_the_place():
    assert table(audio=["/somewhere/a.wav", None, None, None]).info.fingerprint == table().info.fingerprint


def test_columns_can_be_replaced():
    changed = table().with_columns(split=["train"] * 4, valence=[1, 2, 3, None])
    assert changed.splits == {"train": 4}
    assert changed.column("valence") == [1.0, 2.0, 3.0, None]
    assert isinstance(changed, Table)


def test_a_column_that_no_table_has_cannot_be_replaced():
    with pytest.raises(CorpusError, match=r"no column 'valnce'.*Did you mean 'valence'"):
        table().with_columns(valnce=[1, 2, 3, 4])
    with pytest.raises(CorpusError, match=r"no column 'speakr'.*Did you mean 'speaker'"):
        table().column("speakr")


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"id": ["a", "b", "a", "d"]}, "1 utterance ids occur more than once: a"),
        ({"id": ["a", "b", None, "d"]}, "row 3 has no id"),
        ({"split": ["train", "", "dev", "dev"]}, "row 2 has no split"),
        ({"emotion": ["sad", "glad", None, None]}, r"labels \['glad'\] are not in the class list \['sad', 'happy'\]"),
        ({"mood": ["x"] * 4}, r"no column \['mood'\]"),
        ({"speaker": ["1"]}, "column 'speaker' has 1 values, 'id' has 4"),
        ({"emotion_votes": [[1.0], None, None, None]}, "utterance 'a' has 1 votes for 2 classes"),
    ],
)
def test_a_table_that_breaks_its_promises_is_refused(columns, words):
    with pytest.raises(CorpusError, match=words):
        table(**columns)
    with pytest.raises(CorpusError, match=words.replace(r"\['mood'\]", "'mood'")):
        table().with_columns(**columns)


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda path: path.unlink(), "there is no such table"),
        (lambda path: path.write_bytes(b"PAR1 and so on"), "not readable as parquet"),
        (lambda path: pyarrow.parquet.write_table(pyarrow.table({"id": ["a"]}), path), "not a table written by emojudge"),
        (lambda path: rewritten(path, version=b'{"schema_version": 99, "fingerprint": ""}'), "schema version 99, this release reads 1"),
        (lambda path: rewritten(path, drop="speaker"), "write the table again"),
    ],
)
def test_a_file_of_another_form_is_refused_by_name(tmp_path, spoil, words):
    path = tmp_path / "table.parquet"
    table().save(path)
    spoil(path)
    with pytest.raises(CorpusError, match=words) as refused:
        read_table(path)
    assert str(path) in str(refused.value)


def rewritten(path, version=None, drop=None):
    saved = pyarrow.parquet.read_table(path)
    metadata = {b"emojudge": version or saved.schema.metadata[b"emojudge"]}
    saved = saved if drop is None else saved.drop_columns(drop)
    pyarrow.parquet.write_table(saved.replace_schema_metadata(metadata), path)
