"""Labels that are kept apart from a corpus, such as those of a withheld test split; for scoring only."""

import os
from collections.abc import Sequence
from pathlib import Path

from ..errors import CorpusError, nearest, some
from ..labels import EMOTION_CODES, EMOTIONS, UNLABELLED_CODES
from .readers.common import doubled, read_csv
from .table import read_table


def read_truth(path: str | Path, classes: Sequence[str] = EMOTIONS) -> dict[str, str | None]:
    """Return the emotion of each utterance id; None where raters said something else or did not agree.

    Args:
        path: A saved table of these classes, or a CSV with the columns ``FileName, EmoClass`` of a consensus file.
        classes: The class list; a CSV may name a class or give its letter code.

    Raises:
        CorpusError: If the file cannot be read, lacks a column, holds an id twice or an unknown class, or if a table has
            another class list.
    """
    if _is_table(path):
        return _of_table(path, classes)
    file = read_csv(Path(path))
    advice = "The truth is a saved table or a CSV with the columns FileName and EmoClass."
    ids = [os.path.splitext(name)[0] for name in file.column("FileName", advice)]
    labels = file.column("EmoClass", advice)
    twice = doubled(ids)
    if twice:
        raise CorpusError(f"{path}: {len(twice)} utterances occur more than once: {some(twice)}")
    meaning: dict[str, str | None] = {code: emotion for code, emotion in EMOTION_CODES.items() if emotion in classes}
    meaning.update({name: name for name in classes})
    meaning.update(dict.fromkeys(UNLABELLED_CODES))
    for id, label, line in zip(ids, labels, file.lines, strict=True):
        if label not in meaning:
            raise CorpusError(
                f"{path}: line {line}, utterance '{id}': unknown class '{label}' (known: {', '.join(meaning)}).{nearest(label, meaning)}"
            )
    return {id: meaning[label] for id, label in zip(ids, labels, strict=True)}


def _of_table(path: str | Path, classes: Sequence[str]) -> dict[str, str | None]:
    """Return the emotion of each utterance of a saved table, which must have the class list; its order does not matter."""
    table = read_table(path)
    labels = dict(zip(table.column("id"), table.column("emotion"), strict=True))
    strangers = sorted({label for label in labels.values() if label is not None} - set(classes))
    if strangers or set(table.info.classes) != set(classes):
        fault = f"has the labels {some(strangers)}" if strangers else f"was made for the classes {', '.join(table.info.classes)}"
        raise CorpusError(f"{path}: the truth {fault}, the corpus has the classes {', '.join(classes)}; make both with one class list")
    return labels


def _is_table(path: str | Path) -> bool:
    """Return whether a file is parquet, by its first bytes."""
    if not Path(path).is_file():
        raise CorpusError(f"{path}: there is no such truth file")
    with open(path, "rb") as file:
        return file.read(4) == b"PAR1"
