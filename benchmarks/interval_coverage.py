"""How often an interval holds the truth, and p under the null: ``python benchmarks/interval_coverage.py [--quick]``.

Draws data sets of 5, 10, 20 and 50 speakers from a world in which speakers differ: in how much they say (log-normal, sigma 1), in
which classes they show, in how well a system understands them, and in the
classes that it takes them for. What is true of all speakers like these is a score over 50,000 of them. A second system is as good as
the first, so that its p should be uniform: the test of Kolmogorov and Smirnov says whether it is, and how often p is below .05.
"""

import argparse
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import kstest
from scipy.stats import t as student

from emojudge.evaluation import additive, bootstrap_scores, difference_of, intervals_of, score_attributes
from emojudge.evaluation.scores import OVERALL

SPEAKERS = (5, 10, 20, 50)
N_POPULATION = 50_000
N_RESAMPLES = 999
CLASSES = range(8)
PRIOR = np.array([0.10, 0.09, 0.25, 0.04, 0.02, 0.02, 0.04, 0.44])
"""About that of MSP-Podcast; so rare a class is absent from some data sets of few speakers."""

Draw = tuple[NDArray[Any], NDArray[Any], NDArray[Any], NDArray[np.int64]]


def emotions(random: np.random.Generator, n_speakers: int) -> Draw:
    """Return truth and the predictions of two systems, ``(utterances,)`` each, with the speakers."""
    speaker = said_by(random, n_speakers)
    truth = drawn(random, speaker, n_speakers)
    skill = 1 / (1 + np.exp(-random.normal(0, 0.7, n_speakers)))
    a, b = (np.where(random.random(len(speaker)) < skill[speaker], truth, drawn(random, speaker, n_speakers)) for _ in range(2))
    return truth, a, b, speaker


def attributes(random: np.random.Generator, n_speakers: int) -> Draw:
    """Return truth and the predictions of two systems of one attribute, ``(utterances, 1)`` each, with the speakers."""
    speaker = said_by(random, n_speakers)
    truth = random.normal(4, 0.5, n_speakers)[speaker] + random.normal(0, 1, len(speaker))
    gain = random.normal(0.5, 0.15, n_speakers)[speaker]
    a, b = (4 + gain * (truth - 4) + random.normal(0, 0.3, n_speakers)[speaker] + random.normal(0, 0.6, len(speaker)) for _ in range(2))
    return truth[:, None], a[:, None], b[:, None], speaker


def said_by(random: np.random.Generator, n_speakers: int) -> NDArray[np.int64]:
    return np.repeat(np.arange(n_speakers), np.maximum(5, 40 * np.exp(random.normal(0, 1, n_speakers))).astype(int))


def drawn(random: np.random.Generator, speaker: NDArray[np.int64], n_speakers: int) -> NDArray[np.int64]:
    """Return a class of each utterance, by a distribution of its speaker's own."""
    own = random.gamma(8 * PRIOR, size=(n_speakers, len(PRIOR))) + 1e-12
    bounds = (own / own.sum(axis=1, keepdims=True)).cumsum(axis=1)[:, :-1]
    return (random.random(len(speaker))[:, None] > bounds[speaker]).sum(axis=1)


def true_macro_f1(draw: Draw) -> float:
    truth, prediction, _, _ = draw
    counts = [np.bincount(labels, minlength=len(PRIOR)) for labels in (truth[truth == prediction], truth, prediction)]
    return float(OVERALL["macro_f1"](*counts))


def true_ccc(draw: Draw) -> float:
    return score_attributes(draw[0], draw[1], ["valence"])["ccc_valence"]


WORLDS: dict[str, tuple[Callable[[np.random.Generator, int], Draw], Callable[[Draw], float], Any]] = {
    "macro_f1": (emotions, true_macro_f1, CLASSES),
    "ccc_valence": (attributes, true_ccc, ["valence"]),
}


def study(measure: str, speakers: list[int], repetitions: int, seed: int) -> None:
    draw, score, names = WORLDS[measure]
    random = np.random.default_rng(seed)
    true = score(draw(random, N_POPULATION))
    print(f"{measure}, {true:.3f} over all speakers")
    for n_speakers in speakers:
        held, percentile_held, widths, p_values = [], [], [], []
        for repetition in range(repetitions):
            truth, a, b, speaker = draw(random, n_speakers)
            one, other = (additive(truth, prediction, measure, names) for prediction in (a, b))
            groups = speaker.tolist()
            (found,) = intervals_of([one], groups, n_resamples=N_RESAMPLES, seed=repetition)
            low, high = np.quantile(bootstrap_scores([one], groups, n_resamples=N_RESAMPLES, seed=repetition), [0.025, 0.975])
            held.append(found.low <= true <= found.high)
            percentile_held.append(low <= true <= high)
            widths.append(found.high - found.low)
            p_values.append(difference_of(one, other, groups, n_resamples=N_RESAMPLES, seed=repetition).p)
        half = student.ppf(0.975, repetitions) * np.sqrt(0.05 * 0.95 / repetitions)
        print(
            f"  {n_speakers:3d} speakers: holds the truth {np.mean(held):.1%} (± {half:.1%}), percentiles {np.mean(percentile_held):.1%}, "
            f"median width {np.median(widths):.3f}; p < .05 {np.mean(np.array(p_values) < 0.05):.1%}, "
            f"p uniform: KS p {kstest(p_values, 'uniform').pvalue:.3f}",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--speakers", type=int, nargs="+", default=list(SPEAKERS))
    parser.add_argument("--repetitions", type=int, default=1000)
    parser.add_argument("--quick", action="store_true", help="100 repetitions")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    for measure in WORLDS:
        study(measure, given.speakers, 100 if given.quick else given.repetitions, given.seed)


if __name__ == "__main__":
    main()
