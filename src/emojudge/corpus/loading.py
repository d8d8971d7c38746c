"""``load_table``: any corpus through its reader into one checked table."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..errors import ConfigError, nearest
from ..labels import EMOTIONS
from .audio_files import add_audio_facts
from .faults import Faults, OnBadUtterance
from .table import Table, TableInfo, build_table, read_table


@dataclass(frozen=True)
class Read:
    """What a reader returns: table columns as found, before audio is looked at and faults are settled."""

    source: str
    columns: dict[str, list[Any]]
    classes: tuple[str, ...] = EMOTIONS
    counts: dict[str, int] = field(default_factory=dict)


def load_table(
    reader: str,
    *,
    on_bad_utterance: OnBadUtterance = "error",
    roles: Mapping[str, str] | None = None,
    progress: Callable[[int, int], None] | None = None,
    **options: Any,
) -> Table:
    """Return the utterance table of a corpus.

    Args:
        reader: ``msp_podcast``, ``manifest``, ``synthetic``, or ``table`` for one that was saved.
        on_bad_utterance: ``error`` stops at an utterance that cannot be used (audio that is missing,
            empty, cut short or not finite; an unknown class code; a doubled id); ``skip`` leaves it
            out and lists it in ``info.skipped``.
        roles: Role of some splits (``fit``, ``tune``, ``hold``); the others keep their default.
        progress: Called with (audio files read, audio files in all).
        **options: The reader's own, such as ``root`` or ``path``.

    Raises:
        CorpusError: If the corpus cannot be read as it stands.
        ConfigError: If the reader or one of its options does not exist.
    """
    if reader == "table":
        table = read_table(options["path"])
        return table if roles is None else Table(table.rows, TableInfo(**{**vars(table.info), "roles": {**table.info.roles, **roles}}))
    faults = Faults(on_bad_utterance)
    read = _reader(reader)(faults=faults, **options)
    counts = read.counts | add_audio_facts(read.columns, faults, progress)
    columns = faults.settle(read.columns)
    counts["without_transcript"] = sum(text is None for text in columns.get("transcript", [None] * len(columns["id"])))
    counts["without_emotion"] = sum(label is None for label in columns.get("emotion", [None] * len(columns["id"])))
    info = TableInfo(read.source, read.classes, roles or {}, counts=counts, skipped=tuple(faults.found.items()))
    return build_table(columns, info)


def _reader(name: str) -> Callable[..., Read]:
    from .readers.manifest import read_manifest
    from .readers.msp_podcast import read_msp_podcast
    from .readers.synthetic import read_synthetic

    readers: dict[str, Callable[..., Read]] = {"msp_podcast": read_msp_podcast, "manifest": read_manifest, "synthetic": read_synthetic}
    if name not in readers:
        raise ConfigError(f"there is no corpus reader '{name}' (known: {', '.join([*readers, 'table'])}).{nearest(name, readers)}")
    return _checked(name, readers[name])


def _checked(name: str, reader: Callable[..., Read]) -> Callable[..., Read]:
    """Return the reader, refusing options that it does not have with the nearest one that it has."""
    known = [p for p in inspect.signature(reader).parameters if p != "faults"]

    def read(**options: Any) -> Read:
        for option in options:
            if option not in known and option != "faults":
                raise ConfigError(f"reader '{name}' has no option '{option}' (known: {', '.join(known)}).{nearest(option, known)}")
        try:
            inspect.signature(reader).bind(**options)
        except TypeError as error:
            raise ConfigError(f"reader '{name}': {error}") from error
        return reader(**options)

    return read
