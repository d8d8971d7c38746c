"""Who says what, how, and in which split: everything about the synthetic corpus but its sound."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ...errors import CorpusError
from ...labels import EMOTIONS
from .raters import Rating, draw_ratings
from .settings import FILLERS, TOPIC_NEIGHBOURS, TOPICS, VOICES, Conflicts, Shares, Words
from .voice import Delivery, Speaker, draw_delivery, draw_speaker

RECORDINGS_PER_SPEAKER = 2
"""Podcasts in which a speaker occurs."""


@dataclass(frozen=True)
class Planned:
    """One utterance before it is spoken."""

    name: str
    """File name without its ending."""
    split: str
    """``Train``, ``Development``, ``Test1`` or ``Test3``."""
    code: str
    """The consensus: an emotion, or ``O`` or ``X``."""
    sound: str
    """The emotion of the voice."""
    wording: str
    """The emotion of the words; another one in a planned conflict."""
    words: tuple[str, ...]
    delivery: Delivery
    ratings: tuple[Rating, ...]


def plan_corpus(utterances: int, speakers: int, length: tuple[int, int], rng: np.random.Generator) -> list[Planned]:
    """Return the utterances of a corpus in the order of their file names.

    Every split holds every class, Test3 as many of each as it can; no speaker is in two splits. A
    share of the utterances is in conflict: sound and words belong to two classes, and the label is
    that of the sound in most of them, of the words in the others (:class:`~.settings.Conflicts`).

    Args:
        utterances: In all splits together.
        speakers: In all splits together.
        length: Fewest and most words of a sentence.
        rng: Source of every chance.

    Raises:
        CorpusError: If there are too few utterances or speakers for four splits and eight classes.
    """
    shares = Shares()
    sizes = divide(utterances, dict(shares.splits), at_least=len(EMOTIONS), what="utterances")
    casts = divide(speakers, dict(shares.speakers), at_least=2, what="speakers")
    planned: list[Planned] = []
    numbers = iter(rng.permutation(speakers) + 1)
    for split, size in sizes.items():
        cast = [_Member.draw(int(next(numbers)), "Female" if k % 2 else "Male", rng) for k in range(casts[split])]
        codes = _codes(size, split, shares)
        for i, k in enumerate(rng.permutation(size)):
            planned.append(_utterance(codes[k], split, i, cast[i % len(cast)], length, rng))
    return sorted(planned, key=lambda u: u.name)


def divide(total: int, shares: Mapping[str, float], *, at_least: int, what: str) -> dict[str, int]:
    """Return whole parts of a total in the given shares, none smaller than ``at_least``; largest remainders are rounded up.

    Raises:
        CorpusError: If the total is too small.
    """
    if total < at_least * len(shares):
        raise CorpusError(f"{total} {what} are too few for {len(shares)} parts of at least {at_least} ({', '.join(shares)})")
    exact = np.array(list(shares.values())) * total / sum(shares.values())
    parts = np.maximum(np.floor(exact).astype(int), at_least)
    while parts.sum() != total:
        step = 1 if parts.sum() < total else -1
        gap = (exact - parts) * step
        gap[(parts + step) < at_least] = -np.inf
        parts[int(gap.argmax())] += step
    return dict(zip(shares, parts.tolist(), strict=True))


@dataclass(frozen=True)
class _Member:
    """A speaker with the podcasts in which they occur."""

    speaker: Speaker
    recordings: tuple[int, ...]

    @classmethod
    def draw(cls, number: int, gender: str, rng: np.random.Generator) -> "_Member":
        first = RECORDINGS_PER_SPEAKER * (number - 1) + 1
        return cls(draw_speaker(number, gender, rng), tuple(range(first, first + RECORDINGS_PER_SPEAKER)))


def _codes(size: int, split: str, shares: Shares) -> list[str]:
    """Return the consensus of each utterance of a split, in class order."""
    if split == "Test3":
        counts = divide(size, dict.fromkeys(EMOTIONS, 1.0), at_least=1, what="utterances of Test3")
    else:
        unlabelled = {code: round(share * size) for code, share in shares.unlabelled}
        spare = size - len(EMOTIONS)
        unlabelled = {code: min(n, spare // len(unlabelled)) for code, n in unlabelled.items()}
        counts = divide(size - sum(unlabelled.values()), dict(shares.classes), at_least=1, what=f"utterances of {split}") | unlabelled
    return [code for code, n in counts.items() for _ in range(n)]


def _utterance(code: str, split: str, i: int, member: _Member, length: tuple[int, int], rng: np.random.Generator) -> Planned:
    conflicts = Conflicts()
    emotion = code if code in EMOTIONS else str(rng.choice(EMOTIONS))
    sound = wording = emotion
    if rng.random() < conflicts.share:
        other = str(rng.choice([name for name in EMOTIONS if name != emotion]))
        if rng.random() < conflicts.label_follows_sound:
            wording = other
        else:
            sound = other
    delivery = draw_delivery(member.speaker, VOICES[sound], rng)
    recording = member.recordings[int(rng.integers(len(member.recordings)))]
    name = f"MSP-PODCAST_test3_{i + 1:04d}" if split == "Test3" else f"MSP-PODCAST_{recording:04d}_{i + 1:04d}"
    return Planned(
        name=name,
        split=split,
        code=code,
        sound=sound,
        wording=wording,
        words=draw_words(wording, length, rng),
        delivery=delivery,
        ratings=draw_ratings(code, sound, wording, delivery.level_db, rng),
    )


def draw_words(emotion: str, length: tuple[int, int], rng: np.random.Generator) -> tuple[str, ...]:
    """Return a random sentence: fillers, and topics that a class prefers without owning them."""
    words = Words()
    n_words = int(rng.integers(length[0], length[1] + 1))
    is_topic = rng.random(n_words) < words.topic_share
    is_topic[int(rng.integers(n_words))] = True
    return tuple(_topic(emotion, rng, words) if topic else _pick(FILLERS, rng) for topic in is_topic)


def _topic(emotion: str, rng: np.random.Generator, words: Words) -> str:
    chance = rng.random()
    if chance < words.own:
        return _pick(TOPICS[emotion], rng)
    if chance < words.own + words.neighbour:
        return _pick(TOPICS[TOPIC_NEIGHBOURS[emotion]], rng)
    return _pick(TOPICS[EMOTIONS[int(rng.integers(len(EMOTIONS)))]], rng)


def _pick(choices: Sequence[str], rng: np.random.Generator) -> str:
    return choices[int(rng.integers(len(choices)))]
