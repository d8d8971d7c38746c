"""Which reader reads a path: told by looking at it."""

import json
from pathlib import Path
from typing import Any

from ..errors import CorpusError
from .synthetic.writer import MARKER
from .table import TABLE_FILE

MANIFESTS = (".csv", ".tsv", ".jsonl", ".ndjson")
"""Endings of files that list utterances."""

_SAVED_DATASETS = ("dataset_info.json", "dataset_dict.json")


def detect_reader(path: str | Path) -> tuple[str, dict[str, Any]]:
    """Return the name of the reader of a file or folder, and its options.

    A folder is a run folder or another that holds ``table.parquet``, a synthetic corpus, a data set saved by ``datasets`` or
    as parquet files, or MSP-Podcast and its like (a folder ``Labels``). A file is a saved table or a manifest.

    Raises:
        CorpusError: If there is no such path, or it is none of these.
    """
    place = Path(path).expanduser().absolute()
    if place.is_dir():
        return _of_folder(place)
    if not place.is_file():
        raise CorpusError(f"{path}: there is no such file or folder")
    if place.suffix.lower() == ".parquet":
        return ("table" if _is_table(place) else "manifest"), {"path": str(place)}
    if place.suffix.lower() in MANIFESTS:
        return "manifest", {"path": str(place)}
    raise CorpusError(f"{path}: neither a saved table (.parquet) nor a manifest ({', '.join(MANIFESTS)}); name the reader and its options")


def _of_folder(folder: Path) -> tuple[str, dict[str, Any]]:
    if (folder / TABLE_FILE).is_file():
        return "table", {"path": str(folder / TABLE_FILE)}
    if (folder / MARKER).is_file():
        return "synthetic", {"root": str(folder), **_settings(folder / MARKER)}
    if any((folder / name).is_file() for name in _SAVED_DATASETS) or any(folder.glob("*.parquet")) or any(folder.glob("data/*.parquet")):
        return "hub", {"name": str(folder)}
    if any(child.is_dir() and child.name.lower() in ("label", "labels") for child in folder.iterdir()):
        return "msp_podcast", {"root": str(folder)}
    raise CorpusError(
        f"{folder}: holds neither {TABLE_FILE} nor a folder Labels, and is no data set; name a manifest, or the reader and its options"
    )


def _settings(marker: Path) -> dict[str, Any]:
    """Return what a synthetic corpus was made with, as options of its reader."""
    try:
        settings = json.loads(marker.read_text(encoding="utf-8"))
        return {name: int(settings[name]) for name in ("utterances", "speakers", "seed")}
    except (ValueError, KeyError, TypeError) as error:
        raise CorpusError(f"{marker}: not readable ({error!r}); write the synthetic corpus again") from error


def _is_table(path: Path) -> bool:
    import pyarrow
    import pyarrow.parquet

    try:
        return b"emojudge" in (pyarrow.parquet.read_schema(path).metadata or {})
    except (pyarrow.ArrowException, OSError):
        return False  # the reader says what is wrong with it
