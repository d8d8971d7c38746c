"""Late fusion: what it agrees with, what it does without a branch, and what it refuses."""

import json
import warnings

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from emojudge.errors import FusionError, PredictionsError
from emojudge.evaluation.prior import log_softmax
from emojudge.fusion import EmotionFusion
from emojudge.fusion.logistic import choose_c, fit_logistic
from emojudge.predictions import Predictions, PredictionsInfo

CLASSES = ("angry", "happy", "sad", "neutral")
PRIOR = np.array([0.1, 0.2, 0.15, 0.55])


def quick(target_prior="uniform", **settings):
    return EmotionFusion(target_prior, **{"grid": (0.1, 1.0), "folds": 3} | settings)


class World:
    """Two noisy branches over utterances of eight speakers: 300 of dev, 300 of test."""

    def __init__(self, seed: int = 0, missing: float = 0.0, speakers: int = 8):
        rng = np.random.default_rng(seed)
        n = 600
        self.target = rng.choice(4, n, p=PRIOR)
        self.ids = [f"u{i}" for i in range(n)]
        self.split = ["dev" if i < 300 else "test" for i in range(n)]
        self.groups = {id: f"s{i % speakers}" for i, id in enumerate(self.ids)}
        self.truth = {id: CLASSES[k] for id, k, split in zip(self.ids, self.target, self.split, strict=True) if split == "dev"}
        self.acoustic = self.branch("acoustic", rng, 1.5)
        self.text = self.branch("text", rng, 1.0, missing)

    def branch(self, name, rng, strength, missing=0.0, **info):
        logits = rng.normal(size=(len(self.ids), 4))
        logits[np.arange(len(self.ids)), self.target] += strength
        logits[rng.random(len(self.ids)) < missing] = np.nan
        return Predictions(self.ids, self.split, logits, PredictionsInfo(name, CLASSES, "corpus-1", **info))

    def score(self, predictions, split="test"):
        labels = np.array([label or "none" for label in predictions.labels()])
        rows = np.array(self.split) == split
        return f1_score(np.array(CLASSES)[self.target][rows], labels[rows], labels=CLASSES, average="macro", zero_division=0)


def test_one_regression_equals_scikit_learns():
    rng = np.random.default_rng(0)
    features, target = rng.normal(3, 5, size=(200, 6)), rng.integers(0, 3, 200)
    (ours,) = fit_logistic(features, target, 3, [0.1])
    standardised = (features - features.mean(0)) / features.std(0)
    theirs = LogisticRegression(C=0.1, tol=1e-10, max_iter=10_000).fit(standardised, target)
    np.testing.assert_allclose(np.exp(ours.log_posterior(features)), theirs.predict_proba(standardised), atol=1e-4)


def test_two_classes_equal_scikit_learns():
    rng = np.random.default_rng(1)
    features, target = rng.normal(size=(100, 2)), rng.integers(0, 2, 100)
    (ours,) = fit_logistic(features, target, 2, [1.0])
    standardised = (features - features.mean(0)) / features.std(0)
    theirs = LogisticRegression(C=1.0, tol=1e-10).fit(standardised, target)
    np.testing.assert_allclose(np.exp(ours.log_posterior(features)), theirs.predict_proba(standardised), atol=1e-4)


def test_a_class_without_rows_gets_no_posterior():
    rng = np.random.default_rng(2)
    (model,) = fit_logistic(rng.normal(size=(60, 3)), rng.choice([0, 2], 60), 3, [1.0])
    assert np.exp(model.log_posterior(rng.normal(size=(5, 3))))[:, 1].max() < 1e-10
    assert model.prior[1] == 0


def test_c_with_the_best_score_is_chosen_and_ties_take_the_strongest_penalty():
    rng = np.random.default_rng(3)
    target = rng.integers(0, 2, 80)
    features = target[:, None] * 10.0 + rng.normal(size=(80, 1))  # separable: every C scores 1
    folds = [(np.arange(40), np.arange(40, 80)), (np.arange(40, 80), np.arange(40))]
    assert choose_c(features, target, folds, 2, (0.1, 1.0, 10.0), "natural") == (0.1, [1.0, 1.0, 1.0])


def test_fusion_beats_both_branches():
    world = World()
    fused = quick("natural").fit_predict([world.acoustic, world.text], world.truth, world.groups)
    assert world.score(fused) > max(world.score(world.acoustic), world.score(world.text)) + 0.02


def test_uniform_target_prior_divides_the_posterior_by_the_fitted_frequencies():
    world = World()
    branches = [world.acoustic, world.text]
    natural = EmotionFusion("natural", grid=(1.0,)).fit(branches, world.truth, world.groups)
    uniform = EmotionFusion("uniform", grid=(1.0,)).fit(branches, world.truth, world.groups).predict(branches)
    frequencies = np.bincount(world.target[:300], minlength=4) / 300
    expected = log_softmax(natural.predict(branches).logits - np.log(frequencies))
    np.testing.assert_allclose(uniform.logits, expected, atol=1e-9)
    assert uniform.info.source_prior == (0.25, 0.25, 0.25, 0.25)


def test_a_declared_prior_shifts_the_natural_posterior_and_a_zero_in_it_is_never_chosen():
    world = World()
    branches, declared = [world.acoustic, world.text], np.array([0.5, 0.3, 0.2, 0.0])
    natural = quick("natural", grid=(1.0,)).fit(branches, world.truth, world.groups).predict(branches)
    shifted = quick(declared.tolist(), grid=(1.0,)).fit(branches, world.truth, world.groups).predict(branches)
    frequencies = np.bincount(world.target[:300], minlength=4) / 300
    expected = log_softmax(natural.logits[:, :3] + np.log(declared[:3] / frequencies[:3]))
    np.testing.assert_allclose(shifted.logits[:, :3], expected, atol=1e-9)
    assert "neutral" not in shifted.labels()


def test_the_file_tells_what_it_was_fitted_on(tmp_path):
    world = World()
    quick().fit([world.acoustic], world.truth, world.groups).save(tmp_path / "fusion.json")
    assert json.loads((tmp_path / "fusion.json").read_text())["fitted_on"] == {"corpus": "corpus-1", "splits": ["dev"]}


def test_uniform_prior_wins_on_a_balanced_test_and_natural_on_a_natural_one():
    rng = np.random.default_rng(5)
    scores = {"uniform": [], "natural": []}
    for seed in range(5):
        world = World(seed)
        balanced = np.concatenate([rng.permutation(np.flatnonzero(world.target[300:] == k) + 300)[:20] for k in range(4)])
        for prior, values in scores.items():
            fused = quick(prior).fit([world.acoustic, world.text], world.truth, world.groups).predict([world.acoustic, world.text])
            labels = np.array(fused.labels())
            values.append(f1_score(np.array(CLASSES)[world.target][balanced], labels[balanced], average="macro"))
    assert np.mean(scores["uniform"]) > np.mean(scores["natural"]) + 0.02


def test_rows_of_the_fitting_split_come_from_models_that_never_saw_their_speaker():
    world = World()
    branches, settings = [world.acoustic, world.text], {"folds": 4, "grid": (0.1, 1.0)}
    fused = quick(**settings).fit_predict(branches, world.truth, world.groups)
    assert sorted(set(fused.fold[:300])) == [0, 1, 2, 3]
    assert (fused.fold[300:] == -1).all()
    for group in set(world.groups.values()):
        assert len({int(fused.fold[i]) for i in range(300) if world.groups[world.ids[i]] == group}) == 1
    held = [i for i in range(300) if fused.fold[i] == 2]
    without = {id: label for i, (id, label) in enumerate(world.truth.items()) if fused.fold[i] != 2}
    again = quick(**settings).fit(branches, without, world.groups).predict(branches)
    np.testing.assert_allclose(fused.logits[held], again.logits[held])


def test_an_utterance_without_a_branch_takes_the_other_and_is_marked():
    world = World(missing=0.3)
    branches = [world.acoustic, world.text]
    fusion = quick().fit(branches, world.truth, world.groups)
    fused = fusion.predict(branches)
    lacking = ~world.text.predicted
    assert {used for used, lacks in zip(fused.used, lacking, strict=True) if lacks} == {"acoustic"}
    assert {used for used, lacks in zip(fused.used, lacking, strict=True) if not lacks} == {"acoustic+text"}
    alone = quick().fit([world.acoustic], world.truth, world.groups).predict([world.acoustic])
    np.testing.assert_allclose(fused.logits[lacking], alone.logits[lacking])


def test_an_utterance_without_any_input_stays_without_label():
    world = World(missing=0.2)
    acoustic = Predictions(
        world.ids, world.split, np.where(world.text.predicted[:, None], world.acoustic.logits, np.nan), world.acoustic.info
    )
    fused = quick().fit([acoustic, world.text], world.truth, world.groups).predict([acoustic, world.text])
    nothing = int(np.flatnonzero(~world.text.predicted)[0])
    assert fused.used[nothing] == ""
    assert fused.labels()[nothing] is None


def test_one_branch_is_its_refitted_control():
    world = World()
    fused = quick().fit_predict([world.acoustic], world.truth, world.groups)
    assert fused.info.system == "acoustic_refitted"
    assert set(fused.used) == {"acoustic"}


def test_a_class_absent_from_training_stays_absent():
    world = World()
    logits = np.column_stack([world.acoustic.logits, np.full(600, np.nan)])
    info = PredictionsInfo("acoustic", (*CLASSES, "contempt"), "corpus-1", absent_classes=("contempt",))
    acoustic = Predictions(world.ids, world.split, logits, info)
    fused = quick().fit_predict([acoustic], world.truth, world.groups)
    assert np.isnan(fused.logits[:, 4]).all()
    assert fused.info.absent_classes == ("contempt",)
    assert fused.info.source_prior == (0.25, 0.25, 0.25, 0.25, 0.0)


def test_saved_fusion_predicts_the_same(tmp_path):
    world = World(missing=0.1)
    branches = [world.acoustic, world.text]
    fusion = EmotionFusion(target_prior=[0.1, 0.2, 0.3, 0.4]).fit(branches, world.truth, world.groups)
    fusion.save(tmp_path / "fusion.json")
    again = EmotionFusion.load(tmp_path / "fusion.json")
    np.testing.assert_array_equal(again.predict(branches[::-1]).logits, fusion.predict(branches).logits)
    assert again.predict(branches).info == fusion.predict(branches).info
    assert len(again.curves_["acoustic+text"]) == len(again.grid) == 13


def test_two_speakers_are_enough_and_the_fold_models_say_how_c_was_chosen(caplog):
    world = World(speakers=2)
    fused = quick().fit_predict([world.acoustic], world.truth, world.groups)
    assert sorted(set(fused.fold[:300])) == [0, 1]
    assert "within the one that is left" in caplog.text


@pytest.mark.parametrize("speakers", [2, 4])
def test_one_utterance_a_class_is_fitted_without_stratified_folds(speakers):
    world = World(speakers=speakers)
    first = {CLASSES[k]: world.ids[int(np.flatnonzero(world.target[:300] == k)[0])] for k in range(4)}
    truth = {id: emotion for emotion, id in first.items()}
    groups = world.groups | {id: f"s{i % speakers}" for i, id in enumerate(truth)}
    fused = quick(folds=2).fit_predict([world.acoustic, world.text], truth, groups)
    assert fused.predicted.all()


def test_one_speaker_can_be_fitted_with_a_warning(caplog):
    world = World(speakers=1)
    assert quick().fit([world.acoustic], world.truth, world.groups).predict([world.acoustic]).predicted.all()
    assert "one speaker" in caplog.text


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda w: w.groups.update(dict.fromkeys(w.ids, "s0")), "fewer than two speakers"),
        (lambda w: w.truth.update({id: None for id, label in w.truth.items() if label == "sad"}), "no utterance of sad"),
        (lambda w: w.truth.update(dict.fromkeys(w.truth)), "no labelled utterance"),
        (lambda w: w.truth.update(u0="bored"), "bored"),
    ],
)
def test_a_fitting_split_that_cannot_be_fitted_is_refused(change, message):
    world = World()
    change(world)
    with pytest.raises(FusionError, match=message):
        quick(grid=(1.0,)).fit_predict([world.acoustic, world.text], world.truth, world.groups)


def test_one_fold_is_refused():
    world = World()
    with pytest.raises(FusionError, match="at least 2"):
        quick(folds=1).fit([world.acoustic], world.truth, world.groups)


def test_a_branch_without_input_in_the_fitting_split_is_refused():
    world = World(missing=1.0)
    with pytest.raises(FusionError, match="no utterance of the fitting split has input"):
        quick(grid=(1.0,)).fit([world.acoustic, world.text], world.truth, world.groups)


def test_predictions_of_another_corpus_or_class_list_are_refused():
    world = World()
    elsewhere = Predictions(world.ids, world.split, world.text.logits, PredictionsInfo("text", CLASSES, "corpus-2"))
    with pytest.raises(PredictionsError, match="corpus-2"):
        quick().fit([world.acoustic, elsewhere], world.truth, world.groups)
    reordered = Predictions(world.ids, world.split, world.text.logits, PredictionsInfo("text", CLASSES[::-1], "corpus-1"))
    with pytest.raises(PredictionsError, match="class list"):
        quick().fit([world.acoustic, reordered], world.truth, world.groups)


def test_branches_with_other_classes_than_fitted_are_refused():
    world = World()
    fusion = quick().fit([world.acoustic], world.truth, world.groups)
    reordered = Predictions(world.ids, world.split, world.acoustic.logits[:, ::-1], PredictionsInfo("acoustic", CLASSES[::-1], "corpus-1"))
    with pytest.raises(FusionError, match="was fitted on"):
        fusion.predict([reordered])
    logits = world.acoustic.logits.copy()
    logits[:, 3] = np.nan
    lacking = Predictions(world.ids, world.split, logits, PredictionsInfo("acoustic", CLASSES, "corpus-1", absent_classes=("neutral",)))
    with pytest.raises(FusionError, match="cannot predict neutral"):
        fusion.predict([lacking])


def test_labels_that_training_has_not_seen_are_left_out_with_a_warning(caplog):
    world = World()
    logits = world.acoustic.logits.copy()
    logits[:, 2] = np.nan
    acoustic = Predictions(world.ids, world.split, logits, PredictionsInfo("acoustic", CLASSES, "corpus-1", absent_classes=("sad",)))
    fused = quick().fit_predict([acoustic], world.truth, world.groups)
    assert "sad" not in fused.labels()
    assert "a class that training did not (sad)" in caplog.text


def test_other_branches_than_fitted_are_refused():
    world = World()
    fusion = quick(grid=(1.0,)).fit([world.acoustic], world.truth, world.groups)
    with pytest.raises(FusionError, match="was given text"):
        fusion.predict([world.text])


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"schema_version": 99}', "\x00", '{"schema_version": 1, "settings": {}, "models": []}'])
def test_a_broken_fusion_file_is_refused(tmp_path, text):
    path = tmp_path / "fusion.json"
    path.write_text(text)
    with pytest.raises(FusionError, match=r"fusion\.json"):
        EmotionFusion.load(path)


def test_parameters_are_scikit_learns():
    fusion = EmotionFusion("natural", folds=3, seed=4)
    expected = {"target_prior": "natural", "folds": 3, "grid": fusion.grid, "seed": 4, "method": "logistic", "train_prior": None}
    assert fusion.get_params() == expected
    json.dumps(fusion.get_params())


@pytest.mark.parametrize("target", [(0.25, 0.25, 0.25, 0.25), (0.4, 0.3, 0.2, 0.1)])
def test_curve_c_and_every_row_are_those_of_a_pipeline_of_scikit_learn(target):
    world, grid = World(5), (0.01, 0.1, 1.0)
    fusion = quick(list(target), grid=grid)
    fused = fusion.fit_predict([world.acoustic, world.text], world.truth, world.groups)
    features = np.hstack([log_softmax(branch.logits) for branch in (world.acoustic, world.text)])
    speaker = np.array(list(world.groups.values()))

    def fitted(rows, c):
        pipeline = make_pipeline(StandardScaler(), LogisticRegression(C=c, tol=1e-8, max_iter=2000))
        pipeline.fit(features[rows], world.target[rows])
        source = np.bincount(world.target[rows], minlength=4) / len(rows)
        return lambda held: log_softmax(pipeline.predict_log_proba(features[held]) + np.log(target) - np.log(source))

    def chosen(rows):
        splitter = StratifiedGroupKFold(3, shuffle=True, random_state=0)
        folds = [(rows[fit], rows[held]) for fit, held in splitter.split(rows, world.target[rows], speaker[rows])]
        weight = (np.array(target) / np.bincount(world.target[rows]))[world.target[rows]]
        curve = []
        for c in grid:
            predicted = np.full(600, -1)
            for fit, held in folds:
                predicted[held] = fitted(fit, c)(held).argmax(axis=1)
            curve.append(f1_score(world.target[rows], predicted[rows], average="macro", sample_weight=weight))
        return fitted(rows, grid[int(np.argmax(np.round(curve, 12)))]), curve, folds

    dev, test = np.arange(300), np.arange(300, 600)
    model, curve, folds = chosen(dev)
    assert fusion.curves_["acoustic+text"] == pytest.approx(curve)
    np.testing.assert_allclose(fused.logits[test], model(test), atol=1e-3)
    for fit, held in folds:
        np.testing.assert_allclose(fused.logits[held], chosen(fit)[0](held), atol=1e-3)


@pytest.mark.parametrize(("method", "in_sample"), [("logistic", 0.6), ("interpolation", 0.33)])
def test_where_labels_are_drawn_by_speaker_out_of_fold_scores_are_at_chance(method, in_sample):
    """Branches know the speaker, and nothing else: what is fitted on them is right where it was fitted, and out-of-fold only by leaking."""
    right = {"in-sample": [], "out-of-fold": []}
    for seed in range(3):
        rng = np.random.default_rng(seed)
        speaker = np.repeat(np.arange(40), 6)
        target = rng.permutation(np.arange(40) % 4)[speaker]
        ids = [f"u{i}" for i in range(240)]
        infos = [PredictionsInfo(f"b{k}", CLASSES, "corpus-1", source_prior=(0.25,) * 4) for k in range(4)]
        branches = [Predictions(ids, ["dev"] * 240, rng.normal(size=(40, 4))[speaker] * 3, info) for info in infos]
        truth, groups = {id: CLASSES[k] for id, k in zip(ids, target, strict=True)}, dict(zip(ids, map(str, speaker), strict=True))
        fusion = quick(method=method)
        fused = fusion.fit_predict(branches, truth, groups)
        right["out-of-fold"].append((fused.logits.argmax(axis=1) == target).mean())
        right["in-sample"].append((fusion.predict(branches).logits.argmax(axis=1) == target).mean())
    assert np.mean(right["in-sample"]) > in_sample
    assert np.mean(right["out-of-fold"]) < 0.33  # one in four by chance, of 120 speakers with a standard error of .04


def test_what_else_the_regression_warns_of_is_passed_on(monkeypatch):
    fit = LogisticRegression.fit

    def warning(self, *args):
        warnings.warn("something new", RuntimeWarning, stacklevel=1)
        return fit(self, *args)

    monkeypatch.setattr(LogisticRegression, "fit", warning)
    with pytest.warns(RuntimeWarning, match="something new"):
        fit_logistic(np.random.default_rng(0).normal(size=(30, 2)), np.arange(30) % 3, 3, [1.0])
