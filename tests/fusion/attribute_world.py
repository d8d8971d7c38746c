"""What the tests of attribute fusion are fitted on: two noisy branches of the same utterances."""

import numpy as np

from emojudge.evaluation import score_attributes
from emojudge.fusion import AttributeFusion
from emojudge.labels import ATTRIBUTES
from emojudge.predictions import AttributePredictions, AttributesInfo


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
