"""MSP-Podcast: consensus labels, partitions, speakers, transcripts, rater votes and audio of one release folder."""

import os
import re
from collections.abc import Sequence
from pathlib import Path

from ...errors import ConfigError, CorpusError
from ...labels import EMOTIONS
from ..faults import Faults
from .common import Read
from .msp_files import Release, find_release
from .msp_labels import read_labels
from .msp_ratings import read_ratings
from .msp_transcripts import read_transcripts

_RECORDING = re.compile(r"(MSP-PODCAST_\d+)_")


def read_msp_podcast(
    root: str | Path,
    *,
    faults: Faults,
    labels_path: str | Path | None = None,
    audio_dir: str | Path | None = None,
    audio: bool = True,
    transcripts: bool = True,
    alignments: bool = True,
    votes: bool = True,
    secondary_weight: float = 0.0,
) -> Read:
    """Return the utterances of an MSP-Podcast folder, or of a corpus in its layout.

    Every release from 1.6 to 2.0, and that of the challenge: files are found by their known spellings in any
    case, and their form is told from the header. ``Labels/labels_consensus.csv`` (or ``labels_concensus.csv``, in
    ``label``), ``labels_detailed.csv`` beside it (``labels_detailed.json`` where there is no CSV), ``Partitions.txt``
    (or ``Partition.txt``), ``Speaker_ids.txt``, ``Transcripts/<id>.txt``, ``ForceAligned/<id>.TextGrid``, ``Audios``.

    Utterances of ``O`` (other) and ``X`` (no agreement) have no emotion and keep their code as ``source_label``. Test3
    stands only in the partitions file and has neither label, transcript nor speaker. Where a consensus file lacks the
    column of speakers or genders, ``Speaker_ids.txt`` gives them. ``noticed`` of the result says what was noticed and
    went on, among it where the consensus is not what the raters' votes give.

    Args:
        root: Folder that holds ``Labels`` and ``Audios``.
        faults: Where utterances that cannot be used are noted: an unknown class code or split, an
            attribute that is no number, a file that is listed and not there, a name listed twice.
        labels_path: The consensus file, where it is not at its usual place.
        audio_dir: Folder of the audio files; ``root/Audios`` by default.
        audio: Whether to look for audio; without it the table is text-only.
        transcripts: Whether to read transcripts; one that is missing or empty is null.
        alignments: Whether the words of a forced alignment stand in for a transcript that is missing or empty;
            they count as human, since an aligner places the words of a transcriber.
        votes: Whether to read the raters' votes where there are some.
        secondary_weight: What a class that a rater marks as secondary, and not as primary, adds to its votes; 0 to 1.

    Raises:
        CorpusError: If the folder, the consensus file or one of its columns is missing, a file is not
            of the expected form, two files could be meant, or the partitions contradict the consensus file.
        ConfigError: If ``secondary_weight`` is not from 0 to 1.
        MissingExtraError: If an alignment must be read and praatio is not installed.
    """
    if not 0 <= secondary_weight <= 1:
        raise ConfigError(f"secondary_weight is {secondary_weight}, expected a number from 0 to 1")
    release = find_release(root, labels_path, audio_dir)
    columns, noticed = read_labels(release, faults)
    if votes and release.ratings is not None:
        noticed |= read_ratings(release.ratings, columns, faults, secondary_weight=secondary_weight)
    names = columns.pop("name")
    columns["recording"] = [None if (match := _RECORDING.match(id)) is None else match[1] for id in columns["id"]]
    if audio:
        columns["audio"] = _audio_paths(release, columns["id"], names, faults)
    if transcripts:
        columns["transcript"], aligned = read_transcripts(release, columns["id"], faults, alignments=alignments)
        columns["transcript_source"] = ["none" if text is None else "human" for text in columns["transcript"]]
        noticed |= {"transcript_from_alignment": aligned} if aligned else {}
    return Read(f"msp_podcast {release.root}", columns, EMOTIONS, noticed)


def _audio_paths(release: Release, ids: Sequence[str], names: Sequence[str], faults: Faults) -> list[str]:
    folder = release.root / "Audios" if release.audio is None else release.audio
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
