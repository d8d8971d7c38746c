"""The systems of an experiment, with the tasks that each is trained for, known before anything is trained."""

from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import yaml

from ..configs import find_config
from ..errors import ConfigError, nearest
from .config import RunConfig

TASKS = ("emotion", "attributes")
"""What a system may predict, in the order of the results."""
FUSED = "fused"
"""What the fusion of all branches is called in the results."""
REFITTED = ", refitted"
"""How the name of a branch ends that went alone through the regression that fuses: what a fusion is compared with by default."""
MODELS = "emojudge.models"
"""Where a model class without a module's name is looked for."""


@dataclass(frozen=True)
class System:
    """One branch: the config files of its training, and what it predicts."""

    name: str
    configs: list[Path]
    tasks: tuple[str, ...]

    @property
    def files(self) -> dict[str, str]:
        """Return the predictions file of each task, relative to the run's folder."""
        first, *others = self.tasks
        return {first: f"{self.name}/predictions.parquet", **{task: f"{self.name}/predictions_{task}.parquet" for task in others}}


def read_systems(config: RunConfig) -> list[System]:
    """Return the systems of an experiment; the tasks of each are those of the model class that its configs name.

    Raises:
        ConfigError: If a config cannot be found or read, or names no model class that says its tasks.
    """
    systems = []
    for name, files in config.systems.items():
        paths = [find_config(file) for file in files]
        systems.append(System(name, paths, _tasks(name, _model_class(name, paths))))
    return systems


def _model_class(name: str, paths: list[Path]) -> str:
    """Return what the last config that names a model class calls it, as the training would."""
    found = None
    for path in paths:
        try:
            content: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            raise ConfigError(f"{path}: not readable as YAML ({' '.join(str(error).split())})") from error
        model = content.get("model") if isinstance(content, dict) else None
        named = model.get("class_path") if isinstance(model, dict) else model
        found = named or found
    if not isinstance(found, str):
        raise ConfigError(f"system '{name}': none of its configs names a model (model.class_path); add one such as model/ecapa_small.yaml")
    return found


def _tasks(name: str, model_class: str) -> tuple[str, ...]:
    module, _, attribute = model_class.rpartition(".")
    try:
        found = getattr(import_module(module or MODELS), attribute)
    except (ImportError, AttributeError) as error:
        known = [f"{MODELS}.{entry}" for entry in import_module(MODELS).__all__]
        raise ConfigError(f"system '{name}': there is no model class '{model_class}' ({error}).{nearest(model_class, known)}") from error
    tasks = getattr(found, "tasks", ())
    if not tasks or not set(tasks) <= set(TASKS):
        raise ConfigError(f"system '{name}': {model_class} does not say what it learns; give it tasks, some of {', '.join(TASKS)}")
    return tuple(task for task in TASKS if task in tasks)
