"""The fusion of all branches, and the first branch refitted in the same way as its control."""

from collections import Counter
from dataclasses import asdict

from ..corpus import Table
from ..fusion import EmotionFusion
from ..predictions import Predictions, load_predictions
from .config import RunConfig
from .display import Display
from .stages import TABLE, RunFolder


def fuse(folder: RunFolder, branches: list[str], config: RunConfig, table: Table, display: Display) -> tuple[dict[str, str], str]:
    """Return the predictions file of each system so far, and the system that the judge is to review.

    With one branch there is nothing to fuse: what the judge reviews is that branch, refitted.
    """
    files = {name: f"{name}/predictions.parquet" for name in branches}
    first, *others = branches
    control = f"{first}, refitted"
    systems = {first: files[first], control: _fit(folder, control, [first], config, table, display)}
    if not others:
        return systems, control
    systems |= {name: files[name] for name in others}
    return systems | {"fused": _fit(folder, "fused", branches, config, table, display)}, "fused"


def _fit(folder: RunFolder, name: str, branches: list[str], config: RunConfig, table: Table, display: Display) -> str:
    """Fit a fusion on the splits that tune and return the path of its predictions."""
    stem = f"fusion/{name.replace(', ', '_')}"
    files = [f"{branch}/predictions.parquet" for branch in branches]

    def make() -> str:
        predictions = [load_predictions(folder.path / path) for path in files]
        ids, groups = table.column("id"), table.speaker_groups()
        rows = zip(ids, table.column("split"), table.column("emotion"), strict=True)
        truth = {id: emotion for id, split, emotion in rows if table.info.roles[split] == "tune"}
        fusion = EmotionFusion(config.fusion.target_prior, config.fusion.folds, seed=config.seed)
        with display.bar(f"{name}: fitting") as tell:
            fused = fusion.fit_predict(predictions, truth, dict(zip(ids, groups, strict=True)), tell)
        fusion.save(folder.path / f"{stem}.json")
        fused.save(folder.path / f"{stem}.parquet")
        return _reliance(fused)

    settings = {"settings": asdict(config.fusion), "seed": config.seed}
    folder.stage(name, lambda: {**settings, "files": folder.digest(*files, TABLE)}, [f"{stem}.json", f"{stem}.parquet"], make)
    return f"{stem}.parquet"


def _reliance(fused: Predictions) -> str:
    """Return how many utterances rest on which branches."""
    counts = Counter(used or "none" for used in fused.used or [])
    return ", ".join(f"{n} utterances from {used}" for used, n in counts.items())
