"""Folds share no group, test everybody once, and depend on seed and ids only."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emojudge.corpus import TableInfo, build_table, by_column, k_fold, leave_one_out
from emojudge.errors import ConfigError, CorpusError

CLASSES = ("sad", "happy", "fear")


def table(speakers, splits=None, emotions=None, recordings=None, order=None):
    """Return a table of one utterance an entry; ``order`` shuffles its rows."""
    n = len(speakers)
    columns = {
        "id": [f"u{i:03d}" for i in range(n)],
        "split": splits or ["train"] * n,
        "speaker": speakers,
        "recording": recordings or [None] * n,
        "emotion": emotions or [CLASSES[i % 3] for i in range(n)],
    }
    rows = np.arange(n) if order is None else np.random.default_rng(order).permutation(n)
    return build_table({name: [values[i] for i in rows] for name, values in columns.items()}, TableInfo("here", CLASSES))


def members(table, split, column="id"):
    return {value for value, name in zip(table.column(column), table.column("split"), strict=True) if name == split}


SPEAKERS = [f"s{i % 7}" for i in range(70)]


@settings(deadline=None, max_examples=40)
@given(speakers=st.lists(st.sampled_from([*"abcdefg", None]), min_size=12, max_size=60), seed=st.integers(0, 5), n_folds=st.integers(3, 4))
def test_no_two_splits_share_a_speaker_and_everybody_is_tested_once(speakers, seed, n_folds):
    speakers = [*"abcd", *speakers]
    folds = k_fold(table(speakers), n_folds, seed=seed)
    for fold in folds:
        known = [members(fold, split, "speaker") - {None} for split in ("train", "dev", "test")]
        assert sum(map(len, known)) == len(set.union(*known))
        assert fold.splits.keys() == {"train", "dev", "test"}
    tested = Counter(id for fold in folds for id in members(fold, "test"))
    assert tested == Counter(table(speakers).column("id"))
    for fold, after in zip(folds, [*folds[1:], folds[0]], strict=True):
        assert members(fold, "dev") == members(after, "test")


def test_the_seed_decides_and_the_order_of_rows_does_not():
    parts = [
        [members(fold, "test") for fold in k_fold(table(SPEAKERS, order=order), 3, seed=seed)] for order, seed in [(1, 4), (2, 4), (1, 5)]
    ]
    assert parts[0] == parts[1]
    assert parts[0] != parts[2]


def test_classes_are_spread_over_the_parts():
    """Six speakers of one class each: three parts can only be alike if each holds one speaker of either class."""
    speakers = [f"s{i // 10}" for i in range(60)]
    emotions = ["sad" if i < 30 else "happy" for i in range(60)]
    for fold in k_fold(table(speakers, emotions=emotions), 3):
        assert members(fold, "test", "emotion") == {"sad", "happy"}


def test_unknown_speakers_go_with_their_recording():
    recordings = [f"r{i // 10}" for i in range(60)]
    for fold in k_fold(table([None] * 60, recordings=recordings), 3):
        for split in ("train", "dev", "test"):
            assert not members(fold, split, "recording") & members(fold, "train" if split != "train" else "test", "recording")


def test_folds_by_recording_keep_a_session_of_two_speakers_together():
    speakers = [f"s{i % 12}" for i in range(60)]
    recordings = [f"r{(i % 12) // 2}" for i in range(60)]
    for fold in k_fold(table(speakers, recordings=recordings), 3, by="recording"):
        assert not members(fold, "train", "recording") & members(fold, "test", "recording")


def test_splits_that_are_not_dealt_stay():
    whole = table(SPEAKERS, splits=["train"] * 40 + ["dev"] * 20 + ["test1"] * 10)
    for fold in k_fold(whole, 3, splits=["train", "dev"]):
        assert members(fold, "test1") == members(whole, "test1")
        assert fold.info.roles == {"train": "fit", "dev": "tune", "test": "hold", "test1": "hold"}


def test_without_a_dev_split_there_are_two():
    assert k_fold(table(SPEAKERS), 2, dev=False)[0].splits.keys() == {"train", "test"}


def test_a_corpus_without_labels_is_dealt_too():
    assert len(k_fold(table(SPEAKERS, emotions=[None] * 70), 3)) == 3


def test_each_speaker_is_left_out_once_and_the_next_one_is_dev():
    folds = leave_one_out(table(["b", "a", "c", "a"] * 3))
    assert list(folds) == ["a", "b", "c"]
    assert [(members(fold, "test", "speaker"), members(fold, "dev", "speaker")) for fold in folds.values()] == [
        ({"a"}, {"b"}),
        ({"b"}, {"c"}),
        ({"c"}, {"a"}),
    ]


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: k_fold(table(["a", "b"] * 5), 3), CorpusError, "2 speakers cannot be dealt into 3 folds; take 2 or fewer"),
        (lambda: k_fold(table(SPEAKERS), 2), ConfigError, "n_folds is 2, expected 3 or more: .* train, dev, test"),
        (lambda: k_fold(table(SPEAKERS), 3, by="speakers"), ConfigError, "by is 'speakers', expected speaker or recording"),
        (lambda: leave_one_out(table(SPEAKERS), by="gender"), ConfigError, "by is 'gender', expected speaker or recording"),
        (lambda: k_fold(table(SPEAKERS), 3, by="recording"), CorpusError, "70 utterances without a known recording: u000, .*"),
        (lambda: k_fold(table(SPEAKERS), 3, splits=["trian"]), CorpusError, r"no utterance in split 'trian' \(found: train 70\)"),
        (
            lambda: k_fold(table(SPEAKERS, splits=["train"] * 60 + ["test"] * 10), 3, splits=["train"]),
            CorpusError,
            "split 'test' would stay beside a new one of that name; deal it too",
        ),
        (
            lambda: leave_one_out(table(["a", None, "b", "c"])),
            CorpusError,
            "1 utterance without a known speaker: u001; leave their splits out",
        ),
        (lambda: leave_one_out(table(["a", "b"])), CorpusError, "2 speakers are too few to leave one out; 3 are needed"),
    ],
)
def test_what_cannot_be_dealt_is_refused_with_the_numbers(make, error, words):
    with pytest.raises(error, match=words):
        make()


def test_a_column_decides_the_splits():
    sessions = table(["a"] * 6, recordings=["Ses01", "Ses04", "Ses05", "Ses05", "Ses02", None])
    made = by_column(sessions, "recording", {"Ses05": "test", "Ses04": "dev"}, "train")
    assert made.column("split") == ["train", "dev", "test", "test", "train", "train"]


@pytest.mark.parametrize(
    ("column", "splits", "error", "words"),
    [
        ("recording", {"Ses06": "test"}, CorpusError, r"no utterance has recording 'Ses06' \(found: Ses01, Ses05\).* Did you mean"),
        ("recording", {"Ses05": "test"}, CorpusError, "no split is given for recording Ses01; name one for each, or a default"),
        ("speaker", {"a": "train", "b": "dev"}, CorpusError, "1 utterance without a speaker; give a default, which is their split"),
        ("recordings", {}, ConfigError, "column 'recordings': expected one of id, split, .*Did you mean 'recording'"),
        ("duration_s", {}, ConfigError, "column 'duration_s': expected one of id"),
    ],
)
def test_values_and_columns_must_be_there(column, splits, error, words):
    with pytest.raises(error, match=words):
        by_column(table(["a", "b", None], recordings=["Ses01", "Ses05", "Ses05"]), column, splits)


@pytest.mark.parametrize("seed", [-1, 2**32])
def test_a_seed_that_no_generator_takes_is_refused(seed):
    with pytest.raises(ConfigError, match=f"seed is {seed}, expected 0 to 4294967295"):
        k_fold(table(SPEAKERS), 3, seed=seed)
