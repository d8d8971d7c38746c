"""What is wrong, or worth knowing, about a corpus before it is trusted; one pass, every finding with the ids it speaks of."""

from .findings import CorpusReport, Finding
from .run import check_corpus

__all__ = ["CorpusReport", "Finding", "check_corpus"]
