"""Files that list utterances: CSV, TSV, JSON lines or parquet become rows of one form."""

import json
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Literal, TypeAlias

from ...errors import ConfigError, CorpusError
from .arrow import ParquetPart
from .common import not_utf8, read_csv
from .rows import Rows

Format: TypeAlias = Literal["csv", "tsv", "jsonl", "parquet"]

_FORMATS: dict[str, Format] = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
}


def read_listing(path: Path, form: Format | None, expected: Sequence[str]) -> Rows:
    """Return the rows of a file, which its ending or ``form`` says how to read.

    Fields of CSV and TSV are text as it stands; JSON lines and parquet keep their types and nulls, and a parquet file
    that ``datasets`` wrote gives the names of its class labels.

    Args:
        path: The file.
        form: How to read it; by its ending where None.
        expected: The columns that it should have, for messages.

    Raises:
        CorpusError: If the file is missing or is not of its form; the message names line or row.
        ConfigError: If the ending tells no form.
    """
    if form is None:
        form = _FORMATS.get(path.suffix.lower())
    if form is None:
        raise ConfigError(
            f"{path}: the ending '{path.suffix}' tells no form (known: {', '.join(_FORMATS)}); say it by format: csv, tsv, jsonl or parquet"
        )
    if path.is_dir():
        raise CorpusError(f"{path}: a folder, expected one {form} file with the columns {', '.join(expected)}")
    if form == "jsonl":
        return _read_json_lines(path, expected)
    if form == "parquet":
        part = ParquetPart(path)
        places = [f"row {i + 1}" for i in range(part.n_rows)]
        return Rows(str(path), places, {name: partial(part.values, name) for name in part.header})
    file = read_csv(
        path,
        delimiter="\t" if form == "tsv" else ",",
        expected=f"a header row with the columns {', '.join(expected)} and one row an utterance",
    )
    return Rows(
        str(path), [f"line {line}" for line in file.lines], {name: partial(_field, file.rows, k) for k, name in enumerate(file.header)}
    )


def _field(rows: Sequence[Sequence[str]], k: int) -> list[str]:
    return [row[k] for row in rows]


def _read_json_lines(path: Path, expected: Sequence[str]) -> Rows:
    """Return the objects of a file, one a line; a name that a line does not have is null there."""
    objects: list[Mapping[str, Any]] = []
    lines: list[int] = []
    n, form = 0, f'expected one object a line, such as {{"{expected[0]}": ...}}, with the names {", ".join(expected)}'
    try:
        with open(path, encoding="utf-8-sig") as file:
            for n, line in enumerate(file, start=1):
                if line.isspace():
                    continue
                value = json.loads(line, object_pairs_hook=_object)
                if not isinstance(value, dict):
                    raise CorpusError(f"{path}: line {n} holds {_kind(value)}, {form}")
                objects.append(value)
                lines.append(n)
    except OSError as error:
        raise CorpusError(f"{path}: not readable ({error.strerror or error}); {form}") from error
    except UnicodeDecodeError as error:
        raise CorpusError(not_utf8(path)) from error
    except json.JSONDecodeError as error:
        raise CorpusError(f"{path}: line {n} is not JSON ({error.msg} at character {error.pos + 1}); {form}") from error
    except _TwiceError as error:
        raise CorpusError(f"{path}: line {n} has the name '{error}' twice; {form}") from error
    except ValueError as error:
        raise CorpusError(f"{path}: line {n} is not JSON ({error}); {form}") from error
    except RecursionError as error:
        raise CorpusError(f"{path}: line {n} is nested too deeply; {form}") from error
    if not objects:
        raise CorpusError(f"{path}: the file is empty; {form}")
    names = dict.fromkeys(name for value in objects for name in value)
    return Rows(str(path), [f"line {line}" for line in lines], {name: partial(_member, objects, name) for name in names})


class _TwiceError(ValueError):
    """An object that has a name twice: which value was meant is not known."""


def _object(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise _TwiceError(next(name for name in names if names.count(name) > 1))
    return found


def _member(objects: Sequence[Mapping[str, Any]], name: str) -> list[Any]:
    return [value.get(name) for value in objects]


def _kind(value: Any) -> str:
    return {list: "a list", str: "text", bool: "true or false", type(None): "null"}.get(type(value), "a number")
