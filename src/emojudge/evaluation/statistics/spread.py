"""A score over seeds: mean and spread."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Spread:
    """A score over several runs that differ in their seed only."""

    mean: float
    deviation: float
    """Standard deviation over runs (n - 1); 0 for a single run."""
    n_runs: int
    half_width: float
    """Half of the 95 % interval of the mean by Student's t; infinite for a single run."""

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        """Return mean and spread of one value a run."""
        from scipy.stats import t

        n = len(values)
        deviation = statistics.stdev(values) if n > 1 else 0.0
        half_width = float(t.ppf(0.975, n - 1)) * deviation / n**0.5 if n > 1 else float("inf")
        return cls(statistics.fmean(values), deviation, n, half_width)
