"""The JSON file of a fusion (joint 3): settings, models and curves as plain numbers, for every task alike."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.base import BaseEstimator

from ..errors import FusionError
from ..files import write_text

SCHEMA_VERSION = 1


class SavedFusion(BaseEstimator):  # type: ignore[misc]
    """A fitted fusion as far as its file goes; a task says how a model of its own becomes numbers, and back."""

    TASK: ClassVar[str]
    NAMES: ClassVar[str]
    """What the file calls the list of classes or attributes."""

    branches_: list[str]
    names_: tuple[str, ...]
    """Classes or attributes."""
    absent_: tuple[str, ...]
    """Those that some branch has not seen in training."""
    n_fitted_: int
    """Labelled utterances that it was fitted on."""
    fitted_on_: Mapping[str, Any]
    """``corpus``, its fingerprint, and ``splits``."""
    models_: dict[str, Any]
    """By branches, joined by ``+``: all of them, and each alone."""
    curves_: dict[str, Any]
    """Likewise: the score of whatever was tried for it."""

    def save(self, path: str | Path) -> None:
        """Write the fitted fusion to a JSON file, whole or not at all."""
        write_text(path, json.dumps(self._to_json(), indent=1) + "\n")

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Return a fusion that :meth:`save` wrote.

        Raises:
            FusionError: If the file is missing, is not JSON of the documented form, has another schema version, or is of another task.
        """
        try:
            raw = json.loads(Path(path).read_text(encoding="utf-8"))
            if raw["schema_version"] != SCHEMA_VERSION:
                raise FusionError(
                    f"{path}: schema version {raw['schema_version']}, this release reads {SCHEMA_VERSION}; fit the fusion again"
                )
            task = raw.get("task", "emotion")
            if task != cls.TASK:
                raise FusionError(f"{path}: a fusion of task {task!r}, {cls.__name__} is of task '{cls.TASK}'")
            fusion = cls(**raw["settings"])
            fusion.branches_, fusion.names_ = raw["branches"], tuple(raw[cls.NAMES])
            fusion.absent_, fusion.n_fitted_ = tuple(raw[f"absent_{cls.NAMES}"]), raw["n_fitted"]
            fusion.fitted_on_ = raw["fitted_on"]
            fusion.models_ = {name: cls._model_from_json(model) for name, model in raw["models"].items()}
            fusion.curves_ = raw["curves"]
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise FusionError(f"{path}: not a fusion written by emojudge ({type(error).__name__}: {error})") from error
        return fusion

    def _to_json(self) -> dict[str, Any]:
        return {
            "schema_version": SCHEMA_VERSION,
            "task": self.TASK,
            "settings": {name: value.tolist() if isinstance(value, np.ndarray) else value for name, value in self.get_params().items()},
            "branches": self.branches_,
            self.NAMES: list(self.names_),
            f"absent_{self.NAMES}": list(self.absent_),
            "fitted_on": self.fitted_on_,
            "n_fitted": self.n_fitted_,
            "models": {name: self._model_to_json(model) for name, model in self.models_.items()},
            "curves": self.curves_,
        }

    def _digest(self) -> str:
        """Return what stands for the checkpoint in the files of its predictions: a digest of all that the file holds."""
        return hashlib.sha256(json.dumps(self._to_json()).encode()).hexdigest()[:16]

    def _model_to_json(self, model: Any) -> dict[str, Any]:
        raise NotImplementedError

    @classmethod
    def _model_from_json(cls, raw: dict[str, Any]) -> Any:
        raise NotImplementedError
