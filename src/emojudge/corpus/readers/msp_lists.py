"""The text files of MSP-Podcast that list utterances: partitions and speakers."""

from collections.abc import Iterator
from pathlib import Path

from ...errors import CorpusError
from .common import not_utf8
from .msp_files import file_name


def read_partitions(path: Path) -> dict[str, str]:
    """Return the split of each file name, as spelled there.

    Raises:
        CorpusError: If a line is not of the form ``Train; MSP-PODCAST_0001_0008.wav``, or a file is in
            two splits.
    """
    splits: dict[str, str] = {}
    for line, split, name in _pairs(path, "'Train; MSP-PODCAST_0001_0008.wav'"):
        stated = splits.setdefault(file_name(name), split)
        if stated != split:
            raise CorpusError(f"{path}: line {line} puts {name} into {split}, an earlier one into {stated}")
    return splits


def read_speakers(path: Path) -> tuple[dict[str, str], dict[str, str]]:
    """Return the speaker of each file name, and the gender of each speaker, lower-case; ``Unknown`` is kept as it stands.

    Raises:
        CorpusError: If a line is neither ``Speaker_127; Male`` nor ``MSP-PODCAST_0001_0008.wav; 127``, or two lines disagree.
    """
    speakers: dict[str, str] = {}
    genders: dict[str, str] = {}
    for line, first, second in _pairs(path, "'Speaker_127; Male' or 'MSP-PODCAST_0001_0008.wav; 127'"):
        if first.startswith("Speaker_"):
            value = second.lower()
            stated = genders.setdefault(first.removeprefix("Speaker_"), value)
        else:
            value = second.removeprefix("Speaker_")
            stated = speakers.setdefault(file_name(first), value)
        if stated != value:
            raise CorpusError(f"{path}: line {line} says {value} of {first}, an earlier one {stated}")
    return speakers, genders


def _pairs(path: Path, form: str) -> Iterator[tuple[int, str, str]]:
    """Yield the number and the two fields of each line that is not blank."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise CorpusError(f"{path}: not readable ({error.strerror or error})") from error
    except UnicodeDecodeError as error:
        raise CorpusError(not_utf8(path)) from error
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        fields = [field.strip() for field in line.split(";")]
        if len(fields) != 2 or not all(fields):
            raise CorpusError(f"{path}: line {number} is {line.strip()!r}, expected the form {form}")
        yield number, fields[0], fields[1]
