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
        path: A saved table, or a CSV with the columns ``FileName, EmoClass`` of a consensus file.
        classes: The class list; a CSV may name a class or give its letter code.

    Raises:
        CorpusError: If the file cannot be read, lacks a column, holds an id twice or an unknown class.
    """
    if _is_table(path):
        table = read_table(path)
        return dict(zip(table.column("id"), table.column("emotion"), strict=True))
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


def _is_table(path: str | Path) -> bool:
    """Return whether a file is parquet, by its first bytes."""
    if not Path(path).is_file():
        raise CorpusError(f"{path}: there is no such truth file")
    with open(path, "rb") as file:
        return file.read(4) == b"PAR1"
