"""What the ledger of held splits remembers, what it refuses, and that nothing in it is lost."""

import json
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np
import pytest

from emojudge.corpus.table import TABLE_FILE, TableInfo, build_table
from emojudge.errors import ConfigError, EmojudgeError
from emojudge.pipeline.ledger import LEDGER, entries, ledger_sheet, record, refuse_choosing, refuse_scored
from emojudge.predictions import Predictions, PredictionsInfo

IDS = list("abcdef")
SPLITS = ["train", "dev", "test1", "test1", "test3", "test3"]


def corpus(splits=SPLITS):
    return build_table({"id": IDS, "split": splits, "emotion": ["sad"] * 6}, TableInfo("corpus", classes=("sad", "calm")))


def systems(logit=1.0, **parts):
    logits = np.array([[logit, 0.0]] * 6)
    return {"emotion": {"text": Predictions(IDS, SPLITS, logits, PredictionsInfo("text", ("sad", "calm"), "c"), **parts)}}


@pytest.fixture
def run(tmp_path):
    corpus().save(tmp_path / TABLE_FILE)
    return tmp_path


def test_an_entry_says_when_what_and_why(run):
    written = record(run, ["dev", "test1"], "a look", systems())
    (entry,) = entries(run)
    assert entry == written
    assert (entry.purpose, entry.splits, list(entry.systems), entry.times) == ("a look", {"test1": 2}, ["emotion: text"], 1)
    assert entry.date.endswith("+00:00")


def test_a_split_that_tunes_is_not_recorded(run):
    assert record(run, ["train", "dev"], "a look", systems()) is None
    assert entries(run) == []
    assert not (run / LEDGER).exists()


def test_the_same_again_is_counted_and_anything_else_is_a_line_of_its_own(run):
    record(run, ["test1"], "report", systems())
    record(run, ["test1"], "report", systems())
    assert [entry.times for entry in entries(run)] == [2]
    record(run, ["test3"], "report", systems())
    record(run, ["test1"], "report", systems())
    record(run, ["test1"], "report", systems(logit=2.0))
    record(run, ["test1"], "report", systems(logit=2.0, label=["calm"] * 6))
    record(run, ["test1"], "report against truth", systems(logit=2.0, label=["calm"] * 6))
    found = entries(run)
    assert [entry.times for entry in found] == [2, 1, 1, 1, 1, 1]
    assert len({entry.systems["emotion: text"] for entry in found}) == 4  # of test1, of test3, other logits, other labels


def test_a_stage_that_repeats_itself_is_recorded_once(run):
    first = record(run, ["test1"], "results", systems(), again=False)
    record(run, ["test1"], "report", systems())
    assert record(run, ["test1"], "results", systems(), again=False) == first
    assert [(entry.purpose, entry.times) for entry in entries(run)] == [("results", 1), ("report", 1)]


def test_only_the_rows_of_held_splits_are_digested(run):
    other = systems()
    other["emotion"]["text"].logits[1] = [5.0, 0.0]  # of dev
    one, two = (record(run, ["dev", "test1"], "report", scored) for scored in (systems(), other))
    assert one.systems == two.systems


def test_a_system_without_input_on_the_held_splits_is_not_named(run):
    scored = systems()
    mute = systems()["emotion"]["text"]
    mute.logits[2:4] = np.nan  # test1
    scored["emotion"]["mute"] = mute
    assert list(record(run, ["test1"], "report", scored).systems) == ["emotion: text"]
    assert list(record(run, ["test3"], "report", scored).systems) == ["emotion: text", "emotion: mute"]


def test_choosing_on_a_scored_split_is_refused(run):
    refuse_choosing(run, ["test1"])
    record(run, ["test1"], "a look", systems())
    record(run, ["test1"], "a look", systems())
    refuse_choosing(run, ["dev", "test3"])
    with pytest.raises(
        ConfigError, match=r"'test1' was scored as held out \(first on 20\d\d-\d\d-\d\d for: a look; 2 times in all\).*new run folder"
    ):
        refuse_choosing(run, ["dev", "test1"])


def test_utterances_that_were_scored_do_not_tune_under_another_name(run):
    record(run, ["test1"], "a look", systems())
    moved = corpus(["train", "dev", "test1", "dev", "test3", "test3"])
    with pytest.raises(ConfigError, match=r"1 utterances that are now in dev \(d\) were scored as held out"):
        refuse_scored(run, moved)
    refuse_scored(run, corpus(["train", "dev", "test3", "test3", "dev", "dev"]))  # test3 was not scored


def test_a_broken_line_is_named_and_nothing_is_lost(run):
    record(run, ["test1"], "a look", systems())
    path = run / LEDGER
    for broken in ('{"half', "[1]", '{"schema_version": 9}', '{"schema_version": 1, "date": ""}'):
        text = path.read_text().splitlines()[0] + f"\n{broken}\n"
        path.write_text(text)
        with pytest.raises(EmojudgeError, match=r"ledger.jsonl: line 2 is not an entry of this release"):
            record(run, ["test3"], "another look", systems())
        assert path.read_text() == text


def test_a_ledger_that_is_no_file_is_not_taken_for_an_empty_one(run):
    (run / LEDGER).mkdir()
    with pytest.raises(OSError, match="directory"):
        entries(run)


def test_where_nothing_can_be_written_nothing_is_scored(run):
    (run / LEDGER).mkdir()  # so that a file cannot take its place
    with pytest.raises(EmojudgeError, match=r"cannot be written .*held splits \(test1\).* copy the run folder"):
        record(run, ["test1"], "a look", systems())


def _look(run, worker):
    for look in range(5):
        record(run, ["test1"], f"look {look} of {worker}", systems())


def test_entries_of_processes_at_once_are_all_kept(run):
    with ProcessPoolExecutor(3, mp_context=get_context("spawn")) as pool:
        for done in [pool.submit(_look, run, worker) for worker in range(3)]:
            done.result()
    assert sorted(entry.purpose for entry in entries(run)) == sorted(f"look {look} of {worker}" for look in range(5) for worker in range(3))


def test_the_sheet_has_a_row_an_entry(run):
    assert ledger_sheet(run).notes == ["No held split has been scored in this folder."]
    record(run, ["test1", "test3"], "report", systems())
    (row,) = ledger_sheet(run).rows
    assert row[2:] == ["1", "test1 (2), test3 (2)", "emotion: text", "report"]


def test_a_line_holds_what_a_person_can_read(run):
    record(run, ["test1"], "report", systems())
    raw = json.loads((run / LEDGER).read_text())
    assert set(raw) == {"date", "purpose", "command", "splits", "systems", "times", "last", "schema_version"}
