"""Submissions to the MSP-Podcast challenges: the files of both tasks, and what a file must have to be taken."""

from .checking import check_submission, task_of
from .forms import HEADERS, file_names
from .writing import Written, write_submission

__all__ = ["HEADERS", "Written", "check_submission", "file_names", "task_of", "write_submission"]
