"""Small MSP-Podcast folders: one that a test may spoil, one file at a time, and one in the form of each release."""

import csv
import io
import json
from dataclasses import dataclass
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


def write_noise(path: Path) -> None:
    soundfile.write(path, np.random.default_rng(0).normal(0, 0.1, 3_200), 16_000)


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
            write_noise(self.audios / name)
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


@dataclass(frozen=True)
class Form:
    """How one release spells what all of them say."""

    labels: str
    """Folder of the labels."""
    consensus: str = "labels_consensus.csv"
    ratings: str = "details"
    """``details`` (one field), ``columns``, ``json``, or ``columns and json`` for both files."""
    worker: str = "WorkerID"
    """Column of the rater, where there are columns."""
    development: str = "Development"
    partitions: str = "Partitions.txt"
    transcripts: str = "Transcripts"
    audio: str = "Audios"
    speaker_columns: bool = True
    """Whether the consensus file has ``SpkrID`` and ``Gender``; else they are in ``Speaker_ids.txt`` alone."""
    aligned: bool = False
    """Whether the transcript is in ``ForceAligned`` alone."""
    ending: str = ".wav"
    """Of the names in all lists."""
    newline: str = "\n"
    bom: bool = False


FORMS = {
    "1.6": Form("label", "labels_concensus.csv", "columns", "Workers", "Validation", "Partition.txt", speaker_columns=False),
    "1.6, JSON too": Form("label", "labels_concensus.csv", "columns and json", "Workers", "Validation", "Partition.txt"),
    "1.7": Form("Labels", "labels_concensus.csv", development="Validation"),
    "JSON alone": Form("Labels", "labels_concensus.csv", "json", development="Validation"),
    "1.9": Form("labels", "labels_concensus.csv"),
    "CRLF": Form("Labels", partitions="Partition.txt", newline="\r\n"),
    "folders Transcript and Audio": Form("Labels", transcripts="Transcript", audio="Audio"),
    "words in alignments alone": Form("Labels", aligned=True, bom=True),
    "challenge": Form("Labels", ending=""),
    "2.0": Form("Labels", ratings="columns", aligned=True),
    "2.0, copied in lower case": Form("labels", ratings="columns", transcripts="transcripts", audio="audios", partitions="partitions.txt"),
}
"""The form of each release: the public ones, and what copies of them look like."""

SPOKEN = {"MSP-PODCAST_0001_0008": "well i never", "MSP-PODCAST_0002_0001_0003": "go on"}
CONSENSUS = (  # name, class, arousal, valence, dominance, speaker, gender, split: what the ratings below give
    ("MSP-PODCAST_0001_0008", "A", "5.000000", "2.000000", "4.666667", "127", "Male", "Train"),
    ("MSP-PODCAST_0002_0001_0003", "X", "3.500000", "4.000000", "4.000000", "Unknown", "Unknown", "Development"),
    ("MSP-PODCAST_0003_0001", "O", "2.000000", "6.000000", "1.000000", "9", "Female", "Test1"),
    ("MSP-PODCAST_0004_0001", "N", "4.000000", "4.000000", "4.000000", "10", "Female", "NA"),
)
VOTES = (  # name, worker, primary, secondary, arousal, valence, dominance
    ("MSP-PODCAST_0001_0008", "WORKER00015", "Angry", "Angry,Disgust,Annoyed", 5, 2, 5),
    ("MSP-PODCAST_0001_0008", "WORKER00016", "Disgust", "", 7, 3, 5),
    ("MSP-PODCAST_0001_0008", "WORKER00017", "Angry", "Angry,Contempt", 3, 1, 4),
    ("MSP-PODCAST_0002_0001_0003", "WORKER00015", "Happy", "Happy,Excited", 5, 5, 4),
    ("MSP-PODCAST_0002_0001_0003", "WORKER00018", "Sad", "Sad", 2, 3, 4),
    ("MSP-PODCAST_0003_0001", "WORKER00017", 'Other-so "and", so; on', "Happy,Other-so", 2, 6, 1),
    ("MSP-PODCAST_0004_0001", "WORKER00017", "Neutral", "Neutral", 4, 4, 4),
)


@pytest.fixture(params=FORMS)
def release(request, tmp_path):
    """Return the folder of one release, in its form; all of them say the same."""
    return write_release(tmp_path / "MSP-PODCAST-Publish", FORMS[request.param])


def write_release(root: Path, form: Form) -> Path:
    (root / form.audio).mkdir(parents=True)
    for name in [*(row[0] for row in CONSENSUS), "MSP-PODCAST_test3_0001"]:
        write_noise(root / form.audio / f"{name}.wav")
    rows = [[f"{row[0]}{form.ending}", *row[1:7], form.development if row[7] == "Development" else row[7]] for row in CONSENSUS]
    kept = [0, 1, 2, 3, 4, *((5, 6) if form.speaker_columns else ()), 7]
    consensus = [[row[i] for i in kept] for row in [HEADER.split(","), *rows]]
    _lines(root / form.labels / form.consensus, [_csv(row) for row in consensus], form)
    write_votes(root / form.labels, form)
    _lines(root / form.partitions, [*(f"{row[7]}; {row[0]}" for row in rows), f"Test3; MSP-PODCAST_test3_0001{form.ending}"], form)
    speakers = ["Speaker_127; Male", "Speaker_9; Female", "Speaker_10; Female", "Speaker_11; Unknown"]
    _lines(root / "Speaker_ids.txt", [*speakers, *(f"{row[0]}; {row[5]}" for row in rows)], form)
    for id, words in SPOKEN.items():
        if form.aligned:
            write_alignment(root / "ForceAligned" / f"{id}.TextGrid", words)
        else:
            _lines(root / form.transcripts / f"{id}.txt", words.split(" ", 1), form)
    return root


def write_votes(folder: Path, form: Form) -> None:
    named = [(f"{name}{form.ending}", *rest) for name, *rest in VOTES]
    if form.ratings == "details":
        rows = [[name, f"{w}; {primary}; {also}; A:{a:.6f}; V:{v:.6f}; D:{d:.6f};"] for name, w, primary, also, a, v, d in named]
        _lines(folder / "labels_detailed.csv", [_csv(row) for row in [["FileName", "EmoDetail"], *rows]], form)
    if "columns" in form.ratings:
        rows = [["FileName", form.worker, "EmoClass_Major", "EmoClass_Second", "EmoAct", "EmoVal", "EmoDom"], *map(list, named)]
        _lines(folder / "labels_detailed.csv", [_csv(row) for row in rows], form)
    if "json" in form.ratings:
        content: dict[str, dict[str, dict[str, object]]] = {}
        for name, w, primary, also, a, v, d in named:
            seconds = also.split(",") if w == "WORKER00015" else also or None  # a list, text or null
            rating = {"EmoClass_Major": primary, "EmoClass_Second": seconds, "EmoAct": float(a), "EmoDom": d, "EmoVal": f"{v}.0"}
            content.setdefault(name, {})[w] = rating
        _lines(folder / "labels_detailed.json", [json.dumps(content)], form)


@pytest.fixture
def align(podcast):
    """Return a function that gives an utterance of ``podcast`` a forced alignment of some words, in a form and an encoding."""
    return lambda id, words, **options: write_alignment(podcast.root / "ForceAligned" / f"{id}.TextGrid", words, **options)


def write_alignment(path: Path, words: str, form: str = "long_textgrid", encoding: str = "utf-8") -> Path:
    """Write a TextGrid whose first tier has the words, a silence before each of them."""
    textgrid = pytest.importorskip("praatio.textgrid")
    spans = [(0.2 * i + 0.1, 0.2 * i + 0.2, word) for i, word in enumerate(words.split())]
    grid = textgrid.Textgrid()
    grid.addTier(textgrid.IntervalTier("words", spans, 0, 0.2 * len(spans) + 0.5))
    grid.addTier(textgrid.IntervalTier("phones", [(0.1, 0.2, "AH0")], 0, 0.2 * len(spans) + 0.5))
    path.parent.mkdir(exist_ok=True)
    grid.save(str(path), form, includeBlankSpaces=True)
    path.write_bytes(path.read_text(encoding="utf-8").encode(encoding))
    return path


def _csv(row: list[object]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow(row)
    return text.getvalue()


def _lines(path: Path, lines: list[str], form: Form) -> None:
    """Write lines, with blank ones at the end."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = form.newline.join([*lines, "", ""])
    path.write_bytes(("\ufeff" * form.bom + text).encode())
