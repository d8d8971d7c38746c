"""Results, intervals and differences as sheets: what is printed and written of one run and of several."""

import math
from collections.abc import Sequence
from dataclasses import replace

from .evidence import ABOVE, BELOW, N_RESAMPLES, SIGNIFICANT, Evidence
from .runs import differences, marks_of
from .sheet import Sheet
from .statistics.intervals import FEW_GROUPS
from .tables import MARK_NOTES, ResultsTable, number, weigh_runs
from .wording import difference_text, p_text, score_text


def sheets_of(tables: Sequence[ResultsTable]) -> list[Sheet]:
    """Return the results of one run: of each task a table of scores, and one of intervals and differences where it was weighed."""
    sheets = []
    for table in tables:
        header, *rows = table.cells()
        sheets.append(Sheet(table.shown.title, header, rows, table.footnotes))
        if table.evidence is not None:
            sheets.append(evidence_sheet([table], table.evidence))
    return sheets


def evidence_sheet(tables: Sequence[ResultsTable], evidence: Evidence) -> Sheet:
    """Return intervals of what a task is judged by, and differences to the reference: a row a split, system and measure."""
    first, measures = tables[0], tables[0].shown.over_runs
    several = len(measures) > 1
    score = "CCC" if several else next(iter(measures.values()))
    header = ["split", *(["measure"] if several else []), "system", f"{score} [95 %]", "difference [95 %]", "p", "p (Holm)"]
    rows = []
    for split in first.splits:
        for measure in measures:
            for system in first.systems:
                cells = _evidence_cells(tables, evidence, system, split, measure)
                if cells:
                    rows.append([split, *([measure.removeprefix("ccc_")] if several else []), system, *cells])
    over = f", mean of {len(tables)} runs" if len(tables) > 1 else ""
    title = f"{score}{over} with 95 % intervals over speakers, and differences to {evidence.reference}"
    return Sheet(title, header, rows, evidence_notes(evidence))


def _evidence_cells(tables: Sequence[ResultsTable], evidence: Evidence, system: str, split: str, measure: str) -> list[str]:
    """Return score, difference and both p of a row; nothing where the system was not scored."""
    interval, compared = evidence.intervals.get((system, split, measure)), evidence.compared.get((system, split, measure))
    if interval is None:
        return []
    digits = tables[0].shown.digits
    score = score_text(interval, digits) + marks_of(tables, [system], split)
    if compared is None:
        return [score, "reference" if system == evidence.reference else "", "", ""]
    difference = difference_text(compared.difference, digits) + compared.mark
    return [score, difference, p_text(compared.difference.p), p_text(compared.p_holm)]


def comparison_sheet(
    tables: Sequence[ResultsTable], system: str, reference: str, differing: str = "seeds", *, n_resamples: int = N_RESAMPLES
) -> Sheet:
    """Return the difference of two systems by split and measure, of one run or of the mean over several.

    Over speakers it has an interval, p and the smallest difference that a comparison of this size would find in four of five cases; over
    runs the interval of its mean by Student's t.

    Args:
        tables: The task's table of each run.
        system: The one.
        reference: The other, which is subtracted.
        differing: What the runs differ in.
        n_resamples: Resamples of the speakers; 0 for no interval over them.

    Raises:
        ConfigError: If a system does not occur.
        PredictionsError: If the two were scored on different utterances of a split.
    """
    first, digits = tables[0], tables[0].shown.digits
    pair = [replace(table, results=[r for r in table.results if r.system in (system, reference)]) for table in tables]
    over_runs = {measure: differences(tables, system, reference, measure) for measure in first.shown.over_runs}
    evidence = weigh_runs(pair, reference, n_resamples=n_resamples) if n_resamples else None
    header = ["split", "measure", "difference" if evidence is None else "difference [95 %]"]
    header += [] if evidence is None else ["p", "detectable"]
    header += [f"95 % over {len(tables)} {differing}"] if len(tables) > 1 else []
    rows = []
    for split in first.splits:
        for measure, name in first.shown.over_runs.items():
            spread = over_runs[measure].get(split)
            if spread is None:
                continue
            marks = marks_of(tables, [system, reference], split)
            row = [split, name, number(spread.mean, digits, "+") + marks]
            if evidence is not None:
                found = evidence.compared[system, split, measure].difference
                row[2:] = [
                    difference_text(found, digits) + marks,
                    p_text(found.p),
                    "-" if math.isnan(found.detectable) else number(found.detectable, digits),
                ]
            if len(tables) > 1:
                bounds = (number(spread.mean + side * spread.half_width, digits, "+") for side in (-1, 1))
                row.append(f"[{', '.join(bounds)}]" if spread.n_runs > 1 else "-")
            rows.append(row)
    seen = "".join(marks_of(tables, [system, reference], split) for split in first.splits)
    notes = [note for mark, note in MARK_NOTES.items() if mark in seen]
    if evidence is not None:
        notes += evidence_notes(replace(evidence, compared={}))
        notes.append("p of each difference alone, not corrected; detectable: the smallest difference found in 80 % of such comparisons.")
        if any(row[4] == "-" for row in rows):
            notes.append(
                "No detectable difference stands where the two score the same, whoever is resampled, or one speaker alone is known."
            )
    if len(tables) > 1:
        notes.append(f"The interval over {differing} speaks of the training alone, not of other speakers.")
    return Sheet(f"{system} minus {reference}", header, rows, notes)


def evidence_notes(evidence: Evidence) -> list[str]:
    """Return what must be said below intervals and differences."""
    clusters = "; ".join(f"{split}: {found}" for split, found in evidence.clusters.items())
    notes = [f"Intervals and p by bootstrap, {evidence.n_resamples:,} resamples, of whole speakers where they are known ({clusters})."]
    if evidence.compared:
        notes.append(
            f"{ABOVE} above, {BELOW} below {evidence.reference} with p < {SIGNIFICANT:g} after Holm's correction over the "
            f"{len(evidence.compared)} differences of this table, where there are {FEW_GROUPS} speakers or more."
        )
    bounds = [interval.low for interval in evidence.intervals.values() if not math.isnan(interval.value)]
    bounds += [compared.difference.low for compared in evidence.compared.values()]
    if not all(map(math.isfinite, bounds)):
        notes.append("Where no interval stands, too few speakers tell the resamples apart to give one.")
    return notes + evidence.warnings
