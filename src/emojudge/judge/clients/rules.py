"""Rules that judge a case without a model: the offline default of the demo, and a control for language models.

They claim no quality. A language model that reviews labels no better than these few lines adds nothing.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from ..case import Case
from ..description import LEVELS
from . import Reply, Request
from .lexicon import NEGATIONS, WORDS, emotion_words, family_of

SOUNDS: dict[str, dict[str, float]] = {
    "angry": {"loudness_db": 1.0, "pitch_range_semitones": 1.0, "rate": 0.75, "pause_fraction": -0.5},
    "sad": {"loudness_db": -1.0, "pitch_range_semitones": -0.75, "rate": -1.0, "pause_fraction": 1.0},
    "happy": {"loudness_db": 0.5, "pitch_range_semitones": 0.75, "rate": 0.5, "pause_fraction": -0.25},
    "surprise": {"loudness_db": 0.5, "pitch_range_semitones": 1.0, "rate": 0.0, "pause_fraction": 0.0},
    "fear": {"loudness_db": 0.0, "pitch_range_semitones": 0.0, "rate": 1.0, "pause_fraction": 0.5},
    "disgust": {"loudness_db": 0.0, "pitch_range_semitones": 0.0, "rate": -0.75, "pause_fraction": 0.25},
    "contempt": {"loudness_db": -0.25, "pitch_range_semitones": -0.25, "rate": -0.5, "pause_fraction": 0.0},
    "neutral": {"loudness_db": 0.0, "pitch_range_semitones": 0.0, "rate": 0.0, "pause_fraction": 0.0},
    "calm": {"loudness_db": -0.75, "pitch_range_semitones": -0.5, "rate": -0.5, "pause_fraction": 0.25},
}
"""How each family is said to sound, from -1 (very low) to 1 (very high), after the reviews of Scherer (2003) and of
Juslin and Laukka (2003). Median pitch is left out: among men and women together it tells the speaker's sex first."""

WORD_POINTS = (0, 20, 31, 36)
"""Points for none, one, two, and three or more different words of a class's family."""
SOUND_POINTS = 40
"""Points for a sound that fits exactly; one that is opposite in everything loses as many."""
CLEAR_POINTS = 10
"""A label that is not this far ahead of every other is not clear ..."""
UNCLEAR_CONFIDENCE = 70
"""... and gets at most this confidence, in percent; likewise where the words name several emotions."""

UNREMARKABLE = ("neutral", "calm")
"""What a case without words or levels that stand out fits best: that nothing was found is no ground for overruling."""


class RulesClient:
    """Scores each class by words and sound, and answers with the best.

    A class gets points for words of its family in the transcript (:data:`WORD_POINTS`) and for how well the levels
    of the description fit what is said of its sound (:data:`SOUNDS`): 1 minus the mean distance, times
    :data:`SOUND_POINTS`. The confidence is 50 plus its lead over the fused label (over the runner-up, if it is the
    fused label), capped where the case is not clear or the label is an :data:`UNREMARKABLE` one. So a label changes
    on two words that name one emotion, on one word that the sound supports, or on a sound that is striking and far
    from the fused label's. Classes of an unknown name get no points and are never chosen over the fused label.
    """

    model = "rules-v1"
    repeatable = True

    @property
    def settings(self) -> Mapping[str, Any]:
        """Return the digest of every constant that the answers depend on."""
        words = {family: sorted(known) for family, known in WORDS.items()}
        constants = [SOUNDS, words, sorted(NEGATIONS), WORD_POINTS, SOUND_POINTS, CLEAR_POINTS, UNCLEAR_CONFIDENCE, UNREMARKABLE]
        return {"rules": hashlib.sha256(json.dumps(constants, sort_keys=True).encode()).hexdigest()[:16]}

    def reply(self, request: Request) -> Reply:
        """Return a reply of the form that a language model is asked for."""
        label, confidence, reason = judge_by_rules(request.case)
        return Reply(json.dumps({"label": label, "confidence": confidence, "reason": reason}).encode())


def judge_by_rules(case: Case) -> tuple[str, int, str]:
    """Return label, confidence in percent, and reason for a case that has a label."""
    fused = case.label if case.label is not None else case.classes[0]
    words = emotion_words(case.transcript or "")
    heard = _heard(case.levels)
    points = {name: _points(family_of(name), words, heard) for name in case.classes}
    ranked = sorted(points, key=lambda name: (-points[name], name != fused, case.classes.index(name)))
    best = ranked[0] if family_of(ranked[0]) is not None else fused
    others = [name for name in ranked if name != best]
    against = fused if best != fused else others[0] if others else fused
    confidence = round(50 + points[best] - points[against])
    clear = not others or points[best] - points[others[0]] >= CLEAR_POINTS
    if not clear or len(words) > 1 or (best != fused and family_of(best) in UNREMARKABLE):
        confidence = min(confidence, UNCLEAR_CONFIDENCE)
    return best, min(max(confidence, 0), 99), _reason(words, heard)


def _heard(levels: Mapping[str, str]) -> dict[str, float]:
    """Return the levels that the rules use, from -1 (very low) to 1 (very high)."""
    rate = levels.get("words_per_s", levels.get("syllables_per_s"))
    known = {name: levels.get(name) for name in ("loudness_db", "pitch_range_semitones", "pause_fraction")} | {"rate": rate}
    return {name: LEVELS.index(level) / 2 - 1 for name, level in known.items() if level is not None}


def _points(family: str | None, words: Mapping[str, list[str]], heard: Mapping[str, float]) -> float:
    if family is None:
        return 0.0
    points = float(WORD_POINTS[min(len(words.get(family, [])), len(WORD_POINTS) - 1)])
    if heard:
        distance = sum(abs(SOUNDS[family][name] - value) for name, value in heard.items()) / len(heard)  # 0 to 2
        points += SOUND_POINTS * (1 - distance)
    return points


def _reason(words: Mapping[str, list[str]], heard: Mapping[str, float]) -> str:
    said = ", ".join(word for found in words.values() for word in found[:3]) or "no emotion words"
    names = {"loudness_db": "loudness", "pitch_range_semitones": "pitch range", "rate": "rate", "pause_fraction": "pauses"}
    striking = [f"{names[name]} {LEVELS[round(2 * value + 2)]}" for name, value in heard.items() if value]
    return f"Rules. Words: {said}. Sound: {', '.join(striking) or ('average' if heard else 'unknown')}."
