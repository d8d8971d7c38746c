"""The prosody records of many utterances: in processes, kept in a cache file, taken up where it was interrupted."""

import multiprocessing
import signal
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, fields
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..audio import SAMPLE_RATE, load_audio
from ..errors import AudioError, JudgeError, some
from ..files import read_parquet, write_parquet
from .prosody import VERSION, Prosody, measure_prosody

if TYPE_CHECKING:
    from ..corpus.table import Table

SAVE_EVERY = 500
"""The cache is written again after this many new records, and at the end, however it comes."""


def describe_table(
    table: "Table",
    ids: Iterable[str] | None = None,
    *,
    jobs: int = 1,
    cache: str | Path | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, Prosody]:
    """Return the prosody record of each utterance that has audio.

    Args:
        table: The corpus; its transcripts give the speaking rate.
        ids: Which utterances; all of them by default.
        jobs: Processes to use. More than one starts new interpreters, which a script must allow by
            doing its work under ``if __name__ == "__main__":``.
        cache: A parquet file of records by audio digest. What it holds is not measured again, so that an
            interrupted run goes on; sound that changed, and files of another version, are measured anew.
        progress: Called with (utterances done, utterances in all).

    Raises:
        AudioError: If an audio file cannot be used; the message names the utterance.
        JudgeError: If an id is not in the table, or the cache is a file of another kind.
    """
    rows = {id: i for i, id in enumerate(table.column("id"))}
    wanted = list(rows if ids is None else ids)
    unknown = [id for id in wanted if id not in rows]
    if unknown:
        raise JudgeError(f"{table.info.source} has no utterance {some(unknown)}; describe ids of this table")
    audio, digests, transcripts = (table.column(name) for name in ("audio", "audio_digest", "transcript"))
    wanted = [id for id in wanted if audio[rows[id]] is not None]
    known = {} if cache is None else load_records(cache)
    found = {id: known[digest] for id in wanted if (digest := digests[rows[id]]) in known}
    missing = [id for id in wanted if id not in found]
    with _saving(cache, known) as save:
        for done, (id, record) in enumerate(_measure([(id, audio[rows[id]]) for id in missing], jobs), start=len(found) + 1):
            found[id] = record
            if digests[rows[id]] is not None:
                known[digests[rows[id]]] = record
            if done % SAVE_EVERY == 0:
                save()
            if progress is not None:
                progress(done, len(wanted))
    return {id: found[id].with_transcript(transcripts[rows[id]]) for id in wanted}


def save_records(path: str | Path, records: dict[str, Prosody]) -> None:
    """Write records by name (an audio digest, an utterance id) to a parquet file, whole or not at all."""
    import pyarrow

    types = {field.name: pyarrow.int64() if field.name == "n_pauses" else pyarrow.float64() for field in fields(Prosody)}
    schema = pyarrow.schema([("name", pyarrow.string()), *types.items()])
    table = pyarrow.Table.from_pylist([{"name": name, **asdict(record)} for name, record in records.items()], schema=schema)
    write_parquet(path, table, {"prosody": VERSION})


def load_records(path: str | Path) -> dict[str, Prosody]:
    """Return records that :func:`save_records` wrote; none if the file is not there or of another version.

    Raises:
        JudgeError: If the file is not such a file.
    """
    if not Path(path).is_file():
        return {}
    advice = "remove it or name another cache"
    table, metadata = read_parquet(path, "file of prosody records", mark="prosody", error=JudgeError, advice=advice)
    if metadata["prosody"] != VERSION:
        return {}
    return {row.pop("name"): Prosody(**row) for row in table.to_pylist()}


@contextmanager
def _saving(cache: str | Path | None, known: dict[str, Prosody]) -> Iterator[Callable[[], None]]:
    """Yield a function that writes the cache if it has grown, and call it at the end, however it comes."""
    n_saved = len(known)

    def save() -> None:
        nonlocal n_saved
        if cache is not None and len(known) > n_saved:
            save_records(cache, known)
            n_saved = len(known)

    try:
        yield save
    finally:
        save()


def _measure(files: list[tuple[str, str]], jobs: int) -> Iterator[tuple[str, Prosody]]:
    if jobs <= 1 or len(files) < 2:
        yield from map(_measure_file, files)
        return
    # librosa's compiled functions are cached on disk at their first use; two processes that fill that cache at once
    # leave one that crashes every later process, so this one fills it first.
    time_s = np.arange(SAMPLE_RATE) / SAMPLE_RATE
    measure_prosody(0.1 * np.sign(np.sin(2 * np.pi * 150 * time_s)) * (1 + np.sin(2 * np.pi * 4 * time_s)), SAMPLE_RATE)
    # New interpreters instead of forks: a fork of a process that has run torch or libsndfile threads may hang.
    # They ignore Ctrl-C, which reaches the whole group, and end with this process.
    pool = ProcessPoolExecutor(
        min(jobs, len(files)), multiprocessing.get_context("spawn"), initializer=partial(signal.signal, signal.SIGINT, signal.SIG_IGN)
    )
    try:
        yield from pool.map(_measure_file, files, chunksize=4)
    finally:
        pool.shutdown(cancel_futures=True)


def _measure_file(file: tuple[str, str]) -> tuple[str, Prosody]:
    id, path = file
    try:
        return id, measure_prosody(load_audio(path), SAMPLE_RATE)
    except AudioError as error:
        raise AudioError(f"utterance '{id}': {error}") from error
