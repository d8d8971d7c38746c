"""Late fusion of attributes: what it agrees with, what it does without a branch or a value, and what it refuses."""

import json

import numpy as np
import pytest
from sklearn.linear_model import Ridge

from emojudge.errors import FusionError, PredictionsError
from emojudge.evaluation import score_attributes
from emojudge.fusion import AttributeFusion, EmotionFusion
from emojudge.fusion.linear import C_GRID
from emojudge.fusion.attribute_model import fit_regression
from emojudge.fusion.ridge import fit_ridge
from emojudge.labels import ATTRIBUTES
from emojudge.predictions import AttributePredictions, AttributesInfo, Predictions, PredictionsInfo


def quick(**settings):
    return AttributeFusion(**{"grid": (0.1, 10.0), "folds": 3} | settings)


class World:
    """Two noisy branches over utterances of eight speakers: 200 of dev, 200 of test."""

    def __init__(self, seed: int = 0, missing: float = 0.0, speakers: int = 8):
        rng = np.random.default_rng(seed)
        n = 400
        self.target = rng.normal(4, 1, size=(n, 3))
        self.ids = [f"u{i}" for i in range(n)]
        self.split = ["dev" if i < 200 else "test" for i in range(n)]
        self.groups = {id: f"s{i % speakers}" for i, id in enumerate(self.ids)}
        self.truth = {id: dict(zip(ATTRIBUTES, row.tolist(), strict=True)) for id, row in zip(self.ids[:200], self.target, strict=False)}
        self.acoustic = self.branch("acoustic", rng, 0.7)
        self.text = self.branch("text", rng, 1.0, missing)

    def branch(self, name, rng, noise, missing=0.0, **info):
        values = 4 + 0.5 * (self.target - 4) + rng.normal(0, noise, size=self.target.shape)
        values[rng.random(len(self.ids)) < missing] = np.nan
        return AttributePredictions(self.ids, self.split, values, AttributesInfo(name, ATTRIBUTES, "corpus-1", **info))

    def without(self, attribute):
        """Return the acoustic branch as a training without an attribute leaves it."""
        values = self.acoustic.values.copy()
        values[:, ATTRIBUTES.index(attribute)] = np.nan
        info = AttributesInfo("acoustic", ATTRIBUTES, "corpus-1", absent_attributes=(attribute,))
        return AttributePredictions(self.ids, self.split, values, info)

    def score(self, predictions):
        return score_attributes(self.target[200:], predictions.select(self.ids[200:]).values)["ccc_mean"]


def test_ridge_by_hand():
    # standardised: -1.2247, 0, 1.2247, with squares that sum to 3; C = 1 shrinks the slope to 3 / (3 + 1) of 2 a unit
    (model,) = fit_ridge(np.array([[1.0], [2.0], [3.0]]), np.array([2.0, 4.0, 6.0]), [1.0])
    np.testing.assert_allclose(model(np.array([[1.0], [3.0], [5.0]])), [2.5, 5.5, 8.5])


def test_ridge_equals_the_closed_form_and_scikit_learns():
    rng = np.random.default_rng(0)
    features, target = rng.normal(3, 5, size=(50, 4)), rng.normal(4, 1, 50)
    z = (features - features.mean(0)) / features.std(0)
    for model in fit_ridge(features, target, C_GRID):
        slope = np.linalg.inv(z.T @ z + np.eye(4) / model.c) @ z.T @ (target - target.mean())
        np.testing.assert_allclose(model(features), z @ slope + target.mean(), atol=1e-10)
        np.testing.assert_allclose(model(features), Ridge(alpha=1 / model.c).fit(z, target).predict(z), atol=1e-10)


def test_a_constant_feature_changes_nothing():
    rng = np.random.default_rng(1)
    features, target = rng.normal(size=(30, 2)), rng.normal(size=30)
    constant = np.column_stack([features, np.full(30, 5.0)])
    (with_it,), (without,) = fit_ridge(constant, target, [1.0]), fit_ridge(features, target, [1.0])
    np.testing.assert_allclose(with_it(constant), without(features), atol=1e-12)


def test_the_curve_is_the_concordance_of_all_out_of_fold_predictions_together():
    rng = np.random.default_rng(2)
    features = rng.normal(size=(40, 3))
    target = features[:, 0] + rng.normal(size=40)
    folds = [(np.arange(20), np.arange(20, 40)), (np.arange(20, 40), np.arange(20))]
    model, _, curve = fit_regression(fit_ridge, features, target, folds, (0.01, 1.0), None)
    for value, ours in zip((0.01, 1.0), curve, strict=True):
        held = np.concatenate([fit_ridge(features[fit], target[fit], [value])[0](features[held]) for fit, held in folds[::-1]])
        covariance = np.cov(target, held, bias=True)
        assert ours == pytest.approx(2 * covariance[0, 1] / (np.trace(covariance) + (target.mean() - held.mean()) ** 2))
    assert model.c == (0.01, 1.0)[int(np.argmax(curve))]


def test_targets_that_do_not_vary_take_the_strongest_penalty():
    features = np.random.default_rng(3).normal(size=(20, 2))
    folds = [(np.arange(10), np.arange(10, 20)), (np.arange(10, 20), np.arange(10))]
    model, _, curve = fit_regression(fit_ridge, features, np.full(20, 4.0), folds, (0.1, 1.0), None)
    assert (model.c, curve) == (0.1, [0.0, 0.0])


def test_fusion_beats_both_branches():
    world = World()
    fused = quick().fit_predict([world.acoustic, world.text], world.truth, world.groups)
    assert fused.info.system == "fused"
    assert world.score(fused) > max(world.score(world.acoustic), world.score(world.text)) + 0.02


def test_values_are_not_clipped():
    world = World()
    world.truth = {id: {name: 7 * value for name, value in values.items()} for id, values in world.truth.items()}
    assert quick().fit([world.acoustic], world.truth, world.groups).predict([world.acoustic]).values.max() > 7


def test_rows_of_the_fitting_split_come_from_models_that_never_saw_their_speaker():
    world = World()
    branches, settings = [world.acoustic, world.text], {"folds": 4}
    fused = quick(**settings).fit_predict(branches, world.truth, world.groups)
    assert sorted(set(fused.fold[:200])) == [0, 1, 2, 3]
    assert (fused.fold[200:] == -1).all()
    for k in range(4):
        held = [i for i in range(200) if fused.fold[i] == k]
        kept = {id: value for i, (id, value) in enumerate(world.truth.items()) if fused.fold[i] != k}
        assert not {world.groups[world.ids[i]] for i in held} & {world.groups[id] for id in kept}
        again = quick(**settings).fit(branches, kept, world.groups).predict(branches)
        np.testing.assert_allclose(fused.values[held], again.values[held])
    full = quick(**settings).fit(branches, world.truth, world.groups).predict(branches)
    np.testing.assert_array_equal(fused.values[200:], full.values[200:])


def test_each_attribute_is_fitted_on_the_utterances_that_have_a_value_of_it():
    world = World()
    complete = quick().fit([world.acoustic], world.truth, world.groups).predict([world.acoustic])
    for id in world.ids[:50]:
        world.truth[id]["arousal"] = None
    partial = quick().fit([world.acoustic], world.truth, world.groups).predict([world.acoustic])
    for k, name in enumerate(ATTRIBUTES):
        assert np.array_equal(partial.values[:, k], complete.values[:, k]) == (name != "arousal")
    alone = {id: values for id, values in world.truth.items() if values["arousal"] is not None}
    again = quick().fit([world.acoustic], alone, world.groups).predict([world.acoustic])
    np.testing.assert_array_equal(partial.values[:, 1], again.values[:, 1])


def test_an_utterance_of_the_fitting_split_without_a_value_is_predicted_by_the_fold_of_its_speaker():
    world = World()
    world.truth["u3"] = dict.fromkeys(ATTRIBUTES)
    fused = quick().fit_predict([world.acoustic], world.truth, world.groups)
    of_speaker = {int(fused.fold[i]) for i in range(200) if world.groups[world.ids[i]] == world.groups["u3"]}
    assert of_speaker == {int(fused.fold[3])}
    assert fused.fold[3] >= 0


def test_an_utterance_without_a_branch_takes_the_other_and_is_marked():
    world = World(missing=0.3)
    branches = [world.acoustic, world.text]
    fused = quick().fit(branches, world.truth, world.groups).predict(branches)
    lacking = ~world.text.predicted
    assert fused.used == ["acoustic" if lacks else "acoustic+text" for lacks in lacking]
    alone = quick().fit([world.acoustic], world.truth, world.groups).predict([world.acoustic])
    np.testing.assert_allclose(fused.values[lacking], alone.values[lacking])


def test_of_three_branches_the_best_stands_in_where_one_is_missing():
    world = World(missing=0.3)
    third = world.branch("video", np.random.default_rng(9), 3.0)
    for order in ([world.text, third, world.acoustic], [world.acoustic, third, world.text]):
        fused = quick().fit(order, world.truth, world.groups).predict(order)
        assert {used for used, lacks in zip(fused.used, ~world.text.predicted, strict=True) if lacks} == {"acoustic"}


def test_an_utterance_without_any_input_has_no_value():
    world = World(missing=0.2)
    values = np.where(world.text.predicted[:, None], world.acoustic.values, np.nan)
    acoustic = AttributePredictions(world.ids, world.split, values, world.acoustic.info)
    fused = quick().fit([acoustic, world.text], world.truth, world.groups).predict([acoustic, world.text])
    assert fused.predicted.tolist() == world.text.predicted.tolist()
    assert [used == "" for used in fused.used] == [not known for known in world.text.predicted]


def test_one_branch_is_its_refitted_control():
    world = World()
    fused = quick().fit_predict([world.acoustic], world.truth, world.groups)
    assert fused.info.system == "acoustic_refitted"
    assert set(fused.used) == {"acoustic"}


def test_an_attribute_absent_from_the_training_of_one_branch_stays_absent():
    world = World()
    fused = quick().fit_predict([world.without("arousal"), world.text], world.truth, world.groups)
    assert np.isnan(fused.values[:, 1]).all()
    assert fused.info.absent_attributes == ("arousal",)
    assert np.isfinite(fused.values[:, [0, 2]]).all()


def test_saved_fusion_predicts_the_same(tmp_path):
    world = World(missing=0.1)
    branches = [world.acoustic, world.text]
    fusion = AttributeFusion(folds=2, seed=3).fit(branches, world.truth, world.groups)
    fusion.save(tmp_path / "fusion.json")
    again = AttributeFusion.load(tmp_path / "fusion.json")
    np.testing.assert_array_equal(again.predict(branches[::-1]).values, fusion.predict(branches).values)
    assert again.predict(branches).info == fusion.predict(branches).info
    assert again.get_params() == json.loads(json.dumps(fusion.get_params())) | {"grid": list(fusion.grid)}
    raw = json.loads((tmp_path / "fusion.json").read_text())
    assert raw["fitted_on"] == {"corpus": "corpus-1", "splits": ["dev"]}
    assert {name: len(curve) for name, curve in raw["curves"]["acoustic+text"].items()} == dict.fromkeys(ATTRIBUTES, 13)
    for name, ridge in raw["models"]["text"].items():
        assert ridge["c"] == fusion.grid[int(np.argmax(np.round(raw["curves"]["text"][name], 12)))]


def test_the_fusion_of_another_task_is_refused(tmp_path):
    world = World()
    quick().fit([world.acoustic], world.truth, world.groups).save(tmp_path / "fusion.json")
    with pytest.raises(FusionError, match="a fusion of task 'attributes', EmotionFusion is of task 'emotion'"):
        EmotionFusion.load(tmp_path / "fusion.json")


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"schema_version": 99}', '{"schema_version": 1, "task": "attributes", "settings": {}}'])
def test_a_broken_fusion_file_is_refused(tmp_path, text):
    path = tmp_path / "fusion.json"
    path.write_text(text)
    with pytest.raises(FusionError, match=r"fusion\.json"):
        AttributeFusion.load(path)


def only_of_one_speaker(world):
    for id, values in world.truth.items():
        if world.groups[id] != "s0":
            values["dominance"] = None


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda w: w.groups.update(dict.fromkeys(w.ids, "s0")), "fewer than two speakers"),
        (lambda w: [values.update(valence=None) for values in w.truth.values()], r"input for acoustic\+text and a value of valence"),
        (lambda w: w.truth.update({id: dict.fromkeys(ATTRIBUTES) for id in w.truth}), "no labelled utterance"),
        (only_of_one_speaker, "a value of dominance; fit on a split where several speakers have one"),
    ],
)
def test_a_fitting_split_that_cannot_be_fitted_is_refused(change, message):
    world = World()
    change(world)
    with pytest.raises(FusionError, match=message):
        quick().fit_predict([world.acoustic, world.text], world.truth, world.groups)


def test_one_fold_and_a_branch_without_input_are_refused():
    world = World(missing=1.0)
    with pytest.raises(FusionError, match="at least 2"):
        quick(folds=1).fit([world.acoustic], world.truth, world.groups)
    with pytest.raises(FusionError, match=r"has input for acoustic\+text"):
        quick().fit([world.acoustic, world.text], world.truth, world.groups)


def test_branches_that_do_not_fit_are_refused():
    world = World()
    fusion = quick().fit([world.acoustic], world.truth, world.groups)
    with pytest.raises(FusionError, match="was given text"):
        fusion.predict([world.text])
    with pytest.raises(FusionError, match="cannot predict arousal"):
        fusion.predict([world.without("arousal")])
    info = AttributesInfo("acoustic", ATTRIBUTES[::-1], "corpus-1")
    with pytest.raises(FusionError, match="was fitted on"):
        fusion.predict([AttributePredictions(world.ids, world.split, world.acoustic.values[:, ::-1], info)])
    emotions = Predictions(world.ids, world.split, world.text.values, PredictionsInfo("text", ATTRIBUTES, "corpus-1"))
    with pytest.raises(PredictionsError, match="both need one task"):
        quick().fit([world.acoustic, emotions], world.truth, world.groups)
