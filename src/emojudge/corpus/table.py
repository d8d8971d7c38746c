"""The utterance table (joint 1): one row an utterance, whatever corpus it came from."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ConfigError, CorpusError, nearest, some
from ..files import read_parquet, write_parquet
from ..labels import ATTRIBUTES, EMOTIONS

if TYPE_CHECKING:
    import datasets
    import pyarrow

SCHEMA_VERSION = 1

TABLE_FILE = "table.parquet"
"""Name of a saved table in a folder of its own, such as that of a run."""

COLUMNS: dict[str, str] = {
    "id": "string",
    "split": "string",
    "recording": "string",
    "start_s": "double",
    "audio": "string",
    "audio_digest": "string",
    "duration_s": "double",
    "transcript": "string",
    "transcript_source": "string",
    "speaker": "string",
    "gender": "string",
    "emotion": "string",
    "emotion_votes": "list",
    "votes_other": "float",
    **dict.fromkeys(ATTRIBUTES, "double"),
    **{f"{name}_std": "double" for name in ATTRIBUTES},
    "source_label": "string",
}
"""Every column and its type. Only ``id`` and ``split`` are never null."""

ROLES = ("fit", "tune", "hold")
"""What a split may be used for: fitting networks, choosing and fitting later stages, or scoring only."""


def default_roles(splits: Iterable[str]) -> dict[str, str]:
    """Return the role of each split: train fits, dev tunes, everything else is held out.

    Paper: it contradicts itself (section 3.1 keeps Dev-2 unseen, footnote 6 tunes on it, section 6 reports Development);
    we choose checkpoints and fit later stages on Development, and hold Dev-2 and the tests out.
    """
    return {split: {"train": "fit", "dev": "tune"}.get(split, "hold") for split in splits}


@dataclass(frozen=True)
class TableInfo:
    """What a table says about itself; travels in the parquet file's metadata."""

    source: str
    """The reader and what it read, for people."""
    classes: tuple[str, ...] = EMOTIONS
    """The class list, in the order that every later stage keeps."""
    roles: Mapping[str, str] = field(default_factory=dict)
    """Role of each split: ``fit``, ``tune`` or ``hold``."""
    fingerprint: str = ""
    """Digest of ids, splits, labels, words and sound: two tables that agree in it are the same corpus."""
    counts: Mapping[str, int] = field(default_factory=dict)
    """What was noticed and went on: silent or short audio, missing transcripts, resampled files."""
    skipped: tuple[tuple[str, str], ...] = ()
    """Utterances that were left out on request, each with its reason."""
    caution: str = ""
    """What must be said wherever figures obtained on this corpus stand."""
    schema_version: int = SCHEMA_VERSION


@dataclass(frozen=True)
class Table:
    """A corpus in memory: its rows and what is known about them as a whole."""

    rows: "datasets.Dataset"
    info: TableInfo

    def __len__(self) -> int:
        return int(self.rows.num_rows)

    def column(self, name: str) -> list[Any]:
        """Return one column as a list in row order.

        Raises:
            CorpusError: If a table has no such column.
        """
        _known_column(name)
        return self.rows.data.column(name).to_pylist()  # type: ignore[no-any-return]

    @property
    def splits(self) -> dict[str, int]:
        """Return the number of utterances of each split: those that fit, then those that tune, then the others by name."""
        counts = Counter(self.column("split"))
        return {split: counts[split] for split in sorted(counts, key=lambda split: (ROLES.index(self.info.roles[split]), split))}

    def indices(self, *splits: str) -> NDArray[np.int64]:
        """Return the row numbers of some splits, in row order.

        Raises:
            CorpusError: If a split has no row; the message lists the splits that do.
        """
        counts = self.splits
        for split in splits:
            if split not in counts:
                found = ", ".join(f"{name} {n}" for name, n in counts.items()) or "no rows at all"
                raise CorpusError(f"{self.info.source} has no utterance in split '{split}' (found: {found})")
        column = np.array(self.column("split"), dtype=object)
        return np.flatnonzero(np.isin(column, splits)).astype(np.int64)

    def emotions(self) -> NDArray[np.int64]:
        """Return the index of each row's emotion in ``info.classes``, -1 where there is no label."""
        index = {name: i for i, name in enumerate(self.info.classes)}
        return np.array([-1 if name is None else index[name] for name in self.column("emotion")], dtype=np.int64)

    def speaker_groups(self) -> list[str]:
        """Return a group for each row that no other speaker shares: speaker, else recording, else itself."""
        columns = (self.column(name) for name in ("speaker", "recording", "id"))
        return [
            f"speaker {speaker}" if speaker is not None else f"recording {recording}" if recording is not None else f"id {id}"
            for speaker, recording, id in zip(*columns, strict=True)
        ]

    def select(self, indices: Sequence[int] | NDArray[np.int64]) -> "Table":
        """Return the table of some rows; its fingerprint is that of the rows kept."""
        return _table(self.rows.data.table.take(np.asarray(indices, dtype=np.int64)), self.info)

    def with_columns(self, **columns: Sequence[Any]) -> "Table":
        """Return the table with some columns replaced, and a new fingerprint.

        Raises:
            CorpusError: If a table has no such column, or the result would not be a table (:func:`build_table`).
        """
        import pyarrow

        for name in columns:
            _known_column(name)
        _check({"id": self.column("id"), "split": self.column("split"), **columns}, self.info)
        table = self.rows.data.table
        for name, values in columns.items():
            position = table.schema.get_field_index(name)
            table = table.set_column(position, name, pyarrow.array(values, type=_schema().field(name).type))
        return _table(table, self.info)

    def with_roles(self, roles: Mapping[str, str]) -> "Table":
        """Return the table with other roles for some of its splits.

        Raises:
            ConfigError: If the table lacks a split, or a role is none of :data:`ROLES`.
        """
        for split, role in roles.items():
            if split not in self.splits:
                found = ", ".join(self.splits)
                raise ConfigError(f"roles: {self.info.source} has no split '{split}' (found: {found}).{nearest(split, self.splits)}")
            if role not in ROLES:
                raise ConfigError(f"roles: '{role}' is no role of split '{split}' (known: {', '.join(ROLES)}).{nearest(role, ROLES)}")
        return replace(self, info=replace(self.info, roles={**self.info.roles, **roles}))

    def save(self, path: str | Path) -> None:
        """Write the table to a parquet file, whole or not at all."""
        write_parquet(path, self.rows.data.table, asdict(self.info))


def build_table(columns: Mapping[str, Sequence[Any]], info: TableInfo) -> Table:
    """Return a table from lists of values, one a column; columns that are not given are null.

    Args:
        columns: Values by column name (:data:`COLUMNS`), all of one length.
        info: What the reader knows; roles that it leaves out get their default, the fingerprint is computed.

    Raises:
        CorpusError: If an id or split is null, an id occurs twice, a label is not in ``info.classes``,
            a row has votes for another number of classes, or a column is unknown or of another length.
    """
    import pyarrow

    unknown = set(columns) - set(COLUMNS)
    if unknown:
        raise CorpusError(f"{info.source}: a table has no column {sorted(unknown)} (known: {', '.join(COLUMNS)})")
    _check(columns, info)
    n_rows = len(columns["id"])
    arrays = [pyarrow.array(columns.get(f.name, [None] * n_rows), type=f.type) for f in _schema()]
    return _table(pyarrow.Table.from_arrays(arrays, schema=_schema()), info)


def read_table(path: str | Path) -> Table:
    """Return a table that :meth:`Table.save` wrote.

    Raises:
        CorpusError: If the file is missing, is not parquet, or was not written by emojudge.
    """
    advice = "write the table again, or read what it holds with the manifest reader"
    table, info = read_parquet(path, "table", mark="fingerprint", error=CorpusError, advice=advice)
    if info.get("schema_version") != SCHEMA_VERSION:
        raise CorpusError(f"{path}: schema version {info.get('schema_version')}, this release reads {SCHEMA_VERSION}; write it again")
    if table.schema.names != list(COLUMNS):
        raise CorpusError(f"{path}: columns {table.schema.names}, expected {list(COLUMNS)}; write the table again")
    info["classes"] = tuple(info["classes"])
    info["skipped"] = tuple((id, reason) for id, reason in info["skipped"])
    return Table(_dataset(table), TableInfo(**info))


def _schema() -> "pyarrow.Schema":
    import pyarrow

    types = {"string": pyarrow.string(), "double": pyarrow.float64(), "float": pyarrow.float32(), "list": pyarrow.list_(pyarrow.float32())}
    return pyarrow.schema([(name, types[kind]) for name, kind in COLUMNS.items()])


def _dataset(table: "pyarrow.Table") -> "datasets.Dataset":
    from datasets import Dataset
    from datasets.table import InMemoryTable

    return Dataset(InMemoryTable(table.replace_schema_metadata(None)))


def _table(table: "pyarrow.Table", info: TableInfo) -> Table:
    roles = default_roles(dict.fromkeys(table.column("split").to_pylist())) | dict(info.roles)
    roles = {split: roles[split] for split in dict.fromkeys(table.column("split").to_pylist())}
    return Table(_dataset(table), replace(info, roles=roles, fingerprint=_fingerprint(table, info.classes)))


def _fingerprint(table: "pyarrow.Table", classes: tuple[str, ...]) -> str:
    digest = hashlib.sha256(json.dumps(classes).encode())
    for name in ("id", "split", "audio_digest", "transcript", "source_label", "emotion", "emotion_votes", *ATTRIBUTES):
        digest.update(json.dumps([name, table.column(name).to_pylist()]).encode())
    return digest.hexdigest()[:16]


def _known_column(name: str) -> None:
    if name not in COLUMNS:
        raise CorpusError(f"a table has no column '{name}' (known: {', '.join(COLUMNS)}).{nearest(name, COLUMNS)}")


def _check(columns: Mapping[str, Sequence[Any]], info: TableInfo) -> None:
    for name, values in columns.items():
        if len(values) != len(columns["id"]):
            raise CorpusError(f"{info.source}: column '{name}' has {len(values)} values, 'id' has {len(columns['id'])}")
    for name in ("id", "split"):
        if any(value is None or value == "" for value in columns[name]):
            raise CorpusError(f"{info.source}: row {[not v for v in columns[name]].index(True) + 1} has no {name}")
    doubled = [id for id, n in Counter(columns["id"]).items() if n > 1]
    if doubled:
        raise CorpusError(f"{info.source}: {len(doubled)} utterance ids occur more than once: {some(doubled)}")
    strangers = set(columns.get("emotion", ())) - {None, *info.classes}
    if strangers:
        raise CorpusError(f"{info.source}: labels {sorted(strangers)} are not in the class list {list(info.classes)}")
    for id, votes in zip(columns["id"], columns.get("emotion_votes", ()), strict=False):
        if votes is not None and len(votes) != len(info.classes):
            raise CorpusError(f"{info.source}: utterance '{id}' has {len(votes)} votes for {len(info.classes)} classes")
    bad_roles = set(info.roles.values()) - set(ROLES)
    if bad_roles:
        raise CorpusError(f"{info.source}: roles {sorted(bad_roles)} are not known (known: {', '.join(ROLES)})")
