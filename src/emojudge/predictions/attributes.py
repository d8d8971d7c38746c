"""``AttributePredictions``: valence, arousal and dominance in 1 to 7, and what fusion adds."""

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from ..errors import PredictionsError
from ..labels import ATTRIBUTES
from .rows import SCHEMA_VERSION, Info, Rows


@dataclass(frozen=True)
class AttributesInfo(Info):
    """Where attribute predictions come from; travels in the parquet file's metadata."""

    TASK: ClassVar[str] = "attributes"

    system: str
    """Name of the system, such as ``acoustic`` or ``fused``."""
    attributes: tuple[str, ...]
    """What is predicted, in the order of the columns of ``values``."""
    corpus: str
    """Fingerprint of the table that was predicted."""
    checkpoint: str = ""
    """Digest of the checkpoint, or of the file that a fused system was made with."""
    absent_attributes: tuple[str, ...] = ()
    """Attributes without a value in training: null columns, left out by every consumer."""
    task: str = TASK
    schema_version: int = SCHEMA_VERSION

    @property
    def names(self) -> tuple[str, ...]:
        """Return the attributes."""
        return self.attributes

    @property
    def absent(self) -> tuple[str, ...]:
        """Return the attributes without a value in training."""
        return self.absent_attributes


@dataclass(frozen=True, eq=False)
class AttributePredictions(Rows):
    """Attributes of some utterances, and the columns that fusion adds.

    ``values`` is ``(utterances, attributes)`` float64 on the scale of 1 to 7, never clipped: the concordance
    correlation is computed on what was predicted (paper, section 3.2), only reports and submissions clip. A
    row without input and the column of an absent attribute are NaN. A column is found by its name, since three
    orders are in use.

    Raises:
        PredictionsError: If ids repeat, a part has another length than the ids, a value is infinite or missing in
            part of a row, an absent attribute has values, or a name is none of :data:`~emojudge.labels.ATTRIBUTES`.
    """

    NUMBERS: ClassVar[tuple[str, str]] = ("values", "value")
    NAMES: ClassVar[tuple[str, str]] = ("attributes", "attribute")
    PARTS: ClassVar[tuple[str, ...]] = ("used", "fold")

    id: list[str]
    split: list[str]
    values: NDArray[np.float64]
    info: AttributesInfo
    used: list[str] | None = None
    """Branches that a fused row rests on, joined by ``+``; empty where there was none."""
    fold: NDArray[np.int64] | None = None
    """Fold whose model made a row of the fitting split; -1 elsewhere."""
    _index: dict[str, int] = field(default_factory=dict, repr=False)

    def _check_names(self) -> None:
        super()._check_names()
        unknown = [name for name in self.info.attributes if name not in ATTRIBUTES]
        if unknown:
            raise PredictionsError(f"{self.info.system}: {unknown} are no attributes (known: {', '.join(ATTRIBUTES)})")
