"""The methods of attribute fusion beside ridge, and matched moments, through the whole class."""

import json
import logging

import numpy as np
import pytest
from attribute_world import World, quick
from sklearn.base import clone

from emojudge.errors import FusionError
from emojudge.evaluation import score_attributes
from emojudge.fusion import AttributeFusion, moments_of, permuted
from emojudge.fusion.blend import fit_blend
from emojudge.labels import ATTRIBUTES
from emojudge.predictions import AttributePredictions, load_predictions

METHODS = AttributeFusion.METHODS
MOMENTS = {"valence": (4.0, 1.0), "arousal": (3.5, 0.7), "dominance": (4.5, 1.3)}


def on_scale(world):
    """Return a world whose truth is within 1 to 7, as raters give it."""
    world.truth = {id: {name: min(max(value, 1.0), 7.0) for name, value in each.items()} for id, each in world.truth.items()}
    return world


def per_attribute(target, values):
    return np.array([score_attributes(target, values)[f"ccc_{name}"] for name in ATTRIBUTES])


@pytest.mark.parametrize("moments", [None, MOMENTS])
@pytest.mark.parametrize("method", METHODS)
def test_every_method_has_one_interface_and_one_file(tmp_path, method, moments):
    world = on_scale(World(missing=0.2))
    branches = [world.acoustic, world.text]
    fusion = quick(method=method, moments=moments)
    fused = fusion.fit_predict(branches, world.truth, world.groups)
    assert np.isfinite(fused.values).all()
    assert sorted(set(fused.fold)) == [-1, 0, 1, 2]
    assert set(fused.used) <= {"acoustic", "text", "acoustic+text"}
    fusion.save(tmp_path / "fusion.json")
    again = AttributeFusion.load(tmp_path / "fusion.json")
    np.testing.assert_array_equal(again.predict(branches).values, fusion.predict(branches).values)
    assert again.predict(branches).info == fusion.predict(branches).info
    assert json.loads((tmp_path / "fusion.json").read_text())["settings"]["method"] == method
    assert not hasattr(clone(fusion), "models_")
    assert clone(fusion).get_params() == fusion.get_params()


def test_a_file_from_before_there_were_methods_is_a_ridge_that_was_not_matched(tmp_path):
    world, path = World(), tmp_path / "fusion.json"
    fusion = quick().fit([world.acoustic], world.truth, world.groups)
    fusion.save(path)
    raw = json.loads(path.read_text())
    del raw["settings"]["method"], raw["settings"]["moments"]
    for ridge in raw["models"]["acoustic"].values():
        assert (ridge.pop("gain"), ridge.pop("offset")) == (1.0, 0.0)
    path.write_text(json.dumps(raw))
    np.testing.assert_array_equal(AttributeFusion.load(path).predict([world.acoustic]).values, fusion.predict([world.acoustic]).values)


@pytest.mark.parametrize("moments", [None, MOMENTS])
@pytest.mark.parametrize("method", METHODS)
def test_out_of_fold_rows_never_saw_their_speaker(method, moments):
    world = on_scale(World())
    branches = [world.acoustic, world.text]
    fused = quick(method=method, moments=moments).fit_predict(branches, world.truth, world.groups)
    for k in range(3):
        held = [i for i in range(200) if fused.fold[i] == k]
        kept = {id: value for i, (id, value) in enumerate(world.truth.items()) if fused.fold[i] != k}
        again = quick(method=method, moments=moments).fit(branches, kept, world.groups).predict(branches)
        np.testing.assert_allclose(fused.values[held], again.values[held])


def test_the_fractional_logit_beats_both_branches_and_stays_on_the_scale():
    world = on_scale(World())
    fused = quick(method="fractional_logit").fit_predict([world.acoustic, world.text], world.truth, world.groups)
    assert world.score(fused) > max(world.score(world.acoustic), world.score(world.text)) + 0.02
    assert 1 <= fused.values.min() <= fused.values.max() <= 7
    assert fused.info.system == "fused"


def test_the_mean_is_the_mean():
    world = World()
    fused = quick(method="mean").fit([world.acoustic, world.text], world.truth, world.groups).predict([world.acoustic, world.text])
    np.testing.assert_allclose(fused.values, (world.acoustic.values + world.text.values) / 2)
    assert fused.info.system == "mean"


def test_the_best_branch_is_chosen_for_each_attribute():
    world = World()
    mixed = world.acoustic.values.copy()
    mixed[:, 1] = np.random.default_rng(5).normal(4, 1, 400)  # arousal of the acoustic branch becomes noise
    acoustic = AttributePredictions(world.ids, world.split, mixed, world.acoustic.info)
    fused = quick(method="best").fit([acoustic, world.text], world.truth, world.groups).predict([acoustic, world.text])
    np.testing.assert_array_equal(fused.values[:, 1], world.text.values[:, 1])
    np.testing.assert_array_equal(fused.values[:, [0, 2]], mixed[:, [0, 2]])
    assert set(fused.used) == {"acoustic+text"}


def test_a_branch_that_no_attribute_takes_is_not_said_to_be_used():
    world = World()
    noise = permuted(world.text, seed=1)
    fused = quick(method="best").fit([world.acoustic, noise], world.truth, world.groups).predict([world.acoustic, noise])
    assert set(fused.used) == {"acoustic"}
    np.testing.assert_array_equal(fused.values, world.acoustic.values)


@pytest.mark.parametrize("moments", [None, (4.0, 1.0)])
def test_weights_of_two_branches_are_the_best_of_the_whole_grid(moments):
    world = World()
    features = np.concatenate([world.acoustic.values[:200], world.text.values[:200]], axis=1)
    for k in range(3):
        target = world.target[:200, k]
        blend, curve = fit_blend("interpolation", features, target, k, 2, moments)
        slow = []
        for weight in np.linspace(0, 1, 21):
            values = weight * features[:, k] + (1 - weight) * features[:, 3 + k]
            if moments is not None:
                values = (values - values.mean()) / values.std() * moments[1] + moments[0]
            slow.append(score_attributes({"x": target}, {"x": values})["ccc_x"])
        assert sorted(curve) == pytest.approx(sorted(slow), abs=1e-6)
        assert blend.weights[0] == pytest.approx(np.linspace(0, 1, 21)[int(np.argmax(slow))])
        assert max(curve) == curve[[tuple(each) for each in blend.tried].index(tuple(np.round(blend.weights, 12)))]


def test_interpolation_of_many_branches_is_at_least_as_good_as_the_mean_and_the_best():
    world = World()
    rng = np.random.default_rng(8)
    branches = [world.acoustic, world.text, *(world.branch(f"more{k}", rng, noise) for k, noise in enumerate((0.5, 2.0, 4.0)))]
    fitted = {m: quick(method=m).fit(branches, world.truth, world.groups) for m in ("interpolation", "mean", "best")}
    joint = "+".join(p.info.system for p in branches)
    for name in ATTRIBUTES:
        top = {m: max(fusion.curves_[joint][name]) for m, fusion in fitted.items()}
        assert top["interpolation"] >= max(top["mean"], top["best"])
        assert top["interpolation"] > top["best"] + 0.01
        assert len(fitted["interpolation"].curves_[joint][name]) < 3000
        assert fitted["interpolation"].models_[joint][name].joined.weights.sum() == pytest.approx(1)


@pytest.mark.parametrize("method", METHODS)
def test_out_of_fold_values_have_the_moments_of_train(method):
    world = on_scale(World())
    fused = quick(method=method, moments=MOMENTS).fit_predict([world.acoustic, world.text], world.truth, world.groups)
    for k, name in enumerate(ATTRIBUTES):
        assert (fused.values[:200, k].mean(), fused.values[:200, k].std()) == pytest.approx(MOMENTS[name], abs=0.1)


@pytest.mark.parametrize("method", ["ridge", "fractional_logit"])
def test_a_regression_gains_concordance_by_matching_and_keeps_its_correlation(method):
    world = on_scale(World())
    branches, target = [world.acoustic, world.text], world.target[200:]
    plain = quick(method=method).fit(branches, world.truth, world.groups).predict(branches).values[200:]
    after = quick(method=method, moments=moments_of(world.truth)).fit(branches, world.truth, world.groups).predict(branches).values[200:]
    assert (per_attribute(target, after) > per_attribute(target, plain) + 0.02).all()
    for k in range(3):
        assert np.corrcoef(after[:, k], plain[:, k])[0, 1] > 0.999


def test_c_is_chosen_by_the_concordance_after_matching():
    world = World()
    fusion = quick(moments=MOMENTS, grid=(1e-3, 0.1, 10.0)).fit([world.acoustic, world.text], world.truth, world.groups)
    plain = quick(grid=(1e-3, 0.1, 10.0)).fit([world.acoustic, world.text], world.truth, world.groups)
    curve, before = fusion.curves_["acoustic+text"]["valence"], plain.curves_["acoustic+text"]["valence"]
    assert curve[0] > before[0] + 0.2  # the shrinkage that a strong penalty costs is undone
    assert fusion.models_["acoustic+text"]["valence"].joined.c == (1e-3, 0.1, 10.0)[int(np.argmax(curve))]


def test_nothing_clips_values_between_fusion_and_score(tmp_path):
    world = World()
    wide = dict.fromkeys(ATTRIBUTES, (4.0, 5.0))
    fused = quick(moments=wide).fit_predict([world.acoustic, world.text], world.truth, world.groups)
    assert fused.values.min() < 1
    assert fused.values.max() > 7
    fused.save(tmp_path / "fused.parquet")
    again = load_predictions(tmp_path / "fused.parquet", "attributes")
    np.testing.assert_array_equal(again.values, fused.values)
    unclipped, clipped = (per_attribute(world.target, v) for v in (again.values, again.values.clip(1, 7)))
    assert (np.abs(unclipped - clipped) > 0.02).all()


@pytest.mark.parametrize("moments", [None, MOMENTS])
@pytest.mark.parametrize("method", METHODS)
def test_a_constant_truth_is_fitted_and_scores_0(method, moments, caplog):
    world = on_scale(World())
    for values in world.truth.values():
        values["valence"] = 4.0
    fused = quick(method=method, moments=moments).fit_predict([world.acoustic, world.text], world.truth, world.groups)
    assert np.isfinite(fused.values).all()
    assert score_attributes({"v": np.full(200, 4.0)}, {"v": fused.values[:200, 0]})["ccc_v"] == 0
    if moments is not None and method in ("ridge", "fractional_logit"):
        assert "the valence fused from acoustic+text is constant" in caplog.text
        np.testing.assert_allclose(fused.values[:, 0], 4.0)


def test_a_branch_that_says_one_thing_cannot_be_matched(caplog):
    world = World()
    flat = AttributePredictions(world.ids, world.split, np.full((400, 3), 4.0), world.acoustic.info)
    with caplog.at_level(logging.WARNING):
        fused = quick(moments=MOMENTS).fit([flat], world.truth, world.groups).predict([flat])
    assert all(f"the {name} fused from acoustic is constant" in caplog.text for name in ATTRIBUTES)
    np.testing.assert_allclose(fused.values, np.tile([np.mean([v[name] for v in world.truth.values()]) for name in ATTRIBUTES], (400, 1)))


@pytest.mark.parametrize("method", METHODS)
def test_fewer_rows_than_folds_and_one_speaker(method):
    world = on_scale(World())
    few = {id: world.truth[id] for id in world.ids[:4]}  # of four speakers
    fused = quick(method=method, folds=20).fit_predict([world.acoustic, world.text], few, world.groups)
    assert np.isfinite(fused.values).all()
    one = {id: values for id, values in world.truth.items() if world.groups[id] == "s0"}
    fusion = quick(method=method).fit([world.acoustic, world.text], one, world.groups)
    assert np.isfinite(fusion.predict([world.acoustic, world.text]).values).all()
    with pytest.raises(FusionError, match="fewer than two speakers"):
        quick(method=method).fit_predict([world.acoustic, world.text], one, world.groups)


@pytest.mark.parametrize("method", METHODS)
def test_an_attribute_absent_in_one_branch_stays_absent(method):
    world = on_scale(World())
    moments = {"valence": (4.0, 1.0), "dominance": (4.0, 1.0)}  # none of arousal is needed
    branches = [world.without("arousal"), world.text]
    fused = quick(method=method, moments=moments).fit(branches, world.truth, world.groups).predict(branches)
    assert np.isnan(fused.values[:, 1]).all()
    assert fused.info.absent_attributes == ("arousal",)
    assert np.isfinite(fused.values[:, [0, 2]]).all()


@pytest.mark.parametrize(
    ("settings", "value", "message"),
    [
        ({}, float("inf"), "utterance 'u7': arousal is inf, expected a number"),
        ({}, float("nan"), "utterance 'u7': arousal is nan, .*missing value is None"),
        ({"method": "fractional_logit"}, 7.5, r"utterance 'u7': arousal is 7\.5, .*needs 1 to 7.*'ridge'"),
        ({"method": "fraction"}, 4.0, "method 'fraction' is not known"),
        ({"moments": {"valence": (4, 1)}}, 4.0, r"moments has no 'arousal', 'dominance'|moments has no arousal, dominance"),
        ({"moments": MOMENTS | {"arousal": (4.0, 0.0)}}, 4.0, "moments of arousal are 4 and 0"),
        ({"moments": MOMENTS | {"arousal": (float("nan"), 1.0)}}, 4.0, "moments of arousal are nan and 1"),
    ],
)
def test_bad_settings_and_values_are_refused(settings, value, message):
    world = on_scale(World())
    world.truth["u7"]["arousal"] = value
    with pytest.raises(FusionError, match=message):
        quick(**settings).fit_predict([world.acoustic, world.text], world.truth, world.groups)
