"""What a fusion of emotions costs: ``python benchmarks/emotion_fusion.py``.

``fit_predict``, out-of-fold rows included, of each method on 25,000 utterances of 400 speakers with eight classes in the frequencies of the
paper's Development split, two branches and 5 folds; the regression over all 13 values of C. Then the estimate of a class distribution
from the same number of posteriors.
"""

import numpy as np
from measure import cpu_seconds

from emojudge.evaluation import estimate_prior
from emojudge.evaluation.prior import log_softmax
from emojudge.fusion import EmotionFusion
from emojudge.labels import EMOTIONS
from emojudge.predictions import Predictions, PredictionsInfo

N_UTTERANCES, N_SPEAKERS = 25_000, 400
DEVELOPMENT = np.array([23.11, 9.27, 25.12, 3.91, 1.29, 2.15, 5.78, 29.39]) / 100.02
"""Angry, sad, happy, surprise, fear, disgust, contempt, neutral (paper, Table 1)."""


def main() -> None:
    random = np.random.default_rng(0)
    target = random.choice(len(EMOTIONS), N_UTTERANCES, p=DEVELOPMENT)
    ids = [f"u{i}" for i in range(N_UTTERANCES)]
    truth = {id: EMOTIONS[k] for id, k in zip(ids, target, strict=True)}
    groups = {id: f"s{k}" for id, k in zip(ids, random.integers(0, N_SPEAKERS, N_UTTERANCES), strict=True)}

    branches = []
    for name, strength in {"acoustic": 1.5, "text": 1.3}.items():
        logits = random.normal(size=(N_UTTERANCES, len(EMOTIONS)))
        logits[np.arange(N_UTTERANCES), target] += strength
        info = PredictionsInfo(name, tuple(EMOTIONS), "corpus", source_prior=(1 / len(EMOTIONS),) * len(EMOTIONS))
        branches.append(Predictions(ids, ["dev"] * N_UTTERANCES, logits, info))

    for method in ("mean", "best", "interpolation", "logistic"):
        fusion = EmotionFusion(method=method)
        seconds, _ = cpu_seconds(lambda fusion=fusion: fusion.fit_predict(branches, truth, groups))
        print(f"{method:13} {seconds:6.1f} CPU s")
    posteriors = log_softmax(branches[0].logits)
    seconds, _ = cpu_seconds(lambda: estimate_prior(posteriors, np.full(len(EMOTIONS), 1 / len(EMOTIONS))))
    print(f"estimate      {seconds:6.2f} CPU s")


if __name__ == "__main__":
    main()
