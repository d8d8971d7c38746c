"""Every number of the synthetic corpus, in one place and fixed before any network was tuned on it.

Sound and words each tell some classes apart and confuse others: in sound the four aroused classes
resemble each other, and so do the four calm ones; in words each class shares its topics with one from
the other side. Nothing here is a fact about speech, and no word here names or suggests an emotion.

How hard it is, macro-F1 on Development of the default corpus, mean of seeds 1 to 3 (chance .125), with
scikit-learn's logistic regression: 53 acoustic functionals .55, TF-IDF of words .43, both summed .61.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Voice:
    """How an emotion moves a voice away from its neutral setting, at an expression strength of 1."""

    pitch_st: float = 0.0
    """Shift of the median pitch, semitones."""
    range_factor: float = 1.0
    """Factor on the size of the pitch accents."""
    final_st: float = 0.0
    """Rise (or fall) of the pitch over the last third beyond the neutral fall, semitones."""
    level_db: float = 0.0
    """Shift of the level, dB."""
    rate_factor: float = 1.0
    """Factor on syllables per second."""
    pause_factor: float = 1.0
    """Factor on the length of pauses between words."""
    jitter: float = 0.0
    """Added deviation of a glottal period, as a share of it."""
    shimmer: float = 0.0
    """Added deviation of a glottal pulse's amplitude, as a share of it."""
    breath_db: float = 0.0
    """Shift of the breath noise, dB."""
    tilt_db: float = 0.0
    """Shift of the spectral slope, dB an octave; positive sounds pressed, negative soft."""


VOICES = {
    # pitch range final level rate pause jitter shimmer breath tilt
    "angry": Voice(2.5, 1.4, -1.0, 6.0, 1.12, 0.7, 0.006, 0.04, -3.0, 2.6),
    "sad": Voice(-2.0, 0.6, -1.0, -4.0, 0.82, 1.7, 0.004, 0.02, 6.0, -2.0),
    "happy": Voice(3.5, 1.7, 1.0, 3.0, 1.08, 0.8, 0.000, 0.00, 0.0, 1.0),
    "surprise": Voice(5.0, 1.9, 5.0, 2.0, 1.00, 1.1, 0.000, 0.02, 3.0, 0.3),
    "fear": Voice(5.0, 0.8, 1.5, -1.5, 1.25, 0.8, 0.016, 0.10, 5.0, -0.6),
    "disgust": Voice(-1.5, 1.1, -2.0, -0.5, 0.80, 1.3, 0.020, 0.12, 0.0, 1.2),
    "contempt": Voice(-1.5, 1.3, -3.5, 0.0, 0.92, 1.5, 0.004, 0.04, -3.0, 1.6),
    "neutral": Voice(),
}
"""Voice of each emotion."""


@dataclass(frozen=True)
class VoiceSpread:
    """How voices differ between speakers and from one utterance to the next."""

    strength: tuple[float, float] = (0.45, 1.35)
    """Expression strength of an utterance, uniform between these; it scales every shift of :class:`Voice`."""
    pitch_hz: tuple[tuple[str, float], ...] = (("Female", 200.0), ("Male", 115.0))
    """Median pitch of the average speaker by gender, Hz."""
    tract: tuple[tuple[str, float], ...] = (("Female", 1.12), ("Male", 1.0))
    """Factor on formant frequencies by gender."""
    speaker_pitch_st: float = 1.8
    """Standard deviation over speakers, semitones."""
    speaker_level_db: float = 3.0
    """Standard deviation over speakers, dB."""
    speaker_rate: float = 0.08
    """Standard deviation over speakers of the logarithm of the rate."""
    speaker_tract: float = 0.04
    """Standard deviation over speakers of the logarithm of the formant factor."""
    speaker_tilt_db: float = 0.8
    """Standard deviation over speakers, dB an octave."""
    speaker_breath_db: float = 2.5
    """Standard deviation over speakers, dB."""
    pitch_st: float = 1.0
    """Standard deviation over utterances of one speaker, semitones."""
    level_db: float = 2.0
    """Standard deviation over utterances, dB."""
    rate: float = 0.08
    """Standard deviation over utterances of the logarithm of the rate."""
    tilt_db: float = 0.7
    """Standard deviation over utterances, dB an octave."""
    breath_db: float = 2.0
    """Standard deviation over utterances, dB."""


@dataclass(frozen=True)
class Speech:
    """The neutral voice and the sounds it makes."""

    syllables_per_s: float = 5.2
    """Speaking rate without pauses."""
    accent_st: float = 2.2
    """Size of an accent on the first syllable of a word, semitones."""
    fall_st: float = 2.5
    """Fall of the pitch over a neutral utterance, semitones."""
    pause_s: float = 0.07
    """Mean pause between two words, seconds."""
    edge_s: float = 0.08
    """Silence before and after, seconds."""
    level_db: float = -30.0
    """Root mean square of the voiced part, dB of full scale."""
    floor_db: float = -62.0
    """Room noise, dB of full scale."""
    jitter: float = 0.006
    """Deviation of a glottal period, as a share of it."""
    shimmer: float = 0.05
    """Deviation of a glottal pulse's amplitude, as a share of it."""
    breath_db: float = -22.0
    """Breath noise relative to the pulses, dB."""
    tilt_db: float = -9.0
    """Spectral slope of the pulses above 200 Hz, dB an octave."""
    noise_db: float = -8.0
    """Fricatives relative to vowels, dB."""
    consonant_share: float = 0.32
    """Part of a syllable taken by its consonant."""


FORMANTS_HZ = {
    "a": (730.0, 1200.0, 2500.0, 3500.0),
    "e": (500.0, 1850.0, 2500.0, 3500.0),
    "i": (300.0, 2250.0, 2950.0, 3600.0),
    "o": (520.0, 900.0, 2450.0, 3400.0),
    "u": (320.0, 850.0, 2300.0, 3300.0),
    "y": (330.0, 2000.0, 2600.0, 3500.0),
}
"""Formant frequencies of a vowel letter, an average male voice."""

BANDWIDTHS_HZ = (80.0, 110.0, 160.0, 220.0)
"""Bandwidths of the four formants."""

FRICATIVES_HZ = {
    "s": 5200.0,
    "z": 5000.0,
    "c": 4600.0,
    "x": 4600.0,
    "f": 3600.0,
    "v": 3300.0,
    "h": 1600.0,
    "t": 4200.0,
    "k": 2200.0,
    "p": 1100.0,
}
"""Centre frequency of the noise that a consonant letter makes; other consonants are voiced."""

TOPICS = {
    "angry": ("parking", "invoice", "receipt", "counter", "manager", "tickets", "meter", "queue"),
    "sad": ("window", "letter", "station", "winter", "photo", "garden", "piano", "suitcase"),
    "happy": ("lake", "recipe", "bicycle", "melon", "guitar", "orchard", "sunday", "lantern"),
    "surprise": ("drawer", "parcel", "ceiling", "envelope", "magnet", "elevator", "marble", "mirror"),
    "fear": ("basement", "corridor", "ladder", "bridge", "engine", "tunnel", "valley", "harbour"),
    "disgust": ("kitchen", "sponge", "bucket", "carpet", "mushroom", "basin", "cupboard", "towel"),
    "contempt": ("speech", "committee", "brochure", "slogan", "podium", "seminar", "catalogue", "jacket"),
    "neutral": ("calendar", "folder", "printer", "timetable", "notebook", "keyboard", "address", "pencil"),
}
"""Topic words that a class prefers; every class uses all of them."""

TOPIC_NEIGHBOURS = {
    "angry": "disgust",
    "disgust": "angry",
    "sad": "fear",
    "fear": "sad",
    "happy": "neutral",
    "neutral": "happy",
    "surprise": "contempt",
    "contempt": "surprise",
}
"""The class whose topics a class borrows most."""

FILLERS = (
    "the", "and", "we", "they", "then", "again", "put", "took", "went", "to", "with", "near", "about", "some", "that", "this",
    "one", "you", "it", "from", "so", "is", "was", "there", "in", "on", "still", "before", "after", "by", "my", "your",
)  # fmt: skip
"""Words without a class, as frequent in all."""


@dataclass(frozen=True)
class Words:
    """How a sentence is drawn."""

    length: tuple[int, int] = (5, 9)
    """Words of a sentence, uniform between these, both included."""
    topic_share: float = 0.4
    """Part of the words that are topics; the others are fillers. A sentence has at least one topic."""
    own: float = 0.5
    """Chance that a topic comes from the class' own list."""
    neighbour: float = 0.22
    """Chance that it comes from the neighbour's list; the rest comes from all lists alike."""


@dataclass(frozen=True)
class Conflicts:
    """Utterances whose sound and words belong to two classes, as in sarcasm."""

    share: float = 0.18
    """Part of all utterances."""
    label_follows_sound: float = 0.6
    """Part of the conflicts whose label is that of the sound; in the others it is that of the words."""


@dataclass(frozen=True)
class Attributes:
    """Mean valence, arousal and dominance of a class, on the scale of 1 to 7."""

    valence: float
    arousal: float
    dominance: float


ATTRIBUTE_MEANS = {
    "angry": Attributes(2.6, 5.6, 5.3),
    "sad": Attributes(2.6, 3.0, 3.2),
    "happy": Attributes(5.4, 5.0, 4.6),
    "surprise": Attributes(4.3, 5.3, 4.1),
    "fear": Attributes(2.9, 4.9, 2.9),
    "disgust": Attributes(2.5, 3.9, 4.3),
    "contempt": Attributes(3.0, 3.7, 4.9),
    "neutral": Attributes(4.1, 3.6, 4.2),
}
"""Attributes of a class; raters also hear the level (arousal, dominance) and read the words (valence)."""


@dataclass(frozen=True)
class Raters:
    """How listeners vote and rate."""

    pool: int = 24
    """Raters of the whole corpus."""
    per_utterance: int = 5
    """Raters of an utterance."""
    agreement: float = 0.6
    """Chance that a rater votes for the label."""
    other_channel: float = 0.25
    """Chance that a rater votes for the class of the other channel of a conflict."""
    other: float = 0.04
    """Chance of a vote for 'other'."""
    confusion_width: float = 1.2
    """Confusions fall off with the distance of two classes in attributes, over this width."""
    second: float = 0.3
    """Chance that a rater names one more class as secondary."""
    spread: float = 0.8
    """Standard deviation of one rating around the utterance's own value."""
    level_effect: float = 0.06
    """Arousal and dominance a dB of level above the neutral level."""


@dataclass(frozen=True)
class Shares:
    """How utterances and speakers are divided."""

    splits: tuple[tuple[str, float], ...] = (("Train", 0.55), ("Development", 0.2), ("Test1", 0.125), ("Test3", 0.125))
    """Part of the utterances by split."""
    speakers: tuple[tuple[str, float], ...] = (("Train", 0.5), ("Development", 0.2), ("Test1", 0.15), ("Test3", 0.15))
    """Part of the speakers by split, at least two each; no speaker is in two splits."""
    classes: tuple[tuple[str, float], ...] = (
        ("angry", 0.14), ("sad", 0.12), ("happy", 0.20), ("surprise", 0.08),
        ("fear", 0.06), ("disgust", 0.07), ("contempt", 0.07), ("neutral", 0.26),
    )  # fmt: skip
    """Part of the labelled utterances by class in every split but Test3, which is balanced; at least one each."""
    unlabelled: tuple[tuple[str, float], ...] = (("O", 0.015), ("X", 0.03))
    """Part of the utterances of every split but Test3 whose raters say 'other' or do not agree."""
