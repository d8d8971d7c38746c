"""Late fusion of branches (joint 3): fitted on one split's predictions, kept as JSON, usable on its own."""

from .attributes import AttributeFusion
from .control import permuted
from .emotion import EmotionFusion
from .matching import moments_of

__all__ = ["AttributeFusion", "EmotionFusion", "moments_of", "permuted"]
