"""Changes to the waveforms of training, drawn anew each epoch: passed to the data module as a part."""

import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from .._extras import NAMED_IN_CONFIGS, need
from ..errors import AudioError

Waveform: TypeAlias = NDArray[np.float32]

Augmentation: TypeAlias = Callable[[Waveform, int], Waveform]
"""Returns other samples for samples ``(samples,)`` and their rate in Hz; draws from ``random`` and ``numpy.random`` as it likes."""


class WaveformAugmentation:
    """Transforms of the library audiomentations, one after the other (extra ``augmentation``).

    Paper: trains on the recordings as they are; so do our configs, but for ``experiment/augmented.yaml``.

    Args:
        transforms: Such as ``audiomentations.Gain(p=0.5)``, each with a chance of its own.
        p: Share of utterances that go through them at all.
        shuffle: Whether their order is drawn too.
    """

    def __init__(self, transforms: Sequence[Callable[..., Any]], p: float = 1.0, shuffle: bool = False) -> None:
        self._compose = need("audiomentations", NAMED_IN_CONFIGS["audiomentations"]).Compose(list(transforms), p=p, shuffle=shuffle)

    def __call__(self, samples: Waveform, sample_rate: int) -> Waveform:
        """Return changed samples."""
        return self._compose(samples=samples, sample_rate=sample_rate)  # type: ignore[no-any-return]


def augmented(augmentation: Augmentation, samples: Waveform, sample_rate: int, key: Sequence[int]) -> Waveform:
    """Return the augmented samples of one utterance, the same for the same key in every process and order of reading.

    Args:
        augmentation: What changes them.
        samples: ``(samples,)``; they are copied, since they may lie in a cache.
        sample_rate: In Hz.
        key: What decides all that is drawn: seed, epoch, utterance.

    Returns:
        ``(samples,)``, perhaps more or fewer.

    Raises:
        AudioError: If what comes out is no mono sound of finite samples.
    """
    with _seeded(key):
        changed = np.asarray(augmentation(samples.copy(), sample_rate), dtype=np.float32)
    if changed.ndim != 1 or changed.size == 0 or not np.isfinite(changed).all():
        raise AudioError(
            f"data.init_args.augmentation made an array of shape {changed.shape} of {len(samples)} samples, "
            "or values that are not finite; expected finite samples of one channel"
        )
    return changed


@contextmanager
def _seeded(key: Sequence[int]) -> Iterator[None]:
    """Seed the generators that augmentations draw from, and give them back as they were."""
    states = random.getstate(), np.random.get_state()
    seed = int(np.random.SeedSequence(list(key)).generate_state(1)[0])
    random.seed(seed)
    np.random.seed(seed)
    try:
        yield
    finally:
        random.setstate(states[0])
        np.random.set_state(states[1])
