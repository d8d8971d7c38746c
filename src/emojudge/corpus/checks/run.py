"""``check_corpus``: a corpus read, its audio decoded once, and every check."""

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from ...audio import AudioFacts
from ...errors import AudioError, CorpusError, plural
from ..audio_files import fill_audio_columns, inspect_files
from ..faults import Faults
from ..loading import load_table, read_settled
from ..readers.common import Read
from ..table import Table, TableInfo, build_table
from .findings import CorpusReport, Finding, ordered
from .labels import check_labels
from .leaks import check_leaks
from .material import Material
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
    except (CorpusError, OSError) as error:  # a folder in place of a file, a file that nobody may read
        return CorpusReport(_named(reader, options), {}, 0, (Finding("unreadable", "error", " ".join(str(error).split())),))
    facts = [None if path is None else found[path] for path in table.column("audio")]
    material = Material(table, [None if isinstance(known, AudioError) else known for known in facts])
    for check in (check_leaks, check_labels, check_sound, check_words):
        findings += check(material)
    if not len(table):
        findings.append(Finding("empty", "error", "the corpus has no utterance that can be used"))
    n_unusable = sum(len(finding.ids) for finding in findings if finding.kind == "unusable")
    return CorpusReport(table.info.source, table.splits, n_unusable, ordered(findings))


def _named(reader: str, options: Mapping[str, Any]) -> str:
    """Return what a corpus is called that could not be read."""
    return " ".join([reader, *(str(options[name]) for name in ("root", "path", "name") if name in options)])


_Made = tuple[Table, Mapping[str, AudioFacts | AudioError], list[Finding]]


def _read(reader: str, splits: str | Path | None, progress: Callable[[int, int], None] | None, options: Mapping[str, Any]) -> _Made:
    """Return the table of what can be used of a corpus, what its audio files are like, and findings about the reading."""
    faults = Faults("skip")
    primary = {name: value for name, value in options.items() if name != "secondary_weight"}  # labels follow the primary votes alone
    found: dict[str, AudioFacts | AudioError] = {}

    def look(columns: dict[str, list[Any]]) -> None:
        found.update(inspect_files(columns.get("audio", []), progress))
        fill_audio_columns(columns, faults, found)

    read, columns = read_settled(reader, primary, splits, faults, look, progress)
    table = build_table(columns, TableInfo(read.source, read.classes))
    caution = [Finding("caution", "note", read.caution)] if read.caution else []
    return table, found, [*_unusable(faults), *caution, *_noticed(read)]


def _saved(reader: str, splits: str | Path | None, progress: Callable[[int, int], None] | None, options: Mapping[str, Any]) -> _Made:
    """Do the same for a saved table, whose audio may have gone or changed since it was made."""
    table = load_table(reader, splits=splits, **options)
    ids, paths, digests = (table.column(name) for name in ("id", "audio", "audio_digest"))
    found = inspect_files(paths, progress)
    faults = Faults()
    changed: dict[str, str] = {}
    for id, path, digest in zip(ids, paths, digests, strict=True):
        facts = None if path is None else found[path]
        if isinstance(facts, AudioError):
            faults.add(id, str(facts))
        elif facts is not None and digest is not None and facts.digest != digest:
            changed[id] = f"{path}: other samples than when the table was made"
    findings = list(_unusable(faults))
    if changed:
        message = f"{plural(len(changed), 'utterance')} whose audio has changed since the table was made; make it again"
        findings.append(Finding("audio_changed", "error", message, tuple(changed), reasons=changed))
    if table.info.skipped:
        message = f"{plural(len(table.info.skipped), 'utterance')} left out when the table was made"
        findings.append(Finding("left_out", "note", message, tuple(dict(table.info.skipped)), reasons=dict(table.info.skipped)))
    kept = [row for row, id in enumerate(ids) if id not in faults.found]
    return (table.select(kept) if faults.found else table), found, findings


def _noticed(read: Read) -> Iterator[Finding]:
    """Yield what the reader went on with; labels that votes contradict are left to a check of their own."""
    known = set(read.columns["id"])
    for name, noticed in read.noticed.items():
        if noticed and name != "emotion_differs_from_ratings":
            ids, others = [id for id in noticed if id in known], [id for id in noticed if id not in known]
            what = plural(len(noticed), "utterance" if ids else "line")
            yield Finding(name, "note", f"{what}: {name.replace('_', ' ')}", tuple(ids), tuple(dict.fromkeys(others)))


_VARYING = re.compile(r"'[^']*'|\S*/\S*|\d+")
"""What differs between two faults of one kind: quoted text, paths, numbers."""

_ADVICE = re.compile(r"[(;]|\. ")
"""Where a fault has been said, and what is known or can be done begins."""


def _unusable(faults: Faults) -> Iterator[Finding]:
    """Yield the utterances that cannot be used, those of which the same is said together."""
    alike: dict[str, dict[str, str]] = {}
    for id, reason in faults.found.items():
        said = _ADVICE.split(_VARYING.sub("*", reason.replace(id, "*")), maxsplit=1)[0]
        alike.setdefault(said, {})[id] = reason
    for reasons in alike.values():
        yield Finding("unusable", "error", f"{plural(len(reasons), 'utterance')} cannot be used", tuple(reasons), reasons=reasons)
