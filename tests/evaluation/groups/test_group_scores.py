"""Scores of groups: what is compared with what, and where nothing is said."""

import math

import numpy as np
import pytest

from emojudge.evaluation import score_attributes, score_emotions
from emojudge.evaluation.groups import Grouping, groups_sheet, score_groups
from emojudge.labels import ATTRIBUTES
from emojudge.predictions import AttributePredictions, AttributesInfo, Predictions, PredictionsInfo

CLASSES = ("angry", "sad", "happy")
N = 1200


class Unfair:
    """A system of 1,200 utterances of 40 speakers that is right more often for the first half of them."""

    def __init__(self, better=0.9, worse=0.5, seed=0):
        rng = np.random.default_rng(seed)
        self.id = [f"u{i}" for i in range(N)]
        self.speaker = np.arange(N) % 40
        self.truth_k = rng.integers(3, size=N)
        right = rng.random(N) < np.where(self.speaker < 20, better, worse)
        self.predicted_k = np.where(right, self.truth_k, (self.truth_k + rng.integers(1, 3, size=N)) % 3)
        self.truth = {id: CLASSES[k] for id, k in zip(self.id, self.truth_k, strict=True)}
        self.groups = {id: f"speaker {s}" for id, s in zip(self.id, self.speaker, strict=True)}
        self.system = Predictions(self.id, ["test"] * N, np.eye(3)[self.predicted_k], PredictionsInfo("fused", CLASSES, "c"))
        self.gender = self.grouping("gender", ["female" if s < 20 else "male" for s in self.speaker])

    def grouping(self, by, labels):
        return Grouping(by, dict(zip(self.id, labels, strict=True)), sorted({label for label in labels if label is not None}))

    def scores(self, grouping, measure=None, **settings):
        return {
            s.group: s for s in score_groups(self.system, self.truth, grouping, self.groups, measure, **{"n_resamples": 999} | settings)
        }


def test_scores_are_those_of_the_group_and_the_difference_is_to_the_rest():
    world = Unfair()
    found = world.scores(world.gender)
    inside = world.speaker < 20
    here, rest = (score_emotions(world.truth_k[part], world.predicted_k[part]) for part in (inside, ~inside))
    female = found["female"]
    assert (female.n, female.n_speakers, female.word) == (600, 20, "")
    assert female.score.value == pytest.approx(here["macro_f1"])
    assert female.beside == pytest.approx({"uar": here["uar"], "accuracy": here["accuracy"]})
    assert female.difference.value == pytest.approx(here["macro_f1"] - rest["macro_f1"])
    assert found["male"].difference.value == pytest.approx(-female.difference.value)
    assert female.difference.low > 0.3
    assert female.p < 0.01


def test_two_groups_are_one_question_and_three_are_three():
    world = Unfair(better=0.62, worse=0.6)
    two = world.scores(world.gender)
    assert two["female"].p == pytest.approx(two["female"].difference.p)
    assert two["male"].p == pytest.approx(two["female"].p)
    three = world.scores(world.grouping("third", [f"g{s % 3}" for s in world.speaker]))
    smallest = min(three.values(), key=lambda score: score.difference.p)
    assert smallest.p == pytest.approx(min(1, 3 * smallest.difference.p))


def test_equal_groups_differ_significantly_about_as_often_as_they_should():
    found = [Unfair(0.6, 0.6, seed) for seed in range(20)]
    p = [world.scores(world.gender, "accuracy", n_resamples=199)["female"].p for world in found]
    assert sum(value < 0.05 for value in p) <= 4  # 1 expected; more than 4 happens once in 400


def test_speakers_in_both_groups_pair_them():
    world = Unfair()
    # every speaker is in both halves and as good in either: the difference varies far less than the speakers do
    halves = world.grouping("half", ["first" if i < N // 2 else "second" for i in range(N)])
    paired = world.scores(halves, "accuracy")["first"].difference
    alone = {id: f"{name} {half}" for (id, name), half in zip(world.groups.items(), halves.group.values(), strict=True)}
    (unpaired, _) = score_groups(world.system, world.truth, halves, alone, "accuracy", n_resamples=999)
    assert paired.high - paired.low < 0.8 * (unpaired.difference.high - unpaired.difference.low)


def test_where_a_group_or_its_rest_is_too_small_that_is_said():
    world = Unfair()
    few = world.scores(world.grouping("few", ["few" if i < 40 else "many" for i in range(N)]))
    assert few["few"].word == "too few to say: 40 utterances of 40 speakers"
    assert few["many"].word == "too little beside it to compare: 40 utterances of 40 speakers"
    assert few["few"].difference is None
    assert math.isnan(few["few"].p)
    speakers = world.scores(world.grouping("speaker", [f"{s:02}" for s in world.speaker]))
    assert speakers["00"].word == "too few to say: 30 utterances of 1 speaker"
    assert math.isnan(speakers["00"].score.low)


def test_a_group_that_lacks_a_class_is_not_compared_by_a_mean_over_classes():
    world = Unfair()
    angry = world.truth_k == 0
    grouping = world.grouping("x", ["calm" if not a and i % 2 else "mixed" for i, a in enumerate(angry)])
    found = world.scores(grouping)
    assert found["calm"].word == "not compared: no utterance of angry"
    assert found["mixed"].word == "not compared: the rest has no utterance of angry"
    assert world.scores(grouping, "accuracy")["calm"].word == ""


def test_utterances_without_label_or_group_are_left_out():
    world = Unfair()
    world.truth["u0"] = None
    grouping = world.grouping("gender", [None if i == 1 else world.gender.group[id] for i, id in enumerate(world.id)])
    assert sum(score.n for score in world.scores(grouping).values()) == N - 2
    assert world.scores(Grouping("gender", {}, ["female"])) == {}


def test_attributes_are_scored_by_group_too():
    world = Unfair()
    rng = np.random.default_rng(1)
    truth = rng.normal(4, 1, size=(N, 3))
    values = truth + rng.normal(size=(N, 3)) * np.where(world.speaker < 20, 0.3, 2)[:, None]
    system = AttributePredictions(world.id, ["test"] * N, values, AttributesInfo("fused", ATTRIBUTES, "c"))
    by_id = {id: dict(zip(ATTRIBUTES, row, strict=True)) for id, row in zip(world.id, truth.tolist(), strict=True)}
    female, male = score_groups(system, by_id, world.gender, world.groups, n_resamples=199)
    inside = world.speaker < 20
    assert female.score.value == pytest.approx(score_attributes(truth[inside], values[inside])["ccc_mean"])
    assert female.difference.value == pytest.approx(female.score.value - male.score.value)
    assert female.difference.low > 0.2


def test_the_sheet_has_a_row_a_group_and_says_what_macro_f1_is_over():
    world = Unfair()
    third = world.grouping("third", [f"g{s % 3}" for s in world.speaker])
    sheet = groups_sheet({"fused": world.system}, world.truth, [world.gender, third], world.groups, ["test"], n_resamples=199)
    assert [row[:5] for row in sheet.rows][:2] == [["fused", "test", "gender", "female", "600"], ["fused", "test", "gender", "male", "600"]]
    assert len(sheet.rows) == 5
    assert all(len(row) == len(sheet.header) for row in sheet.rows)
    assert any("over the classes that occur" in note for note in sheet.notes)
    assert not any("only" in note for note in sheet.notes)
    few = groups_sheet(
        {"fused": world.system}, world.truth, [world.gender], dict.fromkeys(world.id, "one"), ["test"], "accuracy", n_resamples=99
    )
    assert "test: only 1 speaker" in few.notes[-1]
    assert [row[-1] for row in few.rows] == ["too few to say: 600 utterances of 1 speaker"] * 2
