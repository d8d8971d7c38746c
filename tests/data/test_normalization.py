"""Streamed mean and deviation equal the direct ones."""

import numpy as np
import pytest

from emojudge.data.normalization import mean_and_deviation


def test_stream_equals_direct_computation() -> None:
    random = np.random.default_rng(0)
    chunks = [(random.normal(0.01, 0.05, n)).astype(np.float32) for n in (16000, 1, 0, 400, 52345)]
    everything = np.concatenate(chunks).astype(np.float64)
    mean, deviation = mean_and_deviation(chunks)
    assert mean == pytest.approx(everything.mean(), rel=1e-12)
    assert deviation == pytest.approx(everything.std(), rel=1e-12)


def test_a_large_offset_does_not_swallow_the_deviation() -> None:
    chunks = [np.random.default_rng(i).normal(1e6, 1e-3, 1000) for i in range(20)]
    centred = np.concatenate(chunks) - 1e6
    textbook = np.mean(np.concatenate(chunks) ** 2) - np.mean(np.concatenate(chunks)) ** 2
    assert mean_and_deviation(chunks)[1] == pytest.approx(centred.std(), rel=1e-6)
    assert textbook != pytest.approx(centred.var(), rel=0.1)


def test_order_and_cuts_do_not_matter() -> None:
    samples = np.random.default_rng(1).normal(size=1000)
    assert mean_and_deviation([samples]) == pytest.approx(mean_and_deviation(np.array_split(samples[::-1], 7)), abs=1e-12)


def test_nothing_has_no_mean() -> None:
    with pytest.raises(ValueError, match="no sample"):
        mean_and_deviation([np.zeros(0)])
