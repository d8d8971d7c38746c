"""Splits made out of a table: seeded, and written to a file that a reader takes back."""

from .dev2 import dev2
from .file import read_splits, write_splits
from .folds import by_column, k_fold, leave_one_out

__all__ = ["by_column", "dev2", "k_fold", "leave_one_out", "read_splits", "write_splits"]
