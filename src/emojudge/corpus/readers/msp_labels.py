"""The consensus file of MSP-Podcast, with the splits and speakers that other files know."""

import os
from collections.abc import Mapping, Sequence
from typing import Any

from ...errors import CorpusError, some
from ...labels import EMOTION_CODES, UNLABELLED_CODES
from ..faults import Faults
from .common import SPLITS, CsvFile, doubled, known, numbers, read_csv
from .msp_files import Release, file_name
from .msp_lists import read_partitions, read_speakers

ATTRIBUTE_COLUMNS = {"valence": "EmoVal", "arousal": "EmoAct", "dominance": "EmoDom"}
"""Attributes by NAMED column, since their order differs between files."""

_EXPECTED = "Expected FileName, EmoClass, EmoAct, EmoVal, EmoDom, SpkrID, Gender, Split_Set."
_ADVICE = f"{_EXPECTED} Point labels_path at the consensus file of the corpus."
_NO_SPEAKERS = f"{_EXPECTED} Point labels_path at the consensus file of the corpus, or put a Speaker_ids.txt beside its folder."
_NO_SPLITS = f"{_EXPECTED} Point labels_path at the consensus file of the corpus, or put a Partitions.txt beside its folder."
_SPLITS = "known: Train, Development, Test1, Test2, Test3, NA"
_WITHHELD = ("test1", "test2", "test3", "na")


def read_labels(release: Release, faults: Faults) -> tuple[dict[str, list[Any]], dict[str, list[str]]]:
    """Return the columns of every utterance that a release lists, ``name`` (the file name) among them, and what was noticed.

    First the rows of the consensus file, in their order, then the utterances that only the partitions
    file lists (Test3, or any test split whose labels are withheld), which have no label and no speaker.
    ``Speaker_ids.txt`` fills speakers and genders that the consensus file leaves open, or for which it has no column.

    Returns:
        The columns, and the ids of what was noticed: ``not_in_partitions`` (in the consensus file, though not in the
        partitions file), ``speaker_differs_in_speaker_ids``, ``gender_differs_in_speaker_ids`` (the consensus file decides).

    Raises:
        CorpusError: If a file or a column is missing or of another form, or the partitions contradict the consensus file.
    """
    labels = read_csv(release.consensus)
    partitions = {} if release.partitions is None else read_partitions(release.partitions)
    columns = _labelled(labels, release, partitions, faults)
    named = zip(columns["id"], columns["name"], strict=True)
    noticed = {"not_in_partitions": [id for id, name in named if name not in partitions] if partitions else []}
    _add_withheld(columns, partitions, release, faults)
    noticed |= _fill_speakers(columns, release)
    return columns, {name: ids for name, ids in noticed.items() if ids}


def _labelled(labels: CsvFile, release: Release, partitions: Mapping[str, str], faults: Faults) -> dict[str, list[Any]]:
    """Return the columns of the consensus file."""
    names = labels.column("FileName", _ADVICE)
    if "" in names:
        raise CorpusError(f"{labels.path}: line {labels.lines[names.index('')]} has no FileName")
    names = [file_name(name) for name in names]
    ids = [os.path.splitext(name)[0] for name in names]
    for id, rows in doubled(ids).items():
        faults.add(id, f"{labels.path} holds it {len(rows)} times (lines {some(labels.lines[i] for i in rows)})")
    codes = labels.column("EmoClass", _ADVICE)
    known_codes = ", ".join(f"{code} {meaning}" for code, meaning in (EMOTION_CODES | UNLABELLED_CODES).items())
    for i, code in enumerate(codes):
        if code not in EMOTION_CODES and code not in UNLABELLED_CODES:
            faults.add(ids[i], f"{labels.path}, line {labels.lines[i]}: unknown class code '{code}' (known: {known_codes})")

    def of_speaker(column: str) -> list[str | None]:
        if column not in labels.header and release.speakers is not None:
            return [None] * len(ids)
        return [known(value) for value in labels.column(column, _NO_SPEAKERS)]

    return {
        "id": ids,
        "name": names,
        "split": _splits(labels, ids, names, release, partitions, faults),
        "emotion": [EMOTION_CODES.get(code) for code in codes],
        "source_label": list(codes),
        "speaker": of_speaker("SpkrID"),
        "gender": [None if gender is None else gender.lower() for gender in of_speaker("Gender")],
        **{ours: numbers(labels, theirs, ids, _ADVICE, faults) for ours, theirs in ATTRIBUTE_COLUMNS.items()},
    }


def _splits(
    labels: CsvFile, ids: Sequence[str], names: Sequence[str], release: Release, partitions: Mapping[str, str], faults: Faults
) -> list[str]:
    """Return our name of each row's split, after comparing ``Split_Set`` with the partitions file."""
    if "Split_Set" not in labels.header and partitions:
        stated, path = [partitions.get(name, "") for name in names], release.partitions
    else:
        stated, path = labels.column("Split_Set", _NO_SPLITS), labels.path
    splits = [SPLITS.get(split.lower(), "") for split in stated]
    for i, split in enumerate(splits):
        if not split and path == labels.path:
            faults.add(ids[i], f"{path}, line {labels.lines[i]}: unknown split '{stated[i]}' ({_SPLITS})")
        elif not split:
            faults.add(ids[i], f"{path} puts it into '{stated[i]}' ({_SPLITS})" if stated[i] else f"{path} does not list it")
    other = [
        f"{name} ({split} / {partitions[name]})"
        for name, split, ours in zip(names, stated, splits, strict=True)
        if name in partitions and SPLITS.get(partitions[name].lower()) != ours and ours
    ]
    if other:
        raise CorpusError(
            f"{labels.path} and {release.partitions} disagree about the split of {len(other)} utterances: {some(other, 3)}. "
            "Take both files from one release"
        )
    return [split or "unknown" for split in splits]


def _add_withheld(columns: dict[str, list[Any]], partitions: Mapping[str, str], release: Release, faults: Faults) -> None:
    """Append the utterances that only the partitions file lists: no label, no speaker."""
    listed = set(columns["name"])
    for name, split in partitions.items():
        if name in listed:
            continue
        id, ours = os.path.splitext(name)[0], SPLITS.get(split.lower())
        if ours is None:
            faults.add(id, f"{release.partitions}: unknown split '{split}' ({_SPLITS})")
        elif ours not in _WITHHELD:
            faults.add(id, f"{release.partitions} lists it in {split}, but {release.consensus} has no row for it")
        for column, values in columns.items():
            values.append({"id": id, "name": name, "split": ours or "unknown"}.get(column))


def _fill_speakers(columns: dict[str, list[Any]], release: Release) -> dict[str, list[str]]:
    """Fill speakers and genders that the consensus file leaves open from ``Speaker_ids.txt``; return the ids where the two differ."""
    if release.speakers is None:
        return {}
    speakers, genders = read_speakers(release.speakers)
    differing: dict[str, list[str]] = {"speaker": [], "gender": []}

    def fill(column: str, row: int, stated: str | None) -> None:
        if columns[column][row] is None:
            columns[column][row] = stated
        elif stated is not None and stated != columns[column][row]:
            differing[column].append(columns["id"][row])

    for row, name in enumerate(columns["name"]):
        fill("speaker", row, known(speakers.get(name, "")))
        fill("gender", row, known(genders.get(columns["speaker"][row], "")))
    return {f"{column}_differs_in_speaker_ids": ids for column, ids in differing.items()}
