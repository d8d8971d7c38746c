"""The fusion of all branches, and the first branch refitted in the same way as its control."""

from collections import Counter
from dataclasses import asdict

from ..corpus import Table
from ..errors import ConfigError, FusionError, some
from ..evaluation.prior import target_distribution
from ..fusion import EmotionFusion
from ..predictions import Predictions, load_predictions
from .config import FusionConfig, RunConfig
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


def check_tuning(table: Table, config: FusionConfig) -> None:
    """Refuse a corpus or settings that the fusion could not be fitted with, before the networks are trained.

    Raises:
        FusionError: If a class of train has no labelled utterance to tune on, or these have fewer than two speakers.
        ConfigError: If the target prior or the number of folds makes no sense.
    """
    rows = list(zip(*(table.column(name) for name in ("split", "emotion")), table.speaker_groups(), strict=True))
    counts = {
        role: Counter(emotion for split, emotion, _ in rows if table.info.roles[split] == role and emotion) for role in ("fit", "tune")
    }
    missing = [name for name in table.info.classes if counts["fit"][name] and not counts["tune"][name]]
    tune = ", ".join(split for split, role in table.info.roles.items() if role == "tune")
    if missing:
        raise FusionError(
            f"the split that tunes ({tune}) has no utterance of {some(missing)}, which train has; tune on another, or drop the class"
        )
    if len({group for split, emotion, group in rows if table.info.roles[split] == "tune" and emotion}) < 2:
        raise FusionError(f"the split that tunes ({tune}) has fewer than two speakers; grouped folds need two")
    if config.folds < 2:
        raise ConfigError(f"fusion.folds is {config.folds}; cross-validation needs at least 2")
    target_distribution(config.target_prior, [1.0] * len(table.info.classes))


def _fit(folder: RunFolder, name: str, branches: list[str], config: RunConfig, table: Table, display: Display) -> str:
    """Fit a fusion on the splits that tune and return the path of its predictions."""
    stem = f"fusion/{name.replace(', ', '_')}"
    files = [f"{branch}/predictions.parquet" for branch in branches]

    def make() -> str:
        predictions = [load_predictions(folder.path / path, "emotion") for path in files]
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
