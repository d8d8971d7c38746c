"""Joint 2: what is saved comes back, ids decide what is joined, and contradictions are refused."""

import json
from dataclasses import replace

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest

from emojudge.errors import PredictionsError
from emojudge.predictions import Predictions, PredictionsInfo, align, load_predictions

INFO = PredictionsInfo("acoustic", ("angry", "sad", "calm"), corpus="c1", checkpoint="abc", source_prior=(0.2, 0.3, 0.5))
NAN = float("nan")


def predictions(ids="abcd", info=INFO, **parts):
    logits = np.random.default_rng(len(ids)).normal(size=(len(ids), len(info.classes)))
    return Predictions(list(ids), ["train", "dev", "dev", "test1"][: len(ids)], parts.pop("logits", logits), info, **parts)


@pytest.fixture
def refined():
    """Every optional part, a row without input, and a class that was absent from training."""
    logits = np.array([[1.0, NAN, 0.5], [NAN, NAN, NAN], [0.0, NAN, 2.0], [3.0, NAN, -1.0]])
    return predictions(
        info=replace(INFO, system="judge", absent_classes=("sad",)),
        logits=logits,
        used=["acoustic+text", "", "acoustic", "text"],
        fold=np.array([-1, 0, 3, -1]),
        label=["calm", None, "calm", "angry"],
        reason_code=["changed", None, "kept", "kept"],
    )


def same(a, b):
    assert (a.id, a.split, a.info, a.used, a.label, a.reason_code) == (b.id, b.split, b.info, b.used, b.label, b.reason_code)
    np.testing.assert_array_equal(a.logits, b.logits)
    np.testing.assert_array_equal(a.fold, b.fold)


def test_what_is_saved_comes_back(tmp_path, refined):
    refined.save(tmp_path / "p.parquet")
    same(load_predictions(tmp_path / "p.parquet"), refined)


def test_parts_that_are_not_there_stay_away(tmp_path):
    predictions().save(tmp_path / "p.parquet")
    same(load_predictions(tmp_path / "p.parquet"), predictions())
    assert pyarrow.parquet.read_schema(tmp_path / "p.parquet").names == ["id", "split", "logit_angry", "logit_sad", "logit_calm"]


def test_the_file_has_nulls_and_no_nan(tmp_path, refined):
    refined.save(tmp_path / "p.parquet")
    table = pyarrow.parquet.read_table(tmp_path / "p.parquet")
    assert table.column("logit_sad").null_count == 4
    assert table.column("logit_angry").to_pylist() == [1.0, None, 0.0, 3.0]
    assert table.column("fold").to_pylist() == [None, 0, 3, None]


def test_the_label_is_that_of_the_largest_logit():
    rows = predictions(ids="abc", logits=[[0, 1, 0], [NAN, NAN, NAN], [-3, -2, -1]])
    assert rows.labels() == ["sad", None, "calm"]
    assert rows.predicted.tolist() == [True, False, True]


def test_an_absent_class_is_never_the_label(refined):
    assert replace(refined, label=None).labels() == ["angry", None, "calm", "angry"]
    assert refined.present.tolist() == [True, False, True]


def test_the_judges_label_goes_before_the_logits(refined):
    assert refined.labels() == ["calm", None, "calm", "angry"]


def test_rows_are_selected_by_id_in_the_order_asked_for(refined):
    rows = refined.select(["d", "a"])
    assert (rows.id, rows.split, rows.used, rows.label, rows.reason_code) == (
        ["d", "a"], ["test1", "train"], ["text", "acoustic+text"], ["angry", "calm"], ["kept", "changed"],
    )  # fmt: skip
    np.testing.assert_array_equal(rows.logits, refined.logits[[3, 0]])
    assert rows.fold.tolist() == [-1, -1]


def test_the_rows_of_splits(refined):
    assert refined.of_split("dev").id == ["b", "c"]
    assert refined.of_split("train", "test1").id == ["a", "d"]
    assert refined.of_split("test2").id == []


def test_a_replaced_copy_finds_its_own_rows():
    first = predictions(ids="ab")
    other = replace(first, id=["x", "y"])
    assert other.select(["y"]).id == ["y"]
    assert first.select(["b"]).id == ["b"]
    with pytest.raises(PredictionsError, match="no prediction for 1 utterances: x"):
        first.select(["x"])


def test_predictions_are_joined_by_id():
    a, b = predictions(), predictions().select(list("dbca"))
    b = replace(b, info=replace(INFO, system="text"))
    for rows in align(a, b):
        assert rows.id == list("abcd")
    np.testing.assert_array_equal(align(a, b)[1].logits, a.logits)
    assert align(a, b, ids=list("cabd"))[0].id == list("cabd")


@pytest.mark.parametrize(
    ("other", "words"),
    [
        (predictions(info=replace(INFO, system="text", classes=("sad", "angry", "calm"))), "'text' predicts .*'acoustic'.* one class list"),
        (predictions(info=replace(INFO, system="text", corpus="c2")), "'text' was predicted on corpus c2, 'acoustic' on c1"),
        (predictions(ids="abc", info=replace(INFO, system="text")), "text: no prediction for 1 utterances: d"),
        (predictions(ids="abcx", info=replace(INFO, system="text")), "'text' has 1 utterances that are not expected here: x"),
    ],
)
def test_predictions_that_do_not_belong_together_are_refused(other, words):
    with pytest.raises(PredictionsError, match=words):
        align(predictions(), other)


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ({"logits": np.zeros((4, 2))}, r"shape \(4, 2\), expected \(4, 3\)"),
        ({"ids": "abca"}, "1 utterance ids occur more than once: a"),
        ({"logits": [[0, 0, 0], [0, NAN, 0], [0, 0, 0], [0, 0, 0]]}, "'b' has a logit that is not finite"),
        ({"logits": [[0, 0, 0], [0, 0, 0], [0, np.inf, 0], [0, 0, 0]]}, "'c' has a logit that is not finite"),
        ({"used": ["text"]}, "1 values of used for 4 utterances"),
        ({"label": ["angry", "sad", "clam", None]}, r"\['clam'\] are not in the class list"),
        ({"info": replace(INFO, absent_classes=("fear",))}, r"\['fear'\] are not in the class list"),
        ({"info": replace(INFO, absent_classes=("sad",))}, r"\['sad'\] were absent from training, but have logits"),
        ({"info": replace(INFO, absent_classes=INFO.classes), "logits": np.full((4, 3), NAN)}, "every class is absent"),
        ({"info": replace(INFO, source_prior=(0.5, 0.5))}, "a source prior of 2 values for 3 classes"),
        ({"info": replace(INFO, estimated_priors={"dev": (0.5, 0.5)})}, "an estimated prior of 2 values for 3 classes"),
    ],
)
def test_contradictions_are_refused(parts, words):
    with pytest.raises(PredictionsError, match=words):
        predictions(**parts)


def rewritten(path, metadata=None, columns=None):
    """Rewrite a predictions file with other metadata or columns."""
    table = pyarrow.parquet.read_table(path)
    info = json.loads(table.schema.metadata[b"emojudge"])
    if columns is not None:
        table = columns(table)
    pyarrow.parquet.write_table(table.replace_schema_metadata({b"emojudge": json.dumps(info | (metadata or {})).encode()}), path)


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda path: path.unlink(), "no such predictions file"),
        (lambda path: path.write_bytes(b"PAR1 and so on"), "not readable as parquet"),
        (lambda path: pyarrow.parquet.write_table(pyarrow.table({"id": ["a"]}), path), "not a predictions file written by emojudge"),
        (lambda path: rewritten(path, {"schema_version": 99}), "schema version 99, this release reads 1"),
        (lambda path: rewritten(path, columns=lambda table: table.drop_columns("logit_sad")), "no column logit_sad"),
        (lambda path: rewritten(path, columns=lambda table: pyarrow.concat_tables([table, table])), "4 utterance ids occur more than once"),
    ],
)
def test_a_file_of_another_form_is_refused_by_name(tmp_path, spoil, words):
    path = tmp_path / "p.parquet"
    predictions().save(path)
    spoil(path)
    with pytest.raises(PredictionsError, match=words) as refused:
        load_predictions(path)
    assert str(path) in str(refused.value)


def without(name):
    """Return how a file is spoilt by metadata that lack a name."""

    def spoil(path):
        table = pyarrow.parquet.read_table(path)
        info = json.loads(table.schema.metadata[b"emojudge"])
        del info[name]
        pyarrow.parquet.write_table(table.replace_schema_metadata({b"emojudge": json.dumps(info).encode()}), path)

    return spoil


def replaced(name, values):
    """Return how a file is spoilt by other values of a column."""
    return lambda path: rewritten(path, columns=lambda t: t.set_column(t.schema.get_field_index(name), name, pyarrow.array(values)))


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (without("classes"), "its metadata lacks classes"),
        (without("corpus"), "its metadata lacks corpus"),
        (lambda path: rewritten(path, {"mood": 1}), "its metadata has mood, which this release does not know"),
        (lambda path: rewritten(path, {"classes": "angry"}), "'classes' in its metadata is 'angry', expected a list of names"),
        (lambda path: rewritten(path, {"classes": [1, 2]}), "'classes' in its metadata is .*expected a list of names"),
        (lambda path: rewritten(path, {"absent_classes": None}), "'absent_classes' in its metadata is None"),
        (lambda path: rewritten(path, {"source_prior": "even"}), "'source_prior' in its metadata is 'even', expected a list of numbers"),
        (lambda path: rewritten(path, {"transductive": 1}), "'transductive' in its metadata is 1, expected true or false"),
        (lambda path: rewritten(path, {"estimated_priors": [0.2, 0.3, 0.5]}), "expected null, or a list of numbers by split"),
        (lambda path: rewritten(path, {"estimated_priors": {"dev": "even"}}), "expected null, or a list of numbers by split"),
        (lambda path: rewritten(path, {"system": 3}), "'system' in its metadata is 3, expected text"),
        (replaced("logit_sad", ["1", "2", "3", "x"]), "column 'logit_sad' holds string, expected numbers"),
        (replaced("id", [1, 2, 3, 4]), "column 'id' holds int64, expected text"),
        (replaced("id", ["a", None, "c", None]), "column 'id' has 2 nulls"),
        (replaced("split", [1, 2, 3, 4]), "column 'split' holds int64, expected text"),
        (replaced("split", ["a", None, "c", "d"]), "column 'split' has 1 nulls"),
        (replaced("label", [1, 2, 3, 4]), "column 'label' holds int64, expected text"),
        (replaced("fold", ["1", "2", "3", "4"]), "column 'fold' holds string, expected whole numbers"),
        (replaced("used", ["text", None, "", ""]), "column 'used' has 1 nulls"),
    ],
)
def test_metadata_and_columns_of_another_kind_are_refused_by_name(tmp_path, refined, spoil, words):
    path = tmp_path / "p.parquet"
    replace(refined, info=replace(INFO, absent_classes=("sad",))).save(path)
    spoil(path)
    with pytest.raises(PredictionsError, match=words) as refused:
        load_predictions(path)
    assert str(path) in str(refused.value)


def test_columns_of_other_programs_are_read_where_they_say_the_same(tmp_path):
    predictions(logits=[[0, 1, 2]] * 4).save(tmp_path / "p.parquet")
    replaced("logit_sad", [1, 1, 1, 1])(tmp_path / "p.parquet")
    replaced("id", pyarrow.array(list("abcd"), pyarrow.large_string()))(tmp_path / "p.parquet")
    same(load_predictions(tmp_path / "p.parquet"), predictions(logits=[[0, 1, 2]] * 4))


def test_a_table_is_not_predictions(tmp_path, tiny_table):
    tiny_table.save(tmp_path / "table.parquet")
    with pytest.raises(PredictionsError, match="not a predictions file written by emojudge"):
        load_predictions(tmp_path / "table.parquet")
