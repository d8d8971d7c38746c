"""Mean and standard deviation of every training sample, in one pass and constant memory."""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from ..corpus.table import Table
from ..errors import CorpusError
from .selection import complete_rows
from .waveforms import Waveforms


def waveform_statistics(table: Table, waveforms: Waveforms, splits: Sequence[str]) -> tuple[float, float]:
    """Return mean and standard deviation of all samples of some splits, of utterances with or without a label.

    Raises:
        CorpusError: If the splits have no audio, or nothing but silence.
        AudioError: If a file cannot be read.
    """
    rows = complete_rows(table, table.indices(*splits), audio=True, text=False)
    mean, deviation = mean_and_deviation(waveforms.stream(rows))
    if deviation == 0:
        raise CorpusError(f"{table.info.source}: the audio of {list(splits)} is silent throughout; nothing can be learnt from it")
    return mean, deviation


def mean_and_deviation(chunks: Iterable[NDArray[np.floating]]) -> tuple[float, float]:
    """Return the mean and population standard deviation of all samples of some arrays.

    One mean and one standard deviation over Train normalise every split (paper, section 4.1); the network
    keeps them in buffers.

    The chunks are merged in float64 by the rule of Chan, Golub and LeVeque: a plain sum of squares
    would lose the variance of a signal that rides on a large offset.

    Args:
        chunks: Arrays of samples of any shape, one after the other; empty ones count for nothing.

    Returns:
        ``(mean, standard deviation)``.

    Raises:
        ValueError: If there is no sample at all.

    Example:
        >>> mean_and_deviation([np.array([1.0, 3.0]), np.array([5.0])])
        (3.0, 1.632993161855452)
    """
    n_total, mean, squares = 0, 0.0, 0.0  # squares: sum of squared deviations from the mean so far
    for chunk in chunks:
        samples = np.asarray(chunk, dtype=np.float64)
        if samples.size == 0:
            continue
        chunk_mean = float(samples.mean())
        chunk_squares = float(np.square(samples - chunk_mean).sum())
        n_before, n_total = n_total, n_total + samples.size
        step = chunk_mean - mean
        mean += step * samples.size / n_total
        squares += chunk_squares + step**2 * n_before * samples.size / n_total
    if n_total == 0:
        raise ValueError("there is no sample to take a mean of")
    return mean, float(np.sqrt(squares / n_total))
