"""Replies that were recorded, given again: tests and old results without a network or a key."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ...errors import JudgeError
from . import CallFailedError, Reply, Request


class ReplayClient:
    """Answers from a file of JSON lines, ``{"key": ..., "raw": ...}`` or ``{"utterance": ..., "raw": ...}``.

    ``raw`` is the reply's text, ``usage`` an object beside it if it is known. Lines may stand in any order;
    of several for one key or utterance the first counts, and a key counts before an utterance. A request
    without a line fails, and is asked again when the file holds it.

    Args:
        path: The file.
        model: The model that gave the replies; a part of every request's key.
        settings: The settings that it gave them with; likewise.

    Raises:
        JudgeError: If the file is missing, or a line is not of this form; the message names the line.
    """

    repeatable = True

    def __init__(self, path: str | Path, *, model: str = "replay", settings: Mapping[str, Any] | None = None) -> None:
        self.path = Path(path)
        self.model = model
        self.settings = dict(settings or {})
        if not self.path.is_file():
            raise JudgeError(f"{path}: there is no such file of recorded replies")
        self._replies: dict[tuple[str, str], Reply] = {}
        for number, line in enumerate(self.path.read_bytes().splitlines(), start=1):
            if line.strip():
                name, reply = self._read(line, number)
                self._replies.setdefault(name, reply)

    def reply(self, request: Request) -> Reply:
        """Return the recorded reply.

        Raises:
            CallFailedError: If there is none.
        """
        for name in (("key", request.key), ("utterance", request.id)):
            if name in self._replies:
                return self._replies[name]
        raise CallFailedError(f"{self.path} holds no reply for utterance '{request.id}' (key {request.key})")

    def _read(self, line: bytes, number: int) -> tuple[tuple[str, str], Reply]:
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise JudgeError(f"{self.path}, line {number}: not JSON ({error})") from error
        names = [(kind, row[kind]) for kind in ("key", "utterance") if isinstance(row, dict) and kind in row]
        if not names or not isinstance(names[0][1], str) or not isinstance(row.get("raw"), str):
            raise JudgeError(f"{self.path}, line {number}: expected an object with 'key' or 'utterance', and the reply's text as 'raw'")
        usage = {} if row.get("usage") is None else row["usage"]
        if not isinstance(usage, dict):
            raise JudgeError(f"{self.path}, line {number}: 'usage' is {json.dumps(usage)}, expected an object")
        return names[0], Reply(row["raw"].encode("utf-8", "surrogatepass"), usage)
