"""``emojudge corpus check``: Report what is wrong, or worth knowing, about a corpus; exit 1 where something is an error."""

from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING

from .source import add_source, read_settings

if TYPE_CHECKING:
    from rich.console import Console

    from ...corpus import CorpusReport, Finding

SHOWN = 5
"""Ids, names or reasons of a finding that are shown without ``--all-ids``."""

_STYLES = {"error": "bold red", "warning": "yellow", "note": "dim"}


def add_arguments(parser: ArgumentParser) -> None:
    """Add the command's arguments."""
    add_source(parser, on_bad_utterance=False)
    parser.add_argument("--json", metavar="FILE", help="also write the report with every id as JSON; - prints it instead of the text")
    parser.add_argument("--all-ids", action="store_true", help=f"show every id of a finding, not the first {SHOWN}")


def run(options: Namespace) -> int:
    """Print the findings and return 1 where one is an error, else 0."""
    import json

    from rich.console import Console

    from ...files import write_text

    report = _report(options)
    text = json.dumps(report.to_json(), indent=2, ensure_ascii=False) + "\n"
    if options.json == "-":
        print(text, end="")
    else:
        if options.json is not None:
            write_text(options.json, text)
        show(report, Console(highlight=False, soft_wrap=True), None if options.all_ids else SHOWN)
    return 1 if report.count("error") else 0


def show(report: "CorpusReport", console: "Console", limit: int | None = SHOWN) -> None:
    """Print a report.

    Args:
        report: What was found.
        console: Where to.
        limit: Most ids, names or reasons of a finding; all by default of None.
    """
    from ...corpus.checks.findings import SEVERITIES
    from ...errors import plural

    splits = ", ".join(f"{split} {n:,}" for split, n in report.splits.items())
    console.print(_line(f"{report.source}: {splits}" if splits else report.source), markup=False)
    for finding in report.findings:
        console.print(f"\n[{_STYLES[finding.severity]}]{finding.severity}[/] {finding.kind}: ", end="")
        console.print(_line(finding.message), markup=False)
        for line in _listed(finding, limit):
            console.print(f"    {_line(line)}", markup=False)
    counts = [plural(n, severity) for severity in SEVERITIES if (n := report.count(severity))]
    unworried = not (report.count("error") or report.count("warning"))
    console.print("\n" + "; ".join([*(["No error and no warning"] if unworried else []), *([", ".join(counts)] if counts else [])]) + ".")


def _line(text: str) -> str:
    """Return text from a corpus as one line: line breaks and other characters that a terminal would obey as escapes."""
    return "".join(character if character.isprintable() else repr(character)[1:-1] for character in text)


def _listed(finding: "Finding", limit: int | None) -> list[str]:
    """Return the lines under a finding: reasons one a line, names or ids in one."""
    from ...errors import some

    if finding.reasons:
        reasons = [f"{id}: {reason}" for id, reason in finding.reasons.items()]
        more = [] if limit is None or len(reasons) <= limit else [f"and {len(reasons) - limit:,} more"]
        return [*reasons[:limit], *more]
    listed = finding.names or finding.ids
    return [some(listed, len(listed) if limit is None else limit)] if listed else []


def _report(options: Namespace) -> "CorpusReport":
    """Return what is found about the corpus that the arguments name; a path that is no corpus is a finding too."""
    from ...corpus import CorpusReport, Finding, check_corpus
    from ...errors import CorpusError
    from ...pipeline.sources import arrange, corpus_arguments
    from ..progress import progress_bar

    try:
        config = read_settings(options)
    except CorpusError as error:
        return CorpusReport(options.source, {}, 0, (Finding("unreadable", "error", str(error)),))
    with progress_bar("reading the corpus") as tell:
        return check_corpus(prepare=lambda table: arrange(table, config), progress=tell, **corpus_arguments(config))
