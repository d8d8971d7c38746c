"""Results as records for other programs: one a run, task, system and split, with every measure unrounded."""

import csv
import io
import math
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from .evidence import Evidence
from .runs import marks_of, values_of
from .statistics import Spread
from .tables import MARK, TRANSDUCTIVE, ResultsTable

Record: TypeAlias = dict[str, Any]

MEAN = "mean"
"""What stands for the run in a record of the mean over runs."""


def records_of(tables: Sequence[ResultsTable], run: str | None = None) -> list[Record]:
    """Return a record for each task, system and split; of several runs, each says which is its own."""
    records = []
    for table in tables:
        for result in table.results:
            record: Record = {} if run is None else {"run": run}
            record |= {"task": table.task, "system": result.system, "split": result.split}
            record |= {"in_sample": result.in_sample, "transductive": result.transductive}
            if result.sample is not None:
                record["n_speakers"] = len({group for group in result.sample.groups if group.startswith("speaker ")})
            record |= result.scores
            if table.evidence is not None:
                record |= _weighed(table, table.evidence, result.system, result.split)
            records.append(record | {"note": result.note})
    return records


def mean_records(tables: Sequence[ResultsTable], evidence: Evidence | None) -> list[Record]:
    """Return a record for each system and split of a task: mean and deviation over runs of what is shown, weighed where it was."""
    records = []
    first = tables[0]
    for result in first.results:
        record: Record = {"run": MEAN, "task": first.task, "system": result.system, "split": result.split}
        marks = marks_of(tables, [result.system], result.split)
        record |= {"in_sample": MARK in marks, "transductive": TRANSDUCTIVE in marks}
        for measure in first.shown.measures:
            values = values_of(tables, result.system, result.split, measure)
            if values:
                spread = Spread.of(values)
                record |= {measure: spread.mean, f"{measure}_deviation": spread.deviation}
        if evidence is not None:
            record |= _weighed(first, evidence, result.system, result.split)
        records.append(record)
    return records


def _weighed(table: ResultsTable, evidence: Evidence, system: str, split: str) -> Record:
    record: Record = {}
    for measure in table.shown.measures:
        key = (system, split, measure)
        interval, compared = evidence.intervals.get(key), evidence.compared.get(key)
        if interval is not None:
            record |= {f"{measure}_low": interval.low, f"{measure}_high": interval.high}
        if compared is not None:
            difference = compared.difference
            record |= {
                "reference": evidence.reference,
                f"{measure}_difference": difference.value,
                f"{measure}_difference_low": difference.low,
                f"{measure}_difference_high": difference.high,
                f"{measure}_p": difference.p,
                f"{measure}_p_holm": compared.p_holm,
                f"{measure}_detectable": difference.detectable,
            }
            if compared.mcnemar is not None:
                record["accuracy_mcnemar_p_unclustered"] = compared.mcnemar.p
    return record


def to_csv(records: Sequence[Record]) -> str:
    """Return a line a record: empty where a record has nothing, ``nan`` where a measure is not defined, six digits after the point."""
    names = [*dict.fromkeys(name for record in records for name in record if name != "note"), "note"]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(names)
    for record in records:
        writer.writerow([_cell(record.get(name)) for name in names])
    return text.getvalue()


def plain(record: Mapping[str, Any]) -> Record:
    """Return a record that JSON can hold: null where a number is not defined."""
    return {name: None if isinstance(value, float) and not math.isfinite(value) else value for name, value in record.items()}


def _cell(value: Any) -> Any:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return round(value, 6)
    return "" if value is None else value
