"""A run folder: one process at a time, and a memory of which stage was made from what."""

import hashlib
import json
import os
import platform
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

from .. import __version__
from ..corpus.table import TABLE_FILE
from ..errors import EmojudgeError
from ..files import file_digest, hold, write_text

PACKAGES = ("torch", "lightning", "transformers", "scikit-learn", "numpy", "datasets")
"""Packages whose versions stand in ``run.json``."""

RECORD = "run.json"
"""The record of a run, which every run folder has."""

TABLE = TABLE_FILE
"""The utterance table of a run, relative to its folder."""

Say = Callable[[str], None]


class RunFolder:
    """The folder of one run, with its record ``run.json``.

    A stage is skipped when the digest of its inputs is the recorded one and its outputs are the
    files it wrote. Whatever changed upstream changes the inputs downstream, so nothing stale is kept.

    Args:
        path: The folder; made when it is not there.
        arguments: What the run was started with, for the record.
        say: Called with one line about each stage.
        force: Run every stage again.
    """

    def __init__(self, path: str | Path, arguments: dict[str, Any], say: Say, force: bool = False) -> None:
        self.path = Path(path)
        self.say = say
        self.force = force
        self._stages: dict[str, Any] = {}
        self._record = {
            "schema_version": 1,
            "emojudge": __version__,
            "python": platform.python_version(),
            "packages": {name: version(name) for name in PACKAGES},
            "command": sys.argv,
            "arguments": arguments,
        }

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the folder for this process.

        Raises:
            EmojudgeError: If another process holds it.
        """
        busy = EmojudgeError(f"{self.path}: another run is at work in this folder; wait for it, or use another --out")
        lock = hold(self.path / "run.lock", busy)
        try:
            self._stages = _read(self.path / RECORD).get("stages", {})
            self._save()
            yield
        finally:
            lock.release()

    def stage(self, name: str, inputs: Callable[[], dict[str, Any]], outputs: Sequence[str], make: Callable[[], str | None]) -> None:
        """Make a stage's outputs unless they are there and its inputs have not changed.

        Args:
            name: Name of the stage, for the record and the user.
            inputs: Tells everything the outputs depend on, as JSON: settings, and digests of files. It is asked
                again when they were made, since a stage may find or write some of its sources itself.
            outputs: Paths that ``make`` writes, relative to the folder.
            make: Writes the outputs; may return a line for the user.

        Raises:
            EmojudgeError: If ``make`` did not write an output.
        """
        key = _key(inputs())
        known = self._stages.get(name, {})
        if not self.force and known.get("key") == key and known.get("outputs") == self._digests(outputs):
            self.say(f"{name}: nothing changed, kept")
            return
        self._stages.pop(name, None)
        self._save()
        start = time.monotonic()
        remark = make()
        seconds = time.monotonic() - start
        digests = self._digests(outputs)
        missing = [output for output, digest in digests.items() if digest is None]
        if missing:
            raise EmojudgeError(f"{name}: {missing[0]} was not written; look into {self.path}")
        used = inputs()
        self._stages[name] = {"key": _key(used), "inputs": used, "outputs": digests, "seconds": round(seconds, 1)}
        self._save()
        self.say(f"{name}: done in {seconds:.0f} s" + (f"; {remark}" if remark else ""))

    def digest(self, *outputs: str) -> dict[str, str | None]:
        """Return the digests of some files of the folder, to be the inputs of a later stage."""
        return self._digests(outputs)

    def _digests(self, outputs: Sequence[str]) -> dict[str, str | None]:
        return {output: file_digest(self.path / output) if (self.path / output).is_file() else None for output in outputs}

    def _save(self) -> None:
        write_text(self.path / RECORD, json.dumps({**self._record, "stages": self._stages}, indent=1, default=str) + "\n")


def sources_digest(files: Iterable[str | Path], folders: Iterable[str | Path] = (), without: str | Path | None = None) -> str:
    """Return a digest of the paths, sizes and times of some files, and of all files below some folders.

    A file that is not there counts as such: the digest changes when it appears.

    Args:
        files: Single files.
        folders: Folders, with everything below them.
        without: A folder that is passed over (the run's own).
    """
    digest = hashlib.sha256()
    left_out = None if without is None else Path(without).resolve()
    found = [str(file) for file in files]
    for top in folders:
        for folder, below, names in os.walk(top):
            below[:] = sorted(name for name in below if (Path(folder) / name).resolve() != left_out)
            found += [os.path.join(folder, name) for name in sorted(names)]
    for file in found:
        try:
            status = os.stat(file)
            digest.update(f"{file} {status.st_size} {status.st_mtime_ns}\n".encode(errors="surrogateescape"))
        except FileNotFoundError:
            digest.update(f"{file} is not there\n".encode(errors="surrogateescape"))
    return digest.hexdigest()[:16]


def _key(inputs: dict[str, Any]) -> str:
    text = json.dumps({"emojudge": __version__, **inputs}, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _read(path: Path) -> dict[str, Any]:
    """Return the record of an earlier start, or an empty one; an unreadable one is an error, not a fresh start."""
    if not path.is_file():
        return {}
    try:
        record: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise EmojudgeError(f"{path}: not readable ({error}); move it away to run every stage again") from error
    return record
