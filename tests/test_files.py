"""Files appear whole or not at all."""

import hashlib

import pytest

from emojudge.files import file_digest, write_text, write_whole


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


def test_the_digest_is_the_beginning_of_sha_256(tmp_path):
    (tmp_path / "a").write_bytes(b"abc")
    assert file_digest(tmp_path / "a") == hashlib.sha256(b"abc").hexdigest()[:16]
