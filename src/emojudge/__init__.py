"""Speech emotion recognition from sound and words, fused and reviewed by an LLM judge.

Public names live in their rooms: ``emojudge.models``, ``emojudge.corpus``, ``emojudge.fusion``,
``emojudge.judge`` and so on. Importing ``emojudge`` alone imports nothing heavy.
"""

import logging

__version__ = "0.1.0"

logging.getLogger(__name__).addHandler(logging.NullHandler())
