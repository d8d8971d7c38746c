"""Ratings are the same read from any form, and nothing that a file holds raises anything but a CorpusError."""

import csv
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emojudge.corpus.faults import Faults
from emojudge.corpus.readers.msp_rating_forms import Rating, read_single_ratings
from emojudge.corpus.readers.msp_ratings import read_ratings
from emojudge.errors import CorpusError
from emojudge.labels import ATTRIBUTES, EMOTIONS

NAMES = ["a.wav", "b.wav", "c.wav"]
FREE = st.text('xyz ,;"/()[]&:.!?_-é', max_size=12)  # what raters type; no text of these letters is a class
PRIMARY = st.sampled_from(EMOTIONS).map(str.capitalize) | st.just("Other") | FREE.map("Other-{}".format)
SECONDARY = st.lists(st.sampled_from(EMOTIONS).map(str.capitalize) | FREE, max_size=4)
RATINGS = st.lists(
    st.tuples(st.sampled_from([*NAMES, "stranger.wav"]), PRIMARY, SECONDARY, st.tuples(*[st.integers(1, 7)] * 3)), max_size=12
)


def write_details(folder, ratings):
    rows = [
        [name, f"W{i}; {primary}; {','.join(also)}; A:{a}; V:{v}; D:{d};"] for i, (name, primary, also, (v, a, d)) in enumerate(ratings)
    ]
    return write_csv(folder / "labels_detailed.csv", [["FileName", "EmoDetail"], *rows])


def write_columns(folder, ratings):
    header = ["EmoDom", "EmoClass_Second", "FileName", "EmoVal", "Workers", "EmoAct", "EmoClass_Major"]
    rows = [[d, ",".join(also), name, v, f"W{i}", a, primary] for i, (name, primary, also, (v, a, d)) in enumerate(ratings)]
    return write_csv(folder / "labels_detailed.csv", [header, *rows])


def write_json(folder, ratings):
    content = {}
    for i, (name, primary, also, (v, a, d)) in enumerate(ratings):
        rating = {"EmoClass_Major": primary, "EmoClass_Second": also, "EmoAct": a, "EmoDom": float(d), "EmoVal": str(v)}
        content.setdefault(name, {})[f"W{i}"] = rating
    (folder / "labels_detailed.json").write_text(json.dumps(content))
    return folder / "labels_detailed.json"


def write_csv(path, rows):
    with open(path, "w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)
    return path


def blank():
    return {"id": [name[:-4] for name in NAMES], "name": list(NAMES), "source_label": [None] * 3} | {
        name: [None] * 3 for name in ATTRIBUTES
    }


def slow_columns(ratings, weight):
    """Return the columns by counting, one utterance at a time."""
    columns = blank()
    columns |= {name: [] for name in ("emotion_votes", "votes_other", *ATTRIBUTES, *(f"{name}_std" for name in ATTRIBUTES))}
    for name in NAMES:
        own = [rating for rating in ratings if rating[0] == name]
        votes = dict.fromkeys(EMOTIONS, 0.0)
        other = 0
        for _, primary, also, _ in own:
            if primary.lower() in votes:
                votes[primary.lower()] += 1
            else:
                other += 1
            for label in {text.strip().lower() for text in ",".join(also).split(",")} & set(EMOTIONS) - {primary.lower()}:
                votes[label] += weight
        total = sum(votes.values())
        columns["emotion_votes"].append([vote / total for vote in votes.values()] if total else None)
        columns["votes_other"].append(other / len(own) if own else None)
        for k, attribute in enumerate(ATTRIBUTES):
            values = [rating[3][k] for rating in own]
            columns[attribute].append(np.mean(values) if own else None)
            columns[f"{attribute}_std"].append(np.std(values) if own else None)
    return columns


@pytest.mark.parametrize("write", [write_details, write_columns, write_json])
@settings(deadline=None)
@given(ratings=RATINGS, weight=st.sampled_from([0.0, 0.25, 1.0]))
def test_every_form_agrees_with_counting(tmp_path_factory, write, ratings, weight):
    columns, faults = blank(), Faults()
    read_ratings(write(tmp_path_factory.mktemp("ratings"), ratings), columns, faults, secondary_weight=weight)
    assert not faults.found
    expected = slow_columns(ratings, weight)
    assert list(columns) == list(expected)
    for name, values in expected.items():
        for found, value in zip(columns[name], values, strict=True):
            assert found == (value if value is None or isinstance(value, str) else pytest.approx(value, rel=1e-12, abs=1e-7)), name


def test_a_rating_is_the_text_that_stands_there(tmp_path):
    path = write_csv(tmp_path / "a.csv", [["FileName", "EmoDetail"], ["a.wav", "W1; Other-a;b; Sad,Other-x; A:1.000000; V:2.000000; D:;"]])
    assert list(read_single_ratings(path)) == [("a.wav", "line 2", Rating("Other-a", "b,Sad,Other-x", "2.000000", "1.000000", ""))]


HEADERS = (b"", b"FileName,EmoDetail\na.wav,", b"FileName,EmoClass_Major,EmoClass_Second,EmoAct,EmoVal,EmoDom\na.wav,", b'{"a.wav": ')
CONTENT = st.binary(max_size=60) | st.text(max_size=60).map(str.encode)


@pytest.mark.parametrize("ending", ["csv", "json"])
@settings(deadline=None)
@given(header=st.sampled_from(HEADERS), content=CONTENT)
def test_no_content_raises_anything_but_a_corpus_error(tmp_path_factory, ending, header, content):
    path = tmp_path_factory.mktemp("ratings") / f"labels_detailed.{ending}"
    path.write_bytes(header + content)
    columns = blank()
    try:
        read_ratings(path, columns, Faults())
    except CorpusError as error:
        assert "\n" not in str(error)  # noqa: PT017
        return
    assert [len(values) for values in columns.values()] == [3] * len(columns)
