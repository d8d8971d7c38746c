"""A corpus of speech becomes one utterance table (joint 1); everything after it knows no corpus."""

from .loading import load_table
from .splits import dev2
from .table import Table, TableInfo, build_table, read_table

__all__ = ["Table", "TableInfo", "build_table", "dev2", "load_table", "read_table"]
