"""Several listeners vote on an utterance; their votes always give the planned consensus."""

from collections import Counter
from dataclasses import dataclass
from itertools import count

import numpy as np
from numpy.typing import NDArray

from ...labels import EMOTIONS
from .settings import ATTRIBUTE_MEANS, Raters

OTHER = "other"
"""A vote for none of the classes."""


@dataclass(frozen=True)
class Rating:
    """What one rater said about one utterance."""

    worker: int
    primary: str
    """An emotion, or ``other``."""
    secondary: tuple[str, ...]
    """Every class that the rater heard, the primary one included."""
    valence: int
    arousal: int
    dominance: int


def draw_ratings(code: str, sound: str, wording: str, level_db: float, rng: np.random.Generator) -> tuple[Rating, ...]:
    """Return the ratings of one utterance, drawn until their majority is the consensus asked for.

    Args:
        code: The consensus: an emotion, ``O`` (most say other) or ``X`` (no majority).
        sound: Emotion of the voice.
        wording: Emotion of the words.
        level_db: Level above the neutral one; raters hear it as arousal and dominance.
        rng: Source of every chance.
    """
    raters = Raters()
    for _ in count():
        votes = [_vote(code, sound, wording, rng, raters) for _ in range(raters.per_utterance)]
        if majority(votes) == code:
            break
    workers = rng.choice(raters.pool, raters.per_utterance, replace=False) + 1
    heard, read = ATTRIBUTE_MEANS[sound], ATTRIBUTE_MEANS[wording]
    loud = raters.level_effect * level_db
    value = np.array([0.3 * heard.valence + 0.7 * read.valence, heard.arousal + loud, heard.dominance + loud])
    ratings = []
    for worker, vote in zip(workers, votes, strict=True):
        second = [str(rng.choice(EMOTIONS))] if rng.random() < raters.second else []
        scores = np.clip(np.round(value + raters.spread * rng.normal(size=3)), 1, 7).astype(int)
        ratings.append(Rating(int(worker), vote, tuple(dict.fromkeys([vote, *second])), *scores.tolist()))
    return tuple(ratings)


def majority(votes: list[str]) -> str:
    """Return the vote with most voices, ``O`` where that is ``other``, ``X`` where two lead together."""
    (first, most), *rest = Counter(votes).most_common(2)
    if rest and rest[0][1] == most:
        return "X"
    return "O" if first == OTHER else first


def _vote(code: str, sound: str, wording: str, rng: np.random.Generator, raters: Raters) -> str:
    chance = rng.random()
    agreement = 0.0 if code == "X" else raters.agreement
    if chance < agreement:
        return OTHER if code == "O" else code
    chance -= agreement
    if sound != wording and chance < raters.other_channel:
        return wording if code == sound else sound
    if rng.random() < raters.other:
        return OTHER
    return str(rng.choice(EMOTIONS, p=_confusion(sound if code not in EMOTIONS else code, raters.confusion_width)))


def _confusion(emotion: str, width: float) -> NDArray[np.float64]:
    """Return the chance of each class for a rater who is unsure about ``emotion``: near ones in attributes first."""
    means = np.array([[a.valence, a.arousal, a.dominance] for a in (ATTRIBUTE_MEANS[name] for name in EMOTIONS)])  # (classes, 3)
    distance = np.linalg.norm(means - means[EMOTIONS.index(emotion)], axis=1)
    weight = np.exp(-0.5 * (distance / width) ** 2)
    chances: NDArray[np.float64] = weight / weight.sum()
    return chances
