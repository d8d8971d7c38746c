"""How much of an epoch is padding, and what planning it costs: ``python benchmarks/padding.py``.

Two mixes of 2.75 to 11 s, in which random batches of 32 are compared with batches by number and with batches by seconds of the same
mean size, over fresh orders; then the CPU time of a plan for 100,000 utterances, the median of interleaved rounds.
"""

from collections.abc import Callable
from statistics import median
from time import process_time

import numpy as np

from emojudge.data import BucketSampler
from emojudge.data.plan import padding_ratio

BATCH_SIZE = 32
N_EPOCHS = 5
N_ROUNDS = 15
SHORTEST_S, LONGEST_S = 2.75, 11.0


def mixes(n: int) -> dict[str, np.ndarray]:
    """Return durations in seconds: as many of each length, and more short ones than long ones, as in a podcast corpus."""
    random = np.random.default_rng(0)
    span = LONGEST_S - SHORTEST_S
    return {"uniform": SHORTEST_S + span * random.random(n), "more short": SHORTEST_S + span * random.beta(1.2, 2.6, n)}


def samplers(lengths: np.ndarray) -> dict[str, Callable[[], BucketSampler]]:
    """Return what makes a training sampler of each kind."""
    seconds = BATCH_SIZE * float(lengths.mean())
    return {
        "random": lambda: BucketSampler(lengths, BATCH_SIZE, shuffle=True, pool_batches=1),
        "by number": lambda: BucketSampler(lengths, BATCH_SIZE, shuffle=True),
        "by seconds": lambda: BucketSampler(lengths, batch_seconds=seconds, shuffle=True),
    }


def worst_padding(sampler: BucketSampler) -> float:
    """Return padded over real length of the worst of some epochs."""
    ratios = []
    for epoch in range(N_EPOCHS):
        sampler.set_epoch(epoch)
        ratios.append(padding_ratio(sampler.lengths, sampler.plan()))
    return max(ratios)


def cpu_ms(lengths: np.ndarray) -> dict[str, tuple[float, float]]:
    """Return the median CPU milliseconds of making each sampler and of its plan."""
    spent: dict[str, list[tuple[float, float]]] = {}
    for epoch in range(N_ROUNDS):
        for name, make in samplers(lengths).items():
            start = process_time()
            sampler = make()
            made = process_time()
            sampler.set_epoch(epoch)
            sampler.plan()
            spent.setdefault(name, []).append((made - start, process_time() - made))
    return {name: (1e3 * median(a for a, _ in times), 1e3 * median(b for _, b in times)) for name, times in spent.items()}


def main() -> None:
    """Print both tables."""
    print(f"padded / real, worst of {N_EPOCHS} epochs, and batches an epoch")
    for n in (6_400, 20_000):
        for mix, lengths in mixes(n).items():
            found = {name: make() for name, make in samplers(lengths).items()}
            columns = [f"{name} {worst_padding(sampler):.4f} ({len(sampler)})" for name, sampler in found.items()]
            print(f"  {n:6,} {mix:10} mean {lengths.mean():.2f} s   " + "   ".join(columns))
    print(f"CPU ms for 100,000 utterances, median of {N_ROUNDS} interleaved rounds")
    for name, (construction, plan) in cpu_ms(mixes(100_000)["uniform"]).items():
        print(f"  {name:10} made in {construction:5.1f}, plan of an epoch {plan:5.1f}")


if __name__ == "__main__":
    main()
