"""CSV, TSV, JSON lines and parquet give the same rows, and are refused with file and line where they are malformed."""

import csv
import json

import pyarrow
import pyarrow.parquet
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emojudge.corpus.readers.listing import read_listing
from emojudge.errors import ConfigError, CorpusError

EXPECTED = ("file", "split", "emotion")
FORMS = ("csv", "tsv", "jsonl", "parquet")
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
"""Any text that UTF-8 can hold: quotes, delimiters, line breaks of every kind, NUL and all."""
TABLES = st.lists(st.tuples(TEXT, TEXT, TEXT), min_size=1, max_size=5)


def write(path, header, rows):
    """Write rows of text in the form that the ending of the file says."""
    if path.suffix in (".csv", ".tsv"):
        with open(path, "w", encoding="utf-8", newline="") as file:
            csv.writer(file, delimiter="\t" if path.suffix == ".tsv" else ",").writerows([header, *rows])
    elif path.suffix == ".jsonl":
        path.write_text("".join(json.dumps(dict(zip(header, row, strict=True))) + "\n" for row in rows), encoding="utf-8")
    else:
        columns = {name: pyarrow.array([row[k] for row in rows], pyarrow.string()) for k, name in enumerate(header)}
        pyarrow.parquet.write_table(pyarrow.table(columns), path)
    return path


def read(path, form=None):
    rows = read_listing(path, form, EXPECTED)
    return {name: list(rows.values(name, "")) for name in rows.columns}


@settings(deadline=None)
@given(TABLES)
def test_what_a_csv_writer_wrote_comes_back_as_it_stands(tmp_path_factory, table):
    folder = tmp_path_factory.mktemp("listing")
    for form in ("csv", "tsv"):
        found = read(write(folder / f"a.{form}", EXPECTED, table))
        assert found == {name: [row[k] for row in table] for k, name in enumerate(EXPECTED)}


@settings(deadline=None)
@given(TABLES)
def test_every_form_gives_the_same_rows(tmp_path_factory, table):
    folder = tmp_path_factory.mktemp("listing")
    found = [read(write(folder / f"a.{form}", EXPECTED, table)) for form in FORMS]
    assert found == [found[0]] * len(FORMS)


def test_a_single_column_of_empty_fields_is_read(tmp_path):
    assert read(write(tmp_path / "a.csv", ["file"], [("",), ("x",)])) == {"file": ["", "x"]}


def test_types_and_nulls_of_json_and_parquet_stay(tmp_path):
    (tmp_path / "a.jsonl").write_text('{"a": 1, "b": "null"}\n\n{"b": null, "c": 2.5}\n')
    assert read(tmp_path / "a.jsonl") == {"a": [1, None], "b": ["null", None], "c": [None, 2.5]}
    assert list(read_listing(tmp_path / "a.jsonl", None, EXPECTED).places) == ["line 1", "line 3"]
    pyarrow.parquet.write_table(pyarrow.table({"a": [1, None], "b": ["null", None]}), tmp_path / "a.parquet")
    assert read(tmp_path / "a.parquet") == {"a": [1, None], "b": ["null", None]}
    assert list(read_listing(tmp_path / "a.parquet", None, EXPECTED).places) == ["row 1", "row 2"]


@pytest.mark.parametrize("form", FORMS)
def test_a_form_may_be_said_where_the_ending_does_not_tell_it(tmp_path, form):
    path = write(tmp_path / f"a.{form}", EXPECTED, [("x", "y", "z")]).rename(tmp_path / "list.txt")
    assert read(path, form) == {"file": ["x"], "split": ["y"], "emotion": ["z"]}
    with pytest.raises(ConfigError, match=r"list.txt: the ending '.txt' tells no form .*say it by format: csv"):
        read(path)


def test_endings_are_read_in_any_case(tmp_path):
    assert read(write(tmp_path / "a.csv", ["a"], [("1",)]).rename(tmp_path / "a.CSV")) == {"a": ["1"]}


@pytest.mark.parametrize("form", FORMS)
def test_a_missing_file_an_empty_one_and_a_folder_are_one_line(tmp_path, form):
    path = tmp_path / f"a.{form}"
    with pytest.raises(CorpusError, match=rf"a\.{form}: not readable") as error:
        read(path)
    assert "\n" not in str(error.value)
    path.touch()
    with pytest.raises(CorpusError, match=r"the file is empty; expected .*file, split, emotion|not a whole parquet file"):
        read(path)
    path.unlink()
    path.mkdir()
    with pytest.raises(CorpusError, match=f"a folder, expected one {form} file with the columns file, split, emotion"):
        read(path)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.jsonl", b'{"a": 1}\n[1]\n', "line 2 holds a list, expected one object a line, .*names file, split, emotion"),
        ("a.jsonl", b'"x"\n', "line 1 holds text, expected one object"),
        ("a.jsonl", b"3\n", "line 1 holds a number, expected one object"),
        ("a.jsonl", b"null\n", "line 1 holds null, expected one object"),
        ("a.jsonl", b'{"a": 1}\n\n{"a": \n', "line 3 is not JSON .*expected one object"),
        ("a.jsonl", b'{"a": 1\n', "line 1 is not JSON .Expecting .* at character 9"),
        ("a.jsonl", b'{"a": 1}{"b": 2}\n', "line 1 is not JSON .Extra data at character 9"),
        ("a.jsonl", b'{"a": 1, "a": 2}\n', "line 1 has the name 'a' twice"),
        ("a.jsonl", b'{"a": 1}\n{"a": "\xff"}\n', "line 2 is not UTF-8 .byte 0xff"),
        ("a.jsonl", b'{"a": ' + b"1" * 5_000 + b"}\n", "line 1 is not JSON .Exceeds the limit"),
        ("a.jsonl", b"[" * 100_000 + b"\n", "line 1 is nested too deeply"),
        ("a.tsv", b"a\tb\n1\n", r"line 2 has 1 fields, the header has 2 \(a, b\); quote fields that hold tabs"),
        ("a.tsv", b"a\tb\n1\t2\t3\n", "line 2 has 3 fields, the header has 2"),
        ("a.tsv", b"a,b\n1,2\n", r"the header is not separated by tabs \('a,b'\); save the file as tab-separated TSV"),
        ("a.tsv", b"a\tb\ta\n", r"a column name occurs twice in the header \(a, b, a\)"),
        ("a.tsv", b'a\tb\n1\t"so" he said\n', "line 2 is not TSV"),
        ("a.tsv", b"a\tb\n1\t\xff\n", "line 2 is not UTF-8 .byte 0xff"),
        ("a.csv", b"a\tb\n1\t2\n", "the header is not separated by commas"),
        ("a.parquet", b"PAR1 and no more", "not a whole parquet file"),
        ("a.parquet", b"file,split\n", "not a whole parquet file"),
    ],
)
def test_a_malformed_file_is_one_line_with_its_place(tmp_path, name, content, words):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(CorpusError, match=f"{name}: {words}") as error:
        read(tmp_path / name)
    assert "\n" not in str(error.value)


def test_a_parquet_file_that_is_cut_short_is_refused(tmp_path):
    path = write(tmp_path / "a.parquet", EXPECTED, [("x", "y", "z")] * 100)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(CorpusError, match=r"a\.parquet: not a whole parquet file"):
        read(path)


def test_a_parquet_file_with_a_damaged_column_names_it(tmp_path):
    path = write(tmp_path / "a.parquet", EXPECTED, [(f"file {i}", "y", "z") for i in range(1_000)])
    content = bytearray(path.read_bytes())
    content[4:400] = b"\xff" * 396
    path.write_bytes(bytes(content))
    with pytest.raises(CorpusError, match=r"a\.parquet: column 'file' cannot be read .*write the file again"):
        read(path)


def test_a_doubled_column_of_a_parquet_file_is_refused(tmp_path):
    array = pyarrow.array(["x"])
    pyarrow.parquet.write_table(pyarrow.Table.from_arrays([array, array], names=["a", "a"]), tmp_path / "a.parquet")
    with pytest.raises(CorpusError, match=r"a\.parquet: a column name occurs twice \(a, a\)"):
        read(tmp_path / "a.parquet")


@settings(deadline=None)
@given(st.binary(max_size=60), st.sampled_from(FORMS))
def test_no_content_raises_anything_but_a_corpus_error(tmp_path_factory, content, form):
    path = tmp_path_factory.mktemp("listing") / f"a.{form}"
    path.write_bytes(content)
    try:
        found = read(path)
    except CorpusError:
        return
    assert len({len(values) for values in found.values()}) <= 1
