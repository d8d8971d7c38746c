"""``emojudge demo``: what it starts, and the caution that goes with its figures."""

import pytest

from emojudge.cli import run
from emojudge.cli.main import main
from emojudge.configs import find_config
from emojudge.corpus import load_table
from emojudge.corpus.readers.synthetic import CAUTION
from emojudge.evaluation.evidence_sheets import sheets_of
from emojudge.pipeline.results import score_run
from emojudge.predictions import Predictions, PredictionsInfo


@pytest.fixture
def started(monkeypatch):
    """The arguments with which a demo starts a run."""
    calls = []
    monkeypatch.setattr(run, "main", lambda arguments: calls.append(arguments) or 0)
    return calls


def test_it_runs_the_shipped_experiment_on_a_corpus_in_its_own_folder(started):
    assert main(["demo", "--out", "somewhere", "--seed", "3", "--corpus-seed", "12", "--force"]) == 0
    command, config, *options = started[0]
    assert command == "run"
    assert find_config(config.removeprefix("--config=")).is_file()
    expected = ["--out=somewhere", "--seed=3", "--corpus.options.root=somewhere/corpus", "--corpus.options.seed=12", "--force"]
    assert options == expected


def test_a_mistyped_option_is_a_usage_error(started, capsys):
    assert main(["demo", "--sed", "3"]) == 2
    assert "Did you mean '--seed'" in capsys.readouterr().err
    assert not started


def test_figures_on_a_synthetic_corpus_carry_their_caution(tmp_path):
    table = load_table("synthetic", root=tmp_path / "corpus", utterances=64, speakers=10)
    ids, splits, emotions = (table.column(name) for name in ("id", "split", "emotion"))
    logits = [[float(name == emotion) for name in table.info.classes] for emotion in emotions]
    predictions = Predictions(ids, splits, logits, PredictionsInfo("oracle", table.info.classes, table.info.fingerprint))
    (results,) = score_run({"emotion": {"oracle": predictions}}, table)
    assert CAUTION in results.footnotes
    assert CAUTION in sheets_of([results])[0].to_markdown()
    assert all(result.scores["macro_f1"] == 1 for result in results.results)
