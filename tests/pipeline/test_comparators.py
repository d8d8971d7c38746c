"""Further fusions as rows of the results."""

import csv
import shutil
from typing import get_args, get_type_hints

import pytest

from emojudge.errors import ConfigError
from emojudge.evaluation.prior import TARGET_PRIORS
from emojudge.fusion import AttributeFusion, EmotionFusion
from emojudge.pipeline.config import FusionConfig
from emojudge.pipeline.fusing import COMPARATORS, check_comparators
from emojudge.predictions import load_predictions


def copy_of(finished, tmp_path, tiny_corpus, *names):
    """Return a copy of a finished run that a test may change."""
    run = type(finished)(tmp_path, tiny_corpus, *names)
    shutil.rmtree(run.corpus)
    run.corpus, run.config = finished.corpus, finished.config
    shutil.copytree(finished.out, run.out)
    return run


def rows_of(run, task):
    with (run.out / "results.csv").open() as file:
        return {(row["system"], row["split"]): row for row in csv.DictReader(file) if row["task"] == task}


def test_each_comparator_is_a_row_between_the_branches_and_the_fusion(finished, tmp_path, tiny_corpus):
    run = copy_of(finished, tmp_path, tiny_corpus)
    names = [*COMPARATORS["emotion"], "ridge", "unmatched"]
    assert run.start(f"--fusion.comparators=[{','.join(names)}]") == 0
    systems = list(dict.fromkeys(system for system, _ in rows_of(run, "emotion")))
    expected = ["natural", "train", "estimated", "mean", "interpolation", "best", "permuted"]  # uniform and logistic are the fusion itself
    assert systems[:3] == ["acoustic", "acoustic, refitted", "text"]
    assert systems[3:] == [*(f"fused, {name}" for name in expected), "fused", "fused + rules judge"]
    assert EmotionFusion.load(run.out / "fusion" / "fused_mean.json").method == "mean"
    natural = load_predictions(run.out / "fusion" / "fused_natural.parquet")
    fused = load_predictions(run.out / "fusion" / "fused.parquet")
    assert natural.info.source_prior != fused.info.source_prior
    assert load_predictions(run.out / "fusion" / "fused_estimated.parquet").info.transductive
    assert not fused.info.transductive


def test_attributes_have_comparators_of_their_own(finished_both, tmp_path, tiny_corpus):
    run = copy_of(finished_both, tmp_path, tiny_corpus, "words", "values")
    assert run.start("--fusion.comparators=[fractional_logit,natural,unmatched,permuted]") == 0
    attributes = list(dict.fromkeys(system for system, _ in rows_of(run, "attributes")))
    assert [name for name in attributes if name.startswith("fused")] == [
        "fused, fractional_logit",
        "fused, unmatched",
        "fused, permuted",
        "fused",
    ]
    assert not any(system == "fused, natural" for system, _ in rows_of(run, "emotion"))  # one branch of emotions: nothing to fuse
    assert AttributeFusion.load(run.out / "fusion" / "fused_unmatched_attributes.json").moments is None


def test_an_unknown_comparator_is_refused_with_the_nearest():
    with pytest.raises(ConfigError, match=r"comparators has 'interpolate'.*Did you mean 'interpolation'"):
        check_comparators(["mean", "interpolate"])


def test_every_method_and_prior_of_the_config_can_be_compared_with():
    hints = get_type_hints(FusionConfig)
    assert {*get_args(hints["method"]), *TARGET_PRIORS} <= COMPARATORS["emotion"].keys()
    assert {*get_args(hints["attribute_method"])} <= COMPARATORS["attributes"].keys()
