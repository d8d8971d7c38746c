"""What a submission looks like: its columns, and the file name of each utterance."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import PurePath

from ...corpus.readers.msp_labels import ATTRIBUTE_COLUMNS as CONSENSUS_COLUMNS
from ...errors import PredictionsError, some
from ...labels import ATTRIBUTE_RANGE, EMOTION_CODES

FILE_NAME = "FileName"
CLASS_COLUMN = "EmoClass"
ATTRIBUTE_COLUMNS = {name: CONSENSUS_COLUMNS[name] for name in ("arousal", "valence", "dominance")}
"""In the order of a submission, which is not that of our tables."""

HEADERS = {"emotion": (FILE_NAME, CLASS_COLUMN), "attributes": (FILE_NAME, *ATTRIBUTE_COLUMNS.values())}
"""Columns by task: Task 1 is of emotions, Task 2 of attributes (Odyssey 2024 and Interspeech 2025 challenges)."""

CODE_OF = {emotion: code for code, emotion in EMOTION_CODES.items()}
LOWEST, HIGHEST = ATTRIBUTE_RANGE
"""What submissions are clipped to."""


def file_names(ids: Sequence[str], audio: Mapping[str, str | None] | None = None) -> dict[str, str]:
    """Return the file name that each utterance has in a submission: that of its audio, else its id with ``.wav``.

    Args:
        ids: The utterances.
        audio: Path of the audio by utterance id, where it is known.

    Raises:
        PredictionsError: If two utterances would have one name.
    """
    paths = audio or {}
    names = {id: PurePath(path).name if (path := paths.get(id)) else f"{id}.wav" for id in ids}
    doubled = [name for name, n in Counter(names.values()).items() if n > 1]
    if doubled:
        raise PredictionsError(f"{len(doubled)} file names stand for more than one utterance: {some(doubled)}; a submission needs one each")
    return names
