"""``emojudge fuse`` on files: what it writes, what it says, and what it refuses."""

import json

import numpy as np
import pytest
from run_files import SPLITS, write_run

from emojudge.cli.fuse import METHODS
from emojudge.cli.main import main
from emojudge.corpus.by_role import train_prior, training_ids, tuning_labels
from emojudge.corpus.truth import attributes_of
from emojudge.errors import ConfigError, CorpusError
from emojudge.fusion import AttributeFusion, EmotionFusion, moments_of
from emojudge.predictions import load_predictions


@pytest.fixture
def run(tmp_path):
    """A run folder as its path and its table."""
    return tmp_path / "run", write_run(tmp_path / "run")


@pytest.fixture
def fuse(run, tmp_path, capsys):
    """Return a function that fuses files of the run into ``out`` and returns exit status, output and error."""

    def call(*arguments, files=("acoustic.parquet", "text.parquet"), table=True):
        given = [f"{name.rpartition('=')[0]}{'=' if '=' in name else ''}{run[0] / name.rpartition('=')[2]}" for name in files]
        status = main(["fuse", *given, f"--out={tmp_path / 'out'}", *([f"--table={run[0]}"] if table else []), *arguments])
        told = capsys.readouterr()
        assert "Traceback" not in told.err
        return status, told.out, told.err

    return call


def test_the_files_are_what_the_library_gives(run, fuse, tmp_path):
    folder, table = run
    status, said, _ = fuse("--target-prior=natural", "--folds=2", "--seed=2")
    assert status == 0
    groups = dict(zip(table.column("id"), table.speaker_groups(), strict=True))
    fusion = EmotionFusion("natural", folds=2, seed=2)
    expected = fusion.fit_predict(
        [load_predictions(folder / f"{n}.parquet") for n in ("acoustic", "text")], tuning_labels(table, "emotion"), groups
    )
    fused = load_predictions(tmp_path / "out.parquet")
    assert np.array_equal(fused.logits, expected.logits)
    assert fused.fold.tolist() == expected.fold.tolist()
    assert {s: set(fused.fold[np.array(fused.split) == s] >= 0) for s in SPLITS if s != "train"} == {
        "dev": {True},
        "dev2": {True},
        "test1": {False},
        "test3": {False},
    }
    assert "fitted on 144 labelled utterances of dev, dev2" in said
    assert f"C = {fusion.models_['acoustic+text'].c:.3g} of 13 tried, cross-validated, macro-F1 under the natural prior" in said
    assert "178 utterances from acoustic+text, 2 utterances from acoustic" in said


def test_a_fusion_applied_gives_its_own_rows_again(fuse, tmp_path, caplog):
    assert fuse("--method=interpolation")[0] == 0
    fitted = load_predictions(tmp_path / "out.parquet").of_split("test1", "test3")
    (tmp_path / "out.json").rename(tmp_path / "fusion.json")
    status, said, _ = fuse(f"--apply={tmp_path / 'fusion.json'}", table=False)
    assert (status, (tmp_path / "out.json").exists()) == (0, False)
    assert np.array_equal(load_predictions(tmp_path / "out.parquet").of_split("test1", "test3").logits, fitted.logits)
    assert "utterances from acoustic" in said
    assert "fitted on dev, dev2: its rows of that are in-sample" in caplog.text


def test_it_is_fitted_on_the_splits_that_are_named(fuse, tmp_path):
    assert fuse("--fit-splits", "dev", "--method=mean")[0] == 0
    fused = load_predictions(tmp_path / "out.parquet")
    assert {s for s, fold in zip(fused.split, fused.fold, strict=True) if fold >= 0} == {"dev"}
    assert json.loads((tmp_path / "out.json").read_text())["fitted_on"]["splits"] == ["dev"]


@pytest.mark.parametrize(
    ("split", "why"), [("test1", "is held out for scoring"), ("train", "what the networks were trained on"), ("dve", "has no split 'dve'")]
)
def test_nothing_is_fitted_on_a_split_that_does_not_tune(fuse, tmp_path, split, why):
    status, _, error = fuse("--fit-splits", "dev", split)
    assert status == 1
    assert why in error
    assert not (tmp_path / "out.parquet").exists()


@pytest.mark.parametrize("asked", [[], ["--moments=train"]])
def test_attributes_get_the_moments_of_train(run, fuse, tmp_path, asked):
    status, said, _ = fuse(*asked, "--method=mean", files=("acoustic_v.parquet", "text_v.parquet"))
    assert status == 0
    assert "weights acoustic 0.50, text 0.50, on the fitted rows, CCC of valence" in said
    moments = moments_of(attributes_of(run[1]), training_ids(run[1]))
    settings = AttributeFusion.load(tmp_path / "out.json").moments
    assert {name: tuple(pair) for name, pair in settings.items()} == {name: pytest.approx(pair) for name, pair in moments.items()}
    assert moments["valence"][0] == pytest.approx(np.mean(run[1].column("valence")[:40]))


def test_moments_are_left_as_they_come_on_request(fuse, tmp_path):
    assert fuse("--moments=none", "--method=mean", files=("acoustic_v.parquet", "text_v.parquet"))[0] == 0
    assert AttributeFusion.load(tmp_path / "out.json").moments is None


def test_the_prior_of_train_is_that_of_its_labels(run, fuse, tmp_path):
    assert fuse("--target-prior=train", "--method=mean")[0] == 0
    assert EmotionFusion.load(tmp_path / "out.json").train_prior == [5 / 40] * 8 == train_prior(run[1])
    assert fuse("--target-prior=0.3,0.1,0.1,0.1,0.1,0.1,0.1,0.1", "--method=mean")[0] == 0
    assert EmotionFusion.load(tmp_path / "out.json").target_prior == [0.3] + [0.1] * 7


def test_an_estimated_prior_is_said_to_be_transductive(fuse):
    status, said, _ = fuse("--target-prior=estimated", "--folds=2")
    assert status == 0
    assert "transductive:" in said
    assert "macro-F1 under the natural prior" in said


def test_a_fusion_applied_says_that_it_is_transductive_and_which_rows_are_in_sample(fuse, tmp_path, caplog):
    assert fuse("--target-prior=estimated", "--folds=2", "--fit-splits=dev2")[0] == 0
    (tmp_path / "out.json").rename(tmp_path / "fusion.json")
    assert not caplog.text
    _, said, _ = fuse(f"--apply={tmp_path / 'fusion.json'}", table=False)
    assert "transductive:" in said
    assert "fitted on dev2: its rows of that are in-sample" in caplog.text


def test_every_method_of_either_task_can_be_asked_for():
    assert {*METHODS} == {*EmotionFusion.METHODS, *AttributeFusion.METHODS}


def test_seeds_of_one_network_are_named_apart(fuse, tmp_path):
    status, _, error = fuse(files=("acoustic.parquet", "acoustic.parquet"))
    assert status == 1
    assert "name them apart, as in acoustic-2=" in error
    assert fuse("--method=mean", files=("one=acoustic.parquet", "two=acoustic.parquet"))[0] == 0
    assert set(load_predictions(tmp_path / "out.parquet").used) == {"one+two"}


@pytest.mark.parametrize(
    ("arguments", "options", "said"),
    [
        (["--moments=train"], {}, "--moments is for attributes; these predict emotion"),
        (["--target-prior=train"], {"files": ("acoustic_v.parquet",)}, "--target-prior is for emotions; these predict attributes"),
        (["--method=ridge"], {}, "method 'ridge' is not known"),
        ([], {"files": ("acoustic.parquet", "text_v.parquet")}, "fuse each task by itself"),
        (["--target-prior=1,2"], {}, "target_prior needs 8 numbers"),
        (["--folds=1"], {}, "folds is 1"),
        ([], {"files": ("=acoustic.parquet",)}, "'' cannot name a network"),
        ([], {"files": ("one+two=acoustic.parquet", "text.parquet")}, "'one+two' cannot name a network"),
        (["--apply=none.json"], {"table": False}, "none.json"),
    ],
)
def test_what_does_not_fit_is_one_line(fuse, arguments, options, said):
    status, _, error = fuse(*arguments, **options)
    assert status == 1
    assert said in error
    assert error.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "--table is needed"),
        (["--apply=x.json", "--folds=3"], "--folds is for fitting one"),
        (["--methd=mean"], "'--method'"),
        (["--target-prior=a,b"], "'a,b' is neither a name nor numbers by commas"),
    ],
)
def test_usage_errors_exit_with_2(fuse, arguments, said):
    status, _, error = fuse(*arguments, table=False)
    assert status == 2
    assert said in error


def test_predictions_of_another_corpus_are_refused(run, fuse):
    run[1].with_columns(emotion=["sad"] * len(run[1])).save(run[0] / "table.parquet")
    status, _, error = fuse()
    assert status == 1
    assert "'acoustic' was predicted on corpus" in error


def test_a_table_that_trains_or_tunes_on_nothing_says_so(run):
    held = run[1].with_roles(dict.fromkeys(SPLITS, "hold"))
    with pytest.raises(ConfigError, match="no split with role 'tune'"):
        tuning_labels(held, "emotion")
    with pytest.raises(CorpusError, match=r"no utterance of the splits that train \(there is none\) has an emotion"):
        train_prior(held)
    assert training_ids(held) == []
