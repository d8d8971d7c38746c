"""What was heard so far, a line a recording: an interrupted transcription goes on where it stopped."""

import json
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from ..errors import CorpusError
from ..files import hold

_ADVICE = "remove it to transcribe anew"


class TranscriptJournal:
    """JSON lines of ``key``, ``id`` and ``transcript`` (null where no word was heard), written as they come.

    The key stands for the sound, the model and its settings, so that none of them can change unnoticed. A line that was
    torn by a killed process or a full disk is dropped; the recording is heard again.

    Args:
        path: The file; it is made where there is none, with a ``.lock`` file beside it.

    Raises:
        CorpusError: If another process has it open, or a line is something else than an entry.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        busy = CorpusError(f"{self.path}: another process is transcribing into it; wait for it to end, or stop it")
        self._lock = hold(f"{self.path}.lock", busy)
        try:
            self.known, n_bytes = _read(self.path)
            self._file = self.path.open("ab", buffering=0)
            self._file.truncate(n_bytes)
        except BaseException:
            self._lock.release()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        try:
            self._file.close()
        finally:
            self._lock.release()

    def add(self, entries: Iterable[tuple[str, str, str | None]]) -> None:
        """Write some entries (key, id, transcript) and hand them to the operating system before this returns.

        Raises:
            CorpusError: If they cannot be written, as when the disk is full.
        """
        new = list(entries)
        lines = [json.dumps({"key": key, "id": id, "transcript": text}, ensure_ascii=False).encode() + b"\n" for key, id, text in new]
        left = memoryview(b"".join(lines))
        try:
            while left:  # a disk that fills takes a part first
                left = left[self._file.write(left) :]
        except OSError as error:
            raise CorpusError(f"{self.path}: cannot be written ({error.strerror}); mend that, and the same call goes on") from error
        self.known |= {key: text for key, _, text in new}


def _read(path: Path) -> tuple[dict[str, str | None], int]:
    """Return the transcripts by key, and the length of what can be read in bytes."""
    content = path.read_bytes() if path.is_file() else b""
    n_bytes = content.rfind(b"\n") + 1
    known: dict[str, str | None] = {}
    for number, line in enumerate(content[:n_bytes].splitlines(), start=1):
        entry = _entry(line)
        if entry is None:
            raise CorpusError(f"{path}, line {number}: expected an entry with key and transcript, found {line[:40]!r}; {_ADVICE}")
        known[entry["key"]] = entry["transcript"]
    return known, n_bytes


def _entry(line: bytes) -> dict[str, Any] | None:
    try:
        entry = json.loads(line)
    except ValueError:
        return None
    fits = isinstance(entry, dict) and isinstance(entry.get("key"), str) and isinstance(entry.get("transcript", 0), str | None)
    return entry if fits else None
