"""Late fusion of branches (joint 3): fitted on one split's predictions, kept as JSON, usable on its own."""

from .attributes import AttributeFusion
from .emotion import EmotionFusion

__all__ = ["AttributeFusion", "EmotionFusion"]
