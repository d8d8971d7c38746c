"""The journal gives back what was added, whatever tore its end, and refuses what is none."""

import errno

import pytest

from emojudge.errors import CorpusError
from emojudge.transcribe.journal import TranscriptJournal


def test_what_was_added_is_known_again(tmp_path):
    path = tmp_path / "deep" / "j.jsonl"
    with TranscriptJournal(path) as journal:
        journal.add([("k1", "a", "zażółć\u2028gęślą"), ("k2", "b", None)])
        assert path.read_bytes().count(b"\n") == 2  # there at once, not on closing
    with TranscriptJournal(path) as journal:
        assert journal.known == {"k1": "zażółć\u2028gęślą", "k2": None}
        journal.add([("k1", "a", "anew")])
    with TranscriptJournal(path) as journal:
        assert journal.known == {"k1": "anew", "k2": None}


def test_a_torn_last_line_is_dropped_wherever_it_is_torn(tmp_path):
    path = tmp_path / "j.jsonl"
    with TranscriptJournal(path) as journal:
        journal.add([("k1", "a", "żółć"), ("k2", "b", "źdźbło")])
    whole = path.read_bytes()
    first = whole.index(b"\n") + 1
    for n_bytes in range(first, len(whole)):
        path.write_bytes(whole[:n_bytes])
        with TranscriptJournal(path) as journal:
            assert journal.known == {"k1": "żółć"}
            journal.add([("k3", "c", "new")])
        with TranscriptJournal(path) as journal:
            assert journal.known == {"k1": "żółć", "k3": "new"}


@pytest.mark.parametrize("line", ["not JSON", "[1]", '{"key": "k"}', '{"key": 1, "transcript": "a"}', '{"key": "k", "transcript": 1}', ""])
def test_a_line_that_is_no_entry_is_named_and_the_file_left_alone(tmp_path, line):
    path = tmp_path / "j.jsonl"
    content = f'{{"key": "k", "id": "a", "transcript": null}}\n{line}\n{{"torn'
    path.write_text(content)
    with pytest.raises(CorpusError, match=r"j\.jsonl, line 2: expected an entry with key and transcript, found"):
        TranscriptJournal(path)
    assert path.read_text() == content


def test_two_cannot_write_at_once(tmp_path):
    with TranscriptJournal(tmp_path / "j.jsonl"), pytest.raises(CorpusError, match="another process is transcribing into it"):
        TranscriptJournal(tmp_path / "j.jsonl")
    with TranscriptJournal(tmp_path / "j.jsonl"):
        pass


def test_a_full_disk_is_named_frees_the_journal_and_costs_nothing_of_before(tmp_path):
    class Disk:
        """A file whose disk has room for five more bytes."""

        def __init__(self, file):
            self.file, self.room = file, 5

        def write(self, content):
            if self.room == 0:
                raise OSError(errno.ENOSPC, "No space left on device")
            taken, self.room = self.file.write(content[: self.room]), 0
            return taken

        def close(self):
            self.file.close()

    path = tmp_path / "j.jsonl"
    with TranscriptJournal(path) as journal:
        journal.add([("k1", "a", "one")])
        journal._file = Disk(journal._file)
        with pytest.raises(CorpusError, match=r"j\.jsonl: cannot be written \(No space left on device\); mend that"):
            journal.add([("k2", "b", "two")])
        assert "k2" not in journal.known
    assert path.read_bytes().endswith(b'\n{"key')
    with TranscriptJournal(path) as journal:
        assert journal.known == {"k1": "one"}
        journal.add([("k2", "b", "two")])
    with TranscriptJournal(path) as journal:
        assert journal.known == {"k1": "one", "k2": "two"}
