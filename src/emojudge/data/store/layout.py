"""How prepared audio lies in its folder: one file of samples, and an index that says whose they are."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import StoreError
from ...files import read_parquet, write_parquet

VERSION = 1
"""Version of the layout; a store of another one is refused."""

SAMPLES_FILE = "samples.int16"
INDEX_FILE = "index.parquet"

HEADER_BYTES = 64
"""The file of samples begins with one line of text, filled up with spaces to this many bytes."""

INT16_STEPS = 32768
"""An int16 sample is this many times the float sample, rounded to the nearest and kept within -32768 to 32767."""

REBUILD = "make it again with 'emojudge prepare SOURCE --rebuild', or read the audio files: data.init_args.store: files"

_COLUMNS = ("id", "audio_digest", "n_samples", "n_clipped", "crc32")


@dataclass(frozen=True)
class Index:
    """Whose samples a store holds, in the order of the file: one utterance follows the other without a gap."""

    sample_rate: int
    ids: Sequence[str]
    digests: Sequence[str]
    """Digest of the sound of each utterance, as the table has it."""
    n_samples: NDArray[np.int64]
    n_clipped: NDArray[np.int64]
    """Samples of each utterance that were beyond the range of int16, such as a float file's peaks above 1."""
    crc32: NDArray[np.uint32]
    """Checksum of the samples of each utterance, little-endian int16."""

    @property
    def n_bytes(self) -> int:
        """Return the size that the file of samples must have."""
        return HEADER_BYTES + 2 * int(self.n_samples.sum())

    @property
    def header(self) -> bytes:
        """Return the beginning that the file of samples must have."""
        return header(self.sample_rate, fingerprint(self.ids, self.digests))

    @property
    def checksum(self) -> str:
        """Return a digest of everything the index says."""
        digest = hashlib.sha256(self.header)
        for column in (self.n_samples, self.n_clipped, self.crc32):
            digest.update(column.tobytes())
        return digest.hexdigest()[:16]

    def save(self, folder: Path) -> None:
        """Write the index into a folder, whole or not at all."""
        import pyarrow

        columns = [pyarrow.array(c) for c in (self.ids, self.digests, self.n_samples, self.n_clipped, self.crc32)]
        metadata = {"prepared_audio": VERSION, "sample_rate": self.sample_rate, "checksum": self.checksum}
        write_parquet(folder / INDEX_FILE, pyarrow.Table.from_arrays(columns, names=list(_COLUMNS)), metadata)


def load_index(folder: Path) -> Index:
    """Return the index of a store.

    Raises:
        StoreError: If it is missing, of another version, or does not agree with its own checksum.
    """
    path = folder / INDEX_FILE
    if not path.is_file():
        raise StoreError(f"{folder}: has no {INDEX_FILE}; it is no prepared audio, or damaged: {REBUILD}")
    table, metadata = read_parquet(path, "index of prepared audio", mark="prepared_audio", error=StoreError, advice=REBUILD)
    if metadata["prepared_audio"] != VERSION:
        raise StoreError(f"{folder}: prepared audio of version {metadata['prepared_audio']}, this release reads {VERSION}; {REBUILD}")
    try:
        ids, digests, *numbers = (table.column(name) for name in _COLUMNS)
        index = Index(metadata["sample_rate"], ids.to_pylist(), digests.to_pylist(), *(column.to_numpy() for column in numbers))
        intact = index.checksum == metadata["checksum"]
    except (KeyError, TypeError) as error:
        raise StoreError(f"{path}: not the index of prepared audio that this release writes ({error}); {REBUILD}") from error
    if not intact:
        raise StoreError(f"{path}: the index does not agree with its own checksum; it is damaged: {REBUILD}")
    return index


def header(sample_rate: int, fingerprint: str) -> bytes:
    """Return the line that a file of samples begins with."""
    return f"emojudge prepared audio {VERSION} {sample_rate} {fingerprint}".ljust(HEADER_BYTES - 1).encode() + b"\n"


def fingerprint(ids: Sequence[str], digests: Sequence[str]) -> str:
    """Return a digest of whose sound it is: the ids and the digests of their audio, in order. Splits and labels do not matter."""
    pairs: list[Any] = list(zip(ids, digests, strict=True))
    return hashlib.sha256(json.dumps(pairs).encode()).hexdigest()[:16]


def to_int16(samples: NDArray[np.float32]) -> tuple[NDArray[np.int16], int]:
    """Return float samples as int16, and how many of them were beyond its range.

    Rounding to the nearest step loses at most half a step, 1 / 65536 of full scale; it adds no dither, so that what was
    16-bit before comes back exactly. A sample beyond the range becomes its end.
    """
    steps = np.rint(samples * np.float32(INT16_STEPS))
    kept = steps.clip(-INT16_STEPS, INT16_STEPS - 1)
    return kept.astype("<i2"), int(np.count_nonzero(kept != steps))
