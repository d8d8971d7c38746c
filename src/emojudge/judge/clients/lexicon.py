"""English words that name or plainly show an emotion, for the rules that judge without a model."""

import re

FAMILIES: dict[str, tuple[str, ...]] = {
    "angry": ("angry", "anger"),
    "sad": ("sad", "sadness"),
    "happy": ("happy", "happiness", "joy", "joyful"),
    "surprise": ("surprise", "surprised"),
    "fear": ("fear", "fearful", "afraid"),
    "disgust": ("disgust", "disgusted"),
    "contempt": ("contempt", "contemptuous"),
    "neutral": ("neutral",),
    "calm": ("calm",),
}
"""Families of emotion, and the names that class lists give them."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


WORDS: dict[str, frozenset[str]] = {
    "angry": _words(
        """
        angry anger furious fury enraged rage raging outraged outrage mad pissed livid irritated irritating annoyed
        annoying infuriating hate hated hostile resent resentful fuming damn goddamn bastard bastards
        """
    ),
    "sad": _words(
        """
        sad sadly sadness unhappy miserable misery depressed depressing depression heartbroken grief grieving mourn
        mourning sorrow sorry lonely loneliness hopeless tears crying cried weep weeping devastated tragic regret
        """
    ),
    "happy": _words(
        """
        happy happily happiness glad joy joyful delighted delightful thrilled excited exciting wonderful fantastic
        awesome amazing love loved lovely enjoy enjoyed fun hilarious congratulations yay grateful cheerful
        """
    ),
    "surprise": _words(
        """
        surprise surprised surprising astonished astonishing unbelievable unexpected unexpectedly stunned wow whoa
        shocked shocking omg
        """
    ),
    "fear": _words(
        """
        afraid scared scary scare frightened frightening fear fears feared terrified terrifying terror panic panicking
        anxious anxiety nervous horrified dread dreading worried nightmare
        """
    ),
    "disgust": _words(
        """
        disgust disgusting disgusted gross revolting nasty nauseating repulsive sickening vomit yuck ew eww vile
        filthy
        """
    ),
    "contempt": _words(
        """
        contempt pathetic ridiculous laughable loser losers idiot idiots idiotic moron morons stupid worthless despise
        scorn
        """
    ),
}
"""Words by family. Each belongs to one family only."""

_FAMILY_OF_WORD = {word: family for family, words in WORDS.items() for word in words}

_CLAUSE_END = re.compile(r"[.,;:!?()…]+")

NEGATIONS = _words("not no never neither nor without hardly cannot")
"""A word of the list counts for nothing when one of these, or a word ending in n't, is among the three before it in the clause."""


def family_of(name: str) -> str | None:
    """Return the family of a class name; None for a name that the rules do not know."""
    return next((family for family, names in FAMILIES.items() if name.strip().lower() in names), None)


def emotion_words(transcript: str) -> dict[str, list[str]]:
    """Return the different words of each family that a transcript holds, without those that are negated.

    >>> emotion_words("I'm not happy, I am furious. Furious!")
    {'angry': ['furious']}
    """
    found: dict[str, list[str]] = {}
    for clause in _CLAUSE_END.split(transcript.lower().replace("’", "'")):
        words = [word.strip("\"'“”„[]*-") for word in clause.split()]
        for i, word in enumerate(words):
            family = _FAMILY_OF_WORD.get(word)
            if family is None or word in found.get(family, []):
                continue
            if not any(before in NEGATIONS or before.endswith("n't") for before in words[max(i - 3, 0) : i]):
                found.setdefault(family, []).append(word)
    return found
