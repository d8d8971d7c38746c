"""The judge's journal (joint 4): every request, call and raw reply in one SQLite file; the only place where money is remembered.

A request goes ``planned`` -> ``sent`` -> ``answered`` | ``failed`` | ``unknown``. ``sent`` is committed before the call, so
whatever happens to the process, the file knows what may have been asked. A request found ``sent`` by the next process was
interrupted: it becomes ``unknown`` (its reply is lost, it may have been paid for), or ``planned`` again where asking
twice costs nothing. ``expired`` and ``cancelled`` are for requests that a batch service gave back unanswered.
"""

import hashlib
import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self, TypeAlias

from .. import __version__
from ..errors import JudgeError
from ..files import hold
from .clients import Reply, Request
from .prompt import Prompt
from .verdict import Outcome, Verdict

SCHEMA_VERSION = 1

State: TypeAlias = Literal["planned", "sent", "answered", "failed", "unknown", "expired", "cancelled"]

Decision: TypeAlias = tuple[str | None, float | None, str | None, str | None]
"""Label, confidence, reason (of a fault: its detail) and fault."""

_SCHEMA = """
CREATE TABLE metadata (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE prompts (version TEXT PRIMARY KEY, text TEXT NOT NULL) WITHOUT ROWID;
-- a batch of requests at a batch service
CREATE TABLE shards (
    id INTEGER PRIMARY KEY, state TEXT NOT NULL, tag TEXT NOT NULL UNIQUE, n_requests INTEGER NOT NULL, n_bytes INTEGER NOT NULL,
    input_file TEXT, batch TEXT, output_file TEXT, error_file TEXT, error TEXT, created_at TEXT NOT NULL, changed_at TEXT NOT NULL
);
CREATE TABLE requests (
    key TEXT PRIMARY KEY, utterance TEXT NOT NULL, sample INTEGER NOT NULL, "case" TEXT NOT NULL, prompt TEXT NOT NULL REFERENCES prompts,
    model TEXT NOT NULL, settings TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('planned', 'sent', 'answered', 'failed', 'unknown', 'expired', 'cancelled')),
    label TEXT, confidence REAL, reason TEXT, fault TEXT,
    planned_at TEXT NOT NULL, decided_at TEXT
);
CREATE INDEX requests_by_utterance ON requests (utterance);
-- one row for each time that a request was sent: what may have been paid for
CREATE TABLE calls (
    id INTEGER PRIMARY KEY, key TEXT NOT NULL REFERENCES requests, shard INTEGER REFERENCES shards,
    state TEXT NOT NULL CHECK (state IN ('sent', 'answered', 'failed', 'unknown', 'expired', 'cancelled')),
    raw BLOB, usage TEXT, error TEXT, sent_at TEXT NOT NULL, ended_at TEXT
);
CREATE INDEX calls_by_key ON calls (key);
"""


def request_key(id: str, canonical_case: str, prompt_version: str, model: str, settings: Mapping[str, Any], sample: int = 0) -> str:
    """Return the key of a request, 32 hexadecimal digits: the same question has the same key in every run."""
    text = json.dumps([id, canonical_case, prompt_version, model, dict(settings), sample], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


class Journal:
    """An open journal; a context manager. One process writes it, a second one is refused.

    The file is in rollback mode with full synchronisation, which network file systems can hold too.

    Args:
        path: The SQLite file; it is made where there is none, with a ``.lock`` file beside it.

    Raises:
        JudgeError: If another process has it open, it is corrupt, it is something else than a journal, or
            another release wrote it in another form.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        busy = JudgeError(f"{self.path}: another process has this journal open; wait for it to end, or stop it")
        self._lock = hold(f"{self.path}.lock", busy)
        try:
            self._open()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close the file and let others open it."""
        if hasattr(self, "_connection"):
            self._connection.close()
        self._lock.release()

    @property
    def metadata(self) -> dict[str, str]:
        """Return what the journal says about itself."""
        return dict(self._connection.execute("SELECT name, value FROM metadata"))

    def plan(self, requests: Iterable[Request], prompt: Prompt, model: str, settings: Mapping[str, Any]) -> int:
        """Enter requests as ``planned`` and return how many are new; one that is there already keeps what it has."""
        text = json.dumps({"system": prompt.system, "user": prompt.user, "threshold": prompt.threshold})
        common = (prompt.version, model, json.dumps(dict(settings), sort_keys=True), _now())
        with self._transaction() as execute:
            execute("INSERT OR IGNORE INTO prompts VALUES (?, ?)", (prompt.version, text))
            before = self._connection.total_changes
            self._connection.executemany(
                """INSERT OR IGNORE INTO requests (key, utterance, sample, "case", prompt, model, settings, state, planned_at)
                   VALUES (?, ?, ?, ?, ?, ?, ?, 'planned', ?)""",
                ((r.key, r.id, r.sample, r.case.canonical(), *common) for r in requests),
            )
            return self._connection.total_changes - before

    def states(self) -> dict[str, State]:
        """Return the state of every request by key."""
        return dict(self._connection.execute("SELECT key, state FROM requests"))

    def settle_interrupted(self, keys: Iterable[str], *, repeatable: bool) -> int:
        """End the calls that an earlier process left ``sent``, and return how many there were."""
        wanted = set(keys)
        rows = self._connection.execute("SELECT key FROM calls WHERE state = 'sent' AND shard IS NULL").fetchall()
        found = [key for (key,) in rows if key in wanted]
        with self._transaction():
            for key in found:
                self._end_call(key, "unknown", error="interrupted before a reply was stored")
                self._set_state(key, "planned" if repeatable else "unknown")
        return len(found)

    def send(self, keys: Sequence[str]) -> None:
        """Commit the intent to ask these requests; call the judge only after this returns."""
        with self._transaction() as execute:
            for key in keys:
                execute("INSERT INTO calls (key, state, sent_at) VALUES (?, 'sent', ?)", (key, _now()))
                self._set_state(key, "sent")

    def store(self, replies: Mapping[str, Reply | JudgeError]) -> None:
        """Commit what became of calls: the reply, byte for byte, or the error of one that certainly failed."""
        with self._transaction():
            for key, reply in replies.items():
                if isinstance(reply, Reply):
                    self._end_call(key, "answered", raw=reply.raw, usage=json.dumps(dict(reply.usage)))
                    self._set_state(key, "answered")
                else:
                    self._end_call(key, "failed", error=str(reply))
                    self._set_state(key, "failed")

    def raw_replies(self) -> Iterator[tuple[str, bytes]]:
        """Yield key and raw reply of each answered request; of several replies the first."""
        yield from self._connection.execute(
            "SELECT key, raw FROM calls WHERE id IN (SELECT min(id) FROM calls WHERE state = 'answered' GROUP BY key)"
        )

    def errors(self) -> dict[str, str]:
        """Return the last error of each request that has no reply."""
        return dict(
            self._connection.execute(
                """SELECT key, error FROM calls WHERE id IN (SELECT max(id) FROM calls GROUP BY key) AND error IS NOT NULL"""
            )
        )

    def decide(self, outcomes: Mapping[str, Outcome]) -> None:
        """Store what the replies were read as; a later reading replaces an earlier one."""
        with self._transaction():
            self._connection.executemany(
                "UPDATE requests SET label = ?, confidence = ?, reason = ?, fault = ?, decided_at = ? WHERE key = ?",
                ((*as_decision(outcome), _now(), key) for key, outcome in outcomes.items()),
            )

    def decisions(self) -> dict[str, Decision]:
        """Return label, confidence, reason and fault of each request that was decided, by key."""
        rows = self._connection.execute("SELECT key, label, confidence, reason, fault FROM requests WHERE decided_at IS NOT NULL")
        return {key: (label, confidence, reason, fault) for key, label, confidence, reason, fault in rows}

    def _open(self) -> None:
        try:
            self._connection = sqlite3.connect(self.path, isolation_level=None)
            self._connection.execute("PRAGMA journal_mode = DELETE")
            self._connection.execute("PRAGMA synchronous = FULL")
            self._connection.execute("PRAGMA foreign_keys = ON")
            tables = {name for (name,) in self._connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            if not tables:
                self._create()
            elif "metadata" not in tables or "calls" not in tables:
                raise JudgeError(f"{self.path}: an SQLite file, but not a judge's journal; name another file")
            version = self.metadata.get("schema_version")
            if version != str(SCHEMA_VERSION):
                raise JudgeError(
                    f"{self.path}: journal of schema version {version}, this release writes {SCHEMA_VERSION}; start a new journal"
                )
            [[check]] = self._connection.execute("PRAGMA quick_check(1)")
            if check != "ok":
                raise sqlite3.DatabaseError(check)
        except sqlite3.DatabaseError as error:
            raise JudgeError(
                f"{self.path}: this journal is damaged or not an SQLite file ({error}); keep it, since it may hold replies that were "
                "paid for, and restore a copy or start a new journal"
            ) from error

    def _create(self) -> None:
        with self._transaction() as execute:
            for statement in _SCHEMA.split(";"):
                execute(statement)
            facts = {"schema_version": str(SCHEMA_VERSION), "created_at": _now(), "created_by": f"emojudge {__version__}"}
            self._connection.executemany("INSERT INTO metadata VALUES (?, ?)", facts.items())

    @contextmanager
    def _transaction(self) -> Iterator[Any]:
        """Yield ``execute``; everything inside is committed together, or not at all."""
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection.execute
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise
        except sqlite3.Error as error:
            raise JudgeError(f"{self.path}: the journal could not be written ({error}); what was stored before is safe") from error

    def _set_state(self, key: str, state: State) -> None:
        self._connection.execute("UPDATE requests SET state = ? WHERE key = ?", (state, key))

    def _end_call(self, key: str, state: State, *, raw: bytes | None = None, usage: str | None = None, error: str | None = None) -> None:
        self._connection.execute(
            "UPDATE calls SET state = ?, raw = ?, usage = ?, error = ?, ended_at = ? WHERE key = ? AND state = 'sent'",
            (state, raw, usage, error, _now(), key),
        )


def as_decision(outcome: Outcome) -> Decision:
    """Return an outcome as the journal's columns."""
    if isinstance(outcome, Verdict):
        return outcome.label, outcome.confidence, outcome.reason, None
    return None, None, outcome.detail, outcome.fault


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
