"""Networks, and the Lightning modules that train them."""

from .acoustic import AcousticNetwork
from .attributes import AttributeRegressor
from .emotion import EmotionClassifier
from .multitask import MultiTaskLearner
from .text import TextNetwork

__all__ = ["AcousticNetwork", "AttributeRegressor", "EmotionClassifier", "MultiTaskLearner", "TextNetwork"]
