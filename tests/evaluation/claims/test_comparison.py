"""Claims about systems: paired, by split, with a verdict that follows from the interval."""

from dataclasses import replace

import numpy as np
import pytest

from emojudge.errors import EmojudgeError, PredictionsError
from emojudge.evaluation import score_attributes, score_emotions
from emojudge.evaluation.claims import compare, judge_gain, text_ablation
from emojudge.labels import ATTRIBUTES
from emojudge.predictions import AttributePredictions, AttributesInfo, Predictions, PredictionsInfo

CLASSES = ("angry", "sad", "happy")
N = 1200


class World:
    """1,200 utterances of 30 speakers, half of dev and half of test."""

    def __init__(self):
        self.rng = np.random.default_rng(0)
        self.id = [f"u{i}" for i in range(N)]
        self.split = ["dev" if i % 2 else "test" for i in range(N)]
        self.groups = {id: f"speaker {i // 2 % 30}" for i, id in enumerate(self.id)}
        self.k = self.rng.integers(3, size=N)
        self.truth = {id: CLASSES[k] for id, k in zip(self.id, self.k, strict=True)}
        self.values = self.rng.normal(4, 1, size=(N, 3))
        self.attributes = {id: dict(zip(ATTRIBUTES, row, strict=True)) for id, row in zip(self.id, self.values.tolist(), strict=True)}

    def emotions(self, name, right, labels=None):
        """A system that is right with this probability."""
        given = np.where(self.rng.random(N) < right, self.k, (self.k + self.rng.integers(1, 3, size=N)) % 3)
        return Predictions(self.id, self.split, np.eye(3)[given], PredictionsInfo(name, CLASSES, "c"), label=labels)

    def regression(self, name, noise, seed=0, without_input=()):
        values = self.values + np.random.default_rng(seed).normal(size=(N, 3)) * noise
        values[list(without_input)] = np.nan
        return AttributePredictions(self.id, self.split, values, AttributesInfo(name, ATTRIBUTES, "c"))

    def of_dev(self, predictions):
        return predictions.of_split("dev")


def named(comparison):
    return {(gain.split, gain.measure): gain for gain in comparison.gains}


def test_a_gain_a_loss_and_nothing_have_their_words():
    world = World()
    better, worse = world.emotions("better", 0.7), world.emotions("worse", 0.5)
    settings = {"n_resamples": 999}
    gain = compare("Claim", better, worse, world.truth, world.groups, ["test"], ["accuracy"], **settings).gains[0]
    assert gain.verdict == "gain"
    assert compare("Claim", worse, better, world.truth, world.groups, ["test"], ["accuracy"], **settings).gains[0].verdict == "loss"
    same = compare("Claim", worse, world.emotions("other", 0.5), world.truth, world.groups, ["test"], ["accuracy"], **settings)
    found = same.gains[0]
    assert found.difference.low < 0 < found.difference.high
    assert found.verdict.startswith("not shown: the interval spans 0; smallest difference that this data could show:")
    assert found.verdict.endswith(f" {found.difference.detectable:.3f}")
    assert same.sentence == "worse against other: Not shown: 1 of 1."
    one_speaker = compare("Claim", better, worse, world.truth, dict.fromkeys(world.id, "x"), ["test"], ["accuracy"], n_resamples=99)
    assert one_speaker.gains[0].verdict == "not shown: too few speakers for an interval"
    assert "test: only 1 speaker" in one_speaker.notes[-1]


def test_the_judges_gain_is_that_of_the_refined_labels():
    world = World()
    fused = world.emotions("fused", 0.6)
    labels = fused.labels()
    wrong = [i for i in range(N) if labels[i] != world.truth[world.id[i]]]
    right = [i for i in range(N) if labels[i] == world.truth[world.id[i]]]
    for i in wrong[:60]:
        labels[i] = world.truth[world.id[i]]
    labels[right[0]] = next(name for name in CLASSES if name != labels[right[0]])
    refined = replace(fused, label=labels, info=replace(fused.info, system="refined"))
    found = judge_gain(refined, fused, world.truth, world.groups, ["test", "dev"], n_resamples=499)
    changed = [i for i in [*wrong[:60], right[0]] if world.split[i] == "test"]
    to_wrong = int(world.split[right[0]] == "test")
    assert (
        found.notes[0]
        == f"test: {len(changed)} labels of 600 changed: {len(changed) - to_wrong} to right, {to_wrong} to wrong, 0 from wrong to wrong."
    )
    rows = [i for i in range(N) if world.split[i] == "test"]
    truth = [CLASSES[k] for k in world.k[rows]]
    scores = [score_emotions(truth, [given[i] for i in rows])["macro_f1"] for given in (labels, fused.labels())]
    gain = named(found)["test", "macro_f1"]
    assert (gain.score, gain.reference, gain.difference.value) == pytest.approx((*scores, scores[0] - scores[1]))
    assert (found.system, found.reference) == ("refined", "fused")
    assert gain.verdict == "gain"


def test_text_ablation_is_by_attribute_and_by_class():
    world = World()
    acoustic = world.regression("acoustic_refitted", np.array([2.0, 1.0, 1.0]), seed=1)
    values = acoustic.values.copy()
    values[:, 0] = world.regression("x", 1.0, seed=2).values[:, 0]  # text tells of valence alone
    fused = replace(acoustic, values=values, info=replace(acoustic.info, system="fused"))
    found = named(text_ablation(fused, acoustic, world.attributes, world.groups, ["test"], n_resamples=499))
    assert [measure for _, measure in found] == ["ccc_valence", "ccc_arousal", "ccc_dominance", "ccc_mean"]
    assert found["test", "ccc_valence"].verdict == "gain"
    assert found["test", "ccc_arousal"].difference.value == 0
    assert found["test", "ccc_arousal"].p == 1
    emotions = text_ablation(world.emotions("a", 0.7), world.emotions("b", 0.5), world.truth, world.groups, ["test"], n_resamples=99)
    assert [gain.measure for gain in emotions.gains] == ["macro_f1", "f1_angry", "f1_sad", "f1_happy"]


def test_p_is_corrected_over_the_comparison():
    world = World()
    a, b = world.emotions("a", 0.52), world.emotions("b", 0.5)
    found = compare("Claim", a, b, world.truth, world.groups, ["dev", "test"], ["accuracy", "macro_f1"], n_resamples=499).gains
    smallest = min(found, key=lambda gain: gain.difference.p)
    assert smallest.p == pytest.approx(min(1.0, 4 * smallest.difference.p))


def test_what_holm_takes_back_is_no_gain():
    world = World()
    better, worse = world.emotions("better", 0.7), world.emotions("worse", 0.5)
    gain = compare("Claim", better, worse, world.truth, world.groups, ["dev"], ["accuracy"], n_resamples=499).gains[0]
    assert gain.verdict == "gain"
    assert replace(gain, p=0.2).verdict == "not shown: p is 0.200 after Holm over the comparison"
    blurred = replace(gain, difference=replace(gain.difference, low=-0.1), p=0.2)
    assert blurred.verdict.startswith("not shown: the interval spans 0")  # which says more


def test_a_smaller_error_is_a_gain():
    world = World()
    closer, farther = world.regression("closer", 0.5, 1), world.regression("farther", 1.5, 2)
    found = compare("Claim", closer, farther, world.attributes, world.groups, ["test"], ["mae_valence", "ccc_valence"], n_resamples=499)
    assert found.gains[0].difference.value < 0
    assert [gain.verdict for gain in found.gains] == ["gain", "gain"]


def test_regressions_are_compared_where_both_have_input_and_labels_without_one_are_wrong():
    world = World()
    a, b = world.regression("a", 1.0, 1, without_input=range(0, 40)), world.regression("b", 1.0, 2, without_input=range(20, 60))
    found = compare("Claim", a, b, world.attributes, world.groups, ["test"], ["ccc_valence"], n_resamples=99)
    rows = [i for i in range(60, N) if world.split[i] == "test"]
    assert found.gains[0].n == len(rows)
    assert found.gains[0].score == pytest.approx(score_attributes(world.values[rows], a.values[rows])["ccc_valence"])
    assert found.notes == ["test: 30 utterances left out, since one of the systems had no input."]
    emotions = world.emotions("e", 0.7)
    silent = replace(emotions, logits=np.where(np.arange(N)[:, None] < 100, np.nan, emotions.logits))
    gain = compare("Claim", silent, emotions, world.truth, world.groups, ["test"], ["accuracy"], n_resamples=99).gains[0]
    rows = np.array([split == "test" for split in world.split])
    right = np.array([label == world.truth[id] for label, id in zip(emotions.labels(), world.id, strict=True)])
    assert gain.difference.value == pytest.approx(-(right[rows][:50].sum()) / 600)


def test_runs_are_compared_by_their_mean_in_pairs():
    world = World()
    a, b = ([world.regression(name, noise, seed) for seed in range(3)] for name, noise in (("a", 1.0), ("b", 1.1)))
    found = compare("Claim", a, b, world.attributes, world.groups, ["test"], ["ccc_valence"], n_resamples=99)
    assert found.notes == ["Means over 3 runs; intervals and p speak of other speakers, not of other seeds."]
    gain = found.gains[0]
    rows = [i for i in range(N) if world.split[i] == "test"]
    scores = [[score_attributes(world.values[rows], run.values[rows])["ccc_valence"] for run in side] for side in (a, b)]
    assert (gain.score, gain.reference) == pytest.approx((np.mean(scores[0]), np.mean(scores[1])))
    assert gain.difference.value == pytest.approx(np.mean(scores[0]) - np.mean(scores[1]))
    with pytest.raises(PredictionsError, match="3 runs of one system and 2 of the other"):
        compare("Claim", a, b[:2], world.attributes, world.groups, ["test"], ["ccc_valence"])


def test_a_split_without_labels_is_told_and_rows_that_are_missing_are_refused():
    world = World()
    a, b = world.emotions("a", 0.7), world.emotions("b", 0.6)
    dev_only = {id: label if split == "dev" else None for (id, label), split in zip(world.truth.items(), world.split, strict=True)}
    found = compare("Claim", a, b, dev_only, world.groups, ["dev", "test"], ["accuracy"], n_resamples=99)
    assert [gain.split for gain in found.gains] == ["dev"]
    assert found.notes == ["test: no labelled utterance that both systems have; nothing can be said."]
    with pytest.raises(EmojudgeError, match="no labelled utterance in test"):
        compare("Claim", a, b, dev_only, world.groups, ["test"], ["accuracy"])
    with pytest.raises(PredictionsError, match="b: no prediction for 1 utterances: u1199"):
        compare("Claim", a, b.select(b.id[:-1]), world.truth, world.groups, ["dev", "test"], ["accuracy"])
    with pytest.raises(PredictionsError, match="changed labels"):
        judge_gain(
            world.regression("a", 1), world.regression("b", 1), world.attributes, world.groups, ["test"], ["ccc_mean"], n_resamples=99
        )


def test_the_sheet_says_what_the_gains_say():
    world = World()
    found = compare(
        "Claim",
        world.emotions("a", 0.7),
        world.emotions("b", 0.5),
        world.truth,
        world.groups,
        ["dev", "test"],
        ["accuracy"],
        n_resamples=99,
    )
    sheet = found.sheet()
    assert sheet.header == ["split", "measure", "a", "b", "difference", "p (Holm)", "verdict"]
    assert [row[:2] for row in sheet.rows] == [["dev", "accuracy"], ["test", "accuracy"]]
    assert sheet.rows[0][2] == f"{found.gains[0].score:.3f}"
    assert sheet.notes[0] == found.sentence
