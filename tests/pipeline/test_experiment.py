"""``emojudge run``: the main path, what is kept, and what stops it."""

import csv
import io
import json
import shutil
import sqlite3

import numpy as np
import pytest
import soundfile
import torch
import yaml

from emojudge.cli.main import main
from emojudge.corpus import read_table, write_splits
from emojudge.evaluation import score_emotions
from emojudge.fusion import EmotionFusion
from emojudge.pipeline.ledger import entries
from emojudge.predictions import load_predictions

SYSTEMS = ["acoustic", "acoustic, refitted", "text", "fused", "fused + rules judge"]


@pytest.fixture
def copy(finished, tmp_path, tiny_corpus):
    """A copy of the finished run that a test may change."""
    run = type(finished)(tmp_path, tiny_corpus)
    shutil.rmtree(run.corpus)
    run.corpus = finished.corpus
    run.config = finished.config
    shutil.copytree(finished.out, run.out)
    return run


def first_consensus_row(run, **changes):
    """Change the first row of the consensus file and return its file name."""
    path = run.corpus / "Labels" / "labels_consensus.csv"
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    rows[0] |= changes
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return rows[0]["FileName"]


def test_the_table_has_a_row_for_each_system_and_a_column_for_each_split_with_labels(finished):
    with (finished.out / "results.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert list(dict.fromkeys(row["system"] for row in rows)) == SYSTEMS
    assert list(dict.fromkeys(row["split"] for row in rows)) == ["dev", "test1"]
    assert {row["split"]: row["in_sample"] for row in rows} == {"dev": "true", "test1": "false"}
    assert "| fused + rules judge |" in (finished.out / "results.md").read_text()


def test_the_printed_scores_are_those_of_the_predictions_files(finished):
    table = read_table(finished.out / "table.parquet")
    truth = dict(zip(table.column("id"), table.column("emotion"), strict=True))
    predictions = load_predictions(finished.out / "fusion" / "fused.parquet").of_split("test1")
    expected = score_emotions([truth[id] for id in predictions.id], predictions.labels(), predictions.info.classes)
    with (finished.out / "results.csv").open() as file:
        row = next(row for row in csv.DictReader(file) if (row["system"], row["split"]) == ("fused", "test1"))
    assert float(row["macro_f1"]) == pytest.approx(expected["macro_f1"], abs=1e-6)


def test_every_system_predicts_every_utterance_outside_train(finished):
    table = read_table(finished.out / "table.parquet")
    expected = [id for id, split in zip(table.column("id"), table.column("split"), strict=True) if split != "train"]
    names = json.loads((finished.out / "systems.json").read_text())["emotion"]
    assert list(names) == SYSTEMS
    for path in names.values():
        predictions = load_predictions(finished.out / path)
        assert predictions.id == expected
        assert predictions.info.corpus == table.info.fingerprint


def test_withheld_transcripts_leave_the_acoustic_branch_and_are_marked(finished):
    fused = load_predictions(finished.out / "fusion" / "fused.parquet").of_split("test3")
    assert set(fused.used) == {"acoustic"}
    assert load_predictions(finished.out / "text" / "predictions.parquet").of_split("test3").labels() == [None] * len(fused)


def test_rows_of_the_fitting_split_are_out_of_fold(finished):
    fused = load_predictions(finished.out / "fusion" / "fused.parquet")
    assert (fused.of_split("dev").fold >= 0).all()
    assert (fused.of_split("test1", "test3").fold == -1).all()


def test_the_judge_reviewed_every_fused_label_and_its_words_are_kept(finished):
    refined = load_predictions(finished.out / "judge" / "refined.parquet")
    fused = load_predictions(finished.out / "fusion" / "fused.parquet")
    changed = [a != b for a, b in zip(refined.label, fused.labels(), strict=True)]
    assert changed == [code == "changed" for code in refined.reason_code]
    with sqlite3.connect(finished.out / "judge" / "journal.sqlite") as journal:
        assert journal.execute("SELECT count(*) FROM requests WHERE state = 'answered'").fetchone() == (len(fused),)
    assert json.loads((finished.out / "judge" / "summary.json").read_text())["judge"] == "rules-v1"


def test_neither_ids_nor_paths_reach_the_judge(finished):
    with sqlite3.connect(finished.out / "judge" / "journal.sqlite") as journal:
        cases = [row[0] for row in journal.execute('SELECT "case" FROM requests')]
    table = read_table(finished.out / "table.parquet")
    assert cases
    for case in cases:
        assert "MSP-PODCAST" not in case
        assert str(finished.corpus) not in case
    assert not any(f'"{speaker}"' in case for case in cases for speaker in set(table.column("speaker")) - {None})


def test_the_saved_fusion_gives_the_held_out_rows_of_the_file(finished):
    branches = [load_predictions(finished.out / name / "predictions.parquet").of_split("test1") for name in ("acoustic", "text")]
    again = EmotionFusion.load(finished.out / "fusion" / "fused.json").predict(branches)
    kept = load_predictions(finished.out / "fusion" / "fused.parquet").of_split("test1")
    np.testing.assert_allclose(again.logits, kept.logits)


def test_the_record_tells_versions_arguments_and_inputs(finished):
    record = json.loads((finished.out / "run.json").read_text())
    assert record["arguments"]["corpus"]["options"] == {"root": str(finished.corpus)}
    assert {"torch", "scikit-learn"} <= set(record["packages"])
    assert list(record["stages"])[:3] == ["corpus", "acoustic: training", "acoustic: predictions"]


def test_a_second_start_changes_nothing(copy, capsys):
    before = {path: path.stat().st_mtime_ns for path in copy.out.rglob("*.parquet")}
    assert copy.start() == 0
    out = capsys.readouterr().out
    assert out.count("nothing changed, kept") == 10
    assert {path: path.stat().st_mtime_ns for path in copy.out.rglob("*.parquet")} == before


def test_another_fusion_setting_runs_only_what_depends_on_it(copy, capsys):
    assert copy.start("--fusion.target_prior=natural") == 0
    out = capsys.readouterr().out
    assert "text: predictions: nothing changed, kept" in out
    assert "fused: done" in out
    assert "description of the sound: nothing changed, kept" in out
    assert EmotionFusion.load(copy.out / "fusion" / "fused.json").target_prior == "natural"


def test_truth_kept_apart_scores_its_split(finished, capsys):
    assert main(["report", str(finished.out), "--truth", str(finished.corpus / "test3_truth.csv")]) == 0
    out = capsys.readouterr().out
    assert "test3" in out
    assert "test1" not in out


def test_truth_of_another_corpus_is_refused(finished, tmp_path, capsys):
    path = tmp_path / "truth.csv"
    path.write_text("FileName,EmoClass\nother_0001.wav,A\n")
    assert main(["report", str(finished.out), "--truth", str(path)]) == 1
    assert "other_0001" in capsys.readouterr().err


def test_truth_of_the_split_that_tunes_is_marked_in_sample(finished, capsys):
    truth = finished.corpus / "Labels" / "labels_consensus.csv"
    assert main(["report", str(finished.out), "--truth", str(truth), "--split", "dev"]) == 0
    assert "in-sample" in capsys.readouterr().out


def test_several_runs_are_shown_as_mean_and_spread(finished, copy, capsys):
    assert main(["report", str(finished.out), str(copy.out), "--compare", "fused", "text"]) == 0
    out = capsys.readouterr().out
    assert "± 0.000" in out
    assert "fused minus text" in out
    assert "95 % over 2 seeds" in out
    assert sum("* in-sample" in line for line in out.splitlines()) == 1


def test_report_writes_the_table_where_asked(finished, tmp_path):
    assert main(["report", str(finished.out), "--out", str(tmp_path / "table")]) == 0
    for ending in ("md", "csv", "tex", "json"):
        assert (tmp_path / f"table.{ending}").read_text() == (finished.out / f"results.{ending}").read_text()


@pytest.mark.parametrize(
    ("options", "message"),
    [(["--split", "dev"], "--split needs --truth"), (["--twice"], "same run"), (["--trut", "x"], "Did you mean '--truth'")],
)
def test_report_refuses_options_that_would_do_nothing(finished, options, message, capsys):
    twice = [str(finished.out)] * 2 if options == ["--twice"] else [str(finished.out), *options]
    assert main(["report", *twice]) == 2
    assert message in capsys.readouterr().err


def test_the_judges_settings_reach_prompt_rule_and_case(copy):
    assert copy.start("--judge.threshold=0.6", "--judge.speaker=gender") == 0
    with sqlite3.connect(copy.out / "judge" / "journal.sqlite") as journal:
        prompts = [row[0] for row in journal.execute("SELECT text FROM prompts")]
        cases = [json.loads(row[0]) for row in journal.execute('SELECT "case" FROM requests')]
    assert 0.6 in [json.loads(prompt)["threshold"] for prompt in prompts]
    assert {"female", "male"} & {case.get("speaker") for case in cases}
    assert json.loads((copy.out / "judge" / "summary.json").read_text())["threshold"] == 0.6


def test_recorded_replies_change_labels_under_the_name_of_their_model(copy, tmp_path, capsys):
    fused = load_predictions(copy.out / "fusion" / "fused.parquet")
    wanted = {id: next(c for c in fused.info.classes if c != label) for id, label in zip(fused.id, fused.labels(), strict=True)}
    replies = [{"utterance": id, "raw": json.dumps({"label": label, "confidence": 95, "reason": "heard"})} for id, label in wanted.items()]
    replies[0]["raw"] = json.dumps({"label": wanted[fused.id[0]], "confidence": 80, "reason": "not sure enough"})
    replies[1]["raw"] = "I think the label is right."
    path = tmp_path / "replies.jsonl"
    path.write_text("".join(json.dumps(reply) + "\n" for reply in replies))
    assert copy.start("--judge.client=replay", f"--judge.replies={path}", "--judge.model=some-model") == 0
    refined = load_predictions(copy.out / "judge" / "refined.parquet")
    assert refined.reason_code[:3] == ["kept_below_threshold", "kept_invalid", "changed"]
    assert refined.label[2:] == [wanted[id] for id in fused.id[2:]]
    assert "fused + some-model judge" in capsys.readouterr().out


def test_no_judge_leaves_its_row_out(copy):
    assert copy.start("--judge.client=none") == 0
    assert list(json.loads((copy.out / "systems.json").read_text())["emotion"]) == SYSTEMS[:-1]


def test_corrected_replies_count(copy, tmp_path):
    fused = load_predictions(copy.out / "fusion" / "fused.parquet")
    path = tmp_path / "replies.jsonl"
    for confidence in (95, 30):
        replies = [{"utterance": id, "raw": json.dumps({"label": "sad", "confidence": confidence, "reason": "heard"})} for id in fused.id]
        path.write_text("".join(json.dumps(reply) + "\n" for reply in replies))
        assert copy.start("--judge.client=replay", f"--judge.replies={path}") == 0
        refined = load_predictions(copy.out / "judge" / "refined.parquet")
        assert (refined.label == ["sad"] * len(fused)) == (confidence == 95)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--judge.client=replay"], "judge.replies"),
        (["--judge.threshold=80"], "0.8 for 80 percent"),
        (["--judge.prompt=papr"], "papr"),
        (["--fusion.target_prior=unifrm"], "unifrm"),
        (["--fusion.folds=1"], "at least 2"),
        (["--judge.reference_utterances=-1"], "reference_utterances"),
    ],
)
def test_settings_that_a_later_stage_would_refuse_are_refused_before_training(run, options, message, capsys):
    assert run.start(*options) == 1
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert not (run.out / "acoustic").exists()


def test_a_class_that_cannot_be_tuned_on_is_refused_before_training(run, capsys):
    path = run.corpus / "Labels" / "labels_consensus.csv"
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        if row["Split_Set"] == "Development" and row["EmoClass"] == "N":
            row["EmoClass"] = "X"
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    assert run.start() == 1
    assert "no utterance of neutral" in capsys.readouterr().err
    assert not (run.out / "acoustic").exists()


def test_runs_of_different_corpora_are_not_averaged(finished, copy, capsys):
    table = read_table(copy.out / "table.parquet")
    table.select(range(len(table) - 1)).save(copy.out / "table.parquet")
    assert main(["report", str(finished.out), str(copy.out)]) == 1
    assert "different corpora" in capsys.readouterr().err


@pytest.mark.slow
def test_runs_on_folds_of_one_corpus_are_averaged_as_such(finished, run, tmp_path, capsys):
    table = read_table(finished.out / "table.parquet")
    splits = table.column("split")
    splits[splits.index("test3")] = "test1"
    write_splits(table.with_columns(split=splits), tmp_path / "fold.csv")
    assert run.start(f"--corpus.splits={tmp_path / 'fold.csv'}") == 0
    assert read_table(run.out / "table.parquet").splits["test1"] == table.splits["test1"] + 1
    capsys.readouterr()
    assert main(["report", str(finished.out), str(run.out)]) == 0
    assert "over 2 folds" in capsys.readouterr().out


def test_predictions_of_another_corpus_are_refused(copy, capsys):
    other = load_predictions(copy.out / "text" / "predictions.parquet")
    object.__setattr__(other.info, "corpus", "0123456789abcdef")
    other.save(copy.out / "text" / "predictions.parquet")
    assert main(["report", str(copy.out)]) == 1
    assert "'text' was predicted on corpus 0123456789abcdef" in capsys.readouterr().err


def test_a_folder_that_is_no_run_is_refused(tmp_path, capsys):
    assert main(["report", str(tmp_path)]) == 1
    assert "not a finished run folder" in capsys.readouterr().err


def break_column(run):
    path = run.corpus / "Labels" / "labels_consensus.csv"
    path.write_text(path.read_text().replace("EmoClass", "Emotion", 1))


def break_class(run):
    first_consensus_row(run, EmoClass="Q")


def break_audio(samples):
    def damage(run):
        path = run.corpus / "Audios" / first_consensus_row(run)
        soundfile.write(path, samples, 16_000, subtype="FLOAT")

    return damage


def break_file(run):
    (run.corpus / "Audios" / first_consensus_row(run)).write_text("no audio at all")


def lose_file(run):
    (run.corpus / "Audios" / first_consensus_row(run)).unlink()


def double_row(run):
    path = run.corpus / "Labels" / "labels_consensus.csv"
    path.write_text(path.read_text() + path.read_text().splitlines()[1] + "\n")


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (break_column, "no column 'EmoClass'"),
        (break_class, "'Q'"),
        (break_audio(np.zeros(0)), "no samples"),
        (break_audio(np.array([0.0, np.nan, 0.1])), "not finite"),
        (break_file, "not readable as audio"),
        (lose_file, "no such audio file"),
        (double_row, "MSP-PODCAST"),
    ],
)
def test_a_broken_corpus_stops_the_run_with_one_line_and_nothing_half_written(run, damage, message, capsys):
    damage(run)
    assert run.start() == 1
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert sorted(path.name for path in run.out.iterdir()) == ["run.json", "run.lock"]


def test_an_empty_split_stops_the_run(run, capsys):
    for path, words in ((run.corpus / "Labels" / "labels_consensus.csv", ",Development"), (run.corpus / "Partitions.txt", "Development;")):
        lines = path.read_text().splitlines(keepends=True)
        path.write_text("".join(line for line in lines if words not in line))
    assert run.start() == 1
    assert "no split with role 'tune'" in capsys.readouterr().err


@pytest.mark.slow
def test_skipping_bad_utterances_goes_on_counts_and_lists_them(run, capsys):
    lost = first_consensus_row(run)
    lose_file(run)
    assert run.start("--on-bad-utterance=skip") == 0
    assert "1 left out (skipped.csv)" in capsys.readouterr().out
    with (run.out / "skipped.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["id"] for row in rows] == [lost.removesuffix(".wav")]
    assert "no such audio file" in rows[0]["reason"]


def test_a_training_that_fails_says_why_in_one_line(run, capsys):
    (run.folder / "acoustic.yaml").write_text("model: {init_args: {network: {init_args: {encoder: {init_args: {chanels: 8}}}}}}\n")
    assert run.start() == 1
    error = capsys.readouterr().err
    assert "acoustic: fit failed" in error
    assert "chanels" in error
    assert error.count("\n") == 1


def test_an_unknown_setting_is_a_usage_error_with_the_nearest_name(run, capsys):
    assert run.start("--fusion.target_priors=natural") == 2
    assert "target_prior" in capsys.readouterr().err


@pytest.fixture
def text_only(copy):
    """The finished run as one of its text branch alone, without a judge: trained again in seconds."""
    config = yaml.safe_load(copy.config.read_text())
    del config["systems"]["acoustic"]
    copy.config = copy.folder / "text_only.yaml"
    copy.config.write_text(yaml.safe_dump(config | {"judge": {"client": "none"}}))
    return copy


@pytest.mark.slow
def test_another_seed_trains_again_and_puts_the_old_training_aside(text_only):
    kept = (text_only.out / "text" / "checkpoints" / "best.ckpt").read_bytes()
    assert text_only.start("--seed=1") == 0
    assert (text_only.out / "text.old-1" / "checkpoints" / "best.ckpt").read_bytes() == kept
    assert (text_only.out / "text" / "checkpoints" / "best.ckpt").read_bytes() != kept
    assert list(json.loads((text_only.out / "systems.json").read_text())["emotion"]) == ["text", "text, refitted"]


def losses_and_scores(folder):
    """What a training logs and does not depend on the machine's load."""
    with (folder / "logs" / "metrics.csv").open() as file:
        return [[row[name] for name in ("epoch", "step", "train/loss", "val/loss", "val/macro_f1")] for row in csv.DictReader(file)]


@pytest.mark.slow
@pytest.mark.parametrize("damage", ["force", "lost", "damaged"])
def test_a_finished_training_is_made_anew_when_forced_lost_or_damaged(text_only, damage):
    best = text_only.out / "text" / "checkpoints" / "best.ckpt"
    whole, written = best.read_bytes(), losses_and_scores(text_only.out / "text")
    if damage == "lost":
        best.unlink()
    elif damage == "damaged":
        best.write_bytes(whole[: len(whole) // 2])
    assert text_only.start(*(["--force"] if damage == "force" else [])) == 0
    assert (text_only.out / "text.old-1").is_dir()
    again, before = (torch.load(io.BytesIO(data), weights_only=True)["state_dict"] for data in (best.read_bytes(), whole))
    assert all(torch.equal(again[name], before[name]) for name in before)  # the same seed, trained once more
    assert losses_and_scores(text_only.out / "text") == written


@pytest.mark.slow
def test_tuning_on_another_split_changes_the_roles(text_only):
    text_only.out = text_only.folder / "another"
    assert text_only.start("--tune_on=test1") == 0
    assert read_table(text_only.out / "table.parquet").info.roles == {"train": "fit", "dev": "hold", "test1": "tune", "test3": "hold"}
    with (text_only.out / "results.csv").open() as file:
        assert {row["split"]: row["in_sample"] for row in csv.DictReader(file)} == {"dev": "false", "test1": "true"}


@pytest.mark.parametrize("role", ["--tune_on=test1", "--roles={test1: fit}"])
def test_a_split_whose_score_was_seen_is_not_chosen_on(copy, role, capsys):
    before = {path: path.read_bytes() for path in copy.out.rglob("*") if path.is_file() and path.name not in ("run.json", "run.lock")}
    assert copy.start(role) == 1
    error = capsys.readouterr().err
    assert "'test1' was scored as held out" in error
    assert "new run folder (--out)" in error
    assert "Traceback" not in error
    assert {path: path.read_bytes() for path in before} == before
    assert copy.start() == 0
    assert "fused: nothing changed, kept" in capsys.readouterr().out


def test_a_run_records_once_what_it_scored(copy):
    before = entries(copy.out)  # reports of the finished run may stand there too
    (entry,) = (entry for entry in before if entry.purpose == "results of the run")
    assert (entry.splits, entry.times) == ({"test1": 8}, 1)
    assert list(entry.systems) == [f"emotion: {system}" for system in SYSTEMS]
    assert copy.start() == 0
    assert entries(copy.out) == before


@pytest.mark.parametrize("name", ["fusion", "fused", "a/b", "", "..."])
def test_a_system_that_would_write_over_another_stage_is_refused(run, name, capsys):
    config = yaml.safe_load(run.config.read_text())
    config["systems"] = {name: config["systems"]["text"]}
    run.config.write_text(yaml.safe_dump(config))
    assert run.start() == 1
    assert "cannot be called" in capsys.readouterr().err
