"""The journal loses nothing, and says what is wrong with a file that it cannot use."""

import sqlite3
import subprocess
import sys

import pytest

from emojudge import __version__
from emojudge.errors import JudgeError
from emojudge.judge import Case, Journal, NoVerdict, Verdict, load_prompt
from emojudge.judge.clients import CallFailedError, Reply, Request
from emojudge.judge.journal import request_key

PROMPT = load_prompt()


def requests(n=3):
    cases = {f"u{i}": Case("sad", ("sad", "angry"), transcript=f"text {i}") for i in range(n)}
    return [Request(request_key(id, case.canonical(), PROMPT.version, "m", {}), id, case, PROMPT) for id, case in cases.items()]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "run" / "journal.sqlite"


def rows(path, query):
    connection = sqlite3.connect(path)
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()


def test_every_part_of_a_question_is_in_its_key():
    base = ("u1", Case("sad", ("sad", "angry")).canonical(), "paper-1", "m", {"temperature": 0.3}, 0)
    others = ("u2", Case("angry", ("sad", "angry")).canonical(), "paper-2", "n", {"temperature": 0.4}, 1)
    keys = {request_key(*base)} | {request_key(*base[:i], others[i], *base[i + 1 :]) for i in range(len(base))}
    assert len(keys) == 7
    assert request_key(*base) == request_key(*base[:4], {"temperature": 0.3})
    assert request_key("u1", "{}", "p", "m", {"a": 1, "b": 2}) == request_key("u1", "{}", "p", "m", {"b": 2, "a": 1})


def test_a_key_is_the_same_in_every_release():
    assert (
        request_key("u1", Case("sad", ("sad", "angry"), transcript="hi").canonical(), "paper-1", "m", {})
        == "4d602331aa1e5f8682a876cd59a87bd2"
    )


def test_the_intent_is_in_the_file_before_the_call(path):
    asked = requests()
    with Journal(path) as journal:
        assert journal.plan(asked, PROMPT, "m", {}) == 3
        journal.send([asked[0].key])
        assert rows(path, "SELECT key, state FROM calls") == [(asked[0].key, "sent")]
        assert dict(rows(path, "SELECT utterance, state FROM requests")) == {"u0": "sent", "u1": "planned", "u2": "planned"}


def test_planning_twice_finds_what_is_there(path):
    asked = requests()
    with Journal(path) as journal:
        journal.plan(asked, PROMPT, "m", {})
        journal.send([asked[0].key])
        journal.store({asked[0].key: Reply(b"{}", {"tokens": 3})})
        assert journal.plan(requests(4), PROMPT, "m", {}) == 1
        assert list(journal.states().values()).count("answered") == 1


def test_a_raw_reply_is_kept_byte_for_byte_with_prompt_model_and_usage(path):
    asked = requests(1)
    raw = bytes(range(256)) + "żółć\r\n".encode()
    with Journal(path) as journal:
        journal.plan(asked, PROMPT, "m", {"temperature": 0.3})
        journal.send([asked[0].key])
        journal.store({asked[0].key: Reply(raw, {"tokens": 3})})
    with Journal(path) as journal:
        assert dict(journal.raw_replies()) == {asked[0].key: raw}
    assert rows(path, "SELECT usage FROM calls") == [('{"tokens": 3}',)]
    [(case, version, model, settings)] = rows(path, 'SELECT "case", prompt, model, settings FROM requests')
    assert case == asked[0].case.canonical()
    assert (version, model, settings) == (PROMPT.version, "m", '{"temperature": 0.3}')
    assert PROMPT.user[:40] in rows(path, "SELECT text FROM prompts")[0][0]


def test_failed_calls_keep_their_error_and_every_call_is_counted(path):
    [asked] = requests(1)
    with Journal(path) as journal:
        journal.plan([asked], PROMPT, "m", {})
        journal.send([asked.key])
        journal.store({asked.key: CallFailedError("busy")})
        assert journal.errors() == {asked.key: "busy"}
        assert journal.states() == {asked.key: "failed"}
        journal.send([asked.key])
        journal.store({asked.key: Reply(b"second")})
        assert journal.errors() == {}
        assert dict(journal.raw_replies()) == {asked.key: b"second"}
    assert rows(path, "SELECT state FROM calls ORDER BY id") == [("failed",), ("answered",)]


@pytest.mark.parametrize(("repeatable", "state"), [(False, "unknown"), (True, "planned")])
def test_an_interrupted_call_is_lost_or_can_be_repeated(path, repeatable, state):
    asked = requests(2)
    with Journal(path) as journal:
        journal.plan(asked, PROMPT, "m", {})
        journal.send([request.key for request in asked])
    with Journal(path) as journal:
        assert journal.settle_interrupted([asked[0].key], repeatable=repeatable) == 1
        assert journal.states() == {asked[0].key: state, asked[1].key: "sent"}


def test_decisions_are_kept_and_replaced(path):
    one, other = requests(2)
    with Journal(path) as journal:
        journal.plan([one, other], PROMPT, "m", {})
        journal.decide({one.key: NoVerdict("not_json", "no object")})
        journal.decide({one.key: Verdict("angry", 0.9, "loud")})
        assert journal.decisions() == {one.key: ("angry", 0.9, "loud", None)}


def test_the_file_is_in_rollback_mode_and_synchronised_in_full(path):
    with Journal(path) as journal:
        assert journal._connection.execute("PRAGMA journal_mode").fetchone() == ("delete",)
        assert journal._connection.execute("PRAGMA synchronous").fetchone() == (2,)


def test_metadata_holds_the_schema_version_and_who_made_it(path):
    Journal(path).close()
    with Journal(path) as journal:
        assert journal.metadata["schema_version"] == "1"
        assert journal.metadata["created_by"] == f"emojudge {__version__}"


def test_a_second_writer_is_refused_until_the_first_has_closed(path):
    with Journal(path):
        with pytest.raises(JudgeError, match="another process has this journal open"):
            Journal(path)
        code = f"from emojudge.judge import Journal; Journal({str(path)!r})"
        other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
        assert "JudgeError" in other.stderr
    Journal(path).close()


def test_a_damaged_file_is_refused_and_left_as_it_is(path):
    with Journal(path) as journal:
        journal.plan(requests(200), PROMPT, "m", {})
    whole = path.read_bytes()
    for broken in (b"not a database, but long enough" * 10, whole[: len(whole) // 2], whole[:8192] + b"\xff" * 8192 + whole[16384:]):
        path.write_bytes(broken)
        with pytest.raises(JudgeError, match="damaged or not an SQLite file"):
            Journal(path)
        assert path.read_bytes() == broken
    path.write_bytes(whole)
    Journal(path).close()


def test_a_file_of_another_kind_or_version_is_refused(tmp_path, path):
    other = sqlite3.connect(tmp_path / "other.sqlite")
    other.execute("CREATE TABLE songs (name TEXT)")
    other.close()
    with pytest.raises(JudgeError, match="not a judge's journal"):
        Journal(tmp_path / "other.sqlite")
    with Journal(path) as journal:
        journal._connection.execute("UPDATE metadata SET value = '99' WHERE name = 'schema_version'")
    with pytest.raises(JudgeError, match="schema version 99, this release writes 1"):
        Journal(path)


def test_a_full_disk_loses_nothing_that_was_stored(path):
    asked = requests(1)
    with Journal(path) as journal:
        journal.plan(asked, PROMPT, "m", {})
        [[pages]] = journal._connection.execute("PRAGMA page_count")
        journal._connection.execute(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(JudgeError, match="could not be written"):
            journal.plan(requests(500), PROMPT, "m", {})
        assert list(journal.states().values()) == ["planned"]
        journal.send([asked[0].key])
    with Journal(path) as journal:
        assert list(journal.states().values()) == ["sent"]
