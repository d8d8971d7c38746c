"""What the paper prints of its corpus, as it stands there, to set other corpora beside it."""

from collections.abc import Mapping
from dataclasses import dataclass

from ..labels import EMOTIONS


@dataclass(frozen=True)
class PaperSplit:
    """One column of the paper's Table 1."""

    name: str
    """As the paper calls it."""
    percent: Mapping[str, float]
    """Share of each class, in percent."""
    n_utterances: int
    """The total that the paper gives."""


def _split(name: str, n_utterances: int, *percent: float) -> PaperSplit:
    return PaperSplit(name, dict(zip(EMOTIONS, percent, strict=True)), n_utterances)


TABLE_1 = {
    "train": _split("Train", 66_992, 10.05, 9.41, 24.95, 4.40, 1.67, 2.14, 3.72, 43.65),
    "dev": _split("Development", 22_898, 23.11, 9.27, 25.12, 3.91, 1.29, 2.15, 5.78, 29.39),
    "dev2": _split("Dev-2", 2_360, 12.5, 12.5, 12.5, 12.5, 12.5, 12.5, 12.5, 12.5),
}
"""Table 1 of the paper by our name of each split: MSP-Podcast, release of the challenge, utterances of the eight classes."""

TABLE_1_NOTES = (
    "Paper: its percentages of Development describe all 25,258 utterances, though the total printed is the 22,898 left after Dev-2; "
    "of those, Fear would be 0.14 %.",
)
"""What must be said beside :data:`TABLE_1`."""
