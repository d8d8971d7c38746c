"""Learning-rate schedules over a known number of optimizer steps, for Python and YAML alike."""

import math

from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR


class LinearWarmup(LambdaLR):
    """A rate that rises in a straight line over the first share of the steps, then stays.

    Paper: section 5.2 has a linear warm-up over 10 % of the steps for text and does not say what follows; we keep
    the rate.

    Args:
        optimizer: Each of its groups keeps its own peak rate.
        steps: Optimizer steps of the run.
        share: Share of the steps that the rise takes.

    >>> import torch
    >>> optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    >>> schedule = LinearWarmup(optimizer, steps=40, share=0.1)
    >>> [step() or schedule.step() or schedule.get_last_lr()[0] for step in [optimizer.step] * 4]
    [0.5, 0.75, 1.0, 1.0]
    """

    def __init__(self, optimizer: Optimizer, steps: int, share: float = 0.1) -> None:
        super().__init__(optimizer, _Warmup(steps, share))


class WarmupCosine(LambdaLR):
    """A rate that rises in a straight line over the first share of the steps, then falls along half a cosine.

    Args:
        optimizer: Each of its groups keeps its own peak rate.
        steps: Optimizer steps of the run.
        share: Share of the steps that the rise takes.
        final: Rate at the end, as a share of the peak.
    """

    def __init__(self, optimizer: Optimizer, steps: int, share: float = 0.1, final: float = 0.0) -> None:
        super().__init__(optimizer, _Cosine(steps, share, final))


class _Warmup:
    """The factor of each step; an object, since a schedule's state dict keeps no function."""

    def __init__(self, steps: int, share: float) -> None:
        if not 0 <= share <= 1:
            raise ValueError(f"share must be between 0 and 1, found {share}")
        self.steps = max(steps, 1)
        self.n_rising = max(round(share * steps), 1)

    def __call__(self, step: int) -> float:
        return min((step + 1) / self.n_rising, 1.0)


class _Cosine(_Warmup):
    def __init__(self, steps: int, share: float, final: float) -> None:
        super().__init__(steps, share)
        self.final = final

    def __call__(self, step: int) -> float:
        if step < self.n_rising:
            return super().__call__(step)
        done = min((step + 1 - self.n_rising) / max(self.steps - self.n_rising, 1), 1.0)
        return self.final + (1 - self.final) * 0.5 * (1 + math.cos(math.pi * done))
