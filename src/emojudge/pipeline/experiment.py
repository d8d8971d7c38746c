"""``run_experiment``: corpus, networks, fusion, judge and results, each stage a file that the next one reads."""

import csv
import io
import json
import shutil
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ..configs import find_config
from ..corpus import Table, dev2, load_table, read_table
from ..errors import ConfigError
from ..evaluation.tables import ResultsTable
from ..files import file_digest, write_text
from ..fusion import EmotionFusion
from ..predictions import Predictions, load_predictions
from . import judging
from .config import RunConfig
from .display import Display
from .results import SYSTEMS_FILE, load_systems, score_run
from .stages import RunFolder, folder_digest
from .training import call

TABLE = "table.parquet"


def run_experiment(config: RunConfig, out: str | Path, display: Display | None = None, *, force: bool = False) -> ResultsTable:
    """Run all stages into a folder and return the results.

    A stage whose inputs have not changed is skipped; an interrupted training goes on from its last
    checkpoint.

    Args:
        config: The experiment.
        out: The run folder.
        display: What is shown meanwhile; a plain console by default.
        force: Run every stage again.

    Raises:
        EmojudgeError: If a stage cannot be done; what earlier stages wrote stays.
    """
    display = display or Display()
    configs = {name: [find_config(path) for path in paths] for name, paths in config.systems.items()}
    if not configs:
        raise ConfigError("systems is empty; name at least one, such as acoustic: [config files]")
    folder = RunFolder(out, asdict(config), display.say, force)
    with folder.locked():
        table = _read_corpus(folder, config, display)
        for name, paths in configs.items():
            _train(folder, name, paths, config, table, display)
        names = _fuse(folder, list(configs), config, table, display)
        if config.judge.client != "none":
            names |= judging.review(folder, config, table, display)
        _report(folder, names, table)
        return score_run(load_systems(folder.path), table)


def _read_corpus(folder: RunFolder, config: RunConfig, display: Display) -> Table:
    """Read the corpus into ``table.parquet``, and what was left out of it into ``skipped.csv``."""
    corpus = config.corpus

    def make() -> str:
        with display.bar("reading the corpus") as tell:
            table = load_table(corpus.reader, on_bad_utterance=config.on_bad_utterance, progress=tell, **corpus.options)
        if corpus.dev2 is not None:
            table = dev2(table, seed=corpus.dev2.seed, per_class=corpus.dev2.per_class, allow_rare=corpus.dev2.allow_rare)
        table = table.with_roles(corpus.roles)
        _check_roles(table)
        table.save(folder.path / TABLE)
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows([("id", "reason"), *table.info.skipped])
        write_text(folder.path / "skipped.csv", text.getvalue())
        counts = "".join(f", {n} {what.replace('_', ' ')}" for what, n in table.info.counts.items() if n)
        skipped = f", {len(table.info.skipped)} left out (skipped.csv)" if table.info.skipped else ""
        return ", ".join(f"{split} {n}" for split, n in table.splits.items()) + counts + skipped

    place = corpus.options.get("root") or corpus.options.get("path")
    inputs: dict[str, Any] = {"corpus": asdict(corpus), "on_bad_utterance": config.on_bad_utterance}
    if place is not None and Path(place).exists():
        inputs["files"] = folder_digest(place, without=folder.path)
    folder.stage("corpus", inputs, [TABLE, "skipped.csv"], make)
    return read_table(folder.path / TABLE)


def _check_roles(table: Table) -> None:
    for role, purpose in (("fit", "train networks"), ("tune", "choose checkpoints and fit the fusion")):
        if role not in table.info.roles.values():
            raise ConfigError(f"{table.info.source} has no split with role '{role}' to {purpose} (roles: {dict(table.info.roles)})")


def _train(folder: RunFolder, name: str, configs: Sequence[Path], config: RunConfig, table: Table, display: Display) -> None:
    """Train one branch and let its best checkpoint predict every split but those it was trained on."""
    path = folder.path / name
    fit, tune = ([split for split, r in table.info.roles.items() if r == role] for role in ("fit", "tune"))
    predicted = [split for split in table.splits if split not in fit]
    shared = [
        *(f"--config={config_path}" for config_path in configs),
        f"--data.init_args.table={folder.path / TABLE}",
        f"--data.init_args.classes={json.dumps(list(table.info.classes))}",
        f"--data.init_args.fit_splits={json.dumps(fit)}",
        f"--data.init_args.val_splits={json.dumps(tune)}",
        f"--data.init_args.predict_splits={json.dumps(predicted)}",
        f"--data.init_args.seed={config.seed}",
        f"--seed_everything={config.seed}",
        f"--trainer.default_root_dir={path}",
        "--trainer.enable_progress_bar=false",
    ]
    inputs = {
        "table": folder.digest(TABLE),
        "configs": [file_digest(config_path) for config_path in configs],
        "splits": [fit, tune, predicted],
        "seed": config.seed,
    }

    def train() -> None:
        _put_aside_if_other(path, inputs)
        with display.bar(f"{name}: training") as tell:
            call("fit", [*shared, "--ckpt_path=last"], path, tell)

    def predict() -> None:
        with display.bar(f"{name}: predicting") as tell:
            call("predict", [*shared, f"--predictions.system={name}"], path, tell)

    checkpoint = f"{name}/checkpoints/best.ckpt"
    folder.stage(f"{name}: training", inputs, [checkpoint], train)
    folder.stage(f"{name}: predictions", {**inputs, "checkpoint": folder.digest(checkpoint)}, [f"{name}/predictions.parquet"], predict)


def _put_aside_if_other(path: Path, inputs: dict[str, Any]) -> None:
    """Move an earlier training of other inputs to ``<name>.old-<n>``; one of the same inputs is taken up."""
    mark = path / "inputs.json"
    text = json.dumps(inputs, indent=1)
    if path.is_dir() and not (mark.is_file() and mark.read_text(encoding="utf-8") == text):
        n = 1
        while (old := path.with_name(f"{path.name}.old-{n}")).exists():
            n += 1
        shutil.move(path, old)
    write_text(mark, text)


def _fuse(folder: RunFolder, branches: list[str], config: RunConfig, table: Table, display: Display) -> dict[str, str]:
    """Fuse all branches, and refit the first alone as a control; return the file of each system so far."""
    names = {name: f"{name}/predictions.parquet" for name in branches}
    if len(branches) > 1:
        control = f"{branches[0]}, refitted"
        names = {branches[0]: names[branches[0]], control: _fit_fusion(folder, control, branches[:1], config, table, display), **names}
    names["fused"] = _fit_fusion(folder, "fused", branches, config, table, display)
    return names


def _fit_fusion(folder: RunFolder, name: str, branches: list[str], config: RunConfig, table: Table, display: Display) -> str:
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

    inputs = {"settings": asdict(config.fusion), "seed": config.seed, "predictions": folder.digest(*files), "table": folder.digest(TABLE)}
    folder.stage(name, inputs, [f"{stem}.json", f"{stem}.parquet"], make)
    return f"{stem}.parquet"


def _reliance(fused: Predictions) -> str:
    """Return how many utterances rest on which branches."""
    counts = Counter(used or "none" for used in fused.used or [])
    return ", ".join(f"{n} utterances from {used}" for used, n in counts.items())


def _report(folder: RunFolder, names: dict[str, str], table: Table) -> None:
    """Score every system and write ``results.csv`` and ``results.md``."""

    def make() -> None:
        write_text(folder.path / SYSTEMS_FILE, json.dumps(names, indent=1) + "\n")
        results = score_run({name: load_predictions(folder.path / path) for name, path in names.items()}, table)
        write_text(folder.path / "results.csv", results.to_csv())
        write_text(folder.path / "results.md", results.to_markdown())

    inputs = {"systems": names, "files": folder.digest(*names.values()), "table": folder.digest(TABLE)}
    folder.stage("results", inputs, ["results.csv", "results.md", SYSTEMS_FILE], make)
