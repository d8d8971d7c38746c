import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emojudge.evaluation import holm, mcnemar


@pytest.mark.parametrize(("only_a", "only_b"), [(5, 1), (3, 3), (0, 8), (12, 20)])
def test_mcnemar_is_the_binomial_written_out(only_a, only_b):
    truth = ["x"] * 40
    a = ["x"] * only_a + ["y"] * only_b + ["x"] * (40 - only_a - only_b)
    b = ["y"] * only_a + ["x"] * (40 - only_a)
    n = only_a + only_b
    tail = sum(math.comb(n, k) for k in range(min(only_a, only_b) + 1)) / 2**n
    found = mcnemar(truth, a, b)
    assert (found.n_only_a, found.n_only_b) == (only_a, only_b)
    assert found.p == pytest.approx(min(1, 2 * tail))


def test_two_systems_right_on_the_same_utterances_do_not_differ_and_no_input_is_wrong():
    assert mcnemar("ab", "ab", "ab").p == 1
    assert (mcnemar("ab", ["a", None], "ab").n_only_b, mcnemar("ab", [None, None], [None, "a"]).p) == (1, 1)
    with pytest.raises(ValueError, match="shorter"):
        mcnemar("ab", "ab", "a")


@given(st.lists(st.floats(0, 1), max_size=8))
def test_holm_rejects_what_its_steps_reject(p_values):
    corrected = holm(p_values)
    for level in (0.01, 0.05, 0.3):
        rejected = set()
        for step, i in enumerate(np.argsort(p_values, kind="stable")):  # stops at the first p that is too large
            if p_values[i] * (len(p_values) - step) > level:
                break
            rejected.add(int(i))
        assert {i for i, p in enumerate(corrected) if p <= level} == rejected


def test_holm_keeps_the_order_stays_below_one_and_passes_over_what_was_not_tested():
    assert holm([0.01, math.nan, 0.04, 0.03])[::2] == pytest.approx([0.03, 0.06])
    assert math.isnan(holm([0.01, math.nan])[1])
    assert holm([0.9, 0.8]) == [1, 1]
    found = holm([0.001, 0.01, 0.02, 0.5])
    assert all(x <= y for x, y in pairwise(found))
