"""Dev-2: balanced, disjoint, seeded, and never at the cost of a class without being told."""

from collections import Counter

import numpy as np
import pytest

from emojudge.corpus import TableInfo, build_table, dev2
from emojudge.errors import ConfigError, CorpusError

COUNTS = {"sad": 150, "happy": 400, "fear": 120}


def table(counts=COUNTS, order=None, classes=("sad", "happy", "fear", "contempt")):
    labels = [name for name, n in counts.items() for _ in range(n)] + [None] * 10
    rows = np.arange(len(labels)) if order is None else np.random.default_rng(order).permutation(len(labels))
    columns = {"id": [f"u{i:04d}" for i in rows], "split": ["dev"] * len(rows), "emotion": [labels[i] for i in rows]}
    columns = {name: [*values, *extra] for (name, values), extra in zip(columns.items(), (["t"], ["train"], ["sad"]), strict=True)}
    return build_table(columns, TableInfo("here", classes))


def members(split, part):
    return {id for id, name in zip(part.column("id"), part.column("split"), strict=True) if name == split}


def test_half_of_the_rarest_class_is_taken_of_each():
    part = dev2(table(), seed=0)
    taken = Counter(label for label, split in zip(part.column("emotion"), part.column("split"), strict=True) if split == "dev2")
    assert taken == {"sad": 60, "happy": 60, "fear": 60}


def test_nothing_is_lost_or_doubled_and_the_rest_stays():
    part = dev2(table(), seed=0)
    assert part.column("id") == table().column("id")
    assert members("dev", part) | members("dev2", part) == members("dev", table())
    assert members("train", part) == {"t"}


def test_dev2_is_held_out():
    assert dev2(table(), seed=0).info.roles == {"dev": "tune", "dev2": "hold", "train": "fit"}


def test_the_seed_decides_and_the_order_of_rows_does_not():
    assert members("dev2", dev2(table(), seed=1)) == members("dev2", dev2(table(order=5), seed=1))
    assert members("dev2", dev2(table(), seed=1)) != members("dev2", dev2(table(), seed=2))


def test_the_size_can_be_set():
    assert dev2(table(), seed=0, per_class=7).splits["dev2"] == 21


def test_the_papers_numbers_are_refused_with_the_numbers():
    """295 of each class out of a Development that holds 326 of Fear would leave 31 of it."""
    paper = table({"sad": 2341, "fear": 326})
    with pytest.raises(CorpusError, match=r"taking 295 .* leaves fewer than 50 in dev: fear 31 of 326.*allow_rare"):
        dev2(paper, seed=0, per_class=295)
    assert dev2(paper, seed=0, per_class=295, allow_rare=True).splits["dev2"] == 2 * 295


def test_fifty_may_stay():
    assert dev2(table(), seed=0, per_class=70).splits["dev2"] == 210
    with pytest.raises(CorpusError, match="fear 49 of 120"):
        dev2(table(), seed=0, per_class=71)


@pytest.mark.parametrize("per_class", [0, -1, 121])
def test_a_size_that_cannot_be_taken_is_refused(per_class):
    with pytest.raises(CorpusError, match=f"cannot take {per_class} .*'fear' has 120.*between 1 and 120"):
        dev2(table(), seed=0, per_class=per_class, allow_rare=True)


def test_a_second_dev2_is_refused():
    with pytest.raises(CorpusError, match="already has a split 'dev2'"):
        dev2(dev2(table(), seed=0), seed=0)


def test_dev_must_be_there_and_labelled():
    with pytest.raises(CorpusError, match="no labelled utterance"):
        dev2(table({}), seed=0)
    with pytest.raises(CorpusError, match="no utterance in split 'dev'"):
        dev2(table().select(table().indices("train")), seed=0)


def test_a_negative_seed_is_refused():
    with pytest.raises(ConfigError, match="seed is -1, expected 0 to"):
        dev2(table(), seed=-1)
