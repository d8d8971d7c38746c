"""What a report says of runs beside their scores, and the files that it writes; of hand-made predictions, without a training."""

import csv
import json
from dataclasses import replace

import numpy as np
import pytest
from hand_made import N, logits, make_corpus, run_of

from emojudge.corpus.truth import with_speakers
from emojudge.errors import ConfigError, EmojudgeError
from emojudge.evaluation.paper import TABLE_2
from emojudge.pipeline.results import labels_apart, labels_of, published_sheets, score, score_run, summarise, weigh_results, write_results
from emojudge.pipeline.results.closer import calibration_sheets, claim_sheets, group_sheets, titled, vote_sheets
from emojudge.pipeline.results.published import NO_RUN


@pytest.fixture(scope="module")
def corpus():
    return make_corpus()


def test_the_refitted_branch_is_the_reference_unless_another_is_asked_for(corpus):
    tables = score_run(run_of(corpus), corpus)
    assert [table.evidence.reference for table in weigh_results(tables, n_resamples=100)] == ["acoustic, refitted"] * 2
    asked = weigh_results(tables, "acoustic", n_resamples=100)  # which one task alone has
    assert [table.evidence.reference for table in asked] == ["acoustic", "acoustic, refitted"]
    with pytest.raises(ConfigError, match="Did you mean 'acoustic'"):
        weigh_results(tables, "acustic")


def test_a_run_is_written_in_four_forms_that_agree(corpus, tmp_path):
    tables = weigh_results(score_run(run_of(corpus), corpus), n_resamples=200)
    write_results(tmp_path / "results", tables)
    content = json.loads((tmp_path / "results.json").read_text(), parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    with (tmp_path / "results.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert content["schema_version"] == 1
    assert [(r["task"], r["system"], r["split"]) for r in content["results"]] == [(r["task"], r["system"], r["split"]) for r in rows]
    for record, row in zip(content["results"], rows, strict=True):
        measure = "macro_f1" if record["task"] == "emotion" else "ccc_mean"
        for ending in ("", "_low", "_high"):
            value, text = record[f"{measure}{ending}"], float(row[f"{measure}{ending}"])
            assert text == round(value, 6) if value is not None else not np.isfinite(text)
        assert row["n_speakers"] == "24"
    markdown, latex = (tmp_path / "results.md").read_text(), (tmp_path / "results.tex").read_text()
    fused = tables[0].evidence.intervals["fused", "test1", "macro_f1"]
    assert f"{fused.value:.4f} [{fused.low:.4f}, {fused.high:.4f}]" in markdown
    assert f"{fused.value:.4f} {{[}}{fused.low:.4f}, {fused.high:.4f}]" in latex
    assert latex.count(r"\begin{tabular}") == latex.count(r"\end{tabular}") == len(content["sheets"]) == 4


def test_established_gains_are_marked(corpus):
    tables = weigh_results(score_run(run_of(corpus), corpus), n_resamples=500)
    assert tables[0].evidence.mark("fused", "test1", "macro_f1") == "↑"
    assert tables[1].evidence.mark("fused", "test1", "ccc_mean") == "↑"
    assert "↑" in tables[0].cells()[3][2]


def test_a_transductive_system_has_a_mark_and_a_footnote(corpus):
    systems = run_of(corpus)
    fused = systems["emotion"]["fused"]
    systems["emotion"]["fused"] = replace(fused, info=replace(fused.info, transductive=True))
    table = score_run(systems, corpus)[0]
    assert [row[2].endswith("†") for row in table.cells()[1:]] == [False, False, True, False]
    assert any(note.startswith("† transductive") for note in table.footnotes)


def test_rows_that_lack_a_branch_are_told_of(corpus):
    systems = run_of(corpus)["emotion"]
    used = ["acoustic" if split == "test1" else "acoustic+text" for split in corpus.column("split")]
    for name in ("fused", "fused + rules judge"):
        systems[name] = replace(systems[name], used=used)
    (table,) = score_run({"emotion": systems}, corpus)
    n = N // 2
    assert table.footnotes[-1] == f"fused; fused + rules judge, test1: {n} of {n} utterances rest on acoustic alone."
    assert table.result("fused", "dev").note == ""
    systems["fused"] = replace(systems["fused"], used=["acoustic"] * N)  # the best of several: nothing is lacking
    assert score_run({"emotion": systems}, corpus)[0].result("fused", "test1").note == ""


def test_runs_are_summarised_with_the_interval_of_their_mean(corpus):
    scored = {f"seed-{seed}": score_run(run_of(corpus, 10 * seed), corpus) for seed in range(3)}
    summary = summarise(scored, [corpus] * 3, compare=("fused", "acoustic, refitted"), n_resamples=200)
    assert [sheet.title.split(",")[0].split(" with")[0] for sheet in summary.sheets] == [
        *("macro-F1", "macro-F1", "mean ± deviation over 3 seeds", "CCC"),
        *("fused minus acoustic", "fused minus acoustic"),
    ]
    assert {record["run"] for record in summary.records} == {"seed-0", "seed-1", "seed-2", "mean"}
    (mean,) = [r for r in summary.records if (r["run"], r["system"], r["split"], r["task"]) == ("mean", "fused", "test1", "emotion")]
    ours = [tables[0].score("fused", "test1", "macro_f1") for tables in scored.values()]
    assert mean["macro_f1"] == pytest.approx(np.mean(ours))
    assert mean["macro_f1_low"] < mean["macro_f1"] < mean["macro_f1_high"]


def test_folds_get_no_interval_over_speakers_and_it_is_said(corpus):
    moved = corpus.column("split")
    moved[-1] = "dev"
    other = corpus.with_columns(split=moved)
    scored = {"a": score_run(run_of(corpus), corpus), "b": score_run(run_of(other), other)}
    summary = summarise(scored, [corpus, other], compare=("fused", "acoustic, refitted"), n_resamples=100)
    assert len(summary.sheets) == 4
    for sheet in summary.sheets:
        assert "No interval over speakers: the folds were scored on different utterances." in sheet.notes


def test_without_resamples_there_are_scores_alone(corpus):
    summary = summarise({"a": score_run(run_of(corpus), corpus)}, [corpus], n_resamples=0)
    assert [sheet.title for sheet in summary.sheets] == ["macro-F1 / accuracy", "CCC of valence / arousal / dominance / mean"]
    assert "macro_f1_low" not in summary.records[0]


def test_groups_are_scored_for_each_task(corpus):
    systems = run_of(corpus)
    sheets = group_sheets(systems, labels_of(systems, corpus), ["gender"], 100)
    assert [{row[3] for row in sheet.rows} for sheet in sheets] == [{"female", "male"}] * 2
    assert len(sheets[0].rows) == 2 * 2 * len(systems["emotion"])
    with pytest.raises(ConfigError, match="Did you mean 'gender'"):
        group_sheets(systems, labels_of(systems, corpus), ["gendre"], 100)


def test_the_judge_has_no_posterior_to_calibrate_or_to_hold_against_votes(corpus):
    systems = run_of(corpus)
    labels = labels_of(systems, corpus)
    (calibration,), (votes,) = calibration_sheets(systems, labels, 100), vote_sheets(systems, labels)
    for sheet, column in ((calibration, 0), (votes, 1)):
        assert {row[column] for row in sheet.rows} == {"acoustic", "acoustic, refitted", "fused"}
    only = {"attributes": systems["attributes"]}
    for look in (calibration_sheets, vote_sheets):
        with pytest.raises(EmojudgeError, match="no system of this run gives posteriors"):
            look(only, labels)
        with pytest.raises(EmojudgeError, match="the labels have no emotion"):
            look(systems, replace(labels, truths={"attributes": {}}))


def test_scalings_are_fitted_on_the_tables_labels_where_others_are_kept_apart(corpus):
    systems = {"emotion": {"fused": run_of(corpus)["emotion"]["fused"]}}
    whole = labels_of(systems, corpus)
    apart = replace(whole, truths={"emotion": {id: label for id, label in whole.truths["emotion"].items() if int(id[1:]) >= N // 2}})
    (sheet,) = calibration_sheets(systems, apart, 100)
    assert sheet.rows == calibration_sheets(systems, whole, 100)[0].rows


def test_claims_are_tested_where_the_runs_have_what_they_are_about(corpus):
    runs = [(run_of(corpus, 10 * seed), labels_of({}, corpus)) for seed in range(2)]
    titles = [sheet.title for sheet in claim_sheets(runs, 100)]
    assert titles == [
        *("The judge's gain", "What text adds to acoustic (emotion)", "What text adds to acoustic (attributes)"),
        *("the first run: Distributions of attributes by split", "the first run: Correlation of dominance and arousal"),
    ]
    alone = {"emotion": {"acoustic": runs[0][0]["emotion"]["acoustic"]}}
    with pytest.raises(EmojudgeError, match="claims nothing"):
        claim_sheets([(alone, runs[0][1])], 100)
    assert titled(claim_sheets(runs[:1], 100), "a")[0].title == "a: The judge's gain"


def test_what_the_fusion_adds_is_named_by_its_branches(corpus):
    systems = run_of(corpus)["emotion"]
    fused = replace(systems["fused"], used=["text+acoustic"] * N)
    turned = {"emotion": {"text, refitted": systems["acoustic, refitted"], "fused": fused}}
    (sheet,) = claim_sheets([(turned, labels_of({}, corpus))], 100)
    assert sheet.title == "What acoustic adds to text (emotion)"
    assert sheet.header[2:4] == ["fused", "text, refitted"]
    assert not any("method and branches together" in note for note in sheet.notes)
    turned["emotion"]["fused"] = replace(fused, info=replace(fused.info, system="mean"))
    (sheet,) = claim_sheets([(turned, labels_of({}, corpus))], 100)
    assert any(note.startswith("The branches are joined by mean") for note in sheet.notes)


def test_a_closer_look_marks_what_the_results_mark(corpus):
    systems = run_of(corpus)
    fused = systems["emotion"]["fused"]
    systems["emotion"]["fused"] = replace(fused, info=replace(fused.info, transductive=True))
    labels = labels_of(systems, corpus)
    looks = [*group_sheets(systems, labels, ["gender"], 100)[:1], *calibration_sheets(systems, labels, 100), *vote_sheets(systems, labels)]
    for sheet in looks:
        assert {row[sheet.header.index("split")] for row in sheet.rows} == {"dev*", "test1"}
        assert {row[sheet.header.index("system")] for row in sheet.rows} >= {"acoustic", "fused†"}
        assert [note[0] for note in sheet.notes[-2:]] == ["*", "†"]
    gain, text, of_attributes, distributions, errors = claim_sheets([(systems, labels)], 100)
    assert [sheet.header[3] for sheet in (gain, text)] == ["fused†", "acoustic, refitted"]
    for sheet in (of_attributes, errors):  # which nothing transductive is among
        assert sheet.notes[-1].startswith("* in-sample")
        assert "dev*" in {row[sheet.header.index("split")] for row in sheet.rows}
    assert not any("*" in cell for row in distributions.rows for cell in row)  # no score


def test_a_truth_file_leaves_the_labels_of_the_split_that_tunes_to_what_is_fitted_there(corpus, tmp_path):
    """Scalings are fitted on dev, and shifts are stated against it, where the truth that is kept apart is of test1 alone."""
    held = slice(N // 2, N)
    withheld = corpus.with_columns(emotion=[*corpus.column("emotion")[: N // 2], *[None] * (N // 2)])
    path = tmp_path / "truth.csv"
    ids, emotions = corpus.column("id")[held], corpus.column("emotion")[held]
    values = zip(*(corpus.column(name)[held] for name in ("arousal", "valence", "dominance")), strict=True)
    rows = [f"{id}.wav,{'S' if e == 'sad' else 'X'},{a},{v},{d}" for id, e, (a, v, d) in zip(ids, emotions, values, strict=True)]
    path.write_text("\n".join(["FileName,EmoClass,EmoAct,EmoVal,EmoDom", *rows]) + "\n")
    systems = {"attributes": run_of(corpus)["attributes"]}
    apart = labels_apart(systems, withheld, path)
    (_, shifts, _) = claim_sheets([(systems, apart)], 100)
    assert {row[2] for row in shifts.rows if row[1] == "truth"} == {"dev", "test1"}
    assert "Mean against dev" in shifts.notes[0]
    systems = {"emotion": {"acoustic": logits(corpus, "acoustic", 1.0)}}
    apart = replace(apart, truths={"emotion": dict(zip(ids, emotions, strict=True))})
    (sheet,) = calibration_sheets(systems, apart, 100)
    (whole,) = calibration_sheets(systems, labels_of(systems, corpus), 100)
    assert sheet.rows == whole.rows


def test_a_system_without_input_on_a_split_has_no_score_there_and_it_is_said(corpus):
    systems = run_of(corpus)
    silent = logits(corpus, "text", 1.0)
    silent.logits[N // 2 :] = np.nan
    systems["emotion"]["text"] = replace(silent)
    labels = labels_of(systems, corpus)
    assert "text has no input on test1, and no score." in score(systems, labels)[0].footnotes
    (groups, _), (votes,) = group_sheets(systems, labels, ["gender", "agreement"], 100), vote_sheets(systems, labels)
    assert {row[1] for row in groups.rows if row[0] == "text"} == {row[0] for row in votes.rows if row[1] == "text"} == {"dev*"}


def test_a_grouping_that_the_table_does_not_tell_is_named(corpus):
    systems = run_of(corpus)
    half = corpus.with_columns(gender=[*corpus.column("gender")[: N // 2], *[None] * (N // 2)])
    sheet = group_sheets(systems, labels_of(systems, half), ["gender"], 100)[0]
    assert "test1: the table does not tell gender of any utterance." in sheet.notes


def test_speakers_and_genders_of_a_truth_file_group_its_utterances(corpus, tmp_path):
    unknown = corpus.with_columns(speaker=[None] * N, gender=[None] * N)
    path = tmp_path / "truth.csv"
    rows = [f"u{i}.wav,{'S' if i % 2 else 'X'},{i % 6},{'Female' if i % 2 else 'Unknown'}" for i in range(N // 2, N)]
    path.write_text("\n".join(["FileName,EmoClass,SpkrID,Gender", *rows]) + "\n")
    named = with_speakers(unknown, path)
    assert named.info.fingerprint == unknown.info.fingerprint
    assert named.column("gender")[-2:] == [None, "female"]
    systems = {"emotion": {"acoustic": logits(unknown, "acoustic", 1.0)}}
    (table,) = score(systems, labels_apart(systems, unknown, path))
    assert {*table.results[0].sample.groups} == {"speaker 1", "speaker 3", "speaker 5"}
    assert unknown.speaker_groups()[-1] == f"id u{N - 1}"


def test_a_run_stands_under_the_row_of_the_paper_whose_config_it_was_started_with(corpus, tmp_path):
    row = TABLE_2["emotion"][0]
    scored = {}
    for name, config in (("theirs", f"--config=run/{row.config}.yaml"), ("ours", "--config=run/podcast_small.yaml")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "run.json").write_text(json.dumps({"command": ["emojudge", "run", config, "--out", "x"]}))
        scored[name] = score_run({"emotion": run_of(corpus)["emotion"]}, corpus)
    (sheet,) = published_sheets({name: tmp_path / name for name in scored}, scored)
    found = scored["theirs"][0].score("fused + rules judge", "dev", "macro_f1")
    assert sheet.rows[1][:2] == ["theirs: fused + rules judge", f"{found:.4f}"]
    assert not any("ours" in cell for line in sheet.rows for cell in line)
    assert sheet.notes == [
        "Rows of runs: without their intervals, which stand with the results; a dev score is in-sample, as the paper's is."
    ]
    (alone,) = published_sheets({"ours": tmp_path / "ours"}, {"ours": scored["ours"]})
    assert alone.notes[-1] == NO_RUN
    seen = [replace(table, results=[replace(r, transductive=True) for r in table.results]) for table in scored["theirs"]]
    (marked,) = published_sheets({"theirs": tmp_path / "theirs"}, {"theirs": seen})
    assert marked.rows[1][0] == "theirs: fused + rules judge†"
    assert marked.notes[-1].startswith("† transductive")
    (tmp_path / "ours" / "run.json").write_text("{")
    with pytest.raises(EmojudgeError, match=r"run\.json: not readable"):
        published_sheets({"ours": tmp_path / "ours"}, {"ours": scored["ours"]})
