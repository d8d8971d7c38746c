"""The synthetic corpus as a reader: written where it is not there yet, then read like MSP-Podcast."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from ..faults import Faults
from ..synthetic import synthesize_corpus
from .common import Read
from .msp_podcast import read_msp_podcast

CAUTION = "The corpus is synthetic: these figures show that the software works, and say nothing about speech or about the paper."


def read_synthetic(
    root: str | Path,
    *,
    faults: Faults,
    progress: Callable[[int, int], None] | None = None,
    utterances: int = 640,
    speakers: int = 24,
    seed: int = 0,
) -> Read:
    """Return the utterances of a synthetic corpus, after writing it into ``root`` if it is not there.

    Args:
        root: Folder of the corpus: new, empty, or holding this very corpus.
        faults: Where utterances that cannot be used are noted.
        progress: Called with (utterances written, utterances in all) while the corpus is written.
        utterances: In all splits together.
        speakers: In all splits together.
        seed: Of everything random.

    Raises:
        CorpusError: If the folder holds something else, or a synthetic corpus with other settings.
    """
    synthesize_corpus(root, utterances=utterances, speakers=speakers, seed=seed, progress=progress)
    read = read_msp_podcast(root, faults=faults)
    return replace(read, source=f"synthetic {Path(root).expanduser().absolute()}", caution=CAUTION)
