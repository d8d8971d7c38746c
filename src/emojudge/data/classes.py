"""The run's class list meets the table's: equal, or joined by an explicit map."""

import logging
from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from ..corpus.table import Table
from ..errors import ConfigError, nearest

_log = logging.getLogger(__name__)

ClassMap = Mapping[str, str | None]
"""Class of the table to class of the run, or to None for utterances to leave unlabelled."""


def class_indices(table: Table, classes: Sequence[str], class_map: ClassMap | None = None) -> NDArray[np.int64]:
    """Return the index of each row's emotion in the run's class list, -1 where there is none, ``(rows,)``.

    Args:
        table: The corpus, with its own class list.
        classes: The run's class list.
        class_map: A class that it does not name keeps its name if the run has it; otherwise its utterances
            lose their label, and a warning counts them.

    Raises:
        ConfigError: If the lists differ and there is no map, or the map names a class that does not exist.
    """
    translated = np.append(_translation(table, classes, class_map), -1)  # last: no label
    emotions = table.emotions()
    dropped = Counter(table.info.classes[k] for k in emotions[(emotions >= 0) & (translated[emotions] < 0)])
    if dropped:
        counts = ", ".join(f"{name} {n}" for name, n in dropped.items())
        _log.warning("%s: these classes are not mapped, their utterances have no label here: %s", table.info.source, counts)
    return translated[emotions]  # (rows,)


def class_votes(table: Table, classes: Sequence[str], class_map: ClassMap | None = None) -> NDArray[np.float32]:
    """Return the share of each row's votes for each of the run's classes, ``(rows, classes)``.

    Votes follow their class through the map; those for a class that the run has not are taken away, and the others shared out
    anew, to the sum 1. A row without votes, or with none for the run's classes, is zero throughout.

    Args:
        table: The corpus, with its own class list.
        classes: The run's class list.
        class_map: As in :func:`class_indices`.

    Raises:
        ConfigError: As :func:`class_indices`.
    """
    translated = _translation(table, classes, class_map)
    column = table.rows.data.column("emotion_votes")
    voted = column.is_valid().to_numpy()  # (rows,)
    given = column.drop_null().combine_chunks().flatten().to_numpy().reshape(-1, len(table.info.classes))  # (rows with votes, theirs)
    join = (translated[:, None] == np.arange(len(classes))).astype(np.float64)  # (theirs, classes)
    ours = given @ join  # (rows with votes, classes)
    total = ours.sum(axis=1, keepdims=True)
    votes = np.zeros((len(voted), len(classes)), dtype=np.float32)
    votes[voted] = np.divide(ours, total, out=np.zeros_like(ours), where=total > 0)
    return votes


def _translation(table: Table, classes: Sequence[str], class_map: ClassMap | None) -> NDArray[np.int64]:
    """Return the index in the run's class list of each class of the table, -1 where there is none, ``(theirs,)``."""
    if class_map is None:
        if list(classes) != list(table.info.classes):
            raise ConfigError(
                f"the corpus has the classes {list(table.info.classes)}, data.init_args.classes is {list(classes)}; "
                "give the corpus' list in its order, or a data.init_args.class_map from one to the other"
            )
        return np.arange(len(classes), dtype=np.int64)
    option = "data.init_args.class_map"
    for source, target in class_map.items():
        if source not in table.info.classes:
            known = list(table.info.classes)
            raise ConfigError(f"{option} names '{source}', the corpus has {known}.{nearest(source, known)}")
        if target is not None and target not in classes:
            known = list(classes)
            raise ConfigError(f"{option} turns '{source}' into '{target}', data.init_args.classes is {known}.{nearest(target, known)}")
    index = {name: i for i, name in enumerate(classes)}
    targets = [class_map.get(name, name) for name in table.info.classes]
    return np.array([-1 if name is None else index.get(name, -1) for name in targets], dtype=np.int64)
