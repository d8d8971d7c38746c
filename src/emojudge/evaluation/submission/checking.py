"""``check_submission``: every reason for which a challenge would not take a file, with its line."""

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from ...errors import PredictionsError, nearest
from ...labels import EMOTION_CODES
from .forms import CLASS_COLUMN, CODE_OF, FILE_NAME, HEADERS, HIGHEST, LOWEST, file_names

BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def check_submission(path: str | Path, expected_ids: Sequence[str], task: str, *, names: Mapping[str, str] | None = None) -> list[str]:
    """Return the faults of a submission, one line each with its line number; nothing where it would be taken.

    Looked at are its encoding and line ends, the header, the number of cells, file names (missing, doubled, unknown, spaces) and
    their number, codes, and values (numbers from 1 to 7).

    Args:
        path: The CSV file.
        expected_ids: The utterances that it must have a row of, in any order.
        task: ``emotion`` (Task 1) or ``attributes`` (Task 2).
        names: File name by utterance id (:func:`file_names`); the id with ``.wav`` by default.

    Raises:
        PredictionsError: If there is no such file or task.
    """
    if task not in HEADERS:
        raise PredictionsError(f"there is no submission of task '{task}' (known: {', '.join(HEADERS)}).{nearest(task, HEADERS)}")
    names = file_names(expected_ids) if names is None else names
    data = _read(path)
    faults = _form(data)
    try:
        text = data.removeprefix(BYTE_ORDER_MARK).decode("utf-8")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        return [*faults, f"line {line}: not UTF-8 (byte {data[error.start]:#04x}); save it as UTF-8"]
    try:
        rows = list(_rows(text))
    except csv.Error as error:
        return [*faults, f"not readable as CSV ({error}); is a quotation mark left open?"]
    if not rows:
        return [*faults, f"the file is empty, expected the header {','.join(HEADERS[task])}"]
    header_faults = _header(rows[0], HEADERS[task])
    if header_faults:
        return faults + header_faults  # what the cells below it mean is not known
    faults += _cells(rows[1:], HEADERS[task])
    return faults + _names(rows[1:], [names[id] for id in expected_ids])


def task_of(path: str | Path) -> str:
    """Return the task that a submission is of, by its header.

    Raises:
        PredictionsError: If there is no such file, or its header is of neither.
    """
    data = _read(path).removeprefix(BYTE_ORDER_MARK).partition(b"\n")[0]
    try:
        first = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise PredictionsError(f"{path}: line 1: not UTF-8 (byte {data[error.start]:#04x}); is it a CSV file saved as UTF-8?") from error
    header = first.strip().split(",")
    found = [task for task, columns in HEADERS.items() if {*columns[1:]} & {cell.strip() for cell in header}]
    if len(found) != 1:
        expected = " or ".join(",".join(columns) for columns in HEADERS.values())
        raise PredictionsError(f"{path}: header '{_shown(first.strip())}' is of neither task, expected {expected}")
    return found[0]


def _read(path: str | Path) -> bytes:
    if not Path(path).is_file():
        raise PredictionsError(f"{path}: there is no such submission")
    return Path(path).read_bytes()


def _form(data: bytes) -> list[str]:
    """Return what is wrong with the bytes as such."""
    faults = []
    if data.startswith(BYTE_ORDER_MARK):
        faults.append("line 1: begins with a byte-order mark; save it as UTF-8 without one")
    if b"\r" in data:
        line = data[: data.index(b"\r")].count(b"\n") + 1
        faults.append(f"line {line}: ends with a carriage return; end lines with a line feed alone")
    if b"\0" in data:
        faults.append(f"line {data[: data.index(bytes(1))].count(bytes([10])) + 1}: has a zero byte")
    return faults


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    """Yield each row with the line on which it ends; a carriage return, which is a fault of its own, ends one too."""
    reader = csv.reader(io.StringIO(text.replace("\r\n", "\n").replace("\r", "\n")))
    for row in reader:
        yield reader.line_num, row


def _header(first: tuple[int, list[str]], expected: tuple[str, ...]) -> list[str]:
    _, header = first
    if tuple(header) == expected:
        return []
    missing = [name for name in expected if name not in header]
    extra = [name for name in header if name not in expected]
    what = [f"lacks {', '.join(missing)}"] * bool(missing) + [f"has {', '.join(map(repr, extra))} beside"] * bool(extra)
    return [f"line 1: header '{_shown(','.join(header))}' {' and '.join(what) or 'has another order'}, expected '{','.join(expected)}'"]


def _cells(rows: list[tuple[int, list[str]]], columns: tuple[str, ...]) -> list[str]:
    """Return what is wrong with the predictions of each row."""
    faults = []
    for line, row in rows:
        if not row:
            faults.append(f"line {line}: is empty")
        elif len(row) != len(columns):
            faults.append(f"line {line}: has {len(row)} cells, expected {len(columns)} ({', '.join(columns)})")
        else:
            named = zip(columns[1:], row[1:], strict=True)
            faults += [f"line {line}: {fault}" for column, cell in named if (fault := _fault(column, cell))]
    return faults


def _fault(column: str, cell: str) -> str:
    """Return what is wrong with one prediction, nothing where it is right."""
    if column == CLASS_COLUMN:
        if cell in EMOTION_CODES:
            return ""
        meant = CODE_OF.get(cell.strip().lower()) or (cell.strip().upper() if cell.strip().upper() in EMOTION_CODES else "")
        return f"{column} is '{_shown(cell)}', expected one of {', '.join(EMOTION_CODES)}" + (f"; write {meant}" if meant else "")
    number = re.fullmatch(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*", cell, re.ASCII)
    if number and LOWEST <= float(cell) <= HIGHEST:
        return ""
    return f"{column} is '{_shown(cell)}', expected a number from 1 to 7"


def _shown(cell: str) -> str:
    """Return a cell as it stands in a message of one line: no line break and nothing that a terminal obeys, and not all of a long one."""
    text = "".join(character if character.isprintable() else repr(character)[1:-1] for character in cell)
    return text if len(text) <= 60 else f"{text[:60]}..."


def _names(rows: list[tuple[int, list[str]]], expected: list[str]) -> list[str]:
    """Return which file names are unknown, doubled or missing, and whether their number is right."""
    faults, seen, known = [], dict[str, int](), set(expected)
    by_stem = {name.rsplit(".", 1)[0]: name for name in expected}
    for line, row in rows:
        if not row:
            continue
        name = row[0]
        if name in seen:
            faults.append(f"line {line}: {FILE_NAME} '{_shown(name)}' stands on line {seen[name]} already")
        elif name not in known:
            meant = by_stem.get(name.strip().rsplit(".", 1)[0])
            faults.append(f"line {line}: {FILE_NAME} '{_shown(name)}' is not expected" + (f"; write '{meant}'" if meant else ""))
        seen.setdefault(name, line)
    missing = [name for name in expected if name not in seen]
    faults += [f"no row of '{name}'" for name in missing]
    n = sum(bool(row) for _, row in rows)
    return faults + ([f"{n} rows, expected {len(expected)}"] if n != len(expected) else [])
