"""The fusion of all branches of a task, its comparators, and the first branch refitted in the same way as their control."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from ..corpus import Table
from ..corpus.by_role import train_prior, training_ids, tuning_labels
from ..corpus.truth import attributes_of
from ..errors import ConfigError, nearest, plural
from ..evaluation.prior import TARGET_PRIORS
from ..fusion import AttributeFusion, EmotionFusion, moments_of, permuted
from ..fusion.late import UNFITTED
from ..predictions import load_predictions
from ..predictions.rows import Rows
from .config import RunConfig
from .display import Display
from .stages import TABLE, RunFolder
from .systems import FUSED, REFITTED, System

PERMUTED = "permuted"
COMPARATORS: dict[str, dict[str, dict[str, Any]]] = {
    "emotion": {
        **{prior: {"target_prior": prior} for prior in TARGET_PRIORS},
        **{method: {"method": method} for method in EmotionFusion.METHODS},
        PERMUTED: {},
    },
    "attributes": {
        **{method: {"method": method} for method in AttributeFusion.METHODS},
        "unmatched": {"moments": None},
        PERMUTED: {},
    },
}
"""What a comparator of each task sets otherwise than the fusion itself."""


def fuse(
    folder: RunFolder, task: str, branches: list[System], config: RunConfig, table: Table, display: Display
) -> tuple[dict[str, str], str]:
    """Return the predictions file of each system of a task so far, and the one that rests on all branches.

    With one branch there is nothing to fuse: that one is the branch, refitted.
    """
    files = {branch.name: branch.files[task] for branch in branches}
    first, *others = files
    control = first + REFITTED
    settings = _settings(task, config, table)
    systems = {first: files[first], control: _fit(folder, task, control, {first: files[first]}, _refitting(settings), table, display)}
    if not others:
        return systems, control
    systems |= {name: files[name] for name in others}
    for name in config.fusion.comparators:
        change = COMPARATORS[task].get(name)
        if change is None or (name != PERMUTED and settings | change == settings):
            continue
        stage = f"{FUSED}, {name}"
        changed = _complete(settings | change, table)
        systems[stage] = _fit(folder, task, stage, files, changed, table, display, seed=config.seed if name == PERMUTED else None)
    return systems | {FUSED: _fit(folder, task, FUSED, files, settings, table, display)}, FUSED


def check_comparators(names: list[str]) -> None:
    """Refuse a comparator that no task knows.

    Raises:
        ConfigError: With the nearest name that there is.
    """
    known = dict.fromkeys(name for by_name in COMPARATORS.values() for name in by_name)
    for name in names:
        if name not in known:
            raise ConfigError(f"fusion.comparators has '{name}' (known: {', '.join(known)}).{nearest(name, known)}")


def _fit(
    folder: RunFolder,
    task: str,
    name: str,
    files: Mapping[str, str],
    settings: Mapping[str, Any],
    table: Table,
    display: Display,
    seed: int | None = None,
) -> str:
    """Fit a fusion on the splits that tune and return the path of its predictions.

    Args:
        folder: The run.
        task: ``emotion`` or ``attributes``.
        name: Name of the system.
        files: Predictions of each branch, by its name.
        settings: What the fusion is made from.
        table: The corpus.
        display: What is shown meanwhile.
        seed: Permute the rows of every branch but the first by it.
    """
    stage, stem = name, f"fusion/{name.replace(', ', '_')}"
    if task != "emotion":
        stage, stem = f"{name} ({task})", f"{stem}_{task}"
    fusion = (EmotionFusion if task == "emotion" else AttributeFusion)(**settings)

    def make() -> str:
        first, *others = (load_predictions(folder.path / path) for path in files.values())
        predictions: list[Any] = [first, *(other if seed is None else permuted(other, seed) for other in others)]
        groups = dict(zip(table.column("id"), table.speaker_groups(), strict=True))
        with display.bar(f"{stage}: fitting") as tell:
            fused = fusion.fit_predict(predictions, tuning_labels(table, task), groups, tell)
        fusion.save(folder.path / f"{stem}.json")
        fused.save(folder.path / f"{stem}.parquet")
        return reliance(fused)

    inputs = {"settings": fusion.get_params(), "permuted": seed}
    folder.stage(stage, lambda: {**inputs, "files": folder.digest(*files.values(), TABLE)}, [f"{stem}.json", f"{stem}.parquet"], make)
    return f"{stem}.parquet"


def _refitting(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings with which a single branch is refitted: by regression, where all branches are joined without."""
    if settings["method"] not in UNFITTED:
        return dict(settings)
    return {**settings, "method": "ridge" if "moments" in settings else "logistic"}


def _settings(task: str, config: RunConfig, table: Table) -> dict[str, Any]:
    """Return what the fusion of a task is made from, what it takes from the training labels included."""
    common = {"folds": config.fusion.folds, "seed": config.seed}
    if task == "emotion":
        return _complete({**common, "method": config.fusion.method, "target_prior": config.fusion.target_prior}, table)
    moments = moments_of(attributes_of(table), training_ids(table)) if config.fusion.match_moments else None
    return {**common, "method": config.fusion.attribute_method, "moments": moments}


def _complete(settings: dict[str, Any], table: Table) -> dict[str, Any]:
    """Return settings with the class distribution of the training labels, where the target prior is that."""
    if settings.get("target_prior") != "train":
        return {name: value for name, value in settings.items() if name != "train_prior"}
    return settings | {"train_prior": train_prior(table)}


def reliance(fused: Rows) -> str:
    """Return how many utterances rest on which branches."""
    counts = Counter(used or "no branch, left null" for used in fused.used or [])
    return ", ".join(f"{plural(n, 'utterance')} from {used}" for used, n in counts.most_common())
