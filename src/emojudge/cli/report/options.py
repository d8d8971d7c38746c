"""The options of ``emojudge report``, checked as far as they can be without opening a run."""

from argparse import ArgumentTypeError, Namespace
from collections.abc import Sequence
from pathlib import Path

from ..usage import Parser


def read_options(arguments: Sequence[str]) -> Namespace:
    """Return the options of the command; a usage error exits with 2."""
    parser = Parser(prog="emojudge report", description="Print the results of one or more run folders, and say what they are worth.")
    parser.add_argument("runs", nargs="+", metavar="RUN", help="folder that emojudge run wrote; several are shown as mean and spread")
    truth = parser.add_argument_group("labels")
    truth.add_argument(
        "--truth",
        metavar="FILE",
        help="score against labels kept apart: a table, or a CSV with FileName and EmoClass, or EmoVal, EmoAct and EmoDom; "
        "its SpkrID, where it has one, groups the utterances",
    )
    truth.add_argument("--split", help="with --truth: score this split only")
    worth = parser.add_argument_group("intervals and differences")
    worth.add_argument(
        "--reference", metavar="SYSTEM", help="what every system is compared with (default: the branch refitted, else the first system)"
    )
    worth.add_argument(
        "--compare",
        nargs=2,
        metavar=("SYSTEM", "REFERENCE"),
        help="also the difference of two systems alone, with the smallest one that the data could show",
    )
    worth.add_argument("--resamples", type=_resamples, metavar="N", help="of the speakers, for intervals and p (default: 2000, in seconds)")
    worth.add_argument("--no-intervals", action="store_true", help="print the results without intervals and differences, which is faster")
    closer = parser.add_argument_group("a closer look")
    closer.add_argument(
        "--by",
        action="append",
        metavar="WHAT",
        help="scores of groups and their differences to the rest: gender, speaker, duration, transcript_source, agreement, "
        "valence_std, ...; may be given several times",
    )
    closer.add_argument("--calibration", action="store_true", help="calibration errors, before and after scaling on the split that tunes")
    closer.add_argument(
        "--votes", action="store_true", help="posteriors against the votes of the raters, and the true class in the best two"
    )
    closer.add_argument(
        "--claims", action="store_true", help="the paper's claims on this data: what judge and text gain, shift and confusion of attributes"
    )
    closer.add_argument("--paper", action="store_true", help="the paper's Table 2, with the run under the row that it repeats")
    ledger = parser.add_argument_group("the ledger of held splits")
    ledger.add_argument("--purpose", metavar="TEXT", help="why held splits are scored, for the ledger of each run folder")
    ledger.add_argument("--ledger", action="store_true", help="print instead when splits that are held out were scored, and for what")
    parser.add_argument("--out", metavar="STEM", help="also write STEM.md, STEM.csv, STEM.tex and STEM.json")
    options = parser.parse_args(list(arguments))
    if len({Path(run).resolve() for run in options.runs}) < len(options.runs):
        parser.error("the same run is given twice; several runs are meant to differ in their seed or splits")
    if options.split and not options.truth:
        parser.error("--split needs --truth")
    for name in ("reference", "resamples"):
        if options.no_intervals and getattr(options, name) is not None:
            parser.error(f"--{name} and --no-intervals exclude each other")
    return options


def _resamples(text: str) -> int:
    if not text.isdecimal() or int(text) < 100:
        raise ArgumentTypeError(f"'{text}' is no number of resamples; an interval takes at least 100")
    return int(text)
