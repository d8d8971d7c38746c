"""Encoders: a waveform, or tokens, become frames. Each offers ``features_out`` and returns frames with their mask.

One that depends on the rate of the waveforms offers ``sample_rate``, one that depends on the tokenizer ``vocab_size``; one that
was trained on samples as they are in a file, in -1 to 1, says ``takes_raw_waveform``.
"""

from .ecapa import EcapaTdnn
from .huggingface import HuggingFaceEncoder
from .log_mel import DecibelMel, LogMel
from .whisper import WhisperEncoder
from .words import HuggingFaceTextEncoder

__all__ = ["DecibelMel", "EcapaTdnn", "HuggingFaceEncoder", "HuggingFaceTextEncoder", "LogMel", "WhisperEncoder"]
