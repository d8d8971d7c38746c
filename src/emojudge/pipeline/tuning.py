"""What networks and fusions will need of the corpus, asked before any network is trained."""

from collections.abc import Collection
from typing import Any

from ..corpus import Table
from ..errors import ConfigError, FusionError, some
from ..evaluation import check_target_prior
from ..labels import ATTRIBUTES
from .config import FusionConfig
from .fusing import check_comparators
from .systems import TASKS, System


def check_tuning(table: Table, config: FusionConfig, systems: Collection[System]) -> None:
    """Refuse a corpus or settings that the networks or the fusions could not be fitted with.

    Raises:
        FusionError: If a class or attribute of train has no utterance to tune on, or these have fewer than two speakers.
        ConfigError: If train has no label of a task, or the target prior, a comparator or the number of folds makes no sense.
    """
    check_comparators(config.comparators)
    if config.folds < 2:
        raise ConfigError(f"fusion.folds is {config.folds}; cross-validation needs at least 2")
    learners = {task: [system.name for system in systems if task in system.tasks] for task in TASKS}
    if learners["emotion"]:
        _check_emotions(table, learners["emotion"])
        check_target_prior(config.target_prior, len(table.info.classes))
    if learners["attributes"]:
        _check_attributes(table, learners["attributes"], config)


def _check_emotions(table: Table, learners: list[str]) -> None:
    fit, tune = (_labelled(table, "emotion", role) for role in ("fit", "tune"))
    if not fit:
        raise _nothing_to_learn(table, "an emotion", learners)
    counted = {role: {emotion for emotion, _ in rows} for role, rows in (("fit", fit), ("tune", tune))}
    missing = [name for name in table.info.classes if name in counted["fit"] - counted["tune"]]
    if missing:
        raise FusionError(
            f"the split that tunes ({_splits(table, 'tune')}) has no utterance of {some(missing)}, which train has; "
            "tune on another, or drop the class"
        )
    if len({group for _, group in tune}) < 2:
        raise FusionError(f"the split that tunes ({_splits(table, 'tune')}) has fewer than two speakers; grouped folds need two")


def _check_attributes(table: Table, learners: list[str], config: FusionConfig) -> None:
    learnt = [name for name in ATTRIBUTES if _labelled(table, name, "fit")]
    if not learnt:
        raise _nothing_to_learn(table, f"a value of {', '.join(ATTRIBUTES)}", learners)
    for name in learnt:
        if config.match_moments and len({value for value, _ in _labelled(table, name, "fit")}) == 1:
            raise ConfigError(
                f"{table.info.source}: {name} has one value in all that trains ({_splits(table, 'fit')}): no deviation to match; "
                "leave it out of the corpus, or set fusion.match_moments to false"
            )
        groups = {group for _, group in _labelled(table, name, "tune")}
        if not groups:
            raise FusionError(f"the split that tunes ({_splits(table, 'tune')}) has no value of {name}, which train has; tune on another")
        if len(groups) < 2:
            raise FusionError(
                f"the split that tunes ({_splits(table, 'tune')}) has values of {name} from one speaker only; grouped folds need two"
            )


def _nothing_to_learn(table: Table, what: str, learners: list[str]) -> ConfigError:
    return ConfigError(
        f"{table.info.source}: no utterance that trains ({_splits(table, 'fit')}) has {what}, which {some(learners)} would learn; "
        "leave that system out, or take a corpus that has some"
    )


def _labelled(table: Table, column: str, role: str) -> list[tuple[Any, str]]:
    """Return label and speaker group of the utterances of a role that have a label."""
    rows = zip(table.column("split"), table.column(column), table.speaker_groups(), strict=True)
    return [(label, group) for split, label, group in rows if label is not None and table.info.roles[split] == role]


def _splits(table: Table, role: str) -> str:
    return ", ".join(split for split, its in table.info.roles.items() if its == role)
