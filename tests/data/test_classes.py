"""Class lists: equal, mapped, or refused with both lists."""

import logging

import numpy as np
import pytest

from emojudge.corpus import Table, TableInfo, build_table
from emojudge.data.classes import class_indices, class_votes
from emojudge.errors import ConfigError


@pytest.fixture
def table() -> Table:
    emotions = ["anger", "calm", None, "neutral", "calm", "joy"]
    columns = {"id": [str(i) for i in range(6)], "split": ["train"] * 6, "emotion": emotions}
    return build_table(columns, TableInfo("test", classes=("anger", "calm", "joy", "neutral")))


def test_equal_lists_need_no_map(table: Table) -> None:
    assert class_indices(table, ["anger", "calm", "joy", "neutral"]).tolist() == [0, 1, -1, 3, 1, 2]


@pytest.mark.parametrize("classes", [["anger", "calm", "joy"], ["neutral", "calm", "joy", "anger"]])
def test_other_list_or_order_is_refused_with_both(table: Table, classes: list[str]) -> None:
    with pytest.raises(ConfigError) as error:
        class_indices(table, classes)
    assert str(classes) in str(error.value)
    assert "['anger', 'calm', 'joy', 'neutral']" in str(error.value)


def test_map_renames_joins_and_drops(table: Table, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        found = class_indices(table, ["neutral", "angry"], {"anger": "angry", "calm": "neutral", "joy": None})
    assert found.tolist() == [1, 0, -1, 0, 0, -1]
    assert "joy 1" in caplog.text


def test_class_that_the_map_forgets_is_reported(table: Table, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        found = class_indices(table, ["neutral", "angry"], {"anger": "angry"})
    assert found.tolist() == [1, -1, -1, 0, -1, -1]
    assert "calm 2, joy 1" in caplog.text


@pytest.mark.parametrize(("class_map", "name"), [({"angr": "angry"}, "'anger'"), ({"anger": "angri"}, "'angry'")])
def test_unknown_name_in_the_map_is_refused_with_the_nearest(table: Table, class_map: dict[str, str | None], name: str) -> None:
    with pytest.raises(ConfigError, match=f"Did you mean {name}"):
        class_indices(table, ["neutral", "angry"], class_map)


# votes


def voted(votes: list[list[float] | None]) -> Table:
    columns = {"id": [str(i) for i in range(len(votes))], "split": ["train"] * len(votes), "emotion_votes": votes}
    return build_table(columns, TableInfo("test", classes=("anger", "calm", "joy", "neutral")))


def test_votes_are_those_of_the_table_and_nothing_where_there_are_none() -> None:
    found = class_votes(voted([[0.5, 0, 0.25, 0.25], None, [0, 0, 0, 1]]), ["anger", "calm", "joy", "neutral"])
    assert found.tolist() == [[0.5, 0, 0.25, 0.25], [0] * 4, [0, 0, 0, 1]]
    assert found.dtype == np.float32
    assert class_votes(voted([None, None]), ["anger", "calm", "joy", "neutral"]).tolist() == [[0] * 4] * 2


def test_the_map_joins_votes_and_shares_out_those_of_dropped_classes() -> None:
    table = voted([[0.5, 0.125, 0.25, 0.125], [0, 0, 1, 0], [0.25, 0.25, 0.25, 0.25]])
    found = class_votes(table, ["neutral", "angry"], {"anger": "angry", "calm": "neutral", "joy": None})
    np.testing.assert_allclose(found, [[0.25 / 0.75, 0.5 / 0.75], [0, 0], [2 / 3, 1 / 3]], rtol=1e-6)


def test_a_map_and_its_inverse_give_the_votes_back() -> None:
    votes = np.random.default_rng(0).dirichlet(np.ones(4), 20).astype(np.float32)
    order = ["joy", "neutral", "anger", "calm"]
    found = class_votes(voted(votes.tolist()), order, {})
    np.testing.assert_allclose(found[:, [2, 3, 0, 1]], votes, rtol=1e-6)


def test_votes_refuse_what_labels_refuse(table: Table) -> None:
    with pytest.raises(ConfigError, match="class_map from one to the other"):
        class_votes(table, ["anger", "calm"])
    with pytest.raises(ConfigError, match="Did you mean 'anger'"):
        class_votes(table, ["anger", "calm"], {"angr": "anger"})
