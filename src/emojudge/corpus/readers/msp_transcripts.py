"""Transcripts of MSP-Podcast: text files, and forced alignments where a text file is missing."""

import logging
import os
from collections.abc import Sequence
from pathlib import Path

from ..._extras import need
from ..faults import Faults
from .msp_files import Release

SILENCES = frozenset({"sp", "sil", "<sil>", "<eps>", "<p:>"})
"""What aligners write into the words where nobody speaks."""

_GRID_S = 0.01
"""Step of an aligner in seconds; rounding moves the end of a tier by less."""

_ADVICE = "mend or remove it, or leave alignments out: alignments: false"

_log = logging.getLogger(__name__)


def read_transcripts(release: Release, ids: Sequence[str], faults: Faults, *, alignments: bool) -> tuple[list[str | None], list[str]]:
    """Return each utterance's words, None where there are none, and the ids of those that were taken from a forced alignment.

    The lines of ``Transcripts/<id>.txt`` (UTF-8) joined by spaces; where that file is missing or empty, the words of
    the first tier of ``ForceAligned/<id>.TextGrid``, silences left out.

    Args:
        release: Where the folders are.
        ids: Of the utterances.
        faults: Where files that cannot be read are noted.
        alignments: Whether alignments may stand in.

    Raises:
        MissingExtraError: If an alignment must be read and praatio is not installed.
    """
    aligned_dir = release.alignments if alignments else None
    if release.transcripts is None and aligned_dir is None:
        _log.warning("%s: there is no folder Transcripts; every transcript is null", release.root)
    written, aligned = _listed(release.transcripts), _listed(aligned_dir)
    texts: list[str | None] = []
    from_alignment: list[str] = []
    for id in ids:
        text, fault = None, None
        if f"{id}.txt" in written:
            text, fault = _text(f"{release.transcripts}{os.sep}{id}.txt")
        if text is None and fault is None and f"{id}.TextGrid" in aligned:
            text, fault = _aligned_words(f"{aligned_dir}{os.sep}{id}.TextGrid")
            from_alignment += [id] if text is not None else []
        if fault is not None:
            faults.add(id, fault)
        texts.append(text)
    return texts, from_alignment


def _listed(folder: Path | None) -> set[str]:
    """Return the names in a folder, listed once: asking for each of 100,000 files costs seconds."""
    return set() if folder is None else set(os.listdir(folder))


def _text(path: str) -> tuple[str | None, str | None]:
    """Return the text of a transcript (None if empty), or what is wrong with the file."""
    try:
        with open(path, "rb") as file:
            text = file.read().decode("utf-8-sig")
    except UnicodeDecodeError:
        return None, f"{path}: the transcript is not UTF-8; save it as UTF-8"
    except OSError as error:
        return None, f"{path}: the transcript is not readable ({error.strerror or error})"
    return " ".join(stripped for line in text.splitlines() if (stripped := line.strip())) or None, None


def _aligned_words(path: str) -> tuple[str | None, str | None]:
    """Return the words of an alignment (None if there are none), or what is wrong with the file."""
    textgrid = need("praatio.textgrid", "corpus")
    try:
        tier = textgrid.openTextgrid(path, includeEmptyIntervals=True, reportingMode="silence", duplicateNamesMode="rename").tiers[0]
        intervals = [(float(end), str(label)) for _, end, label in tier.entries]
    except Exception as error:  # praatio's parser lets whatever a broken file causes pass: IndexError, AttributeError, its own ...
        return None, f"{path}: not readable as a TextGrid ({type(error).__name__}: {' '.join(str(error).split())[:100]}); {_ADVICE}"
    end_s = intervals[-1][0] if intervals else 0.0
    if end_s < tier.maxTimestamp - _GRID_S:  # the intervals of a tier fill it to its end
        return None, f"{path}: the TextGrid is cut short, its words end at {end_s:g} of {tier.maxTimestamp:g} s; {_ADVICE}"
    return " ".join(word for _, label in intervals for word in label.split() if word not in SILENCES) or None, None
