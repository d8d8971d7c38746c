"""Files that are written whole or not at all, parquet files that say what they are, and digests of files."""

import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .errors import EmojudgeError

if TYPE_CHECKING:
    import pyarrow
    from filelock import FileLock

_METADATA_KEY = b"emojudge"


@contextmanager
def write_whole(path: str | Path) -> Iterator[Path]:
    """Yield a temporary path beside ``path`` that takes its place when the block ends without an error.

    A reader, and a process that is killed in between, see the old file or the new one, never half of it.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        yield temporary
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def write_folder(path: str | Path) -> Iterator[Path]:
    """Yield a new temporary folder beside ``path`` that takes its place when the block ends without an error.

    A folder that was there is removed once the new one stands; a process that is killed leaves one of the two, if under a
    hidden name.
    """
    path = Path(path).resolve()
    temporary, old = (path.with_name(f".{path.name}.{os.getpid()}.{ending}") for ending in ("tmp", "old"))
    shutil.rmtree(temporary, ignore_errors=True)  # of a killed process that had this number
    temporary.mkdir(parents=True)
    try:
        yield temporary
        if path.is_dir():
            path.rename(old)
        try:
            temporary.rename(path)
        except OSError:
            if old.is_dir():
                old.rename(path)
            raise
        shutil.rmtree(old, ignore_errors=True)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def hold(lock_path: str | Path, busy: EmojudgeError, wait_s: float = 0.0) -> "FileLock":
    """Return an acquired lock, to be released by whoever asked for it; the folder is made where it is not there.

    Args:
        lock_path: The lock's file.
        busy: What is raised.
        wait_s: Time to wait for another process that holds it, in seconds.

    Raises:
        EmojudgeError: ``busy``, if another process holds it all that time.
    """
    from filelock import FileLock, Timeout

    Path(lock_path).parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(lock_path)
    try:
        lock.acquire(timeout=wait_s)
    except Timeout as error:
        raise busy from error
    return lock


def write_text(path: str | Path, text: str) -> None:
    """Write a UTF-8 text file, whole or not at all."""
    with write_whole(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_parquet(path: str | Path, table: "pyarrow.Table", metadata: Mapping[str, Any]) -> None:
    """Write a parquet file with our metadata as JSON in its schema, whole or not at all."""
    import pyarrow.parquet

    with write_whole(path) as temporary:
        pyarrow.parquet.write_table(table.replace_schema_metadata({_METADATA_KEY: json.dumps(metadata).encode()}), temporary)


def read_parquet(
    path: str | Path, kind: str, *, mark: str, error: type[EmojudgeError], advice: str
) -> tuple["pyarrow.Table", dict[str, Any]]:
    """Return the table and the metadata of a file that :func:`write_parquet` wrote.

    Args:
        path: The file.
        kind: What it holds, for messages: ``table``, ``predictions file``.
        mark: Name that the metadata of this kind have, and of no other.
        error: What is raised.
        advice: What to do about a file of another kind, the end of the message.

    Raises:
        EmojudgeError: As ``error``, if the file is missing, is not parquet, or is of another kind.
    """
    import pyarrow
    import pyarrow.parquet

    if not Path(path).is_file():
        raise error(f"{path}: there is no such {kind}")
    try:
        table = pyarrow.parquet.read_table(path)
    except (pyarrow.ArrowException, OSError) as fault:
        raise error(f"{path}: not readable as parquet ({str(fault).splitlines()[0]}); {advice}") from fault
    metadata = json.loads((table.schema.metadata or {}).get(_METADATA_KEY, b"{}"))
    if mark not in metadata:
        raise error(f"{path}: a parquet file, but not a {kind} written by emojudge; {advice}")
    return table, metadata


def file_digest(path: str | Path) -> str:
    """Return the SHA-256 of a file's bytes, shortened to 16 hexadecimal digits."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:16]
