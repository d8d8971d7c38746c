"""Networks, and the Lightning modules that train them."""

from .acoustic import AcousticNetwork
from .emotion import EmotionClassifier
from .text import TextNetwork

__all__ = ["AcousticNetwork", "EmotionClassifier", "TextNetwork"]
