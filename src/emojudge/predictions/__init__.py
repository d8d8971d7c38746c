"""Predictions of one system (joint 2): a parquet file of logits or attributes by utterance id, never with the truth in it."""

from .attributes import AttributePredictions, AttributesInfo
from .emotion import Predictions, PredictionsInfo
from .file import load_predictions
from .joining import align
from .rows import SCHEMA_VERSION

__all__ = ["SCHEMA_VERSION", "AttributePredictions", "AttributesInfo", "Predictions", "PredictionsInfo", "align", "load_predictions"]
