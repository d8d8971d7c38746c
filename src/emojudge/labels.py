"""The default class list, attributes and MSP-Podcast letter codes; the only home of their order."""

EMOTIONS = ("angry", "sad", "happy", "surprise", "fear", "disgust", "contempt", "neutral")
"""The eight classes of MSP-Podcast (paper, section 3.1), in the order of every default table."""

EMOTION_CODES = {
    "A": "angry",
    "S": "sad",
    "H": "happy",
    "U": "surprise",
    "F": "fear",
    "D": "disgust",
    "C": "contempt",
    "N": "neutral",
}
"""Letter codes of MSP-Podcast's ``EmoClass`` column."""

UNLABELLED_CODES = {"O": "other", "X": "no agreement"}
"""Codes of utterances without one of the eight classes: ``emotion`` is null, ``source_label`` keeps the code."""

ATTRIBUTES = ("valence", "arousal", "dominance")
"""The attributes of Task 2. Files hold them as named columns, since three orders are in use."""

ATTRIBUTE_RANGE = (1.0, 7.0)
"""The scale of attributes in every table and file of predictions; a reader rescales others."""
