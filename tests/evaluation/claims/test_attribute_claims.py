"""Distributions of attributes by split, and errors that go together: planted ones are found, others are not."""

import numpy as np
import pytest

from emojudge.errors import EmojudgeError, PredictionsError
from emojudge.evaluation.claims import attribute_distributions, error_correlations
from emojudge.labels import ATTRIBUTES
from emojudge.predictions import AttributePredictions, AttributesInfo

N = 1800
VALENCE, AROUSAL, DOMINANCE = range(3)


class World:
    """600 utterances each of train, dev and test, 30 speakers; dominance of the test is half a deviation lower."""

    def __init__(self, speakers=30):
        rng = np.random.default_rng(0)
        self.id = [f"u{i}" for i in range(N)]
        self.split = np.array([("train", "dev", "test")[i % 3] for i in range(N)])
        self.split_of = dict(zip(self.id, self.split.tolist(), strict=True))
        self.groups = {id: f"speaker {i // 3 % speakers}" for i, id in enumerate(self.id)}
        self.values = rng.normal(4, 0.8, size=(N, 3))
        self.values[:, DOMINANCE] = 4 + 0.5 * (self.values[:, AROUSAL] - 4) + 0.7 * (self.values[:, DOMINANCE] - 4)
        self.values[self.split == "test", DOMINANCE] -= 0.4
        self.rng = rng

    @property
    def truth(self):
        return {
            id: {name: None if np.isnan(v) else float(v) for name, v in zip(ATTRIBUTES, row, strict=True)}
            for id, row in zip(self.id, self.values, strict=True)
        }

    def system(self, values, name="fused", attributes=ATTRIBUTES, splits=("train", "dev", "test")):
        rows = np.flatnonzero(np.isin(self.split, splits))
        return AttributePredictions(
            [self.id[i] for i in rows], self.split[rows].tolist(), np.asarray(values)[rows], AttributesInfo(name, tuple(attributes), "c")
        )

    def distributions(self, systems, reference="train", **settings):
        found = attribute_distributions(systems, self.truth, self.split_of, self.groups, reference, **{"n_resamples": 499} | settings)
        return found, {(row.source, row.attribute, row.split): row for row in found.rows}

    def correlation(self, values, **settings):
        systems = {"fused": self.system(values)}
        return error_correlations(systems, self.truth, self.groups, ["test"], **{"n_resamples": 499} | settings).rows[0]


def test_means_deviations_and_shifts_are_those_of_numpy():
    world = World()
    predicted = 4 + 0.5 * (world.values - 4)
    found, rows = world.distributions({"fused": world.system(predicted)})
    assert len(found.rows) == 2 * 3 * 3
    for source, values in (("truth", world.values), ("fused", predicted)):
        train, test = (values[world.split == split, DOMINANCE] for split in ("train", "test"))
        row = rows[source, "dominance", "test"]
        assert (row.mean.value, row.deviation.value) == pytest.approx((test.mean(), test.std()))
        assert row.shift.value == pytest.approx((test.mean() - train.mean()) / train.std())
        assert (row.n, row.clusters, row.verdict) == (600, "30 speakers", "lower")
        assert rows[source, "dominance", "train"].shift is None
        assert rows[source, "valence", "dev"].verdict == "not shown: the interval spans 0"
    assert found.sentence.startswith("Mean against train, in deviations there: lower: dominance of truth, test; dominance of fused, test.")


def test_far_from_0_the_deviation_is_exact():
    world = World()
    _, rows = world.distributions({"fused": world.system(world.values + 1e7)})
    assert rows["fused", "arousal", "test"].deviation.value == pytest.approx(world.values[world.split == "test", AROUSAL].std(), rel=1e-6)


def test_columns_are_found_by_name_and_what_is_not_there_is_left_out():
    world = World()
    world.values[world.split == "dev", VALENCE] = np.nan
    turned = world.system(np.nan_to_num(world.values[:, [DOMINANCE, AROUSAL]]), attributes=("dominance", "arousal"), splits=("dev", "test"))
    found, rows = world.distributions({"fused": turned})
    assert rows["fused", "dominance", "test"].mean.value == pytest.approx(world.values[world.split == "test", DOMINANCE].mean())
    assert ("truth", "valence", "dev") not in rows
    assert ("fused", "valence", "test") not in rows
    assert rows["fused", "dominance", "test"].shift is None
    assert "fused has no values on train, so there is no shift to state." in found.notes
    _, against_dev = world.distributions({"fused": turned}, reference="dev")
    assert against_dev["fused", "dominance", "test"].verdict == "lower"


def test_a_constant_prediction_has_no_shift_and_few_speakers_are_told():
    world = World(speakers=5)
    found, rows = world.distributions({"fused": world.system(np.full((N, 3), 4.0))}, n_resamples=99)
    row = rows["fused", "valence", "test"]
    assert (row.mean.value, row.deviation.value, row.shift) == (4.0, 0.0, None)
    assert sum("only 5 speakers" in note for note in found.notes) == 3
    sheet = found.sheet()
    assert {len(row) for row in sheet.rows} == {len(sheet.header)}
    assert sheet.notes[0] == found.sentence


def test_errors_that_go_together_are_found_with_their_figure():
    world = World()
    noise = world.rng.normal(size=(N, 3))
    noise[:, DOMINANCE] = 0.6 * noise[:, AROUSAL] + 0.8 * noise[:, DOMINANCE]
    row = world.correlation(world.values + noise)
    test = world.split == "test"
    assert row.errors.value == pytest.approx(np.corrcoef(noise[test, DOMINANCE], noise[test, AROUSAL])[0, 1])
    assert row.truth.value == pytest.approx(np.corrcoef(world.values[test, DOMINANCE], world.values[test, AROUSAL])[0, 1])
    assert row.tie.value == pytest.approx(row.predictions.value - row.truth.value)
    assert row.verdict == "together"


def test_independent_errors_are_not_shown_to_go_together():
    world = World()
    row = world.correlation(world.values + world.rng.normal(size=(N, 3)))
    assert row.verdict == "not shown: the interval spans 0"
    against = world.rng.normal(size=(N, 3))
    against[:, DOMINANCE] = -against[:, AROUSAL]
    assert world.correlation(world.values + against).verdict == "against each other"


def test_a_system_that_takes_arousal_for_dominance_ties_them_closer_than_raters_do():
    world = World()
    confused = world.values + 0.3 * world.rng.normal(size=(N, 3))
    confused[:, DOMINANCE] = confused[:, AROUSAL] + 0.1 * world.rng.normal(size=N)
    row = world.correlation(confused)
    assert row.tie.low > 0
    honest = world.correlation(world.values)  # no error at all
    assert (honest.errors.value, honest.tie.value) == (0.0, 0.0)


def test_what_cannot_be_said_of_errors_is_told_or_refused():
    world = World()
    system = world.system(world.values, splits=("dev",))
    found = error_correlations({"fused": system}, world.truth, world.groups, ["dev", "test"], n_resamples=99)
    assert [row.split for row in found.rows] == ["dev"]
    assert found.notes == ["fused, test: no utterance with dominance and arousal, true and predicted; nothing can be said."]
    assert found.sheet().notes[0] == found.sentence
    with pytest.raises(EmojudgeError, match="no utterance of test"):
        error_correlations({"fused": system}, world.truth, world.groups, ["test"])
    alone = world.system(world.values[:, :1], attributes=("arousal",))
    with pytest.raises(PredictionsError, match="'fused' does not predict dominance"):
        error_correlations({"fused": alone}, world.truth, world.groups, ["test"])
