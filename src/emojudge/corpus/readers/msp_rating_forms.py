"""Single ratings out of every form of ``labels_detailed`` that MSP-Podcast has had."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from ...errors import CorpusError
from .common import CsvFile, read_csv

_DETAIL = "'WORKER00015; Angry; Angry,Disgust; A:5.000000; V:2.000000; D:5.000000;'"
_FIELDS = ("EmoClass_Major", "EmoClass_Second", "EmoVal", "EmoAct", "EmoDom")
_JSON = "{file name: {rater: {" + ", ".join(_FIELDS) + "}}}"
_ADVICE = "Take labels_detailed from the release, or leave the ratings out with votes: false."


class Rating(NamedTuple):
    """What one rater said about one utterance, as text that nobody has checked yet."""

    primary: str
    """An emotion, ``Other``, or free text such as ``Other-Annoyed``."""
    secondary: str
    """Everything that the rater heard, separated by commas; may be empty."""
    valence: str
    arousal: str
    dominance: str


def read_single_ratings(path: Path) -> Iterator[tuple[str, str, Rating | ValueError]]:
    """Yield the file name, the place in the file and the rating of each rater, or what is wrong with it.

    The form is told from the ending and the header:

    - ``FileName, EmoDetail`` (1.7 to 1.12, challenge): one field ``worker; primary; secondary; A:..; V:..; D:..;``, of which
      the secondary emotions may be absent; a semicolon in free text does no harm,
    - ``FileName, EmoClass_Major, EmoClass_Second, EmoAct, EmoVal, EmoDom`` in any order (1.6 and 2.0),
    - JSON, ``{file name: {rater: {EmoClass_Major, EmoClass_Second, EmoAct, EmoDom, EmoVal}}}``, numbers also as text and
      secondary emotions also as a list.

    Raises:
        CorpusError: If the file has another form.
    """
    if path.suffix.lower() == ".json":
        yield from _of_json(path)
        return
    file = read_csv(path)
    if "EmoDetail" in file.header:
        yield from _of_details(file)
    elif "EmoClass_Major" in file.header:
        yield from _of_columns(file)
    else:
        raise CorpusError(
            f"{path} has neither a column 'EmoDetail' nor 'EmoClass_Major' (found: {', '.join(file.header)}); "
            f"expected FileName, EmoDetail or FileName, {', '.join(_FIELDS)}. {_ADVICE}"
        )


def _of_details(file: CsvFile) -> Iterator[tuple[str, str, Rating | ValueError]]:
    advice = f"Expected FileName, EmoDetail. {_ADVICE}"
    for name, detail, line in zip(file.column("FileName", advice), file.column("EmoDetail", advice), file.lines, strict=True):
        yield name, f"line {line}", _detail(detail)


def _detail(detail: str) -> Rating | ValueError:
    """Return the rating in a field ``EmoDetail``: worker and primary first, the three attributes last, what is left secondary."""
    parts = [part.strip() for part in detail.rstrip("; ").split(";")]
    if len(parts) < 5 or not parts[1]:
        return ValueError(f"the rating {detail!r} has not the form {_DETAIL}")
    score = {part[:2]: part[2:].strip() for part in parts[-3:]}
    try:
        return Rating(parts[1], ",".join(parts[2:-3]), score["V:"], score["A:"], score["D:"])
    except KeyError:
        return ValueError(f"the rating {detail!r} does not end with A, V and D once each; expected the form {_DETAIL}")


def _of_columns(file: CsvFile) -> Iterator[tuple[str, str, Rating | ValueError]]:
    advice = f"Expected FileName, {', '.join(_FIELDS)}. {_ADVICE}"
    fields = [file.column(name, advice) for name in ("FileName", *_FIELDS)]
    for line, name, *rating in zip(file.lines, *fields, strict=True):
        yield name, f"line {line}", Rating(*rating)


def _of_json(path: Path) -> Iterator[tuple[str, str, Rating | ValueError]]:
    for name, ratings in _loaded(path).items():
        if not isinstance(ratings, dict):
            yield name, "all raters", ValueError(f"{str(ratings)[:60]!r} are no ratings; expected the form {_JSON}")
            continue
        for rater, rating in ratings.items():
            yield name, f"rater {rater}", _entry(rating)


def _loaded(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        raise CorpusError(f"{path}: not readable ({error.strerror or error})") from error
    except UnicodeDecodeError as error:
        raise CorpusError(f"{path}: not UTF-8 (byte {error.start}); save it as UTF-8") from error
    except (ValueError, RecursionError) as error:
        raise CorpusError(f"{path}: not JSON ({error}); expected the form {_JSON}. {_ADVICE}") from error
    if not isinstance(content, dict):
        raise CorpusError(f"{path}: holds a {type(content).__name__}, expected the form {_JSON}. {_ADVICE}")
    return content


def _entry(rating: Any) -> Rating | ValueError:
    if not isinstance(rating, dict):
        return ValueError(f"{str(rating)[:60]!r} is no rating; expected the form {_JSON}")
    try:
        return Rating(*[value if type(value) is str else _as_text(value) for value in map(rating.__getitem__, _FIELDS)])
    except KeyError as error:
        return ValueError(f"the rating has no {error.args[0]} (found: {', '.join(rating)}); expected the form {_JSON}")


def _as_text(value: Any) -> str:
    """Return a JSON value as a CSV would hold it: nothing for null, a list with commas."""
    if isinstance(value, list):
        return ",".join(_as_text(entry) for entry in value)
    return "" if value is None else str(value)
