"""The run's class list meets the table's: equal, or joined by an explicit map."""

import logging
from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from ..corpus.table import Table
from ..errors import ConfigError, nearest

_log = logging.getLogger(__name__)


def class_indices(table: Table, classes: Sequence[str], class_map: Mapping[str, str | None] | None = None) -> NDArray[np.int64]:
    """Return the index of each row's emotion in the run's class list, -1 where there is none, ``(rows,)``.

    Args:
        table: The corpus, with its own class list.
        classes: The run's class list.
        class_map: Class of the table to class of the run, or to None for utterances to leave unlabelled.
            A class that it does not name keeps its name if the run has it; otherwise its utterances
            lose their label, and a warning counts them.

    Raises:
        ConfigError: If the lists differ and there is no map, or the map names a class that does not exist.
    """
    if class_map is None:
        if list(classes) != list(table.info.classes):
            raise ConfigError(
                f"the corpus has the classes {list(table.info.classes)}, data.init_args.classes is {list(classes)}; "
                "give the corpus' list in its order, or a data.init_args.class_map from one to the other"
            )
        return table.emotions()
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
    translated = np.array([-1 if name is None else index.get(name, -1) for name in targets] + [-1], dtype=np.int64)  # last: no label
    emotions = table.emotions()
    dropped = Counter(table.info.classes[k] for k in emotions[(emotions >= 0) & (translated[emotions] < 0)])
    if dropped:
        counts = ", ".join(f"{name} {n}" for name, n in dropped.items())
        _log.warning("%s: these classes are not mapped, their utterances have no label here: %s", table.info.source, counts)
    return translated[emotions]  # (rows,)
