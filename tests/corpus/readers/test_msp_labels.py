"""Whatever a consensus file holds, it is read, refused by its line, or has faults that are named."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emojudge.corpus.faults import Faults
from emojudge.corpus.readers.msp_files import Release
from emojudge.corpus.readers.msp_labels import read_labels
from emojudge.errors import CorpusError
from emojudge.labels import ATTRIBUTES, EMOTIONS

HEADER = "FileName,EmoClass,EmoAct,EmoVal,EmoDom,SpkrID,Gender,Split_Set"
VALUES = ["", "NA", "a.wav", "a", "A", "X", "Q", "3", "3.5", "7.1", "nan", "Train", "test3", "NA", "Unknown", "Male", '"x"', '"', "é"]
ROWS = st.lists(st.lists(st.sampled_from(VALUES), min_size=7, max_size=9).map(",".join), max_size=4).map("\n".join).map(str.encode)


def read(folder, labels, partitions="Train; a.wav\n"):
    (folder / "labels.csv").write_bytes(labels)
    (folder / "partitions.txt").write_text(partitions)
    faults = Faults("skip")
    columns, _ = read_labels(Release(folder, folder / "labels.csv", None, folder / "partitions.txt", None, None, None, None), faults)
    return faults.settle(columns), faults.found


@settings(deadline=None)
@given(content=ROWS | st.binary(max_size=80))
def test_no_content_raises_anything_but_a_corpus_error(tmp_path_factory, content):
    try:
        columns, faults = read(tmp_path_factory.mktemp("labels"), f"{HEADER}\n".encode() + content)
    except CorpusError as error:
        assert "\n" not in str(error)  # noqa: PT017
        return
    assert not set(columns["id"]) & set(faults)
    assert len(set(columns["id"])) == len(columns["id"])
    assert set(columns["emotion"]) <= {None, *EMOTIONS}
    assert all(columns["split"])
    assert all(value is None or 1 <= value <= 7 for name in ATTRIBUTES for value in columns[name])


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ("b,Q,3,3,3,1,Male,Train", "labels.csv, line 2: unknown class code 'Q' (known: A angry, "),
        ("b,A,3,3,9,1,Male,Train", "labels.csv, line 2: EmoDom is '9', expected a number from 1 to 7"),
        ("b,A,3,3,3,1,Male,Trian", "labels.csv, line 2: unknown split 'Trian' (known: Train, "),
    ],
)
def test_a_bad_row_is_a_fault_with_file_line_and_what_was_expected(tmp_path, row, fault):
    columns, faults = read(tmp_path, f"{HEADER}\n{row}\n".encode(), partitions="Test3; c\n")
    assert columns["id"] == ["c"]
    assert str(tmp_path / fault) in faults["b"]
