"""Audio that stands in a data set as bytes is written to a folder: undecoded, once, whole or not at all."""

import hashlib
import io
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from ...errors import ConfigError, CorpusError
from ...files import write_whole

_UNSAFE = re.compile(r"[^A-Za-z0-9_.-]|^[.-]")
_LONGEST_NAME = 100
"""Characters of an id that its file name keeps; file systems take 255 bytes."""


def write_sounds(
    sounds: Iterator[bytes | None],
    wanted: Mapping[int, tuple[str, str | None]],
    folder: Path | None,
    source: str,
    progress: Callable[[int, int], None] | None,
) -> dict[int, str]:
    """Return the path of each file that was written, or was there with the same content, by position.

    Args:
        sounds: What stands in the data set, in order; None where it has a path only.
        wanted: Id and path of the rows to be written, by position.
        folder: Where the files go.
        source: What messages call the data set.
        progress: Called with (files written, files in all).

    Raises:
        ConfigError: If there is audio to write and no folder.
        CorpusError: If the folder cannot be written, or holds other audio under the same name.
    """
    paths: dict[int, str] = {}
    done = 0
    for position, sound in enumerate(sounds):
        if position not in wanted:
            continue
        id, path = wanted[position]
        if sound is not None:
            if folder is None:
                raise ConfigError(f"{source} holds its audio as bytes: name the folder that they are written to by audio_dir")
            file = folder / (safe_name(id) + _ending(sound, path))
            try:
                _write_once(file, sound, id)
            except OSError as error:
                raise CorpusError(f"{file}: the audio of utterance '{id}' cannot be written ({error.strerror or error})") from error
            paths[position] = str(file)
        done += 1
        if progress is not None:
            progress(done, len(wanted))
    return paths


def safe_name(id: str) -> str:
    """Return a file name, without ending, that belongs to one id: the id itself where it is made of plain characters."""
    plain = _UNSAFE.sub("_", id)[:_LONGEST_NAME]
    return plain if plain == id else f"{plain}-{hashlib.blake2b(id.encode(), digest_size=6).hexdigest()}"


def _write_once(file: Path, sound: bytes, id: str) -> None:
    if file.is_file():
        if file.stat().st_size == len(sound) and file.read_bytes() == sound:
            return
        raise CorpusError(f"{file}: utterance '{id}' has other audio than this file, which is there already; name another audio_dir")
    with write_whole(file) as temporary:
        temporary.write_bytes(sound)


def _ending(sound: bytes, path: str | None) -> str:
    """Return the ending of a file: that of its path in the data set, else what the bytes say they are, else none."""
    ending = Path(path or "").suffix
    if re.fullmatch(r"\.[A-Za-z0-9]{1,5}", ending):
        return ending.lower()
    import soundfile

    try:
        with soundfile.SoundFile(io.BytesIO(sound)) as file:
            return f".{str(file.format).lower()}"
    except soundfile.SoundFileError:
        return ""  # what it holds is told, with the name of the file, when the corpus' audio is inspected
