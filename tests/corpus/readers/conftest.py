"""A small MSP-Podcast folder that a test may spoil, one file at a time."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

HEADER = "FileName,EmoClass,EmoAct,EmoVal,EmoDom,SpkrID,Gender,Split_Set"
ROWS = (
    "MSP-PODCAST_0001_0008.wav,A,5.5,2.25,6,127,Male,Train",
    "MSP-PODCAST_0001_0009.wav,X,4,4,4,Unknown,Unknown,Train",
    "MSP-PODCAST_0002_0001_0003.wav,O,3,3.5,4,127,Male,Development",
    "MSP-PODCAST_0003_0001.wav,C,3,3.5,4,9,Female,Test1",
    "MSP-PODCAST_0004_0001.wav,N,NA,,4,10,Female,NA",
)
PARTITIONS = (
    "Train; MSP-PODCAST_0001_0008.wav",
    "Train; MSP-PODCAST_0001_0009.wav",
    "Development; MSP-PODCAST_0002_0001_0003.wav",
    "Test1; MSP-PODCAST_0003_0001.wav",
    "Test3; MSP-PODCAST_test3_0001.wav",
)
RATINGS = (
    'MSP-PODCAST_0001_0008.wav,"WORKER00015; Angry; Angry,Disgust; A:5.000000; V:2.000000; D:5.000000;"',
    'MSP-PODCAST_0001_0008.wav,"WORKER00016; Disgust; Disgust; A:7.000000; V:3.000000; D:5.000000;"',
    'MSP-PODCAST_0001_0008.wav,"WORKER00017; Angry; Angry; A:3.000000; V:1.000000; D:5.000000;"',
    'MSP-PODCAST_0001_0008.wav,"WORKER00018; Other-Annoyed; Other; A:5.000000; V:2.000000; D:5.000000;"',
    'MSP-PODCAST_0001_0009.wav,"WORKER00015; Other; Other; A:1.000000; V:2.000000; D:5.000000;"',
    'MSP-PODCAST_9999_0009.wav,"WORKER00015; Sad; Sad; A:1.000000; V:2.000000; D:5.000000;"',
)


def write(path: Path, *lines: str, encoding: str = "utf-8") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n", encoding=encoding)
    return path


class Podcast:
    """The folder, and the files in it that tests change."""

    def __init__(self, root: Path):
        self.root = root
        self.consensus = write(root / "Labels" / "labels_consensus.csv", HEADER, *ROWS)
        self.detailed = write(root / "Labels" / "labels_detailed.csv", "FileName,EmoDetail", *RATINGS)
        self.partitions = write(root / "Partitions.txt", *PARTITIONS)
        self.speakers = write(root / "Speaker_ids.txt", "Speaker_127; Male", "Speaker_5; Female", "MSP-PODCAST_0001_0009.wav; 5")
        self.audios, self.transcripts = root / "Audios", root / "Transcripts"
        self.names = [row.split(",")[0] for row in ROWS] + ["MSP-PODCAST_test3_0001.wav"]
        self.audios.mkdir()
        for name in self.names:
            soundfile.write(self.audios / name, np.random.default_rng(0).normal(0, 0.1, 3_200), 16_000)
        write(self.transcripts / "MSP-PODCAST_0001_0008.txt", " Well, I", "told you. ")
        write(self.transcripts / "MSP-PODCAST_0001_0009.txt", "", "  ")
        write(self.transcripts / "MSP-PODCAST_0003_0001.txt", "N/A")

    def replace(self, path: Path, old: str, new: str) -> None:
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")


@pytest.fixture
def podcast(tmp_path):
    return Podcast(tmp_path / "msp")
