"""``check_corpus``: a corpus read, its audio decoded once, and every check."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from ...audio import AudioFacts
from ...errors import AudioError, CorpusError
from ..audio_files import fill_audio_columns, inspect_files
from ..faults import Faults
from ..loading import load_table, read_corpus
from ..splits.file import read_splits, split_column
from ..table import Table, TableInfo, build_table
from .findings import CorpusReport, Finding, ordered
from .labels import check_labels
from .leaks import check_leaks
from .material import Material, plural
from .sound import check_sound
from .words import check_words


def check_corpus(
    reader: str,
    *,
    splits: str | Path | None = None,
    prepare: Callable[[Table], Table] | None = None,
    progress: Callable[[int, int], None] | None = None,
    **options: Any,
) -> CorpusReport:
    """Return everything that is wrong, or worth knowing, about a corpus, after one pass over its files.

    A corpus that cannot be read at all is one error finding, ``unreadable``. Utterances that cannot be used are errors
    with their reasons; the other checks look at the rest. What is checked, with which bounds and why, stands in
    :mod:`.leaks`, :mod:`.labels`, :mod:`.sound` and :mod:`.words`.

    Args:
        reader: As :func:`emojudge.corpus.load_table` takes it.
        splits: A file of ``id, split`` in place of the corpus' own splits.
        prepare: Changes the table before it is checked, such as its roles or a split taken out of another.
        progress: Called with (audio files read, audio files in all).
        **options: The reader's own.

    Raises:
        ConfigError: If the reader or one of its options does not exist, or has a value of another type.
    """
    try:
        table, found, findings = (_saved if reader == "table" else _read)(reader, splits, progress, options)
        if prepare is not None:
            table = prepare(table)
    except CorpusError as error:
        return CorpusReport(reader, {}, 0, (Finding("unreadable", "error", " ".join(str(error).split())),))
    facts = [None if path is None else found[path] for path in table.column("audio")]
    material = Material(table, [None if isinstance(known, AudioError) else known for known in facts])
    for check in (check_leaks, check_labels, check_sound, check_words):
        findings += check(material)
    n_unusable = sum(len(finding.ids) for finding in findings if finding.reasons and finding.severity == "error")
    return CorpusReport(table.info.source, table.splits, n_unusable, ordered(findings))
