"""Write the synthetic corpus: the files of MSP-Podcast, and the truth of Test3 beside them."""

import csv
import io
import json
import os
import shutil
import wave
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...audio import SAMPLE_RATE
from ...errors import CorpusError
from ...labels import EMOTION_CODES
from .plan import Planned, plan_corpus
from .settings import Words
from .voice import speak

MARKER = "synthetic.json"
"""File in the corpus folder that holds the arguments it was made with."""

GENERATOR_VERSION = 2
"""Changes when the same arguments give another corpus."""

_CODES = {emotion: code for code, emotion in EMOTION_CODES.items()}


def synthesize_corpus(
    root: str | Path,
    *,
    utterances: int = 640,
    speakers: int = 24,
    seed: int = 0,
    words: tuple[int, int] = Words().length,
    duration_s: tuple[float, float] = (1.5, 4.0),
    progress: Callable[[int, int], None] | None = None,
) -> Path:
    """Write a synthetic corpus and return its folder; the same arguments give the same bytes.

    The layout is that of MSP-Podcast: ``Audios`` (16 kHz WAV, PCM 16), ``Labels/labels_consensus.csv``,
    ``Labels/labels_detailed.csv``, ``Partitions.txt``, ``Speaker_ids.txt``, ``Transcripts``. Train,
    Development and Test1 are imbalanced, Test3 is class-balanced and comes without labels,
    transcripts and speakers; its truth is in ``test3_truth.csv``. The folder appears whole or not at
    all; where the same corpus is there already, nothing is done.

    Args:
        root: Folder of the corpus.
        utterances: In all splits together.
        speakers: In all splits together; no speaker is in two splits.
        seed: Of everything random.
        words: Fewest and most words of a sentence.
        duration_s: Shortest and longest utterance, in seconds.
        progress: Called with (utterances written, utterances in all).

    Raises:
        CorpusError: If the folder holds something else, or the numbers are too small for four
            splits and eight classes.
    """
    root = Path(root).expanduser().absolute()
    settings = {
        "generator_version": GENERATOR_VERSION,
        "utterances": utterances,
        "speakers": speakers,
        "seed": seed,
        "words": list(words),
        "duration_s": [float(bound) for bound in duration_s],
    }
    if _is_there(root, settings):
        return root
    if seed < 0:
        raise CorpusError(f"seed {seed}: must be zero or more")
    if not 1 <= words[0] <= words[1] or not 0.3 <= duration_s[0] <= duration_s[1]:
        raise CorpusError(f"words {words} and duration_s {duration_s} must each be (least, most), from 1 word and 0.3 s on")
    planned = plan_corpus(utterances, speakers, words, np.random.default_rng([seed, 0]))
    temporary = root.with_name(f".{root.name}.{os.getpid()}.tmp")
    shutil.rmtree(temporary, ignore_errors=True)  # of a killed process that had this number
    try:
        for folder in ("Audios", "Labels", "Transcripts"):
            (temporary / folder).mkdir(parents=True)
        for done, utterance in enumerate(planned, start=1):
            rng = np.random.default_rng([seed, done])
            _write_wav(
                temporary / "Audios" / f"{utterance.name}.wav", speak(utterance.words, utterance.delivery, rng, duration_s=duration_s)
            )
            if progress is not None:
                progress(done, len(planned))
        _write_labels(temporary, planned)
        _write_text(temporary / MARKER, json.dumps(settings, indent=2) + "\n")
        if root.is_dir():
            root.rmdir()  # empty, as _is_there has seen
        temporary.rename(root)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return root


def _is_there(root: Path, settings: dict[str, Any]) -> bool:
    """Return whether the folder holds the corpus of these settings; refuse a folder that holds anything else."""
    if root.is_file():
        raise CorpusError(f"{root}: is a file; the synthetic corpus needs a folder of its own")
    if not root.is_dir() or not any(root.iterdir()):
        return False
    marker = root / MARKER
    if not marker.is_file():
        raise CorpusError(f"{root}: holds files but no {MARKER}, so it is not a synthetic corpus; give a new or empty folder")
    try:
        found = json.loads(marker.read_text(encoding="utf-8"))
    except ValueError as error:
        raise CorpusError(f"{marker}: not readable as JSON ({error}); remove the folder and write the corpus again") from error
    if found != settings:
        differing = [f"{name} {found.get(name)}, wanted {value}" for name, value in settings.items() if found.get(name) != value]
        raise CorpusError(f"{root}: holds a synthetic corpus with other settings ({'; '.join(differing)}); give another folder")
    return True


def _write_labels(root: Path, planned: Sequence[Planned]) -> None:
    """Write labels, ratings, partitions, speakers and transcripts; those of Test3 only into the truth."""
    open_rows = [u for u in planned if u.split != "Test3"]
    header = ["FileName", "EmoClass", "EmoAct", "EmoVal", "EmoDom", "SpkrID", "Gender", "Split_Set"]
    _write_csv(root / "Labels" / "labels_consensus.csv", header, [_consensus(u) for u in open_rows])
    details = [[f"{u.name}.wav", detail] for u in open_rows for detail in _details(u)]
    _write_csv(root / "Labels" / "labels_detailed.csv", ["FileName", "EmoDetail"], details)
    _write_csv(root / "test3_truth.csv", header, [_consensus(u) for u in planned if u.split == "Test3"])
    _write_text(root / "Partitions.txt", "".join(f"{u.split}; {u.name}.wav\n" for u in planned))
    genders = {u.delivery.speaker.number: u.delivery.speaker.gender for u in open_rows}
    lines = [f"Speaker_{number}; {gender}\n" for number, gender in sorted(genders.items())]
    lines += [f"{u.name}.wav; {u.delivery.speaker.number}\n" for u in open_rows]
    _write_text(root / "Speaker_ids.txt", "".join(lines))
    for u in open_rows:
        sentence = " ".join(u.words)
        _write_text(root / "Transcripts" / f"{u.name}.txt", sentence[0].upper() + sentence[1:] + ".\n")


def _consensus(u: Planned) -> list[str]:
    means = [f"{np.mean([getattr(rating, name) for rating in u.ratings]):.6f}" for name in ("arousal", "valence", "dominance")]
    return [f"{u.name}.wav", _CODES.get(u.code, u.code), *means, str(u.delivery.speaker.number), u.delivery.speaker.gender, u.split]


def _details(u: Planned) -> list[str]:
    return [
        f"WORKER{r.worker:05d}; {r.primary.capitalize()}; {','.join(name.capitalize() for name in r.secondary)}; "
        f"A:{r.arousal:.6f}; V:{r.valence:.6f}; D:{r.dominance:.6f};"
        for r in u.ratings
    ]


def _write_wav(path: Path, samples: NDArray[np.float32]) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes(np.round(samples * 32767).astype("<i2").tobytes())


def _write_csv(path: Path, header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([header, *rows])
    _write_text(path, text.getvalue())


def _write_text(path: Path, text: str) -> None:
    path.write_bytes(text.encode())
