"""A table with transcripts by a speech recogniser: which rows, in which order, and what becomes of each."""

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from os import cpu_count
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..audio import SILENCE_PEAK
from ..corpus.faults import OnBadUtterance
from ..corpus.table import Table
from ..data.waveforms import Waveforms
from ..errors import AudioError, ConfigError, CorpusError
from .journal import TranscriptJournal

if TYPE_CHECKING:
    from .models import FoundModel, Recognizer

VERSION = 1
"""Of the way from a recording to its words; another one leaves what a journal holds behind."""


@dataclass(frozen=True)
class Transcription:
    """A table with new transcripts, and how they came about."""

    table: Table
    source: str
    """What ``transcript_source`` says of them: ``asr:`` and the model's name."""
    heard: dict[str, str | None]
    """What was recognised of each recording that was listened to, by utterance id; None where no word was."""
    n_filled: int
    """Rows whose transcript is the recogniser's."""
    n_wordless: int
    """Rows in which no word was recognised: a null transcript that names its source."""
    n_without_audio: int
    """Rows that were to be filled and have no audio; they stay as they are."""
    unusable: dict[str, str] = field(default_factory=dict)
    """Reason of each utterance whose audio cannot be used, by id; only with ``on_bad_utterance="skip"``."""


def transcribe_table(
    table: Table,
    model: str,
    *,
    journal: str | Path | None = None,
    overwrite: bool = False,
    check: bool = False,
    language: str | None = None,
    device: str = "auto",
    dtype: str = "float32",
    batch_size: int = 16,
    on_bad_utterance: OnBadUtterance = "error",
    progress: Callable[[int, int], None] | None = None,
) -> Transcription:
    """Return the table with the transcripts that are missing filled in by a speech recogniser.

    Everything else stays as it is, ``info`` too, but for the fingerprint and the count ``without_transcript``. A recording
    that never rises above -80 dBFS is not listened to (Whisper writes words over silence): it is one without a word.
    Words do not depend on ``batch_size``, ``device`` and the order of rows but for rounding.

    Paper: challenge test recordings come without transcripts; what its text network read there it does not say.

    Args:
        table: The corpus.
        model: A Whisper or CTC model of the transformers library: its name on the Hugging Face hub, or a folder.
        journal: A file where what was heard is kept as it comes: the same call again listens only to what is not in it,
            and to what is there of other sound, another model or other settings. Its sound is known by ``audio_digest``.
        overwrite: Whether to replace transcripts that are there, human ones included.
        check: Whether to listen also to rows with a human transcript, for :func:`error_rates`; they are not changed.
        language: As for :func:`~emojudge.transcribe.models.load_recognizer`; so are ``device`` and ``dtype``.
        device: Where the network runs.
        dtype: Number format of the network.
        batch_size: Recordings of similar length that are recognised together; an interruption loses at most one batch.
        on_bad_utterance: ``error`` stops at audio that cannot be used; ``skip`` leaves the row as it is and lists it.
        progress: Called with (recordings done, recordings in all), the longest ones first.

    Raises:
        AudioError: If an audio file cannot be used; the message names the utterance.
        ConfigError: If the model cannot be had or an option does not fit, or the device has too little memory.
        CorpusError: If the journal is not one or in use, or audio has no digest to know it by.
    """
    from .models import DTYPES, find_device, find_model

    if batch_size < 1:
        raise ConfigError(f"batch_size is {batch_size}, expected at least 1")
    if dtype not in DTYPES:
        raise ConfigError(f"dtype is '{dtype}', expected one of {', '.join(DTYPES)}")
    find_device(device)
    found = find_model(model, language)
    ids, audio, texts, sources = (table.column(name) for name in ("id", "audio", "transcript", "transcript_source"))
    to_fill = [row for row, text in enumerate(texts) if overwrite or text is None]
    to_check = [row for row, text in enumerate(texts) if check and text is not None and sources[row] == "human"]
    rows = [row for row in sorted({*to_fill, *to_check}) if audio[row] is not None]
    listener = _Listener(table, found, {"language": language, "dtype": dtype}, device, batch_size)
    unusable: dict[str, str] = {}
    with ExitStack() as stack:
        keeper = None if journal is None else stack.enter_context(TranscriptJournal(journal))
        keys = dict.fromkeys(rows, "") if keeper is None else _keys(table, rows, found, listener.settings)
        heard = {} if keeper is None else {row: keeper.known[keys[row]] for row in rows if keys[row] in keeper.known}
        if progress is not None:
            progress(len(heard), len(rows))
        for words, faults in listener.listen([row for row in rows if row not in heard]):
            if keeper is not None:
                keeper.add((keys[row], ids[row], text) for row, text in words.items())
            if faults and on_bad_utterance == "error":
                raise next(iter(faults.values()))
            heard |= words
            unusable |= {ids[row]: str(fault) for row, fault in faults.items()}
            if progress is not None:
                progress(len(heard) + len(unusable), len(rows))
    source = f"asr:{found.label}"
    filled = [row for row in to_fill if row in heard]
    for row in filled:
        texts[row], sources[row] = heard[row], source
    result = table.with_columns(transcript=texts, transcript_source=sources)
    counts = {**table.info.counts, "without_transcript": sum(text is None for text in texts)}
    return Transcription(
        table=replace(result, info=replace(result.info, counts=counts)),
        source=source,
        heard={ids[row]: heard[row] for row in rows if row in heard},
        n_filled=sum(heard[row] is not None for row in filled),
        n_wordless=sum(heard[row] is None for row in filled),
        n_without_audio=sum(audio[row] is None for row in to_fill),
        unusable=unusable,
    )


class _Listener:
    """Recognises rows of a table in batches of similar length, the next batch being decoded in threads meanwhile."""

    def __init__(self, table: Table, found: "FoundModel", settings: dict[str, str | None], device: str, batch_size: int) -> None:
        self.table, self.found, self.settings, self.device, self.batch_size = table, found, settings, device, batch_size

    def listen(self, rows: Sequence[int]) -> Iterator[tuple[dict[int, str | None], dict[int, AudioError]]]:
        """Yield, a batch at a time, the words by row and the faults by row; the model is loaded if there is a row at all."""
        if not rows:
            return
        from .models import load_recognizer

        recognizer = load_recognizer(self.found, device=self.device, batch_size=self.batch_size, **self.settings)  # type: ignore[arg-type]
        waveforms = Waveforms(self.table, sample_rate=recognizer.sample_rate)
        longest_first = sorted(rows, key=lambda row: -waveforms.n_samples[row])  # what fits into memory at first fits to the end
        batches = [longest_first[start : start + self.batch_size] for start in range(0, len(rows), self.batch_size)]
        pool = ThreadPoolExecutor(cpu_count())
        try:
            decoded = [pool.submit(_read, waveforms, row) for row in batches[0]]
            for batch, following in zip(batches, [*batches[1:], []], strict=True):
                samples = [future.result() for future in decoded]
                decoded = [pool.submit(_read, waveforms, row) for row in following]
                yield self._recognized(recognizer, dict(zip(batch, samples, strict=True)))
        finally:
            pool.shutdown(cancel_futures=True)

    def _recognized(
        self, recognizer: "Recognizer", samples: dict[int, NDArray[np.float32] | AudioError]
    ) -> tuple[dict[int, str | None], dict[int, AudioError]]:
        import torch

        faults = {row: read for row, read in samples.items() if isinstance(read, AudioError)}
        words: dict[int, str | None] = dict.fromkeys(row for row in samples if row not in faults)
        audible = {row: read for row, read in samples.items() if not isinstance(read, AudioError) and np.abs(read).max() >= SILENCE_PEAK}
        if audible:
            try:
                texts = recognizer(list(audible.values()))
            except torch.OutOfMemoryError as error:
                longest_s = max(map(len, audible.values())) / recognizer.sample_rate
                raise ConfigError(
                    f"device '{self.device}' ran out of memory over {len(audible)} recordings of up to {longest_s:.0f} s; "
                    f"choose a batch size below {self.batch_size}"
                ) from error
            words |= {row: " ".join(text.split()) or None for row, text in zip(audible, texts, strict=True)}
        return words, faults


def _read(waveforms: Waveforms, row: int) -> NDArray[np.float32] | AudioError:
    try:
        return waveforms.read(row)
    except AudioError as error:
        return error


def _keys(table: Table, rows: Sequence[int], found: "FoundModel", settings: dict[str, str | None]) -> dict[int, str]:
    """Return the journal's key of each row: a digest of its id and sound, of the model and of its settings."""
    ids, digests = table.column("id"), table.column("audio_digest")
    unknown = [ids[row] for row in rows if digests[row] is None]
    if unknown:
        raise CorpusError(
            f"{table.info.source}: utterance '{unknown[0]}' has audio without a digest to know it by ({len(unknown)} such); "
            "read the corpus again with load_table"
        )
    model = [VERSION, found.identity(), settings]
    return {row: hashlib.sha256(json.dumps([*model, ids[row], digests[row]]).encode()).hexdigest()[:32] for row in rows}
