"""A made-up corpus in the MSP-Podcast layout, for trying and testing everything without data.

Its sounds and sentences follow emotion and speaker by the rules in :mod:`.settings`; figures obtained
on it say whether the machinery works, and nothing about speech.
"""

from .writer import synthesize_corpus

__all__ = ["synthesize_corpus"]
