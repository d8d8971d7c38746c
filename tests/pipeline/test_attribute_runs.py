"""``emojudge run`` and ``report`` for attributes, and for both tasks at once."""

import csv
import json
import shutil

import numpy as np
import pytest

from emojudge.cli.main import main
from emojudge.corpus import read_table
from emojudge.evaluation import score_attributes
from emojudge.fusion import AttributeFusion
from emojudge.labels import ATTRIBUTES
from emojudge.predictions import AttributePredictions, Predictions, load_predictions

pytestmark = pytest.mark.slow  # the run that they look at trains four networks


@pytest.fixture
def copy(finished_both, tmp_path, tiny_corpus):
    """A copy of the run of both tasks that a test may change."""
    run = type(finished_both)(tmp_path, tiny_corpus)
    shutil.rmtree(run.corpus)
    run.corpus, run.config = finished_both.corpus, finished_both.config
    shutil.copytree(finished_both.out, run.out)
    return run


def change_labels(run, change):
    """Change each row of the consensus file of a run's corpus, which has no ratings then to fill gaps from."""
    (run.corpus / "Labels" / "labels_detailed.csv").unlink()
    path = run.corpus / "Labels" / "labels_consensus.csv"
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        change(row)
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def results(folder, task="attributes"):
    with (folder / "results.csv").open() as file:
        return [row for row in csv.DictReader(file) if row["task"] == task]


def test_each_task_has_its_systems_and_a_table(finished_both):
    systems = json.loads((finished_both.out / "systems.json").read_text())
    assert {task: list(by_name) for task, by_name in systems.items()} == {
        "emotion": ["words", "words, refitted", "words, refitted + rules judge"],
        "attributes": ["words", "words, refitted", "values", "fused"],
    }
    text = (finished_both.out / "results.md").read_text()
    assert text.index("macro-F1 / accuracy") < text.index("CCC of valence / arousal / dominance / mean")
    assert text.count("\n| words, refitted |") == 2


def test_one_network_writes_the_predictions_of_both_tasks(finished_both):
    emotions = load_predictions(finished_both.out / "words" / "predictions.parquet")
    attributes = load_predictions(finished_both.out / "words" / "predictions_attributes.parquet")
    assert (type(emotions), type(attributes)) == (Predictions, AttributePredictions)
    assert emotions.id == attributes.id
    assert attributes.info.attributes == ATTRIBUTES
    assert isinstance(load_predictions(finished_both.out / "values" / "predictions.parquet"), AttributePredictions)
    assert not (finished_both.out / "values" / "predictions_attributes.parquet").exists()


@pytest.mark.parametrize("split", ["dev", "test1"])
def test_the_printed_scores_are_those_of_the_file_against_the_table(finished_both, split):
    table = read_table(finished_both.out / "table.parquet")
    fused = load_predictions(finished_both.out / "fusion" / "fused_attributes.parquet").of_split(split)
    truth = np.array([table.column(name) for name in ATTRIBUTES], dtype=np.float64).T[[table.column("id").index(id) for id in fused.id]]
    expected = score_attributes(truth, fused.values)
    row = next(row for row in results(finished_both.out) if (row["system"], row["split"]) == ("fused", split))
    for name in ("ccc_mean", *(f"ccc_{attribute}" for attribute in ATTRIBUTES)):
        assert float(row[name]) == pytest.approx(expected[name], abs=1e-6)
    assert row["in_sample"] == ("true" if split == "dev" else "false")


def test_rows_of_the_fitting_split_are_out_of_fold_and_the_saved_fusion_gives_the_others(finished_both):
    fused = load_predictions(finished_both.out / "fusion" / "fused_attributes.parquet")
    assert (fused.of_split("dev").fold >= 0).all()
    assert (fused.of_split("test1", "test3").fold == -1).all()
    files = ("words/predictions_attributes.parquet", "values/predictions.parquet")
    branches = [load_predictions(finished_both.out / file).of_split("test1") for file in files]
    fusion = AttributeFusion.load(finished_both.out / "fusion" / "fused_attributes.json")
    np.testing.assert_allclose(fusion.predict(branches).values, fused.of_split("test1").values)


def test_a_run_of_attributes_alone_has_no_judge_and_says_so(copy, capsys):
    copy.leave("values")
    assert copy.start() == 0
    out = capsys.readouterr().out
    assert "judge: left out, since it reviews emotions and no system predicts any" in out
    assert "values: training: nothing changed, kept" in out
    assert "CCC of valence / arousal / dominance / mean" in out
    assert "macro-F1" not in out
    assert json.loads((copy.out / "systems.json").read_text()) == {
        "attributes": {"values": "values/predictions.parquet", "values, refitted": "fusion/values_refitted_attributes.parquet"}
    }


def test_a_second_start_changes_nothing_and_a_prior_of_classes_no_attribute(copy, capsys):
    assert copy.start() == 0
    assert capsys.readouterr().out.count("nothing changed, kept") == 11
    assert copy.start("--fusion.target_prior=natural", "--judge.client=none") == 0
    out = capsys.readouterr().out
    assert "words, refitted: done" in out
    assert "fused (attributes): nothing changed, kept" in out


def test_report_prints_both_tasks_and_writes_what_the_run_wrote(finished_both, tmp_path, capsys):
    assert main(["report", str(finished_both.out), "--out", str(tmp_path / "table")]) == 0
    for ending in ("md", "csv", "tex", "json"):
        assert (tmp_path / f"table.{ending}").read_text() == (finished_both.out / f"results.{ending}").read_text()
    out = capsys.readouterr().out
    assert out.index("macro-F1 / accuracy") < out.index("CCC of valence")
    assert out.count("in-sample") == 2


def test_several_runs_are_shown_as_mean_and_spread_of_each_attribute(finished_both, copy, capsys):
    assert main(["report", str(finished_both.out), str(copy.out), "--compare", "fused", "words"]) == 0
    out = capsys.readouterr().out
    for name in ("mean CCC", "CCC of valence", "CCC of arousal", "CCC of dominance"):
        assert name in out
    assert out.count("fused minus words") == 1


def test_systems_of_different_tasks_cannot_be_compared(finished_both, capsys):
    assert main(["report", str(finished_both.out), "--compare", "fused", "words, refitted + rules judge"]) == 1
    assert "'fused' and 'words, refitted + rules judge' are of different tasks" in capsys.readouterr().err


def test_runs_of_different_tasks_are_not_averaged(finished_both, copy, capsys):
    copy.leave("values")
    assert copy.start() == 0
    assert main(["report", str(finished_both.out), str(copy.out)]) == 1
    assert "the runs differ in what was scored: emotion and attributes; attributes" in capsys.readouterr().err


def report_against_truth(run, folder, columns, *options):
    """Report on Test1 against a consensus file with some columns, in that order."""
    with (run.corpus / "Labels" / "labels_consensus.csv").open(newline="") as file:
        rows = [{name: row[name] for name in columns} for row in csv.DictReader(file)]
    with (folder / "truth.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(rows)
    return main(["report", str(run.out), "--truth", str(folder / "truth.csv"), "--split", "test1", *options])


def uncorrected(rows):
    """Return rows without what Holm's correction made of p, which depends on the splits that a table has."""
    return [{name: value for name, value in row.items() if not name.endswith("_p_holm")} for row in rows]


@pytest.mark.parametrize("columns", ["FileName EmoClass EmoAct EmoVal EmoDom", "EmoDom EmoVal FileName EmoAct EmoClass"])
def test_truth_kept_apart_scores_both_tasks_by_the_names_of_its_columns(finished_both, tmp_path, columns):
    assert report_against_truth(finished_both, tmp_path, columns.split(), "--out", str(tmp_path / "results")) == 0
    for task in ("emotion", "attributes"):
        assert uncorrected(results(tmp_path, task)) == uncorrected(
            row for row in results(finished_both.out, task) if row["split"] == "test1"
        )


def test_truth_of_attributes_alone_scores_them_and_says_what_it_lacks(finished_both, tmp_path, capsys):
    assert report_against_truth(finished_both, tmp_path, ["FileName", "EmoVal", "EmoAct", "EmoDom"]) == 0
    out = capsys.readouterr().out
    assert "macro-F1" not in out
    assert "truth.csv has no labels for emotion, which the run predicts too." in out


def test_truth_without_the_labels_of_the_run_is_refused(copy, tmp_path, capsys):
    copy.leave("values")
    assert copy.start() == 0
    assert report_against_truth(copy, tmp_path, ["FileName", "EmoClass"]) == 1
    assert "truth.csv: has labels for emotion, the run predicts attributes" in capsys.readouterr().err


def without_attributes(row):
    row.update(EmoVal="", EmoAct="", EmoDom="")


def without_dominance_to_tune_on(row):
    if row["Split_Set"] == "Development":
        row["EmoDom"] = ""


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            without_attributes,
            "no utterance that trains (train) has a value of valence, arousal, dominance, which words, values would learn",
        ),
        (without_dominance_to_tune_on, "the split that tunes (dev) has no value of dominance, which train has"),
    ],
)
def test_a_corpus_that_attributes_cannot_be_learnt_from_is_refused_before_training(both, change, message, capsys):
    change_labels(both, change)
    assert both.start() == 1
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert not (both.out / "words").exists()
