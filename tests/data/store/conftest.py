"""A small table of audio of many kinds, whose store the tests make, break and mend."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from emojudge.audio import inspect_audio
from emojudge.corpus import Table, TableInfo, build_table

SOUNDS = {
    "a": (16000, 1, "PCM_16"),
    "b": (44100, 1, "PCM_16"),
    "c": (48000, 2, "PCM_24"),
    "d": (16000, 1, "FLOAT"),
    "e": (8000, 1, "PCM_16"),
}
"""Rate, channels and form of each utterance."""


@pytest.fixture
def make_table(tmp_path: Path) -> Callable[..., Table]:
    """Return a function that writes sounds of some seed and returns their table, as a reader would make it."""

    def make(seed: int = 0, folder: str = "audio") -> Table:
        random = np.random.default_rng(seed)
        (tmp_path / folder).mkdir(exist_ok=True)
        paths = []
        for k, (id, (rate, channels, form)) in enumerate(SOUNDS.items()):
            paths.append(str(tmp_path / folder / f"{id}.wav"))
            sound = random.normal(0, 0.1, (round((0.2 + 0.1 * k) * rate), channels))
            soundfile.write(paths[-1], sound, rate, subtype=form)
        facts = [inspect_audio(path) for path in paths]
        columns = {
            "id": [*SOUNDS, "silent film"],
            "split": ["train"] * 3 + ["dev"] * 3,
            "audio": [*paths, None],
            "audio_digest": [*(f.digest for f in facts), None],
            "duration_s": [*(f.duration_s for f in facts), None],
        }
        return build_table(columns, TableInfo("test"))

    return make


@pytest.fixture
def table(make_table: Callable[..., Table]) -> Table:
    return make_table()
