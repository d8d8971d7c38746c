"""What fusing attributes costs: ``python benchmarks/attribute_fusion.py``.

Two branches over 25,000 utterances of 250 speakers, all of them the fitting split, a fifth without a transcript. Each method is fitted
with its out-of-fold rows, five folds, without and with matched moments. Process CPU seconds, medians of interleaved rounds.
"""

from collections.abc import Callable
from functools import partial
from statistics import median
from typing import Any

import numpy as np
from measure import interleaved

from emojudge.fusion import AttributeFusion, moments_of
from emojudge.labels import ATTRIBUTES
from emojudge.predictions import AttributePredictions, AttributesInfo

N_UTTERANCES = 25_000
N_SPEAKERS = 250
N_ROUNDS = 3


def corpus() -> tuple[list[AttributePredictions], dict[str, dict[str, float | None]], dict[str, str]]:
    """Return two branches, the truth by utterance id, and the speaker of each."""
    random = np.random.default_rng(0)
    target = np.clip(random.normal(4, 1, (N_UTTERANCES, 3)), 1, 7)
    ids = [f"u{i}" for i in range(N_UTTERANCES)]
    branches = []
    for name, noise, missing in (("acoustic", 0.7, 0.0), ("text", 1.0, 0.2)):
        values = 4 + 0.5 * (target - 4) + random.normal(0, noise, target.shape)
        values[random.random(N_UTTERANCES) < missing] = np.nan
        branches.append(AttributePredictions(ids, ["dev"] * N_UTTERANCES, values, AttributesInfo(name, ATTRIBUTES, "corpus-1")))
    truth: dict[str, dict[str, float | None]] = {
        id: dict(zip(ATTRIBUTES, row, strict=True)) for id, row in zip(ids, target.tolist(), strict=True)
    }
    return branches, truth, {id: f"s{i % N_SPEAKERS}" for i, id in enumerate(ids)}


def main() -> None:
    """Print a line a method."""
    branches, truth, groups = corpus()
    moments = moments_of(truth)
    ways: dict[str, Callable[[], Any]] = {}
    for method in AttributeFusion.METHODS:
        for matched in (None, moments):
            fusion = AttributeFusion(method=method, moments=matched)
            ways[f"{method}{', matched' if matched else ''}"] = partial(fusion.fit_predict, branches, truth, groups)
    for name, seconds in interleaved(ways, N_ROUNDS).items():
        print(f"{name:27} {median(seconds):6.2f} CPU s (from {min(seconds):.2f} to {max(seconds):.2f})")


if __name__ == "__main__":
    main()
