"""The control by permutation: what moves, and what stays."""

from collections import Counter

import numpy as np
import pytest

from emojudge.fusion import permuted
from emojudge.labels import ATTRIBUTES
from emojudge.predictions import AttributePredictions, AttributesInfo, Predictions, PredictionsInfo

N = 60


def emotions():
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(N, 2))
    logits[::7] = np.nan
    info = PredictionsInfo("text", ("happy", "sad"), "corpus-1", source_prior=(0.5, 0.5))
    return Predictions([f"u{i}" for i in range(N)], ["dev" if i % 3 else "test1" for i in range(N)], logits, info)


def attributes():
    of = emotions()
    values = np.column_stack([of.logits, of.logits[:, 0] + 4])
    used = ["" if missing else "text" for missing in np.isnan(values[:, 0])]
    return AttributePredictions(of.id, of.split, values, AttributesInfo("text", ATTRIBUTES, "corpus-1"), used=used)


@pytest.mark.parametrize("make", [emotions, attributes])
def test_the_rows_of_each_split_are_the_same_in_another_order(make):
    before, after = make(), permuted(make(), seed=1)
    assert (after.id, after.split) == (before.id, before.split)
    np.testing.assert_array_equal(after.predicted, before.predicted)
    for split in ("dev", "test1"):
        b, a = (p.of_split(split) for p in (before, after))
        assert Counter(map(tuple, a.numbers[a.predicted].tolist())) == Counter(map(tuple, b.numbers[b.predicted].tolist()))
        assert (a.numbers[a.predicted] != b.numbers[b.predicted]).all(axis=1).mean() > 0.8
    assert after.info.system == "text_permuted"
    assert after.info.corpus == before.info.corpus


def test_a_seed_is_one_permutation():
    one, same, other = (permuted(emotions(), seed).logits for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, same)
    assert not np.array_equal(one, other, equal_nan=True)


def test_what_it_was_made_of_is_left_alone():
    before = emotions()
    permuted(before, seed=1)
    np.testing.assert_array_equal(before.logits, emotions().logits)
    assert before.info.system == "text"


def test_a_permuted_file_can_be_saved_and_read(tmp_path):
    from emojudge.predictions import load_predictions

    after = permuted(attributes(), seed=3)
    after.save(tmp_path / "permuted.parquet")
    again = load_predictions(tmp_path / "permuted.parquet", "attributes")
    np.testing.assert_array_equal(again.values, after.values)
    assert again.used == after.used
