"""Finds the tables of a data set: on the hub, in a folder that ``save_to_disk`` wrote, or in parquet files."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias

from ...errors import ConfigError, CorpusError
from .arrow import ParquetPart, Part, SavedPart, first_line
from .common import SPLITS

Parts: TypeAlias = list[tuple[str | None, Part]]
"""Each table with the split that the data set gives it, None where it gives none."""

_SHARD = re.compile(r"(?P<split>\w[\w.]*)-\d{5}-of-\d{5}(-[0-9a-f]+)?")
"""Names of the parquet files that ``datasets`` writes, without ending: ``train-00000-of-00002``."""

_HUB_ID = re.compile(r"\w[\w.-]*(/\w[\w.-]*)?")


def find_parts(name: str | Path, config: str | None, revision: str | None, cache_dir: str | Path | None) -> tuple[str, Parts]:
    """Return what messages call a data set, and its tables.

    Local data are read where they lie; only what comes from the hub goes into a cache.

    Args:
        name: A local folder or parquet file, else an id on the hub.
        config: Configuration of a data set on the hub.
        revision: Its branch, tag or commit.
        cache_dir: Where what is fetched is kept.

    Raises:
        CorpusError: If the data set cannot be reached or read.
        ConfigError: If local data are given an option of the hub.
    """
    place = Path(name).expanduser().absolute()
    if not place.exists():
        if isinstance(name, Path) or name.endswith(".parquet") or not _HUB_ID.fullmatch(name):
            raise CorpusError(f"{place}: there is no such folder or file, and '{name}' is no id of a data set on the hub (owner/name)")
        return name, _alike(name, _from_hub(name, config, revision, cache_dir))
    for option, value in {"config": config, "revision": revision, "cache_dir": cache_dir}.items():
        if value is not None:
            raise ConfigError(f"{option}: '{value}' is for the hub, but {place} is local; point name at the folder or file that is meant")
    if place.is_dir() and any((place / file).is_file() for file in ("dataset_dict.json", "state.json")):
        return str(place), _alike(str(place), _saved(place))
    return str(place), _alike(str(place), _parquet(place))


def _from_hub(name: str, config: str | None, revision: str | None, cache_dir: str | Path | None) -> Parts:
    import datasets

    where = None if cache_dir is None else str(Path(cache_dir).expanduser())
    try:
        found = datasets.load_dataset(name, config, revision=revision, cache_dir=where)
    except (OSError, ValueError, RuntimeError, datasets.exceptions.DatasetsError) as error:
        raise CorpusError(
            f"'{name}' is neither a local folder or file nor a data set that can be loaded from the hub ({first_line(error)})"
        ) from error
    return _splits(name, found)


def _saved(folder: Path) -> Parts:
    import datasets
    import pyarrow

    try:
        found = datasets.load_from_disk(str(folder))
    except (OSError, ValueError, KeyError, TypeError, pyarrow.ArrowException) as error:
        raise CorpusError(f"{folder}: not a whole data set of save_to_disk ({first_line(error)}); save it again") from error
    return _splits(str(folder), found)


def _splits(source: str, found: "Mapping[str, object] | object") -> Parts:
    """Return the tables of what ``datasets`` loaded: one, or one for each split."""
    if isinstance(found, Mapping):
        return [(str(split), SavedPart(f"{source}, {split}", dataset)) for split, dataset in found.items()]
    split = getattr(found, "split", None)
    return [(None if split is None else str(split), SavedPart(source, found))]


def _parquet(place: Path) -> Parts:
    files = sorted(file for file in place.rglob("*.parquet") if file.is_file()) if place.is_dir() else [place]
    if not files:
        raise CorpusError(f"{place}: neither save_to_disk wrote this folder nor is there a parquet file in it")
    if place.is_file() and place.suffix != ".parquet":
        raise CorpusError(f"{place}: expected a parquet file or a folder; CSV, TSV and JSON lines are read by the reader 'manifest'")
    return [(_split_of(file, place), ParquetPart(file)) for file in files]


def _alike(source: str, parts: Parts) -> Parts:
    """Return the tables after checking that they have the same columns."""
    if not parts:
        raise CorpusError(f"{source}: the data set has no split; expected one at least")
    _, first = parts[0]
    for _, part in parts:
        missing = sorted(set(first.header) ^ set(part.header))
        if missing:
            raise CorpusError(
                f"{part.source} and {first.source} have other columns: '{missing[0]}' is in one of them only; "
                "point name at the tables that belong together"
            )
    return parts


def _split_of(file: Path, top: Path) -> str | None:
    """Return the split that the name of a file tells, or that of its folder; None where neither does."""
    shard = _SHARD.fullmatch(file.stem)
    if shard is not None:
        return shard["split"]
    return next((name for name in (file.stem, *(folder.name for folder in file.relative_to(top).parents)) if name.lower() in SPLITS), None)
