"""A system that is too sure of itself, over utterances of some speakers."""

import numpy as np
from scipy.special import softmax

from emojudge.evaluation.prior import log_softmax
from emojudge.predictions import Predictions, PredictionsInfo

CLASSES = ("angry", "sad", "happy")
UNIFORM = (1 / 3, 1 / 3, 1 / 3)


class TooSure:
    """Posteriors three times too sharp: 600 utterances of dev and 600 of test, by default of 24 speakers."""

    def __init__(self, prior=UNIFORM, speakers=24, without_input=()):
        rng = np.random.default_rng(0)
        logits = 1.5 * rng.normal(size=(1200, 3))
        emotion = (softmax(logits, axis=1).cumsum(axis=1) > rng.random((1200, 1))).argmax(axis=1)
        self.id = [f"u{i}" for i in range(1200)]
        self.split = ["dev" if i < 600 else "test" for i in range(1200)]
        self.groups = {id: f"speaker {i % speakers}" for i, id in enumerate(self.id)}
        self.truth = {id: CLASSES[k] for id, k in zip(self.id, emotion, strict=True)}
        self.dev_truth = dict(list(self.truth.items())[:600])
        self.logits = log_softmax(3 * logits)
        self.logits[list(without_input)] = np.nan
        self.system = Predictions(self.id, self.split, self.logits, PredictionsInfo("fused", CLASSES, "corpus-1", "c0", source_prior=prior))
