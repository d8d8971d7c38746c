"""``Predictions``: logits of the emotions, and what fusion and judge add."""

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from ..errors import PredictionsError
from .rows import SCHEMA_VERSION, Info, Rows


@dataclass(frozen=True)
class PredictionsInfo(Info):
    """Where emotion predictions come from; travels in the parquet file's metadata."""

    TASK: ClassVar[str] = "emotion"

    system: str
    """Name of the system, such as ``acoustic`` or ``fused``."""
    classes: tuple[str, ...]
    """The class list, in the order of the logits."""
    corpus: str
    """Fingerprint of the table that was predicted."""
    checkpoint: str = ""
    """Digest of the checkpoint, or of the file that a fused or refined system was made with."""
    source_prior: tuple[float, ...] | None = None
    """Class distribution that the posterior of these logits assumes; None where it is not known, or another in each split."""
    absent_classes: tuple[str, ...] = ()
    """Classes that did not occur in training: null columns, left out by every consumer."""
    transductive: bool = False
    """Whether the rows of a split rest on the other rows of that split, as under an estimated class distribution."""
    estimated_priors: dict[str, tuple[float, ...]] | None = None
    """Class distribution by split, where each was estimated from the rows of the split."""
    task: str = TASK
    schema_version: int = SCHEMA_VERSION

    @property
    def names(self) -> tuple[str, ...]:
        """Return the class list."""
        return self.classes

    @property
    def absent(self) -> tuple[str, ...]:
        """Return the classes that did not occur in training."""
        return self.absent_classes


@dataclass(frozen=True, eq=False)
class Predictions(Rows):
    """Logits of some utterances, and the columns that fusion and judge add.

    ``logits`` is ``(utterances, classes)`` float64; a row without input and the column of an absent
    class are NaN.

    Raises:
        PredictionsError: If ids repeat, a part has another length than the ids, a logit is infinite or
            missing in part of a row, an absent class has logits, or a name is not in the class list.
    """

    NUMBERS: ClassVar[tuple[str, str]] = ("logits", "logit")
    NAMES: ClassVar[tuple[str, str]] = ("classes", "class")
    PREFIX: ClassVar[str] = "logit_"
    PARTS: ClassVar[tuple[str, ...]] = ("used", "fold", "label", "reason_code")

    id: list[str]
    split: list[str]
    logits: NDArray[np.float64]
    info: PredictionsInfo
    used: list[str] | None = None
    """Branches that a fused row rests on, joined by ``+``; empty where there was none."""
    fold: NDArray[np.int64] | None = None
    """Fold whose model made a row of the fitting split; -1 elsewhere."""
    label: list[str | None] | None = None
    """The refined label, in the judge's output."""
    reason_code: list[str | None] | None = None
    """Why the judge kept or changed the label."""
    _index: dict[str, int] = field(default_factory=dict, repr=False)

    def _check_names(self) -> None:
        super()._check_names()
        info = self.info
        self._refuse_strangers(self.label or [])
        for kind, prior in [("a source", info.source_prior), *(("an estimated", p) for p in (info.estimated_priors or {}).values())]:
            if prior is not None and len(prior) != len(info.classes):
                raise PredictionsError(f"{info.system}: {kind} prior of {len(prior)} values for {len(info.classes)} classes")

    def labels(self) -> list[str | None]:
        """Return the label of each row: the judge's where there is one, else that of the largest logit; None without input."""
        if self.label is not None:
            return list(self.label)
        filled = np.where(np.isnan(self.logits), -np.inf, self.logits)
        best = filled.argmax(axis=1)
        return [self.info.classes[k] if known else None for k, known in zip(best, self.predicted, strict=True)]
