"""Joint 2 of Task 2: values come back as they were, by name, unclipped, and what is wrong is refused by name."""

import json
from dataclasses import replace

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest

from emojudge.errors import PredictionsError
from emojudge.labels import ATTRIBUTES
from emojudge.predictions import AttributePredictions, AttributesInfo, Predictions, PredictionsInfo, align, load_predictions

INFO = AttributesInfo("acoustic", ATTRIBUTES, corpus="c1", checkpoint="abc")
NAN = float("nan")


def predictions(ids="abcd", info=INFO, **parts):
    values = np.random.default_rng(len(ids)).normal(4, 2, size=(len(ids), len(info.attributes)))
    return AttributePredictions(list(ids), ["train", "dev", "dev", "test1"][: len(ids)], parts.pop("values", values), info, **parts)


@pytest.fixture
def fused():
    """Every optional part, values outside 1 to 7, a row without input, and an attribute that train did not have."""
    values = np.array([[0.25, NAN, 7.5], [NAN, NAN, NAN], [-3.0, NAN, 4.0], [4.0, NAN, 11.0]])
    return predictions(
        info=replace(INFO, system="fused", absent_attributes=("arousal",)),
        values=values,
        used=["acoustic+text", "", "acoustic", "text"],
        fold=np.array([-1, 0, 3, -1]),
    )


def same(a, b):
    assert (type(a), a.id, a.split, a.info, a.used) == (type(b), b.id, b.split, b.info, b.used)
    np.testing.assert_array_equal(a.values, b.values)
    np.testing.assert_array_equal(a.fold, b.fold)


def test_what_is_saved_comes_back_unclipped(tmp_path, fused):
    fused.save(tmp_path / "p.parquet")
    same(load_predictions(tmp_path / "p.parquet"), fused)
    predictions().save(tmp_path / "q.parquet")
    same(load_predictions(tmp_path / "q.parquet", "attributes"), predictions())


def test_the_file_names_its_columns_and_has_nulls_for_what_is_not_known(tmp_path, fused):
    fused.save(tmp_path / "p.parquet")
    table = pyarrow.parquet.read_table(tmp_path / "p.parquet")
    assert table.schema.names == ["id", "split", "valence", "arousal", "dominance", "used", "fold"]
    assert table.column("dominance").to_pylist() == [7.5, None, 4.0, 11.0]
    assert table.column("arousal").null_count == 4
    assert table.column("fold").to_pylist() == [None, 0, 3, None]


def test_columns_are_found_by_name_whatever_their_order_in_the_file(tmp_path, fused):
    fused.save(tmp_path / "p.parquet")
    table = pyarrow.parquet.read_table(tmp_path / "p.parquet")
    pyarrow.parquet.write_table(table.select(table.schema.names[::-1]), tmp_path / "p.parquet")
    same(load_predictions(tmp_path / "p.parquet"), fused)


def test_rows_are_selected_by_id_and_by_split(fused):
    rows = fused.select(["d", "a"])
    assert (rows.id, rows.split, rows.used, rows.fold.tolist()) == (["d", "a"], ["test1", "train"], ["text", "acoustic+text"], [-1, -1])
    np.testing.assert_array_equal(rows.values, fused.values[[3, 0]])
    assert fused.of_split("dev").id == ["b", "c"]
    assert fused.predicted.tolist() == [True, False, True, True]
    assert fused.present.tolist() == [True, False, True]
    with pytest.raises(PredictionsError, match="fused: no prediction for 1 utterances: x"):
        fused.select(["x"])


def test_predictions_are_joined_by_id():
    a, b = predictions(), replace(predictions().select(list("dbca")), info=replace(INFO, system="text"))
    np.testing.assert_array_equal(align(a, b)[1].values, a.values)
    assert align(a, b, ids=list("cabd"))[1].id == list("cabd")


@pytest.mark.parametrize(
    ("other", "words"),
    [
        (predictions(info=replace(INFO, system="text", attributes=ATTRIBUTES[::-1])), "'text' predicts .*'acoustic'.* one attribute list"),
        (predictions(info=replace(INFO, system="text", corpus="c2")), "'text' was predicted on corpus c2, 'acoustic' on c1"),
        (predictions(ids="abc", info=replace(INFO, system="text")), "text: no prediction for 1 utterances: d"),
        (
            Predictions(list("abcd"), ["dev"] * 4, np.zeros((4, 3)), PredictionsInfo("text", ATTRIBUTES, "c1")),
            "'text' predicts emotion, 'acoustic' attributes; both need one task",
        ),
    ],
)
def test_predictions_that_do_not_belong_together_are_refused(other, words):
    with pytest.raises(PredictionsError, match=words):
        align(predictions(), other)


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ({"values": np.zeros((4, 2))}, r"values have shape \(4, 2\), expected \(4, 3\) \(utterances, attributes\)"),
        ({"ids": "abca"}, "1 utterance ids occur more than once: a"),
        ({"values": [[1, 1, 1], [1, NAN, 1], [1, 1, 1], [1, 1, 1]]}, "'b' has a value that is not finite"),
        ({"values": [[1, 1, 1], [1, 1, 1], [1, np.inf, 1], [1, 1, 1]]}, "'c' has a value that is not finite"),
        ({"used": ["text"]}, "1 values of used for 4 utterances"),
        ({"fold": np.array([1])}, "1 values of fold for 4 utterances"),
        ({"info": replace(INFO, absent_attributes=("tension",))}, r"\['tension'\] are not in the attribute list"),
        ({"info": replace(INFO, absent_attributes=("arousal",))}, r"\['arousal'\] were absent from training, but have values"),
        ({"info": replace(INFO, absent_attributes=ATTRIBUTES), "values": np.full((4, 3), NAN)}, "every attribute is absent"),
        ({"info": replace(INFO, attributes=("valence", "fold"))}, r"\['fold'\] are no attributes \(known: valence, arousal, dominance\)"),
        ({"info": replace(INFO, attributes=("valence", "valence"))}, "the attribute list has valence more than once"),
        ({"info": replace(INFO, attributes=())}, "every attribute is absent"),
    ],
)
def test_contradictions_are_refused(parts, words):
    with pytest.raises(PredictionsError, match=words):
        predictions(**parts)


def rewritten(metadata=None, lacking=None, columns=None):
    """Return how a file is spoilt by other metadata or columns."""

    def spoil(path):
        table = pyarrow.parquet.read_table(path)
        info = json.loads(table.schema.metadata[b"emojudge"]) | (metadata or {})
        info.pop(lacking, None)
        table = table if columns is None else columns(table)
        pyarrow.parquet.write_table(table.replace_schema_metadata({b"emojudge": json.dumps(info).encode()}), path)

    return spoil


def replaced(name, values):
    return rewritten(columns=lambda t: t.set_column(t.schema.get_field_index(name), name, pyarrow.array(values)))


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (rewritten({"task": "mood"}), "predictions of task 'mood', this release knows emotion, attributes"),
        (rewritten({"task": ["emotion"]}), r"predictions of task \['emotion'\], this release knows"),
        (rewritten({"task": "emotion"}), "its metadata lacks classes"),
        (rewritten({"schema_version": 99}), "schema version 99, this release reads 1"),
        (rewritten(lacking="attributes"), "its metadata lacks attributes"),
        (rewritten({"source_prior": None}), "its metadata has source_prior, which this release does not know"),
        (rewritten({"attributes": "valence"}), "'attributes' in its metadata is 'valence', expected a list of names"),
        (rewritten({"attributes": []}), "every attribute is absent"),
        (rewritten({"absent_attributes": None}), "'absent_attributes' in its metadata is None, expected a list of names"),
        (rewritten({"absent_attributes": ["valence"]}), r"\['valence'\] were absent from training, but have values"),
        (rewritten(columns=lambda table: table.drop_columns("valence")), "no column valence"),
        (rewritten(columns=lambda table: pyarrow.concat_tables([table, table])), "4 utterance ids occur more than once"),
        (replaced("valence", ["1", "2", "3", "x"]), "column 'valence' holds string, expected numbers"),
        (replaced("valence", [1.0, None, 3.0, 4.0]), "utterance 'b' has a value that is not finite"),
        (replaced("split", ["a", None, "c", "d"]), "column 'split' has 1 nulls"),
        (replaced("fold", ["1", "2", "3", "4"]), "column 'fold' holds string, expected whole numbers"),
        (replaced("used", ["text", None, "", ""]), "column 'used' has 1 nulls"),
    ],
)
def test_a_file_of_another_form_is_refused_by_name(tmp_path, spoil, words):
    path = tmp_path / "p.parquet"
    predictions(used=["text"] * 4, fold=np.array([-1, 0, 1, -1])).save(path)
    spoil(path)
    with pytest.raises(PredictionsError, match=words) as refused:
        load_predictions(path)
    assert str(path) in str(refused.value)


def test_a_file_of_the_other_task_is_refused_where_one_is_asked_for(tmp_path):
    predictions().save(tmp_path / "p.parquet")
    with pytest.raises(PredictionsError, match=r"p\.parquet: predictions of task 'attributes', expected those of task 'emotion'"):
        load_predictions(tmp_path / "p.parquet", "emotion")
