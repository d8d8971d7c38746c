"""Whether a run reads prepared audio: one that it names, or the one beside its table."""

import logging
from pathlib import Path

from .reading import AudioStore

_log = logging.getLogger(__name__)

FILES = "files"
"""Setting of a run that reads the audio files, whatever has been prepared."""


def store_beside(table_path: str | Path) -> Path:
    """Return where the prepared audio of a saved table is looked for: ``table.audio`` beside ``table.parquet``."""
    return Path(table_path).with_suffix(".audio")


def find_store(setting: str | None, table_path: str | None) -> AudioStore | None:
    """Return the prepared audio that a run is to read, or None where it reads the audio files.

    Args:
        setting: Folder of prepared audio; None for the one beside the saved table, if it is there; ``files`` for none.
        table_path: The saved table, None for a corpus that was read from its folder.

    Raises:
        StoreError: If what is named, or lies beside the table, is missing or cannot be used; nothing else takes its place.
    """
    if setting == FILES:
        return None
    if setting is None and (table_path is None or not store_beside(table_path).exists()):
        return None
    store = AudioStore(store_beside(str(table_path)) if setting is None else setting)
    _log.info("waveforms are read from %s, the prepared audio of %d utterances", store.path, len(store))
    return store
