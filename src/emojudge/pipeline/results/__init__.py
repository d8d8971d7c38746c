"""The last stage: predictions of every system scored, against the table or truth kept apart, weighed and written."""

from .labels import Labels, labels_apart, labels_of
from .loading import SYSTEMS_FILE, Systems, load_run, load_systems
from .published import published_sheets
from .scoring import score, score_run
from .summary import Summary, name_runs, open_runs, summarise, weigh_results
from .writing import ENDINGS, write_report, write_results

__all__ = [
    "ENDINGS",
    "SYSTEMS_FILE",
    "Labels",
    "Summary",
    "Systems",
    "labels_apart",
    "labels_of",
    "load_run",
    "load_systems",
    "name_runs",
    "open_runs",
    "published_sheets",
    "score",
    "score_run",
    "summarise",
    "weigh_results",
    "write_report",
    "write_results",
]
