"""Results for other programs: every measure, intervals and differences beside it, and nothing that JSON cannot hold."""

import csv
import io
import json

import pytest
from test_evidence import MIDDLE, POOR, result, sample, table

from emojudge.evaluation.records import MEAN, mean_records, plain, records_of, to_csv
from emojudge.evaluation.tables import Result, weigh_runs


def test_a_weighed_table_has_interval_and_difference_of_each_measure():
    found = table(result("a", MIDDLE), result("b", POOR)).weighed("a", n_resamples=200)
    first, second = records_of([found])
    interval = found.evidence.intervals["b", "test1", "accuracy"]
    compared = found.evidence.compared["b", "test1", "macro_f1"]
    assert (second["accuracy_low"], second["accuracy_high"], second["n_speakers"]) == (interval.low, interval.high, 40)
    assert (second["reference"], second["macro_f1_p"], second["macro_f1_p_holm"]) == ("a", compared.difference.p, compared.p_holm)
    assert second["accuracy_mcnemar_p_unclustered"] == compared.mcnemar.p
    assert "macro_f1_p" not in first


def test_csv_reads_back_with_empty_cells_where_a_record_has_nothing():
    scores = {"macro_f1": 1 / 3, "f1_fear": float("nan")}
    records = records_of([table(Result("a", "dev", scores, in_sample=True, note="2 of 3, without input"), result("b", POOR))])
    first, second = csv.DictReader(io.StringIO(to_csv(records)))
    assert first == {
        **{"task": "emotion", "system": "a", "split": "dev", "in_sample": "true", "transductive": "false", "macro_f1": "0.333333"},
        **{"f1_fear": "nan", "n_speakers": "", "accuracy": "", "note": "2 of 3, without input"},
    }
    assert (second["f1_fear"], second["n_speakers"]) == ("", "40")


def test_what_is_not_defined_is_null_in_json():
    assert json.loads(json.dumps(plain({"a": float("nan"), "b": 1, "c": float("inf")}), allow_nan=False)) == {"a": None, "b": 1, "c": None}


def test_several_runs_have_a_record_each_and_one_of_their_mean():
    runs = [table(result("a", sample(0.6, seed)), result("b", sample(0.9, seed + 9))) for seed in (1, 2)]
    (_, mean) = mean_records(runs, weigh_runs(runs, "a", n_resamples=100))
    values = [run.score("b", "test1", "accuracy") for run in runs]
    assert (mean["run"], mean["accuracy"]) == (MEAN, sum(values) / 2)
    assert mean["accuracy_deviation"] == pytest.approx(abs(values[0] - values[1]) / 2**0.5)
    assert mean["macro_f1_low"] < mean["macro_f1"] < mean["macro_f1_high"]
    assert [record["run"] for record in records_of(runs, "seed-0")] == ["seed-0"] * 4
