"""Where the files of an MSP-Podcast release lie: found by looking, under every known spelling and case."""

import os
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from ...errors import CorpusError

_LABELS = ("labels", "label")
_CONSENSUS = ("labels_consensus.csv", "labels_concensus.csv")
_RATINGS = ("labels_detailed.csv", "labels_detailed.json")
_PARTITIONS = ("partitions.txt", "partition.txt")
_SPEAKERS = ("speaker_ids.txt",)
_TRANSCRIPTS = ("transcripts", "transcript")
_ALIGNMENTS = ("forcealigned",)
_AUDIO = ("audios", "audio")


@dataclass(frozen=True)
class Release:
    """The files and folders of one release; None where there is none."""

    root: Path
    consensus: Path
    ratings: Path | None
    partitions: Path | None
    speakers: Path | None
    transcripts: Path | None
    alignments: Path | None
    audio: Path | None


def find_release(root: str | Path, labels_path: str | Path | None = None, audio_dir: str | Path | None = None) -> Release:
    """Return where the files of a release are, without opening one.

    Names are compared without regard to case: ``Labels/labels_consensus.csv`` (or ``labels_concensus.csv``, in ``label``),
    ``labels_detailed.csv`` beside it (else ``labels_detailed.json``), ``Partitions.txt`` (``Partition.txt``),
    ``Speaker_ids.txt``, ``Transcripts`` (``Transcript``), ``ForceAligned``, ``Audios`` (``Audio``).

    Args:
        root: Folder that holds the labels and the audio.
        labels_path: The consensus file, where it is not at its usual place.
        audio_dir: Folder of the audio files, where it is not at its usual place; it need not exist.

    Raises:
        CorpusError: If there is no such folder or no consensus file, or two files could be meant; the message names both.
    """
    root = Path(root).expanduser().absolute()
    if not root.is_dir():
        raise CorpusError(f"{root}: there is no such folder; point root at the folder that holds Labels and Audios")
    consensus = _consensus(root) if labels_path is None else Path(labels_path).expanduser().absolute()
    beside = _matching(consensus.parent, _RATINGS)
    of_csv = [path for path in beside if path.suffix.lower() == ".csv"]
    keep = "Keep one of them in the corpus."
    audio = (
        _only(_matching(root, _AUDIO, folders=True), "Point audio_dir at the one that is meant.")
        if audio_dir is None
        else Path(audio_dir).expanduser().absolute()
    )
    return Release(
        root=root,
        consensus=consensus,
        ratings=_only(of_csv or beside, keep),
        partitions=_only(_matching(root, _PARTITIONS), keep),
        speakers=_only(_matching(root, _SPEAKERS), keep),
        transcripts=_only(_matching(root, _TRANSCRIPTS, folders=True), keep),
        alignments=_only(_matching(root, _ALIGNMENTS, folders=True), keep),
        audio=audio,
    )


def file_name(text: str) -> str:
    """Return a file name as a list gives it, with the ending ``.wav`` where the list leaves it out."""
    return text if text.endswith(".wav") or os.path.splitext(text)[1] else f"{text}.wav"


def _consensus(root: Path) -> Path:
    found = [path for folder in _matching(root, _LABELS, folders=True) for path in _matching(folder, _CONSENSUS)]
    path = _only(found, "Point labels_path at the one that is meant.")
    if path is None:
        raise CorpusError(f"{root}: no {' or '.join(_CONSENSUS)} in a folder Labels; point labels_path at the consensus file of the corpus")
    return path


def _matching(folder: Path, names: Collection[str], *, folders: bool = False) -> list[Path]:
    """Return the files (or folders) whose lower-case name is one of some, each once, though links may lead to it as well."""
    if not folder.is_dir():
        return []
    found = sorted(path for path in folder.iterdir() if path.name.lower() in names and (path.is_dir() if folders else path.is_file()))
    return list({path.resolve(): path for path in reversed(found)}.values())[::-1]


def _only(found: list[Path], advice: str) -> Path | None:
    if len(found) > 1:
        raise CorpusError(f"{found[0]} and {found[1]} are both there, and only one can be read. {advice}")
    return found[0] if found else None
