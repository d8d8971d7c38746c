"""How fast utterances are read and collated: prepared audio beside the files decoded by us and by librosa.

    python benchmarks/prepared_reading.py [--utterances 200] [--rounds 7]

Writes WAV files of 6 s at 16 and at 44.1 kHz into a temporary folder, prepares them, and prints utterances per CPU second of
each way to read them (medians over rounds that take turns; files in the page cache), and the CPU time of collating 32 of them.
"""

import argparse
import tempfile
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import librosa
import numpy as np
import soundfile
from measure import interleaved

from emojudge.audio import SAMPLE_RATE, inspect_audio, load_audio
from emojudge.corpus import Table, TableInfo, build_table
from emojudge.data.collate import Utterance, collate
from emojudge.data.store import build_store, plan_store
from emojudge.data.waveforms import Waveforms

SECONDS = 6
BATCH = 32
TARGET_RATIO = 8
TARGET_MS = 10


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--utterances", type=int, default=200, metavar="N", help="files at each rate (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=7, metavar="N", help="(default: %(default)s)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for rate in (SAMPLE_RATE, 44_100):
            table = _write(Path(folder) / str(rate), options.utterances, rate)
            _compare_reading(table, Path(folder) / f"{rate}.audio", rate, options.rounds)
        _time_collating(table, Path(folder) / f"{rate}.audio", options.rounds)


def _write(folder: Path, n_files: int, rate: int) -> Table:
    folder.mkdir()
    random = np.random.default_rng(0)
    paths = [str(folder / f"{k}.wav") for k in range(n_files)]
    for path in paths:
        soundfile.write(path, random.normal(0, 0.1, SECONDS * rate), rate, subtype="PCM_16")
    facts = [inspect_audio(path) for path in paths]
    columns = {
        "id": [str(k) for k in range(n_files)],
        "split": ["train"] * n_files,
        "audio": paths,
        "audio_digest": [f.digest for f in facts],
        "duration_s": [f.duration_s for f in facts],
    }
    return build_table(columns, TableInfo("benchmark"))


def _compare_reading(table: Table, place: Path, rate: int, rounds: int) -> None:
    prepared = Waveforms(table, store=build_store(plan_store(table), place))
    paths = table.column("audio")
    ways = {
        "librosa.load(sr=16000)": partial(_each, partial(librosa.load, sr=SAMPLE_RATE), paths),
        "load_audio": partial(_each, load_audio, paths),
        "prepared": partial(_each, prepared.read, range(len(paths))),
    }
    interleaved(ways, 1)  # what is loaded or compiled at the first call
    speed = {name: len(paths) / median(seconds) for name, seconds in interleaved(ways, rounds).items()}
    print(f"{len(paths)} WAV files of {SECONDS} s at {rate} Hz, utterances per CPU second:")
    for name, value in speed.items():
        print(f"  {name:24}{value:10,.0f}  {value / speed['librosa.load(sr=16000)']:6.1f} x librosa")
    print(f"  prepared over librosa: target at least {TARGET_RATIO} x")


def _time_collating(table: Table, place: Path, rounds: int) -> None:
    waveforms = Waveforms(table, store=build_store(plan_store(table), place, rebuild=True))
    random = np.random.default_rng(0)
    lengths = random.integers(SECONDS * SAMPLE_RATE * 9 // 10, SECONDS * SAMPLE_RATE + 1, BATCH)
    utterances = [Utterance(row, str(row), 0, waveforms.read(row)[: lengths[row]]) for row in range(BATCH)]
    ways = {"collate": partial(_each, collate, [utterances] * 20)}
    interleaved(ways, 1)
    (seconds,) = interleaved(ways, rounds).values()
    print(f"collating {BATCH} utterances of {SECONDS} s: {1e3 * median(seconds) / 20:.2f} ms of CPU time (target at most {TARGET_MS} ms)")


def _each(function: Callable[[Any], object], arguments: Iterable[Any]) -> None:
    """Call a function with each argument, and keep nothing of what it returns."""
    for argument in arguments:
        function(argument)


if __name__ == "__main__":
    main()
