"""What intervals and differences of 20,000 utterances cost: ``python benchmarks/resampling.py``.

CPU seconds and peak memory of 10,000 resamples, each in a process of its own, with 1,000 speakers and with none known, where every
utterance is a cluster by itself. Aim: 20 CPU seconds and 500 MB each.
"""

from functools import partial

import numpy as np
from measure import in_own_process

from emojudge.evaluation import additive, difference_of, intervals_of
from emojudge.labels import EMOTIONS

N_UTTERANCES, N_SPEAKERS, N_RESAMPLES = 20_000, 1_000, 10_000


def scored(measure: str, n_speakers: int | None, paired: bool) -> float:
    """Return half the width of an interval of a score, or of the difference of two."""
    random = np.random.default_rng(0)
    groups = None if n_speakers is None else random.integers(n_speakers, size=N_UTTERANCES).tolist()
    if measure == "macro_f1":
        truth = random.choice(EMOTIONS, N_UTTERANCES)
        systems = [np.where(random.random(N_UTTERANCES) < 0.4, truth, random.choice(EMOTIONS, N_UTTERANCES)) for _ in range(2)]
    else:
        truth = random.normal(4, 1, (N_UTTERANCES, 3))
        systems = [0.5 * truth + random.normal(2, 0.5, truth.shape) for _ in range(2)]
    a, b = (additive(truth, prediction, measure) for prediction in systems)
    found = difference_of(a, b, groups, n_resamples=N_RESAMPLES) if paired else intervals_of([a], groups, n_resamples=N_RESAMPLES)[0]
    return found.high - found.value


def main() -> None:
    for measure in ("macro_f1", "ccc_mean"):
        for n_speakers in (N_SPEAKERS, None):
            for paired in (False, True):
                seconds, megabytes, half = in_own_process(partial(scored, measure, n_speakers, paired))
                who = "no speaker known" if n_speakers is None else f"{n_speakers:,} speakers"
                what = "difference" if paired else "interval"
                print(f"{measure}, {who}, {what} (± {half:.4f}): {seconds:.1f} CPU s, {megabytes:.0f} MB", flush=True)


if __name__ == "__main__":
    main()
