"""Comparators and priors of the fusion of emotions: what each method is, what it rests on, and what it refuses."""

import json
import warnings
from dataclasses import replace

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.metrics import f1_score

from emojudge.errors import ConfigError, EmojudgeError, FusionError
from emojudge.evaluation import estimate_prior, macro_f1_under_prior, shift_prior
from emojudge.evaluation.prior import log_softmax
from emojudge.fusion import EmotionFusion
from emojudge.fusion.linear import C_GRID
from emojudge.fusion.logistic import fit_logistic
from emojudge.predictions import Predictions, PredictionsInfo, load_predictions

CLASSES = ("angry", "happy", "sad", "neutral")
PRIOR = np.array([0.1, 0.2, 0.15, 0.55])
METHODS = ("logistic", "mean", "interpolation", "best")
UNFITTED = METHODS[1:]
SOURCES = {"acoustic": (0.25, 0.25, 0.25, 0.25), "text": (0.1, 0.2, 0.3, 0.4), "video": tuple(PRIOR.tolist())}


def quick(method="logistic", target_prior="uniform", **settings):
    return EmotionFusion(target_prior, **{"grid": (0.1, 1.0), "folds": 3, "method": method} | settings)


class World:
    """Branches that are calibrated under their own source prior, over utterances of eight speakers: dev, and tests of another prior."""

    def __init__(self, seed=0, n=300, shifted=(0.4, 0.3, 0.2, 0.1)):
        self.rng = np.random.default_rng(seed)
        dev, test, third = (self.rng.choice(4, n, p=p) for p in (PRIOR, shifted, shifted[::-1]))
        self.target = np.concatenate([dev, test, third])
        self.ids = [f"u{i}" for i in range(3 * n)]
        self.split = ["dev"] * n + ["test1"] * n + ["test2"] * n
        self.groups = {id: f"s{i % 8}" for i, id in enumerate(self.ids)}
        self.truth = {id: CLASSES[k] for id, k in zip(self.ids[:n], self.target, strict=False)}

    def branch(self, name, strength, missing=0.0, source=None):
        source = SOURCES.get(name, SOURCES["acoustic"]) if source is None else source
        features = self.rng.normal(size=(len(self.ids), 4))
        features[np.arange(len(self.ids)), self.target] += strength
        logits = strength * features + np.log(source)
        logits[self.rng.random(len(self.ids)) < missing] = np.nan
        return Predictions(self.ids, self.split, logits, PredictionsInfo(name, CLASSES, "corpus-1", source_prior=source))

    def rows(self, split):
        return np.flatnonzero(np.array(self.split) == split)

    def macro_f1(self, predictions, split="test1"):
        labels = np.array(predictions.labels())[self.rows(split)]
        return f1_score(np.array(CLASSES)[self.target][self.rows(split)], labels, average="macro")


@pytest.fixture(scope="module")
def world():
    world = World()
    world.two = [world.branch("acoustic", 1.6), world.branch("text", 1.2)]
    world.three = [*world.two, world.branch("video", 0.8)]
    return world


def under(branch, target):
    return shift_prior(log_softmax(branch.logits), branch.info.source_prior, target)


def test_the_mean_is_that_of_posteriors_under_the_target(world):
    fused = quick("mean", [0.4, 0.3, 0.2, 0.1]).fit(world.three, world.truth, world.groups).predict(world.three)
    expected = np.mean([np.exp(under(b, [0.4, 0.3, 0.2, 0.1])) for b in world.three], axis=0)
    np.testing.assert_allclose(np.exp(fused.logits), expected, atol=1e-12)
    assert fused.info.system == "mean"
    np.testing.assert_allclose(fused.info.source_prior, [0.4, 0.3, 0.2, 0.1])


def test_the_interpolation_weighs_log_posteriors_by_what_scores_best_on_the_fitting_split(world):
    fusion = quick("interpolation").fit(world.two, world.truth, world.groups)
    pool, curve = fusion.models_["acoustic+text"], fusion.curves_["acoustic+text"]
    uniform, dev = [0.25] * 4, world.rows("dev")

    def joined(weight):
        return log_softmax(weight * under(world.two[0], uniform) + (1 - weight) * under(world.two[1], uniform))

    scores = [macro_f1_under_prior(world.target[dev], joined(w)[dev].argmax(axis=1), 4, "uniform") for w in pool.tried[:, 0]]
    np.testing.assert_allclose(curve, scores, atol=1e-12)
    assert pool.weights.tolist() == pool.tried[int(np.argmax(curve))].tolist()
    np.testing.assert_allclose(fusion.predict(world.two).logits, joined(pool.weights[0]), atol=1e-9)


def test_the_best_branch_is_taken_alone_and_named(world):
    for order in (world.three, world.three[::-1]):
        fused = quick("best").fit(order, world.truth, world.groups).predict(order)
        assert set(fused.used) == {"acoustic"}
        np.testing.assert_allclose(fused.logits, under(world.three[0], [0.25] * 4), atol=1e-9)


@pytest.mark.parametrize("method", UNFITTED)
def test_comparators_take_nothing_from_the_class_frequencies_of_the_fitting_split(world, method):
    """Half of the neutral utterances left out: a regression moves, a branch that is only shifted does not."""
    neutral = [id for id, emotion in world.truth.items() if emotion == "neutral"]
    thinner = {id: emotion for id, emotion in world.truth.items() if id not in neutral[::2]}
    whole, thinned = (quick(method).fit(world.two[:1], t, world.groups).predict(world.two[:1]) for t in (world.truth, thinner))
    np.testing.assert_array_equal(whole.logits, thinned.logits)
    np.testing.assert_allclose(whole.logits, under(world.two[0], [0.25] * 4), atol=1e-9)
    assert whole.info.system == f"acoustic_{method}"


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("n_branches", [3, 5])
def test_rows_of_the_fitting_split_come_from_a_fusion_that_never_saw_their_speaker(method, n_branches):
    world = World(1)
    branches = [world.branch(f"member{k}", 1.2, missing=0.1) for k in range(n_branches)]
    fused = quick(method).fit_predict(branches, world.truth, world.groups)
    held = [i for i in range(300) if fused.fold[i] == 1]
    rest = {id: emotion for i, (id, emotion) in enumerate(world.truth.items()) if fused.fold[i] != 1}
    assert held
    assert not {world.groups[world.ids[i]] for i in held} & {world.groups[id] for id in rest}
    again = quick(method).fit(branches, rest, world.groups).predict(branches)
    np.testing.assert_allclose(fused.logits[held], again.logits[held])
    assert [fused.used[i] for i in held] == [again.used[i] for i in held]


@pytest.mark.parametrize("method", ["logistic", "mean", "interpolation"])
def test_an_ensemble_of_five_beats_each_of_its_members(method):
    world = World(2)
    members = [world.branch(f"member{k}", 1.0) for k in range(5)]
    fused = quick(method).fit(members, world.truth, world.groups).predict(members)
    best = max(world.macro_f1(quick(method).fit([m], world.truth, world.groups).predict([m])) for m in members)
    assert world.macro_f1(fused) > best + 0.05


@pytest.mark.parametrize("method", METHODS)
def test_a_row_without_a_branch_takes_the_best_of_those_it_has(method):
    world = World(3)
    branches = [world.branch("video", 0.5), world.branch("acoustic", 1.6), world.branch("text", 1.2, missing=0.3)]
    fused = quick(method).fit(branches, world.truth, world.groups).predict(branches)
    lacking = ~branches[2].predicted
    assert {used for used, lacks in zip(fused.used, lacking, strict=True) if lacks} == {"acoustic"}
    alone = quick(method).fit(branches[1:2], world.truth, world.groups).predict(branches[1:2])
    np.testing.assert_allclose(fused.logits[lacking], alone.logits[lacking], atol=1e-9)


@pytest.mark.parametrize("method", METHODS)
def test_every_method_is_saved_cloned_and_set_as_scikit_learns_estimators_are(world, method, tmp_path):
    fusion = quick(method, "train", train_prior=[1.0, 2.0, 3.0, 4.0], seed=5)
    fitted = clone(fusion).fit(world.two, world.truth, world.groups)
    assert not hasattr(fusion, "models_")
    assert clone(fitted).get_params() == fusion.get_params() == EmotionFusion().set_params(**fusion.get_params()).get_params()
    fitted.save(tmp_path / "fusion.json")
    again = EmotionFusion.load(tmp_path / "fusion.json")
    expected, found = fitted.predict(world.two), again.predict(world.two)
    np.testing.assert_array_equal(found.logits, expected.logits)
    assert (found.info, found.used) == (expected.info, expected.used)
    assert again.curves_ == fitted.curves_


def test_the_prior_of_train_is_the_list_of_its_frequencies(world):
    by_name = quick(target_prior="train", train_prior=[10, 20, 30, 40]).fit_predict(world.two, world.truth, world.groups)
    by_list = quick(target_prior=np.array([0.1, 0.2, 0.3, 0.4])).fit_predict(world.two, world.truth, world.groups)
    np.testing.assert_allclose(by_name.logits, by_list.logits)
    np.testing.assert_allclose(by_name.info.source_prior, [0.1, 0.2, 0.3, 0.4])
    assert not by_name.info.transductive


def test_what_rests_on_a_transductive_branch_is_transductive(world):
    first, second = world.two
    seen = replace(second, info=replace(second.info, transductive=True))
    assert quick().fit([first, seen], world.truth, world.groups).predict([first, seen]).info.transductive


def test_rows_that_it_was_fitted_on_are_said_to_be_in_sample(world, caplog):
    fusion = quick().fit(world.two, world.truth, world.groups)
    fusion.predict([branch.of_split("test1") for branch in world.two])
    assert not caplog.text
    fusion.predict(world.two)
    assert "fitted on dev: its rows of that are in-sample" in caplog.text


@pytest.mark.parametrize("seed", range(2))
def test_estimated_priors_bring_back_what_the_shift_cost(seed, tmp_path):
    world = World(seed, n=6000)
    branches = [world.branch("acoustic", 2.0), world.branch("text", 1.6)]
    fused = {
        prior: quick(target_prior=prior, grid=(1.0,)).fit(branches, world.truth, world.groups).predict(branches)
        for prior in ("natural", "estimated")
    }
    planted = {"test1": [0.4, 0.3, 0.2, 0.1], "test2": [0.1, 0.2, 0.3, 0.4]}
    found = fused["estimated"].info
    assert found.transductive
    assert found.source_prior is None
    for split, prior in planted.items():
        oracle = quick(target_prior=prior, grid=(1.0,)).fit(branches, world.truth, world.groups).predict(branches)
        assert np.abs(np.array(found.estimated_priors[split]) - prior).max() < 0.02
        assert world.macro_f1(fused["estimated"], split) > world.macro_f1(oracle, split) - 0.005
    assert world.macro_f1(fused["estimated"]) > world.macro_f1(fused["natural"]) + 0.02
    fused["estimated"].save(tmp_path / "fused.parquet")
    assert load_predictions(tmp_path / "fused.parquet").info == found


def test_the_prior_of_a_split_rests_on_its_own_rows_and_on_out_of_fold_ones_of_the_fitting_split(world):
    fused = quick(target_prior="estimated").fit_predict(world.two, world.truth, world.groups)
    natural = quick(target_prior="natural").fit_predict(world.two, world.truth, world.groups)
    frequencies = np.bincount(world.target[world.rows("dev")], minlength=4) / 300
    test = world.rows("test1")
    expected = estimate_prior(natural.logits[test], frequencies)
    np.testing.assert_allclose(fused.info.estimated_priors["test1"], expected, atol=1e-3)
    dev = fused.logits[world.rows("dev")]  # at the maximum the posteriors of the rows have the estimate as their mean
    np.testing.assert_allclose(np.exp(dev).mean(axis=0), fused.info.estimated_priors["dev"], atol=1e-3)
    assert (fused.fold[world.rows("dev")] >= 0).all()
    alone = quick(target_prior="estimated").fit(world.two, world.truth, world.groups)
    only = alone.predict([b.of_split("test1") for b in world.two])
    np.testing.assert_allclose(only.logits, fused.logits[test])
    assert only.info.source_prior == only.info.estimated_priors["test1"]


def test_a_row_without_input_stays_without_where_priors_are_estimated():
    world = World(4)
    branch = world.branch("acoustic", 1.5, missing=0.2)
    fused = quick(target_prior="estimated").fit_predict([branch], world.truth, world.groups)
    assert fused.predicted.tolist() == branch.predicted.tolist()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"method": "means"}, "method 'means' is not known .*Did you mean 'mean'"),
        ({"target_prior": "unifrm"}, "Did you mean 'uniform'"),
        ({"target_prior": "train"}, "needs train_prior"),
        ({"target_prior": "train", "train_prior": [1.0, 1.0]}, "needs 4 numbers"),
        ({"target_prior": [0.0] * 4}, "not all 0"),
        ({"target_prior": "estimated", "method": "mean"}, "use method 'logistic'"),
        ({"grid": ()}, "at least one"),
        ({"grid": (0.0, 1.0)}, "above 0"),
    ],
)
def test_settings_that_make_no_sense_are_refused_before_anything_is_fitted(world, settings, message):
    for start in ("fit", "fit_predict"):
        with pytest.raises(EmojudgeError, match=message):
            getattr(quick(**settings), start)(world.two, world.truth, world.groups)


@pytest.mark.parametrize("method", UNFITTED)
def test_a_comparator_needs_the_source_prior_of_each_branch(world, method):
    silent = replace(world.two[1], info=replace(world.two[1].info, source_prior=None))
    with pytest.raises(FusionError, match="'text' does not declare its source_prior"):
        quick(method).fit([world.two[0], silent], world.truth, world.groups)
    quick().fit([world.two[0], silent], world.truth, world.groups)


def test_branches_of_one_name_none_and_an_utterance_without_speaker_are_refused(world):
    with pytest.raises(FusionError, match="acoustic is the name of more than one branch"):
        quick().fit([world.two[0]] * 2, world.truth, world.groups)
    with pytest.raises(FusionError, match="no branch to fuse"):
        quick().fit([], world.truth, world.groups)
    groups = {id: group for id, group in world.groups.items() if id != "u3"}
    with pytest.raises(FusionError, match="1 utterances of the fitting split have no speaker group: u3"):
        quick().fit_predict(world.two, world.truth, groups)


def hard(name, world):
    """Return a branch whose numbers are a trial for the solver."""
    logits = world.rng.normal(size=(len(world.ids), 4))
    if name == "separable":
        logits[np.arange(len(world.ids)), world.target] += 50
    elif name == "ruled out":
        logits[:, 0] = -1e4
    elif name == "huge":
        logits = np.where(logits > 0, 1e308, -1e308)
    elif name == "constant":
        logits[:] = (0.1, 0.2, 0.3, 0.4)
    return Predictions(
        world.ids, world.split, logits, PredictionsInfo(name.replace(" ", "_"), CLASSES, "corpus-1", source_prior=(0.25,) * 4)
    )


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", ["separable", "ruled out", "huge", "constant"])
def test_hard_numbers_are_fitted_over_the_whole_grid_without_a_warning_of_a_library(name, method):
    world = World(5, n=120)
    branches = [hard(name, world), world.branch("acoustic", 1.5)]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fused = quick(method, grid=C_GRID).fit(branches, world.truth, world.groups).predict(branches)
    assert np.isfinite(fused.logits).all()
    assert world.macro_f1(fused) > (0.99 if name == "separable" else 0.4)


def test_one_row_of_a_class_is_fitted():
    world = World(6, n=120)
    angry = [id for id, emotion in world.truth.items() if emotion == "angry"]
    truth = {id: emotion for id, emotion in world.truth.items() if id not in angry[1:]}
    branch = world.branch("acoustic", 1.5)
    assert quick().fit_predict([branch], truth, world.groups).predicted.all()


def test_a_fit_that_cannot_reach_its_tolerance_is_kept_and_told_of(monkeypatch, caplog):
    from sklearn.linear_model import LogisticRegression

    configure = LogisticRegression.set_params
    monkeypatch.setattr(LogisticRegression, "set_params", lambda self, **params: configure(self, max_iter=1, **params))
    world = World(7, n=120)
    fused = quick(grid=(100.0,)).fit([world.branch("acoustic", 1.5)], world.truth, world.groups)
    assert "C = 100 is kept though not at its optimum" in caplog.text
    assert isinstance(fused, EmotionFusion)


def test_a_path_ends_where_each_of_its_fits_does_alone():
    rng = np.random.default_rng(8)
    features, target = rng.normal(size=(300, 6)), rng.integers(0, 3, 300)
    for model in fit_logistic(features, target, 3, C_GRID):
        (alone,) = fit_logistic(features, target, 3, [model.c])
        np.testing.assert_allclose(model.log_posterior(features), alone.log_posterior(features), atol=1e-5)


def test_a_column_that_is_constant_but_for_rounding_is_not_blown_up():
    features = np.column_stack([np.full(1000, 0.1) * 3, np.random.default_rng(9).normal(size=1000)])
    (model,) = fit_logistic(features, (features[:, 1] > 0).astype(np.int64), 2, [1.0])
    assert model.scale[0] == 1
    moved = features + np.array([1.0, 0.0])
    np.testing.assert_allclose(model(moved), model(features), atol=1e-6)


def test_settings_go_into_the_file_as_plain_numbers(world, tmp_path):
    quick(target_prior=np.full(4, 0.25), grid=np.array([0.1, 1.0])).fit(world.two, world.truth, world.groups).save(tmp_path / "f.json")
    assert json.loads((tmp_path / "f.json").read_text())["settings"]["target_prior"] == [0.25] * 4
    with pytest.raises(ConfigError):
        quick(target_prior=np.array([0.5, -0.5, 0.5, 0.5])).fit(world.two, world.truth, world.groups)
