"""What an utterance is counted among."""

import pytest

from emojudge.corpus import TableInfo, build_table
from emojudge.errors import ConfigError
from emojudge.evaluation.groups import group_by

VOTES = [[1.0, 0.0], [0.75, 0.25], [0.5, 0.5], [1.0, 0.0], None]


@pytest.fixture
def table():
    columns = {
        "id": list("abcde"),
        "split": ["dev", "dev", "test1", "test1", "test1"],
        "gender": ["male", "female", None, "female", "male"],
        "speaker": ["2", "10", None, "2", "2"],
        "duration_s": [2.9, 3.0, 7.9, 8.0, None],
        "transcript_source": ["human", "none", "human", "human", "human"],
        "emotion_votes": VOTES,
        "votes_other": [0.0, 0.0, 0.2, None, 1.0],
        "valence_std": [0.0, 0.5, 1.49, 1.5, None],
    }
    return build_table(columns, TableInfo("hand", ("sad", "happy")))


@pytest.mark.parametrize(
    ("by", "groups", "names"),
    [
        ("gender", ["male", "female", None, "female", "male"], ["female", "male"]),
        ("speaker", ["2", "10", None, "2", "2"], ["10", "2"]),
        ("split", ["dev", "dev", "test1", "test1", "test1"], ["dev", "test1"]),
        ("transcript_source", ["human", "none", "human", "human", "human"], ["human", "none"]),
        (
            "duration",
            ["under 3 s", "3 s to 5 s", "5 s to 8 s", "8 s and more", None],
            ["under 3 s", "3 s to 5 s", "5 s to 8 s", "8 s and more"],
        ),
        ("agreement", ["100 %", "75 % to 100 %", "under 50 %", "100 %", None], ["under 50 %", "75 % to 100 %", "100 %"]),
        (
            "valence_std",
            ["under 0.5", "0.5 to 1.0", "1.0 to 1.5", "1.5 and more", None],
            ["under 0.5", "0.5 to 1.0", "1.0 to 1.5", "1.5 and more"],
        ),
    ],
)
def test_groups_by_hand(table, by, groups, names):
    grouping = group_by(table, by)
    assert grouping.group == dict(zip("abcde", groups, strict=True))
    assert grouping.names == names


def test_edges_may_be_given(table):
    assert group_by(table, "duration", [7.95]).names == ["under 7.95 s", "7.95 s and more"]


@pytest.mark.parametrize(
    ("by", "edges", "message"),
    [
        ("gendre", None, "Did you mean 'gender'"),
        ("duration", [3, 2], "rising"),
        ("duration", [], "rising"),
        ("gender", [1], "one of duration"),
        ("arousal_std", None, "no utterance with arousal_std"),
    ],
)
def test_what_makes_no_sense_is_refused(table, by, edges, message):
    with pytest.raises(ConfigError, match=message):
        group_by(table, by, edges)


def test_the_tiny_corpus_is_grouped_by_everything_it_has(tiny_table):
    for by in ("gender", "speaker", "duration", "transcript_source", "agreement", "split"):
        grouping = group_by(tiny_table, by)
        assert set(grouping.group.values()) - {None} == set(grouping.names)
        assert list(grouping.group) == tiny_table.column("id")
