"""``emojudge report`` on run folders of hand-made predictions: what it prints, writes and records."""

import json
import subprocess
import sys

import pytest
from hand_made import N, make_corpus, run_of, write_run

from emojudge.cli.main import main
from emojudge.pipeline.ledger import entries


@pytest.fixture(scope="module")
def corpus():
    return make_corpus()


@pytest.fixture
def runs(corpus, tmp_path):
    """Two run folders that differ in their seed."""
    folders = []
    for seed in range(2):
        folders.append(tmp_path / f"seed-{seed}")
        folders[-1].mkdir()
        write_run(folders[-1], corpus, run_of(corpus, 10 * seed))
    return [str(folder) for folder in folders]


def report(*arguments, capsys=None):
    assert main(["report", *arguments, "--resamples", "100"]) == 0
    return "" if capsys is None else capsys.readouterr().out


def test_everything_that_can_be_asked_for_is_printed_and_written(runs, tmp_path, capsys):
    looks = ["--by", "gender", "--by", "split", "--calibration", "--votes", "--claims", "--paper"]
    out = report(runs[0], *looks, "--compare", "fused", "acoustic", "--out", str(tmp_path / "all"), capsys=capsys)
    sheets = json.loads((tmp_path / "all.json").read_text())["sheets"]
    titles = [sheet["title"] for sheet in sheets]
    assert [title for title in titles if title not in out] == []
    for words in ("by group", "Calibration", "votes", "What text adds", "Table 2", "fused minus acoustic"):
        assert any(words in title for title in titles), words
    assert (tmp_path / "all.md").read_text().count("\n| ---") == (tmp_path / "all.tex").read_text().count(r"\toprule") == len(sheets)


def test_scoring_a_held_split_is_recorded_with_its_purpose_and_dev_alone_is_not(runs, corpus, tmp_path):
    report(runs[0], "--purpose", "choosing a figure for the paper")
    (entry,) = entries(runs[0])
    assert (entry.purpose, entry.splits) == ("choosing a figure for the paper", {"test1": N // 2})
    path = tmp_path / "truth.csv"
    path.write_text("\n".join(["FileName,EmoClass", *(f"u{i}.wav,S" for i in range(N // 2))]) + "\n")
    report(runs[1], "--truth", str(path), "--split", "dev")
    assert entries(runs[1]) == []
    assert main(["report", *runs, "--ledger"]) == 0
    assert len(entries(runs[0])) == 1


def test_several_runs_are_recorded_each_and_written_together(runs, tmp_path, capsys):
    out = report(*runs, "--by", "gender", "--out", str(tmp_path / "both"), capsys=capsys)
    assert "macro-F1, mean ± deviation over 2 seeds" in out
    assert "seed-1: macro_f1 by group" in out
    assert [len(entries(run)) for run in runs] == [1, 1]
    records = json.loads((tmp_path / "both.json").read_text())["results"]
    assert [record["run"] for record in records].count("mean") == len(records) / 3


def test_no_intervals_are_computed_where_none_are_wanted(runs, capsys):
    assert main(["report", runs[0], "--no-intervals"]) == 0
    assert "95 %" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--reference", "fusde"], "there is no system 'fusde' (found: acoustic; acoustic, refitted; fused; fused + rules judge)"),
        (["--compare", "fused + rules judge", "nobody"], "there is no system 'nobody'"),
        (["--by", "gendre"], "Did you mean 'gender'?"),
        (["--by", "duration"], "has no utterance with duration"),
    ],
)
def test_what_the_runs_do_not_have_is_one_line_and_recorded_nowhere(runs, options, words, capsys):
    assert main(["report", runs[0], *options]) == 1
    error = capsys.readouterr().err
    assert words in error
    assert error.count("\n") == 1
    assert entries(runs[0]) == []


def test_a_report_takes_scikit_learn_for_calibration_alone():
    code = "import sys, emojudge.pipeline.results.closer; print('sklearn' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.split() == ["False"]
