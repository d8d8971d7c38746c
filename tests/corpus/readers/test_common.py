"""CSV files are read as they stand, and refused with file and line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emojudge.corpus.faults import Faults
from emojudge.corpus.readers.common import doubled, known, number, numbers, read_csv
from emojudge.errors import CorpusError


def test_fields_stay_what_they_are(tmp_path):
    (tmp_path / "a.csv").write_text('a,b\nN/A,null\nnan,\n"x, ""y""\nz", 1 \n')
    file = read_csv(tmp_path / "a.csv")
    assert file.column("a", "") == ["N/A", "nan", 'x, "y"\nz']
    assert file.column("b", "") == ["null", "", "1"]
    assert file.lines == [2, 3, 5]


def test_a_byte_order_mark_and_blank_lines_do_not_matter(tmp_path):
    (tmp_path / "a.csv").write_bytes("\ufeffa,b\r\n\r\n1,2\r\n\r\n".encode())
    assert read_csv(tmp_path / "a.csv").rows == [["1", "2"]]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "the file is empty"),
        (b"a;b\n1;2\n", "the header is not separated by commas"),
        (b"a\tb\n", "the header is not separated by commas"),
        (b"a,b,a\n", "a column name occurs twice"),
        (b"a,b\n1,2\n1,2,3\n", "line 3 has 3 fields, the header has 2"),
        (b"a,b\n1\n", "line 2 has 1 fields, the header has 2"),
        (b'a,b\n1,"2\n', "line 2 is not CSV"),
        (b"a,b\n" + 2000 * b"1,2\n" + b"1,\xff\n", "line 2002 is not UTF-8 .byte 0xff"),
    ],
)
def test_a_file_of_another_form_is_refused(tmp_path, content, words):
    (tmp_path / "a.csv").write_bytes(content)
    with pytest.raises(CorpusError, match=f"a.csv: {words}"):
        read_csv(tmp_path / "a.csv")


def test_a_field_may_be_longer_than_pythons_limit(tmp_path):
    words = "so it was " * 20_000
    (tmp_path / "a.csv").write_text(f'a,b\n1,"{words}"\n')
    assert read_csv(tmp_path / "a.csv").rows == [["1", words]]


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(CorpusError, match=r"a\.csv: not readable \(No such file"):
        read_csv(tmp_path / "a.csv")


def test_a_missing_column_says_what_was_found_and_the_nearest_name(tmp_path):
    (tmp_path / "a.csv").write_text("FileNames,EmoAct\n")
    with pytest.raises(CorpusError, match=r"has no column 'FileName' \(found: FileNames, EmoAct\)\. Did you mean 'FileNames'\? Do this\."):
        read_csv(tmp_path / "a.csv").column("FileName", "Do this.")


@given(st.binary(max_size=60))
def test_no_content_raises_anything_but_a_corpus_error(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("csv") / "a.csv"
    path.write_bytes(content)
    try:
        file = read_csv(path)
    except CorpusError:
        return
    assert all(len(row) == len(file.header) for row in file.rows)


def test_numbers_are_finite_or_missing():
    assert [number(text) for text in ("", "NA", "2", "-1.5e1")] == [None, None, 2.0, -15.0]
    for text in ("nan", "inf", "-inf", "two"):
        with pytest.raises(ValueError, match=r"finite|convert"):
            number(text)


def test_a_number_out_of_bounds_is_a_fault(tmp_path):
    (tmp_path / "a.csv").write_text("x\n1\n7\n7.01\n0.99\n\n")
    faults = Faults("skip")
    assert numbers(read_csv(tmp_path / "a.csv"), "x", list("abcd"), "", faults) == [1, 7, None, None]
    assert list(faults.found) == ["c", "d"]
    assert numbers(read_csv(tmp_path / "a.csv"), "x", list("abcd"), "", Faults(), low=0, high=8) == [1, 7, 7.01, 0.99]


def test_unknown_is_null():
    assert [known(text) for text in ("", "Unknown", "unknown", "12")] == [None, None, None, "12"]


def test_doubled_values_and_their_places():
    assert doubled(["a", "b", "a", "c", "a"]) == {"a": [0, 2, 4]}
    assert doubled(["a", "b"]) == {}
