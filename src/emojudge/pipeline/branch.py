"""One branch: its training, and the predictions of its best checkpoint, in processes of their own."""

import json
import shutil
from pathlib import Path
from typing import Any

from .. import __version__
from ..corpus import Table
from ..files import file_digest, write_text
from .config import RunConfig
from .display import Display
from .stages import TABLE, RunFolder
from .systems import System
from .training import call

MARK = "training.json"
"""What a branch's folder was trained from, and whether that is finished."""


def train_branch(folder: RunFolder, system: System, config: RunConfig, table: Table, display: Display) -> None:
    """Train one branch and let its best checkpoint predict every split but those it was trained on.

    A training that was interrupted goes on from its last checkpoint. One that is finished, or was made
    from other inputs, is moved to ``<name>.old-<n>`` when the branch is to be trained again.

    Raises:
        EmojudgeError: If a process failed, with its own words.
    """
    name = system.name
    path = folder.path / name
    fit, tune = ([split for split, r in table.info.roles.items() if r == role] for role in ("fit", "tune"))
    predicted = [split for split in table.splits if split not in fit]
    shared = [
        *(f"--config={config_path}" for config_path in system.configs),
        f"--data.init_args.table={folder.path / TABLE}",
        f"--data.init_args.classes={json.dumps(list(table.info.classes))}",
        f"--data.init_args.fit_splits={json.dumps(fit)}",
        f"--data.init_args.val_splits={json.dumps(tune)}",
        f"--data.init_args.predict_splits={json.dumps(predicted)}",
        f"--data.init_args.seed={config.seed}",
        f"--seed_everything={config.seed}",
        f"--trainer.default_root_dir={path}",
    ]
    inputs = {
        "table": folder.digest(TABLE),
        "configs": [file_digest(config_path) for config_path in system.configs],
        "splits": [fit, tune, predicted],
        "seed": config.seed,
    }

    def train() -> None:
        _make_room(path, inputs)
        with display.bar(f"{name}: training") as tell:
            call("fit", [*shared, "--ckpt_path=last"], path, tell)
        _mark(path, inputs, finished=True)

    def predict() -> None:
        with display.bar(f"{name}: predicting") as tell:
            call("predict", [*shared, f"--predictions.system={name}"], path, tell)

    checkpoint = f"{name}/checkpoints/best.ckpt"
    folder.stage(f"{name}: training", lambda: inputs, [checkpoint], train)
    folder.stage(f"{name}: predictions", lambda: {**inputs, "checkpoint": folder.digest(checkpoint)}, list(system.files.values()), predict)


def _make_room(path: Path, inputs: dict[str, Any]) -> None:
    """Leave an unfinished training of the same inputs where it is, and put anything else aside."""
    unfinished = _text(inputs, finished=False)
    mark = path / MARK
    if path.is_dir() and not (mark.is_file() and mark.read_text(encoding="utf-8") == unfinished):
        n = 1
        while (old := path.with_name(f"{path.name}.old-{n}")).exists():
            n += 1
        shutil.move(path, old)
    _mark(path, inputs, finished=False)


def _mark(path: Path, inputs: dict[str, Any], *, finished: bool) -> None:
    write_text(path / MARK, _text(inputs, finished=finished))


def _text(inputs: dict[str, Any], *, finished: bool) -> str:
    return json.dumps({"emojudge": __version__, **inputs, "finished": finished}, indent=1) + "\n"
