"""Scores of hand-made predictions: what is counted, what is left out, and what is said of it."""

import numpy as np
import pytest

from emojudge.corpus.table import TableInfo, build_table
from emojudge.errors import EmojudgeError, PredictionsError
from emojudge.labels import ATTRIBUTES
from emojudge.pipeline.results import labels_apart, load_systems, score, score_run
from emojudge.predictions import AttributePredictions, AttributesInfo, Predictions, PredictionsInfo

NAN = float("nan")
VALENCE = [1.0, 2.0, 3.0, 4.0]


def table(**changes):
    """Return a table of four utterances, three of dev and one of test1, with valence but no dominance."""
    columns = {"id": list("abcd"), "split": ["dev", "dev", "dev", "test1"], "emotion": ["sad", "calm", None, "sad"], "valence": VALENCE}
    return build_table(columns | {"arousal": [4.0] * 4} | changes, TableInfo("corpus", classes=("sad", "calm")))


def values(corpus, valence, **info):
    """Return predictions of valence and of arousal, always 5, for the utterances of a table."""
    rows = np.array([[v, 5.0, 5.0] if v == v else [NAN] * 3 for v in valence])
    return AttributePredictions(
        corpus.column("id"), corpus.column("split"), rows, AttributesInfo("text", ATTRIBUTES, corpus.info.fingerprint, **info)
    )


def logits(corpus):
    rows = np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 0.0]])
    return Predictions(corpus.column("id"), corpus.column("split"), rows, PredictionsInfo("text", ("sad", "calm"), corpus.info.fingerprint))


def test_attributes_by_hand():
    # dev: truth 1, 2, 3 and prediction 2, 3, 4: both variances 2/3, covariance 2/3, means one apart: 4/3 / (4/3 + 1)
    corpus = table()
    (results,) = score_run({"attributes": {"text": values(corpus, [2.0, 3.0, 4.0, 9.0])}}, corpus)
    dev, test1 = results.results
    assert (dev.split, dev.in_sample, test1.in_sample) == ("dev", True, False)
    assert dev.scores["ccc_valence"] == pytest.approx(4 / 7)
    assert dev.scores["ccc_arousal"] == 0
    assert np.isnan(dev.scores["ccc_dominance"])
    assert dev.scores["ccc_mean"] == pytest.approx(2 / 7)
    assert results.cells()[1] == ["text", "0.571 / 0.000 / - / 0.286*", "0.000 / 0.000 / - / 0.000"]


def test_values_outside_1_to_7_count_as_they_are():
    # truth 1, 2, 3 and prediction 5, 7, 9: variances 2/3 and 8/3, covariance 4/3, means five apart
    corpus = table()
    (results,) = score_run({"attributes": {"text": values(corpus, [5.0, 7.0, 9.0, 4.0])}}, corpus)
    assert results.results[0].scores["ccc_valence"] == pytest.approx((8 / 3) / (10 / 3 + 25))


def test_utterances_without_input_are_left_out_and_counted():
    corpus = table()
    (results,) = score_run({"attributes": {"text": values(corpus, [2.0, 3.0, NAN, NAN])}}, corpus)
    (dev,) = results.results
    assert (dev.note, dev.scores["n_missing"]) == ("1 of 3 utterances without input are left out", 1)
    assert "text, dev: 1 of 3 utterances without input are left out." in results.footnotes


def test_utterances_without_any_value_are_not_counted():
    corpus = table(valence=[1.0, 2.0, None, 4.0], arousal=[None] * 4)
    (results,) = score_run({"attributes": {"text": values(corpus, [2.0, 3.0, NAN, NAN])}}, corpus)
    assert (results.results[0].note, results.results[0].scores["n"]) == ("", 2)


def test_an_absent_attribute_is_named():
    corpus = table()
    predictions = values(corpus, VALENCE)
    predictions.values[:, 1] = NAN
    info = AttributesInfo("text", ATTRIBUTES, corpus.info.fingerprint, absent_attributes=("arousal",))
    predictions = AttributePredictions(predictions.id, predictions.split, predictions.values, info)
    (results,) = score_run({"attributes": {"text": predictions}}, corpus)
    assert "Never predicted, since training has no utterance of it: arousal." in results.footnotes


def test_each_task_has_a_table_and_one_without_labels_has_none():
    corpus = table()
    systems = {"emotion": {"text": logits(corpus)}, "attributes": {"text": values(corpus, VALENCE)}}
    assert [results.task for results in score_run(systems, corpus)] == ["emotion", "attributes"]
    bare = table(valence=[None] * 4, arousal=[None] * 4)
    systems = {"emotion": {"text": logits(bare)}, "attributes": {"text": values(bare, VALENCE)}}
    assert [results.task for results in score_run(systems, bare)] == ["emotion"]
    with pytest.raises(EmojudgeError, match="no split has both labels and predictions"):
        score_run({"attributes": {"text": values(bare, VALENCE)}}, bare)


def test_predictions_of_another_corpus_are_refused():
    with pytest.raises(PredictionsError, match="'text' was predicted on corpus"):
        score_run({"attributes": {"text": values(table(), VALENCE)}}, table(valence=[1.0] * 4))


def truth(tmp_path, *lines, header="FileName,EmoVal,EmoAct,EmoDom"):
    path = tmp_path / "truth.csv"
    path.write_text("\n".join([header, *lines]) + "\n")
    return path


def test_truth_kept_apart_replaces_the_table(tmp_path):
    corpus = table()
    systems = {"attributes": {"text": values(corpus, [2.0, 3.0, 4.0, 9.0])}}
    path = truth(tmp_path, "c.wav,4,5,5", "b.wav,3,5,5", "a.wav,2,5,5")
    (results,) = score(systems, labels_apart(systems, corpus, path))
    assert results.results[0].scores["ccc_valence"] == 1
    assert results.splits == ["dev"]


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (["a.wav,2,5,5", "b.wav,2,5,5"], "no truth for 1 utterances of dev: c"),
        (["x.wav,2,5,5"], "1 utterances were not predicted: x"),
    ],
)
def test_truth_that_does_not_cover_a_split_is_refused(tmp_path, lines, words):
    corpus = table()
    systems = {"attributes": {"text": values(corpus, VALENCE)}}
    with pytest.raises(PredictionsError, match=words):
        labels_apart(systems, corpus, truth(tmp_path, *lines))


@pytest.mark.parametrize("text", ["{", "[]", '{"text": "text/predictions.parquet"}', '{"emotion": {"text": 3}}'])
def test_a_list_of_systems_of_another_form_is_refused(tmp_path, text):
    (tmp_path / "systems.json").write_text(text)
    with pytest.raises(EmojudgeError, match=r"systems\.json: not readable .*the same emojudge run writes it again"):
        load_systems(tmp_path)
