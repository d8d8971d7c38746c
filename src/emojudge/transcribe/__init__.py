"""Transcripts by a speech recogniser of the transformers library, and how far they are from what people wrote."""

from .table import Transcription, transcribe_table
from .word_errors import ErrorRates, error_rates, normalised

__all__ = ["ErrorRates", "Transcription", "error_rates", "normalised", "transcribe_table"]
