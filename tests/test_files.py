"""Files appear whole or not at all, and say what they hold."""

import hashlib
from contextlib import nullcontext
from pathlib import Path

import pyarrow
import pyarrow.parquet
import pytest

from emojudge.errors import CorpusError
from emojudge.files import file_digest, read_parquet, write_folder, write_parquet, write_text, write_whole


def spoil(path):
    path.write_text("half")
    raise OSError("disk full")


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "a.txt"
    write_text(path, "old")
    with pytest.raises(OSError, match="disk full"), write_whole(path) as temporary:
        spoil(temporary)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_the_new_file_takes_the_place_of_the_old_one_at_the_end_of_the_block(tmp_path):
    path = tmp_path / "folder" / "a.txt"
    write_text(path, "old")
    with write_whole(path) as temporary:
        temporary.write_text("new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"


def test_text_is_utf_8(tmp_path):
    write_text(tmp_path / "a.txt", "Lubię")
    assert (tmp_path / "a.txt").read_bytes() == "Lubię".encode()


def test_a_parquet_file_gives_back_table_and_metadata(tmp_path):
    write_parquet(tmp_path / "a.parquet", pyarrow.table({"x": [1, 2]}), {"songs": "Lubię"})
    table, metadata = read_parquet(tmp_path / "a.parquet", "song book", mark="songs", error=CorpusError, advice="sing again")
    assert table.column("x").to_pylist() == [1, 2]
    assert metadata == {"songs": "Lubię"}


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda path: path.unlink(), "there is no such song book"),
        (lambda path: path.write_bytes(b"PAR1 and so on"), r"not readable as parquet \(.*\); sing again"),
        (lambda path: write_parquet(path, pyarrow.table({}), {"poems": 1}), "not a song book written by emojudge; sing again"),
        (lambda path: pyarrow.parquet.write_table(pyarrow.table({"x": [1]}), path), "not a song book written by emojudge; sing again"),
    ],
)
def test_a_parquet_file_of_another_kind_is_refused_as_asked(tmp_path, spoil, words):
    path = tmp_path / "a.parquet"
    write_parquet(path, pyarrow.table({}), {"songs": 1})
    spoil(path)
    with pytest.raises(CorpusError, match=words) as refused:
        read_parquet(path, "song book", mark="songs", error=CorpusError, advice="sing again")
    assert str(refused.value).startswith(f"{path}: ")


def test_the_digest_is_the_beginning_of_sha_256(tmp_path):
    (tmp_path / "a").write_bytes(b"abc")
    assert file_digest(tmp_path / "a") == hashlib.sha256(b"abc").hexdigest()[:16]


def test_a_folder_takes_the_place_of_the_old_one_whole_or_not_at_all(tmp_path):
    def write(text):
        with write_folder(tmp_path / "deep" / "folder") as temporary:
            (temporary / f"{text}.txt").write_text(text)
            if text == "bad":
                raise OSError("disk full")

    for text, left in [("bad", None), ("one", "one"), ("bad", "one"), ("two", "two")]:
        with pytest.raises(OSError, match="disk full") if text == "bad" else nullcontext():
            write(text)
        assert [path.name for path in (tmp_path / "deep").glob("*/*")] == ([] if left is None else [f"{left}.txt"])
        assert len(list((tmp_path / "deep").iterdir())) == (left is not None)


def test_the_old_folder_comes_back_where_the_new_one_cannot_stand(tmp_path, monkeypatch):
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "kept.txt").write_text("kept")
    rename = Path.rename

    def failing(path, target):
        if path.name.endswith(".tmp"):
            raise OSError("not now")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", failing)
    with pytest.raises(OSError, match="not now"), write_folder(tmp_path / "folder"):
        pass
    assert [path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*")] == ["folder", "folder/kept.txt"]
