"""Whisper as an encoder: a clip costs its own length instead of 30 s."""

from .encoder import WhisperEncoder

__all__ = ["WhisperEncoder"]
