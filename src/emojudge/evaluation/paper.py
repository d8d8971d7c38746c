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


_TRAIN = {
    "angry": 10.05,
    "sad": 9.41,
    "happy": 24.95,
    "surprise": 4.40,
    "fear": 1.67,
    "disgust": 2.14,
    "contempt": 3.72,
    "neutral": 43.65,
}
_DEVELOPMENT = {
    "angry": 23.11,
    "sad": 9.27,
    "happy": 25.12,
    "surprise": 3.91,
    "fear": 1.29,
    "disgust": 2.15,
    "contempt": 5.78,
    "neutral": 29.39,
}

TABLE_1 = {
    "train": PaperSplit("Train", _TRAIN, 66_992),
    "dev": PaperSplit("Development", _DEVELOPMENT, 22_898),
    "dev2": PaperSplit("Dev-2", dict.fromkeys(EMOTIONS, 12.5), 2_360),
}
"""Table 1 of the paper by our name of each split: MSP-Podcast, release of the challenge, utterances of the eight classes."""

TABLE_1_NOTES = (
    "Paper: its percentages of Development describe all 25,258 utterances, though the total printed is the 22,898 left after Dev-2; "
    "of those, Fear would be 0.14 %.",
)
"""What must be said beside :data:`TABLE_1`."""
