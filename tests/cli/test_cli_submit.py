"""``emojudge submit``: from a run to a file that a challenge takes, and back."""

import json

import pytest
from run_files import write_run

from emojudge.cli.main import main


@pytest.fixture
def run(tmp_path):
    write_run(tmp_path / "run")
    return tmp_path / "run"


@pytest.fixture
def submit(tmp_path, capsys):
    """Return a function that calls the command and returns exit status, output and error."""

    def call(*arguments):
        status = main(["submit", *map(str, arguments)])
        told = capsys.readouterr()
        assert "Traceback" not in told.err
        return status, told.out, told.err

    return call


def test_what_is_written_passes_its_own_check(run, submit, tmp_path):
    for task, header in (("emotion", "FileName,EmoClass"), ("attributes", "FileName,EmoAct,EmoVal,EmoDom")):
        path = tmp_path / f"{task}.csv"
        status, said, _ = submit(run, "--system=acoustic", f"--task={task}", f"--out={path}")
        assert (status, "12 rows of test3, acoustic" in said) == (0, True)
        lines = path.read_text().splitlines()
        assert lines[0] == header
        assert [line.split(",")[0] for line in lines[1:]] == [f"MSP_test3_{i:03d}.wav" for i in range(12)]
        assert submit(run, f"--check={path}")[:2] == (0, f"{path}: a whole submission of task '{task}' for test3, 12 rows\n")


def test_a_fused_file_is_submitted_with_its_table(run, submit, tmp_path):
    assert main(["fuse", str(run / "acoustic.parquet"), f"--table={run}", f"--out={tmp_path / 'fused'}", "--method=mean"]) == 0
    assert submit(tmp_path / "fused.parquet", f"--out={tmp_path / 's.csv'}")[0] == 1
    assert submit(tmp_path / "fused.parquet", f"--table={run}", f"--out={tmp_path / 's.csv'}")[0] == 0
    assert submit(f"--table={run / 'table.parquet'}", f"--check={tmp_path / 's.csv'}")[0] == 0


def test_who_submits_says_which_system(run, submit, tmp_path):
    out = f"--out={tmp_path / 's.csv'}"
    assert submit(run, out)[2] == f"emojudge: {run} predicts emotion and attributes; name one with --task\n"
    assert "name the one to submit with --system ('acoustic', 'text')" in submit(run, out, "--task=emotion")[2]
    assert "Did you mean 'acoustic'?" in submit(run, out, "--task=emotion", "--system=acustic")[2]
    (run / "systems.json").write_text(json.dumps({"emotion": {"acoustic": "acoustic.parquet"}, "attributes": {"text": "text_v.parquet"}}))
    assert "'text' does not predict emotion; these do: 'acoustic'" in submit(run, out, "--task=emotion", "--system=text")[2]
    (run / "systems.json").write_text(json.dumps({"emotion": {"acoustic": "acoustic.parquet"}}))
    assert "run predicts emotion, not attributes" in submit(run, out, "--task=attributes")[2]
    assert list(tmp_path.glob("*.csv")) == []
    assert submit(run, out)[0] == 0  # one system of one task


@pytest.mark.parametrize(("task", "fallback", "cells"), [("emotion", "neutral", "N"), ("attributes", "4", "4.000000,4.000000,4.000000")])
def test_rows_without_input_need_a_declared_fallback(run, submit, tmp_path, task, fallback, cells):
    asked = [run, "--system=text", f"--task={task}", f"--out={tmp_path / 's.csv'}"]
    status, _, error = submit(*asked)
    assert status == 1
    assert "2 utterances without input have no prediction (test3_000, test3_005)" in error
    status, said, _ = submit(*asked, f"--fallback={fallback}")
    assert status == 0
    assert f"2 rows without input got the fallback {fallback}" in said
    assert f"MSP_test3_005.wav,{cells}" in (tmp_path / "s.csv").read_text().splitlines()


def test_the_fallback_may_be_the_mean_of_train(run, submit, tmp_path):
    from emojudge.corpus import read_table

    assert submit(run, "--system=text", "--task=attributes", f"--out={tmp_path / 's.csv'}", "--fallback=train-mean")[0] == 0
    row = (tmp_path / "s.csv").read_text().splitlines()[1].split(",")
    table = read_table(run / "table.parquet")
    means = [sum(table.column(name)[:40]) / 40 for name in ("arousal", "valence", "dominance")]
    assert [float(cell) for cell in row[1:]] == pytest.approx(means, abs=1e-6)


def test_a_row_too_few_is_said_and_exits_with_1(run, submit, tmp_path):
    path = tmp_path / "s.csv"
    assert submit(run, "--system=acoustic", "--task=emotion", f"--out={path}")[0] == 0
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:-1]))
    status, said, error = submit(run, f"--check={path}")
    assert status == 1
    assert said.splitlines() == [f"{path}: no row of 'MSP_test3_011.wav'", f"{path}: 11 rows, expected 12"]
    assert error == f"emojudge: {path}: 2 faults; it would not be taken\n"


def test_of_many_faults_the_first_are_shown(run, submit, tmp_path):
    (tmp_path / "s.csv").write_text("FileName,EmoClass\n" + "x,y\n" * 30)
    status, said, error = submit(run, f"--check={tmp_path / 's.csv'}")
    assert (status, len(said.splitlines())) == (1, 20)
    assert "more are not shown" in error


def test_a_file_that_cannot_be_written_leaves_nothing(run, submit, tmp_path):
    (tmp_path / "taken").write_text("")
    status, _, error = submit(run, "--system=acoustic", "--task=emotion", f"--out={tmp_path / 'taken' / 's.csv'}")
    assert (status, error.count("\n")) == (1, 1)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "--out --check"),
        (["--check=x.csv"], "name a run folder or --table"),
        (["--out=x.csv", "--table=t"], "name a run folder"),
        (["run", "--check=x.csv", "--system=fused"], "--system and --fallback are for writing one"),
        (["run", "--out=x.csv", "--sytem=fused"], "'--system'"),
    ],
)
def test_usage_errors_exit_with_2(submit, arguments, said):
    status, _, error = submit(*arguments)
    assert status == 2
    assert said in error


def test_a_split_that_is_not_there_is_named(run, submit, tmp_path):
    assert (
        "no utterance in split 'test4'" in submit(run, "--system=acoustic", "--task=emotion", "--split=test4", f"--out={tmp_path / 's'}")[2]
    )
