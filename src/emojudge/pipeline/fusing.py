"""The fusion of all branches of a task, and the first branch refitted in the same way as its control."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from ..corpus import Table
from ..corpus.truth import attributes_of
from ..fusion import AttributeFusion, EmotionFusion
from ..predictions import load_predictions
from ..predictions.rows import Rows
from .config import RunConfig
from .display import Display
from .stages import TABLE, RunFolder
from .systems import System

FUSED = "fused"


def fuse(
    folder: RunFolder, task: str, branches: list[System], config: RunConfig, table: Table, display: Display
) -> tuple[dict[str, str], str]:
    """Return the predictions file of each system of a task so far, and the one that rests on all branches.

    With one branch there is nothing to fuse: that one is the branch, refitted.
    """
    files = {branch.name: branch.files[task] for branch in branches}
    first, *others = files
    control = f"{first}, refitted"
    systems = {first: files[first], control: _fit(folder, task, control, {first: files[first]}, config, table, display)}
    if not others:
        return systems, control
    systems |= {name: files[name] for name in others}
    return systems | {FUSED: _fit(folder, task, FUSED, files, config, table, display)}, FUSED


def _fit(folder: RunFolder, task: str, name: str, files: Mapping[str, str], config: RunConfig, table: Table, display: Display) -> str:
    """Fit a fusion on the splits that tune and return the path of its predictions."""
    stage, stem = name, f"fusion/{name.replace(', ', '_')}"
    if task != "emotion":
        stage, stem = f"{name} ({task})", f"{stem}_{task}"
    fusion = _fusion(task, config)

    def make() -> str:
        predictions = [load_predictions(folder.path / path) for path in files.values()]
        groups = dict(zip(table.column("id"), table.speaker_groups(), strict=True))
        with display.bar(f"{stage}: fitting") as tell:
            fused = fusion.fit_predict(predictions, _truth(task, table), groups, tell)
        fusion.save(folder.path / f"{stem}.json")
        fused.save(folder.path / f"{stem}.parquet")
        return _reliance(fused)

    inputs = {"settings": fusion.get_params()}
    folder.stage(stage, lambda: {**inputs, "files": folder.digest(*files.values(), TABLE)}, [f"{stem}.json", f"{stem}.parquet"], make)
    return f"{stem}.parquet"


def _fusion(task: str, config: RunConfig) -> Any:
    if task == "emotion":
        return EmotionFusion(config.fusion.target_prior, config.fusion.folds, seed=config.seed)
    return AttributeFusion(config.fusion.folds, seed=config.seed)


def _truth(task: str, table: Table) -> dict[str, Any]:
    """Return the labels of the splits that tune, by utterance id."""
    labels: Mapping[str, Any] = (
        dict(zip(table.column("id"), table.column("emotion"), strict=True)) if task == "emotion" else attributes_of(table)
    )
    roles = (table.info.roles[split] for split in table.column("split"))
    return {id: label for (id, label), role in zip(labels.items(), roles, strict=True) if role == "tune"}


def _reliance(fused: Rows) -> str:
    """Return how many utterances rest on which branches."""
    counts = Counter(used or "none" for used in fused.used or [])
    return ", ".join(f"{n} utterances from {used}" for used, n in counts.items())
