"""What int16 does to samples, and what the index promises."""

import numpy as np
import pytest

from emojudge.data.store.layout import HEADER_BYTES, fingerprint, header, to_int16


def test_every_16_bit_sample_comes_back_exactly() -> None:
    every = np.arange(-32768, 32768)
    stored, n_clipped = to_int16((every / 32768).astype(np.float32))
    assert np.array_equal(stored, every)
    assert stored.dtype == np.dtype("<i2")
    assert n_clipped == 0


def test_other_samples_lose_at_most_half_a_step() -> None:
    samples = np.random.default_rng(0).uniform(-1, 32767 / 32768, 10_000).astype(np.float32)
    stored, n_clipped = to_int16(samples)
    assert np.abs(stored / 32768 - samples.astype(np.float64)).max() <= 0.5 / 32768
    assert n_clipped == 0


def test_what_is_louder_than_full_scale_becomes_its_end_and_is_counted() -> None:
    step = 1 / 32768
    stored, n_clipped = to_int16(np.array([1 - step, 1 - 0.6 * step, 1.0, 7.5, -1.0, -1 - 0.4 * step, -1.1], dtype=np.float32))
    assert stored.tolist() == [32767, 32767, 32767, 32767, -32768, -32768, -32768]
    assert n_clipped == 3  # 1.0, 7.5 and -1.1; the others are within half a step of what is stored


def test_identity_is_of_ids_and_sounds_in_their_order() -> None:
    one = fingerprint(["a", "b"], ["1", "2"])
    assert one == fingerprint(["a", "b"], ["1", "2"])
    others = {fingerprint(["b", "a"], ["2", "1"]), fingerprint(["a", "b"], ["1", "3"]), fingerprint(["a", "c"], ["1", "2"])}
    assert len({one, *others}) == 4


@pytest.mark.parametrize("rate", [8000, 192000])
def test_the_header_has_one_size(rate: int) -> None:
    assert len(header(rate, fingerprint(["a"], ["1"]))) == HEADER_BYTES
