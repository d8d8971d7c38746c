"""What later stages may know of a table: the labels of the splits that tune, and the distribution of those that train."""

from collections.abc import Sequence
from typing import Any

from ..errors import ConfigError, CorpusError, some
from .table import Table
from .truth import attributes_of


def tuning_labels(table: Table, task: str, splits: Sequence[str] | None = None) -> dict[str, Any]:
    """Return the labels that later stages are fitted on, by utterance id: ``truth`` of a fusion's ``fit``.

    An emotion or None for task ``emotion``, else a value or None by attribute.

    Args:
        table: The corpus.
        task: ``emotion`` or ``attributes``.
        splits: Some of the splits that tune; all of them by default.

    Raises:
        ConfigError: If a split does not exist or has another role, since what is fitted on it could not be scored on it, or none tunes.
    """
    roles = table.info.roles
    tuning = [split for split, role in roles.items() if role == "tune"]
    for split in tuning if splits is None else splits:
        if split not in roles:
            raise ConfigError(f"{table.info.source} has no split '{split}' (found: {', '.join(roles)})")
        if roles[split] != "tune":
            why = {"hold": "is held out for scoring", "fit": "is what the networks were trained on, where their errors are too small"}
            raise ConfigError(
                f"split '{split}' {why[roles[split]]} (role {roles[split]}), so nothing is fitted on it; "
                f"fit on a split that tunes ({some(tuning) or 'there is none'}), "
                "or give it the role tune in a new run folder (emojudge run --tune_on, --roles)"
            )
    wanted = set(tuning if splits is None else splits)
    if not wanted:
        raise ConfigError(f"{table.info.source} has no split with role 'tune' to fit on (roles: {dict(roles)})")
    labels = zip(table.column("id"), table.column("emotion"), strict=True) if task == "emotion" else attributes_of(table).items()
    return {id: label for (id, label), split in zip(labels, table.column("split"), strict=True) if split in wanted}


def train_prior(table: Table) -> list[float]:
    """Return how often each class occurs in the labels that train, ``(classes,)``, in the order of the table's list.

    Raises:
        CorpusError: If none has a label.
    """
    rows = zip(table.column("emotion"), table.column("split"), strict=True)
    found = [emotion for emotion, split in rows if emotion is not None and table.info.roles[split] == "fit"]
    if not found:
        trained = some(split for split, role in table.info.roles.items() if role == "fit") or "there is none"
        raise CorpusError(f"{table.info.source}: no utterance of the splits that train ({trained}) has an emotion")
    return [found.count(name) / len(found) for name in table.info.classes]


def training_ids(table: Table) -> list[str]:
    """Return the utterances of the splits that train."""
    return [id for id, split in zip(table.column("id"), table.column("split"), strict=True) if table.info.roles[split] == "fit"]
