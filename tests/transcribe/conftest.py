"""A tiny random recogniser of each kind, and a table of seven utterances."""

from pathlib import Path

import pytest
import soundfile
from tiny_recognizers import RATE, save_ctc, save_whisper, sound

from emojudge.corpus import Table
from emojudge.corpus.table import TableInfo, build_table


@pytest.fixture(scope="session")
def ctc(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Folder of a tiny wav2vec 2.0 with a CTC head, whose values do not depend on padding. Do not change it."""
    return str(save_ctc(tmp_path_factory.mktemp("models") / "tiny-ctc"))


@pytest.fixture(scope="session")
def whisper(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Folder of a tiny multilingual Whisper model with a window of two seconds. Do not change it."""
    return str(save_whisper(tmp_path_factory.mktemp("models") / "tiny-whisper"))


@pytest.fixture
def spoken(tmp_path: Path) -> Table:
    """Seven utterances: three with human words, two without, one silent, one without audio."""
    durations_s = {"a": 1.0, "b": 0.6, "c": 1.4, "d": 0.8, "e": 2.6, "quiet": 0.5}
    folder = tmp_path / "audio"
    folder.mkdir()
    for seed, (id, seconds) in enumerate(durations_s.items()):
        samples = sound(int(seconds * RATE), seed) * (id != "quiet")
        soundfile.write(folder / f"{id}.wav", samples, RATE, subtype="FLOAT")
    ids = [*durations_s, "mute"]
    human = {"a": "One two", "b": "three!", "c": "Four, five six."}
    columns = {
        "id": ids,
        "split": ["train", "train", "dev", "train", "dev", "dev", "dev"],
        "audio": [str(folder / f"{id}.wav") if id != "mute" else None for id in ids],
        "audio_digest": [f"digest of {id}" if id != "mute" else None for id in ids],
        "duration_s": [durations_s.get(id) for id in ids],
        "transcript": [human.get(id) for id in ids],
        "transcript_source": ["human" if id in human else "none" for id in ids],
        "speaker": [f"speaker {i}" for i in range(len(ids))],
    }
    return build_table(columns, TableInfo("seven recordings", counts={"silent": 1, "without_transcript": 4}, caution="made of tones"))
