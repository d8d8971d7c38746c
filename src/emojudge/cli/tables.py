"""The saved table that a command on files is told of."""

from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import ConfigError

if TYPE_CHECKING:
    from ..corpus import Table


def saved_table(path: str | Path) -> "Table":
    """Return the table of a parquet file, or of a folder that holds one, such as a run.

    Raises:
        CorpusError: If there is none.
    """
    from ..corpus import read_table
    from ..corpus.table import TABLE_FILE

    return read_table(Path(path) / TABLE_FILE if Path(path).is_dir() else path)


def check_predicted(system: str, corpus: str, table: "Table") -> None:
    """Refuse predictions of another corpus than the table's.

    Raises:
        ConfigError: If the fingerprints differ.
    """
    if corpus != table.info.fingerprint:
        raise ConfigError(
            f"'{system}' was predicted on corpus {corpus}, the table is {table.info.fingerprint}; "
            "name the table that was predicted with --table"
        )
