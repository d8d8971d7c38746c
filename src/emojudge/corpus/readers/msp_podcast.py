"""MSP-Podcast: consensus labels, partitions, speakers, transcripts, rater votes and audio of one release folder."""

import logging
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ...errors import CorpusError, some
from ...labels import EMOTION_CODES, EMOTIONS, UNLABELLED_CODES
from ..faults import Faults
from .common import SPLITS, CsvFile, Read, doubled, known, numbers, read_csv
from .msp_lists import find, read_partitions, read_speakers
from .msp_ratings import read_ratings

ATTRIBUTE_COLUMNS = {"valence": "EmoVal", "arousal": "EmoAct", "dominance": "EmoDom"}
"""Attributes by NAMED column, since their order differs between files."""

_LABEL_FOLDERS = ("Labels", "labels", "label", "Label")
_CONSENSUS = ("labels_consensus.csv", "labels_concensus.csv")
_DETAILED = ("labels_detailed.csv",)
_PARTITIONS = ("Partitions.txt", "Partition.txt")
_SPEAKERS = ("Speaker_ids.txt",)
_RECORDING = re.compile(r"(MSP-PODCAST_\d+)_")
_WITHHELD = ("test1", "test2", "test3", "na")

_log = logging.getLogger(__name__)


def read_msp_podcast(
    root: str | Path,
    *,
    faults: Faults,
    labels_path: str | Path | None = None,
    audio_dir: str | Path | None = None,
    audio: bool = True,
    transcripts: bool = True,
    votes: bool = True,
) -> Read:
    """Return the utterances of an MSP-Podcast folder, or of a corpus in its layout.

    Files are found by their known spellings: ``Labels/labels_consensus.csv`` (or ``labels_concensus.csv``,
    in ``labels`` or ``label``), ``labels_detailed.csv`` beside it, ``Partitions.txt`` (or
    ``Partition.txt``), ``Speaker_ids.txt``, ``Transcripts/<id>.txt``, ``Audios``. Utterances of ``O`` (other) and
    ``X`` (no agreement) have no emotion and keep their code as ``source_label``. Test3 stands only in
    the partitions file and has neither label, transcript nor speaker.

    Args:
        root: Folder that holds ``Labels`` and ``Audios``.
        faults: Where utterances that cannot be used are noted: an unknown class code or split, an
            attribute that is no number, a file that is listed and not there, a name listed twice.
        labels_path: The consensus file, where it is not at its usual place.
        audio_dir: Folder of the audio files; ``root/Audios`` by default.
        audio: Whether to look for audio; without it the table is text-only.
        transcripts: Whether to read transcripts; one that is missing or empty is null.
        votes: Whether to read the raters' votes where there is a ``labels_detailed.csv``.

    Raises:
        CorpusError: If the folder, the consensus file or one of its columns is missing, a file is not
            of the expected form, or the partitions contradict the consensus file.
    """
    root = Path(root).expanduser().absolute()
    if not root.is_dir():
        raise CorpusError(f"{root}: there is no such folder; point root at the folder that holds Labels and Audios")
    labels = read_csv(Path(labels_path).expanduser() if labels_path is not None else _find_labels(root))
    partitions_path = find(root, _PARTITIONS)
    partitions = {} if partitions_path is None else read_partitions(partitions_path)
    columns = _labelled(labels, partitions, str(partitions_path), faults)
    if partitions_path is not None:
        _add_withheld(columns, partitions, partitions_path, labels.path, faults)
    counts = _fill_speakers(columns, root)
    if votes:
        detailed = find(labels.path.parent, _DETAILED)
        if detailed is not None:
            counts |= read_ratings(detailed, columns, faults)
    names = columns.pop("name")
    columns["recording"] = [None if (match := _RECORDING.match(id)) is None else match[1] for id in columns["id"]]
    if audio:
        columns["audio"] = _audio_paths(root, audio_dir, columns["id"], names, faults)
    if transcripts:
        columns["transcript"] = _transcripts(root, columns["id"], faults)
        columns["transcript_source"] = ["none" if text is None else "human" for text in columns["transcript"]]
    return Read(f"msp_podcast {root}", columns, EMOTIONS, counts)


def _find_labels(root: Path) -> Path:
    for folder in _LABEL_FOLDERS:
        path = find(root / folder, _CONSENSUS)
        if path is not None:
            return path
    raise CorpusError(f"{root}: no {' or '.join(_CONSENSUS)} in a folder Labels; point labels_path at the consensus file of the corpus")


def _labelled(labels: CsvFile, partitions: Mapping[str, str], partitions_path: str, faults: Faults) -> dict[str, list[Any]]:
    """Return the columns of the consensus file, ``name`` (the file name) among them."""
    advice = "Point labels_path at the consensus file of the corpus."
    names = labels.column("FileName", advice)
    if "" in names:
        raise CorpusError(f"{labels.path}: line {labels.lines[names.index('')]} has no FileName")
    ids = [os.path.splitext(name)[0] for name in names]
    for id, rows in doubled(ids).items():
        faults.add(id, f"{labels.path} holds it {len(rows)} times (lines {some(labels.lines[i] for i in rows)})")
    codes = labels.column("EmoClass", advice)
    known_codes = ", ".join(f"{code} {meaning}" for code, meaning in (EMOTION_CODES | UNLABELLED_CODES).items())
    for i, code in enumerate(codes):
        if code not in EMOTION_CODES and code not in UNLABELLED_CODES:
            faults.add(ids[i], f"{labels.path}, line {labels.lines[i]}: unknown class code '{code}' (known: {known_codes})")
    return {
        "id": ids,
        "name": names,
        "split": _splits(labels, ids, names, partitions, partitions_path, faults),
        "emotion": [EMOTION_CODES.get(code) for code in codes],
        "source_label": list(codes),
        "speaker": [known(value) for value in labels.column("SpkrID", advice)],
        "gender": [None if (gender := known(value)) is None else gender.lower() for value in labels.column("Gender", advice)],
        **{ours: numbers(labels, theirs, ids, advice, faults) for ours, theirs in ATTRIBUTE_COLUMNS.items()},
    }


def _splits(
    labels: CsvFile, ids: Sequence[str], names: Sequence[str], partitions: Mapping[str, str], partitions_path: str, faults: Faults
) -> list[str]:
    """Return our name of each row's split, after comparing ``Split_Set`` with the partitions file."""
    if "Split_Set" not in labels.header and partitions:
        stated = [partitions.get(name, "") for name in names]
    else:
        stated = labels.column("Split_Set", "Point labels_path at the consensus file, or put a Partitions.txt beside its folder.")
    splits = [SPLITS.get(split.lower(), "") for split in stated]
    for i, split in enumerate(splits):
        if not split:
            faults.add(
                ids[i],
                f"{labels.path}, line {labels.lines[i]}: unknown split '{stated[i]}' (known: Train, Development, Test1, Test2, Test3, NA)",
            )
    other = [
        f"{name} ({split} / {partitions[name]})"
        for name, split, ours in zip(names, stated, splits, strict=True)
        if name in partitions and SPLITS.get(partitions[name].lower()) != ours and ours
    ]
    if other:
        raise CorpusError(
            f"{labels.path} and {partitions_path} disagree about the split of {len(other)} utterances: {some(other, 3)}. "
            "Take both files from one release"
        )
    return [split or "unknown" for split in splits]


def _add_withheld(columns: dict[str, list[Any]], partitions: Mapping[str, str], path: Path, labels_path: Path, faults: Faults) -> None:
    """Append the utterances that only the partitions file lists: no label, no speaker."""
    listed = set(columns["name"])
    for name, split in partitions.items():
        if name in listed:
            continue
        id, ours = os.path.splitext(name)[0], SPLITS.get(split.lower())
        if ours is None:
            faults.add(id, f"{path}: unknown split '{split}' (known: Train, Development, Test1, Test2, Test3, NA)")
        elif ours not in _WITHHELD:
            faults.add(id, f"{path} lists it in {split}, but {labels_path} has no row for it")
        for column, values in columns.items():
            values.append({"id": id, "name": name, "split": ours or "unknown"}.get(column))


def _fill_speakers(columns: dict[str, list[Any]], root: Path) -> dict[str, int]:
    """Fill speakers and genders that the consensus file leaves open from ``Speaker_ids.txt``; count where the two differ."""
    path = find(root, _SPEAKERS)
    if path is None:
        return {}
    speakers, genders = read_speakers(path)
    differing = 0
    for i, name in enumerate(columns["name"]):
        stated = known(speakers.get(name, ""))
        if columns["speaker"][i] is None:
            columns["speaker"][i] = stated
        elif stated is not None and stated != columns["speaker"][i]:
            differing += 1
        if columns["gender"][i] is None and columns["speaker"][i] is not None:
            columns["gender"][i] = known(genders.get(columns["speaker"][i], ""))
    return {"speaker_differs_in_speaker_ids": differing} if differing else {}


def _audio_paths(root: Path, audio_dir: str | Path | None, ids: Sequence[str], names: Sequence[str], faults: Faults) -> list[str]:
    folder = root / "Audios" if audio_dir is None else Path(audio_dir).expanduser().absolute()
    if not folder.is_dir():
        raise CorpusError(
            f"{folder}: there is no such folder; point audio_dir at the audio files, or set audio: false for a text-only table"
        )
    there = set(os.listdir(folder))
    for id, name in zip(ids, names, strict=True):
        if name not in there:
            faults.add(id, f"{folder / name}: there is no such audio file, though the label files list it")
    prefix = str(folder) + os.sep
    return [prefix + name for name in names]


def _transcripts(root: Path, ids: Sequence[str], faults: Faults) -> list[str | None]:
    """Return each transcript with its lines joined; None where the file is missing or empty."""
    folder = root / "Transcripts"
    if not folder.is_dir():
        _log.warning("%s: there is no folder Transcripts; every transcript is null", root)
        return [None] * len(ids)
    there, prefix = set(os.listdir(folder)), str(folder) + os.sep
    texts: list[str | None] = []
    for id in ids:
        name = f"{id}.txt"
        if name not in there:
            texts.append(None)
            continue
        try:
            with open(prefix + name, encoding="utf-8-sig") as file:
                texts.append(" ".join(line.strip() for line in file if line.strip()) or None)
        except UnicodeDecodeError:
            texts.append(None)
            faults.add(id, f"{prefix}{name}: the transcript is not UTF-8; save it as UTF-8")
    return texts
