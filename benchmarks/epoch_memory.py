"""Peak memory of an epoch through the data module, over few and over many utterances: it must not grow with the corpus.

    python benchmarks/epoch_memory.py [--many 20000] [--few 200]

Writes WAV files of 2.75 to 11 s into a temporary folder (many names for a few dozen sounds) and prepares them, 33 kB of disk
for each second. Each epoch, statistics included, runs in a process of its own, over the files and over prepared audio.
"""

import argparse
import os
import tempfile
from functools import partial
from pathlib import Path

import numpy as np
import soundfile
from measure import in_own_process

from emojudge.audio import SAMPLE_RATE, inspect_audio
from emojudge.corpus import TableInfo, build_table, read_table
from emojudge.data import EmotionDataModule
from emojudge.data.store import build_store, plan_store, store_beside

N_SOUNDS = 40
TARGET_MB = 300


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--many", type=int, default=20_000, metavar="N", help="(default: %(default)s)")
    parser.add_argument("--few", type=int, default=200, metavar="N", help="(default: %(default)s)")
    parser.add_argument("--folder", help="where the temporary folder is made; by default the system's")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        tables = {n: Path(folder) / f"{n}.parquet" for n in (options.few, options.many)}
        for n, path in tables.items():
            _write(path, n)
            seconds, peak_mb, size = in_own_process(partial(_prepare, path))
            print(
                f"preparing {n:6} utterances: {seconds:6.1f} CPU s, peak {peak_mb:4.0f} MB for {size / 1e6:.0f} MB of samples", flush=True
            )
        for name, store in (("files", "files"), ("prepared audio", None)):
            peaks = {}
            for n, path in tables.items():
                seconds, peaks[n], hours = in_own_process(partial(_epoch, path, store))
                print(f"{name}: {n:6} utterances, {hours:5.1f} h: peak {peaks[n]:4.0f} MB, {seconds:5.1f} CPU s", flush=True)
            print(f"{name}: {peaks[options.many] - peaks[options.few]:+.0f} MB (target at most {TARGET_MB} MB)", flush=True)


def _write(table_path: Path, n: int) -> None:
    """Write a table of n files that are links to a few sounds."""
    folder = table_path.with_suffix("")
    folder.mkdir()
    random = np.random.default_rng(0)
    sounds = [folder / f"sound_{k}.wav" for k in range(N_SOUNDS)]
    for sound in sounds:
        soundfile.write(sound, random.normal(0, 0.1, round(random.uniform(2.75, 11) * SAMPLE_RATE)), SAMPLE_RATE)
    facts = [inspect_audio(sound) for sound in sounds]
    paths = [str(folder / f"{k}.wav") for k in range(n)]
    for k, path in enumerate(paths):
        os.link(sounds[k % N_SOUNDS], path)
    columns = {
        "id": [str(k) for k in range(n)],
        "split": ["train"] * n,
        "emotion": ["happy"] * n,
        "audio": paths,
        "audio_digest": [facts[k % N_SOUNDS].digest for k in range(n)],
        "duration_s": [facts[k % N_SOUNDS].duration_s for k in range(n)],
    }
    build_table(columns, TableInfo("benchmark", ("happy", "sad"))).save(table_path)


def _prepare(table_path: Path) -> int:
    return build_store(plan_store(read_table(table_path)), store_beside(table_path)).index.n_bytes


def _epoch(table_path: Path, store: str | None) -> float:
    """Read every batch of an epoch and return the hours of sound that were in them."""
    data = EmotionDataModule(str(table_path), classes=["happy", "sad"], store=store)
    data.setup("fit")
    data.waveform_statistics()
    return sum(int(batch.waveform_mask.sum()) for batch in data.train_dataloader()) / SAMPLE_RATE / 3600


if __name__ == "__main__":
    main()
