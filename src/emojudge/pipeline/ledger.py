"""The ledger of a run folder: when a split that is held out was scored, for what purpose, and with which predictions.

Who has seen the score of a split has begun to choose on it. So the scores of held splits are counted, and a split that
was scored can no longer become one that trains or tunes in the same folder.
"""

import hashlib
import json
import sys
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ..corpus import Table, read_table
from ..corpus.table import TABLE_FILE
from ..errors import ConfigError, EmojudgeError, some
from ..evaluation.sheet import Sheet
from ..files import hold, write_text
from ..predictions import Predictions
from ..predictions.rows import Rows
from .stages import RECORD

LEDGER = "ledger.jsonl"
"""The ledger, relative to its run folder: a JSON object a line, the oldest first."""
SCHEMA_VERSION = 1
WAIT_S = 30.0
"""So long an entry waits for another process that writes one, in seconds."""

Scored = Mapping[str, Mapping[str, Rows]]
"""What was scored: predictions by task and by the name of the system."""


@dataclass(frozen=True)
class Entry:
    """One scoring of held splits, or several alike in a row."""

    date: str
    """When, in UTC, ISO 8601; the first time of several."""
    purpose: str
    command: str
    """The command line that asked for it."""
    splits: dict[str, int]
    """The held splits that were scored, each with its number of utterances."""
    systems: dict[str, str]
    """Digest of the predictions on these splits, or of the checkpoint that was tested, by ``task: system``."""
    times: int = 1
    """How often in a row the same predictions were scored for the same purpose."""
    last: str = ""
    """The last of several times."""
    schema_version: int = SCHEMA_VERSION


def record(run_dir: str | Path, splits: Iterable[str], purpose: str, systems: Scored, *, again: bool = True) -> Entry | None:
    """Return the entry that says that splits were scored, after it was written; None where none of them is held out.

    It is to be called before a score is shown. The file is replaced whole, under a lock of its own, so that entries of
    processes at work in one folder are not lost. Where the last entry says the same, it is counted up.

    Args:
        run_dir: The run folder; the roles of its table tell which splits are held out.
        splits: The splits that are scored, of any role.
        purpose: Why, in a few words: ``report``, ``report against test3_labels.csv``.
        systems: Their predictions, by task and system.
        again: False for a scoring that repeats itself (a stage that was kept): nothing is written if an entry says the same.

    Raises:
        EmojudgeError: If the ledger cannot be read or written, or another process holds it for :data:`WAIT_S`.
    """
    roles = read_table(Path(run_dir) / TABLE_FILE).info.roles
    held = sorted({split for split in splits if roles.get(split) == "hold"})
    scored = {f"{task}: {name}": rows.of_split(*held) for task, by_name in systems.items() for name, rows in by_name.items()}
    scored = {name: rows for name, rows in scored.items() if rows.predicted.any()}  # one without input there is not scored
    if not scored:
        return None
    counts = {split: max(rows.split.count(split) for rows in scored.values()) for split in held}
    digests = {name: _digest(rows) for name, rows in scored.items()}
    return _write(run_dir, Entry(_now(), purpose, _command(), {split: n for split, n in counts.items() if n}, digests), again=again)


def record_test(folder: str | Path, table: Table, splits: Iterable[str], tasks: Iterable[str], checkpoint: str) -> Entry | None:
    """Return the entry that says that a branch of a run is tested by itself, as ``emojudge test`` does, after it was written.

    None, and nothing is written, where no split is held out, or the training does not belong to a run on this corpus.

    Args:
        folder: Of the training; that of its run is around it.
        table: The corpus that is tested on.
        splits: The splits that are scored, of any role.
        tasks: What is scored.
        checkpoint: Digest of the checkpoint, which stands for its predictions.

    Raises:
        EmojudgeError: As :func:`record`.
    """
    folder = Path(folder).resolve()
    run_dir = folder.parent
    if not (run_dir / RECORD).is_file() or not (run_dir / TABLE_FILE).is_file():
        return None
    info = read_table(run_dir / TABLE_FILE).info
    counts = {split: table.splits[split] for split in sorted({*splits}) if info.roles.get(split) == "hold"}
    if info.fingerprint != table.info.fingerprint or not counts:
        return None
    digests = {f"{task}: {folder.name}": checkpoint for task in tasks}
    return _write(run_dir, Entry(_now(), "test of a checkpoint", _command(), counts, digests))


def _write(run_dir: str | Path, entry: Entry, *, again: bool = True) -> Entry:
    """Write an entry under the ledger's lock."""
    path = Path(run_dir) / LEDGER
    try:
        lock = hold(path.with_suffix(".lock"), EmojudgeError(f"{path}: another process is writing to it; try again"), WAIT_S)
        try:
            return _add(path, entry, again)
        finally:
            lock.release()
    except OSError as error:
        raise EmojudgeError(
            f"{path}: cannot be written ({error.strerror or error}), and held splits ({', '.join(entry.splits)}) are scored only where "
            "that is recorded; copy the run folder to where you may write"
        ) from error


def entries(run_dir: str | Path) -> list[Entry]:
    """Return what the ledger of a run folder holds, the oldest first; nothing where no held split was scored.

    Raises:
        EmojudgeError: If a line cannot be read; the message names it.
    """
    path = Path(run_dir) / LEDGER
    if not path.exists():
        return []
    found = []
    for number, line in enumerate(path.read_bytes().splitlines(), start=1):
        try:
            found.append(_read(line))
        except (ValueError, TypeError) as error:
            raise EmojudgeError(
                f"{path}: line {number} is not an entry of this release ({error}); nothing was changed: restore the file, or mend that line"
            ) from error
    return found


def refuse_choosing(run_dir: str | Path, splits: Iterable[str]) -> None:
    """Refuse to train or tune on splits that were scored as held out in this folder.

    Raises:
        ConfigError: If one was; the message says when and for what.
        EmojudgeError: If the ledger cannot be read.
    """
    found = entries(run_dir)
    for split in splits:
        seen = [entry for entry in found if split in entry.splits]
        if seen:
            raise _refusal(run_dir, f"'{split}' was", seen)


def refuse_scored(run_dir: str | Path, table: Table) -> None:
    """Refuse a new table of a run folder that trains or tunes on what was scored as held out there.

    Other splits, or a Dev-2 that is given back, move utterances under another name: those of the table that is in the
    folder are looked at one by one.

    Raises:
        ConfigError: If a split, or an utterance of it, was scored.
        EmojudgeError: If the ledger or the table that is there cannot be read.
    """
    found = entries(run_dir)
    if not found:
        return
    roles = table.info.roles
    refuse_choosing(run_dir, [split for split, role in roles.items() if role != "hold"])
    before, scored = read_table(Path(run_dir) / TABLE_FILE), {split for entry in found for split in entry.splits}
    used = {id: split for id, split in zip(table.column("id"), table.column("split"), strict=True) if roles[split] != "hold"}
    moved = [id for id, split in zip(before.column("id"), before.column("split"), strict=True) if split in scored and id in used]
    if moved:
        names = sorted({used[id] for id in moved})
        what = f"{len(moved)} utterances that are now in {some(names)} ({some(moved, 3)}) were"
        raise _refusal(run_dir, what, found)


def ledger_sheet(run_dir: str | Path) -> Sheet:
    """Return the ledger of a run folder as a table, a row an entry; an empty one says that no held split was scored.

    Raises:
        EmojudgeError: If the ledger cannot be read, or the folder is not that of a run.
    """
    if not (Path(run_dir) / TABLE_FILE).is_file():
        raise EmojudgeError(f"{run_dir}: not a run folder (no {TABLE_FILE}); emojudge run makes one")
    rows = []
    for entry in entries(run_dir):
        splits = ", ".join(f"{split} ({n})" for split, n in entry.splits.items())
        rows.append([entry.date, entry.last or entry.date, str(entry.times), splits, _by_task(entry.systems), entry.purpose])
    notes = [] if rows else ["No held split has been scored in this folder."]
    return Sheet(f"held splits that were scored in {run_dir}", ["first", "last", "times", "splits", "systems", "purpose"], rows, notes)


def _by_task(systems: Iterable[str]) -> str:
    """Return the systems with each task named once."""
    tasks: dict[str, list[str]] = {}
    for key in systems:
        task, _, name = key.partition(": ")
        tasks.setdefault(task, []).append(name)
    return " | ".join(f"{task}: {'; '.join(names)}" for task, names in tasks.items())


def _add(path: Path, entry: Entry, again: bool) -> Entry:
    """Write an entry below the others, or count up the last one where it says the same; return what stands there."""
    found = entries(path.parent)
    same = [old for old in found if _same(old, entry)]
    if same and not again:
        return same[-1]
    if found and _same(found[-1], entry):
        entry = replace(found[-1], times=found[-1].times + 1, last=entry.date)
        found.pop()
    write_text(path, "".join(json.dumps(asdict(each)) + "\n" for each in [*found, entry]))
    return entry


def _same(one: Entry, other: Entry) -> bool:
    return (one.purpose, one.splits, one.systems) == (other.purpose, other.splits, other.systems)


def _read(line: bytes) -> Entry:
    raw: Any = json.loads(line)
    if not isinstance(raw, dict):
        raise ValueError(f"expected an object, found {type(raw).__name__}")
    if raw.get("schema_version") != SCHEMA_VERSION:
        raise ValueError(f"schema version {raw.get('schema_version')}, this release reads {SCHEMA_VERSION}")
    entry = Entry(**raw)
    if not isinstance(entry.splits, dict) or not isinstance(entry.systems, dict) or not isinstance(entry.times, int):
        raise ValueError("splits and systems must be objects, and times a number")
    return entry


def _refusal(run_dir: str | Path, what: str, seen: list[Entry]) -> ConfigError:
    times = sum(entry.times for entry in seen)
    often = f"first on {seen[0].date[:10]} for: {seen[0].purpose}" + (f"; {times} times in all" if times > 1 else "")
    return ConfigError(
        f"{run_dir}: {what} scored as held out ({often}), and who has seen a score cannot choose on it any more; "
        "keep the roles, or declare others in a new run folder (--out)"
    )


def _digest(rows: Rows) -> str:
    """Return a digest of what was predicted: ids, numbers, and labels where a judge gave some."""
    labels = rows.label if isinstance(rows, Predictions) else None
    digest = hashlib.sha256(json.dumps([rows.id, labels, rows.info.names]).encode())
    digest.update((rows.numbers + 0.0).tobytes())  # (utterances, names)
    return digest.hexdigest()[:16]


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _command() -> str:
    """Return the command line without the place of the program, which is of the machine and not of the run."""
    return " ".join(["emojudge", *sys.argv[1:]]) if Path(sys.argv[0]).name in ("emojudge", "__main__.py") else Path(sys.argv[0]).name
