"""A corpus of speech becomes one utterance table (joint 1); everything after it knows no corpus."""

from .checks import CorpusReport, Finding, check_corpus
from .loading import load_table
from .splits import by_column, dev2, k_fold, leave_one_out, read_splits, write_splits
from .table import Table, TableInfo, build_table, read_table

__all__ = [
    "CorpusReport",
    "Finding",
    "Table",
    "TableInfo",
    "build_table",
    "by_column",
    "check_corpus",
    "dev2",
    "k_fold",
    "leave_one_out",
    "load_table",
    "read_splits",
    "read_table",
    "write_splits",
]
