"""A small corpus without a fault, into which a test plants one."""

import csv
from pathlib import Path

import numpy as np
import pytest
import soundfile

from emojudge.corpus import CorpusReport, check_corpus

CLASSES = ["angry", "sad"]
RATE = 16_000


class Planted:
    """Train, dev and test of ten utterances each by two speakers, five of each class, as a manifest and audio files."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.rows: dict[str, dict[str, str]] = {}
        self.sounds: dict[str, np.ndarray] = {}
        self.rates: dict[str, int] = {}
        for split in ("train", "dev", "test"):
            for i in range(10):
                id = f"{split}_{i}"
                speaker = f"{split}-{i % 2}"
                self.rows[id] = {
                    "file": f"{id}.wav",
                    "split": split,
                    "emotion": CLASSES[i // 5],
                    "speaker": speaker,
                    "recording": f"talk of {speaker}",
                    "transcript": f"in {split} this is sentence number {i}",
                    "valence": "4",
                }
                self.sounds[id] = np.random.default_rng(len(self.sounds)).normal(0, 0.1, RATE // 4 + 80 * i)

    def write(self) -> Path:
        for id, sound in self.sounds.items():
            soundfile.write(self.root / f"{id}.wav", sound, self.rates.get(id, RATE), subtype="PCM_16")
        path = self.root / "manifest.csv"
        with open(path, "w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, list(self.rows["train_0"]))
            writer.writeheader()
            writer.writerows(self.rows.values())
        return path

    def check(self, **options: object) -> CorpusReport:
        return check_corpus("manifest", path=self.write(), classes=CLASSES, **options)

    def alarm(self, **options: object):
        """Return the only finding that is no note."""
        (finding,) = [finding for finding in self.check(**options).findings if finding.severity != "note"]
        return finding


@pytest.fixture
def planted(tmp_path):
    return Planted(tmp_path)
