"""Columns of parquet files and of saved data sets, read one at a time; class labels by their names."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from ...errors import CorpusError

if TYPE_CHECKING:
    import datasets
    import pyarrow

_ROWS_AT_ONCE = 65_536
_SOUNDS_AT_ONCE = 32
"""Rows read together where a column holds audio: some 10 MB."""


class Part(Protocol):
    """One table of a data set: a parquet file, or a saved split."""

    source: str
    """The file or folder, for messages."""
    n_rows: int
    header: list[str]
    """Names of the columns."""

    def type(self, name: str) -> "pyarrow.DataType":
        """Return the type of a column."""

    def values(self, name: str) -> list[Any]:
        """Return a column as Python values, class labels by their names."""

    def members(self, name: str, member: str) -> Iterator[Any]:
        """Yield one member of each row of a structured column, None where it is null."""


class ParquetPart:
    """A parquet file; what ``datasets`` wrote into its metadata tells which integers are class labels.

    Raises:
        CorpusError: If it is missing, is not parquet or is cut short, or has a column name twice.
    """

    def __init__(self, path: Path) -> None:
        import pyarrow
        import pyarrow.parquet

        self.source = str(path)
        if not path.is_file():
            raise CorpusError(f"{path}: not readable (there is no such file), expected a parquet file")
        try:
            # buffering ahead, the default, keeps all that was read of a column: the whole audio of a corpus
            self._file = pyarrow.parquet.ParquetFile(path, pre_buffer=False, buffer_size=1 << 20)
        except (pyarrow.ArrowException, OSError) as error:
            raise CorpusError(f"{path}: not a whole parquet file ({first_line(error)}); write it again") from error
        self._schema = self._file.schema_arrow
        self.header = list(self._schema.names)
        if len(set(self.header)) < len(self.header):
            raise CorpusError(f"{path}: a column name occurs twice ({', '.join(self.header)})")
        self.n_rows = int(self._file.metadata.num_rows)
        self._features = _features(self.source, self._schema)

    def type(self, name: str) -> "pyarrow.DataType":
        """Return the type of a column."""
        return self._schema.field(name).type

    def values(self, name: str) -> list[Any]:
        """Return a column as Python values, class labels by their names."""
        return [value for batch in self._read(name, _ROWS_AT_ONCE) for value in named(batch.column(name), self._features.get(name))]

    def members(self, name: str, member: str) -> Iterator[Any]:
        """Yield one member of each row of a structured column; nothing else of the column is read."""
        import pyarrow.compute

        for batch in self._read(f"{name}.{member}", _SOUNDS_AT_ONCE):
            yield from pyarrow.compute.struct_field(batch.column(name), member).to_pylist()

    def _read(self, column: str, rows: int) -> Iterator["pyarrow.RecordBatch"]:
        import pyarrow

        try:
            yield from self._file.iter_batches(batch_size=rows, columns=[column])
        except (pyarrow.ArrowException, OSError) as error:
            raise CorpusError(f"{self.source}: column '{column}' cannot be read ({first_line(error)}); write the file again") from error


class SavedPart:
    """A split in the arrow files of ``datasets``: mapped into memory, never decoded."""

    def __init__(self, source: str, dataset: "datasets.Dataset") -> None:
        self.source, self._dataset = source, dataset
        self.n_rows, self.header = int(dataset.num_rows), list(dataset.column_names)

    def type(self, name: str) -> "pyarrow.DataType":
        """Return the type of a column."""
        return self._dataset.data.column(name).type

    def values(self, name: str) -> list[Any]:
        """Return a column as Python values, class labels by their names."""
        return [value for table in self._read(name, _ROWS_AT_ONCE) for value in named(table.column(name), self._dataset.features[name])]

    def members(self, name: str, member: str) -> Iterator[Any]:
        """Yield one member of each row of a structured column."""
        import pyarrow.compute

        for table in self._read(name, _SOUNDS_AT_ONCE):
            yield from pyarrow.compute.struct_field(table.column(name), member).to_pylist()

    def _read(self, column: str, rows: int) -> Iterator["pyarrow.Table"]:
        yield from self._dataset.select_columns([column]).with_format("arrow").iter(rows)


def is_sound(part: Part, name: str) -> bool | None:
    """Return whether a column holds audio as ``datasets`` does, bytes and path; False for a path alone, None for anything else."""
    from pyarrow import types

    kind = part.type(name)
    if types.is_struct(kind):
        return {"bytes", "path"} <= {field.name for field in kind} or None
    return False if types.is_string(kind) or types.is_large_string(kind) else None


def named(column: "pyarrow.Array", feature: Any) -> list[Any]:
    """Return the values of a column, those of a ``datasets.ClassLabel`` by their names (-1 is its null)."""
    values: list[Any] = column.to_pylist()
    names = getattr(feature, "names", None)
    if names is None:
        return values
    name_of: dict[Any, Any] = {None: None, -1: None}
    name_of.update(enumerate(names))
    return [name_of.get(value, value) for value in values]


def _features(source: str, schema: "pyarrow.Schema") -> dict[str, Any]:
    """Return what ``datasets`` knows of each column; nothing for a file that it did not write."""
    if b"huggingface" not in (schema.metadata or {}):
        return {}
    from datasets import Features

    try:
        return dict(Features.from_arrow_schema(schema))
    except (ValueError, TypeError, KeyError) as error:
        raise CorpusError(f"{source}: the metadata that datasets wrote into it cannot be read ({first_line(error)})") from error


def first_line(error: Exception) -> str:
    """Return the first line of what a library says, or the name of its error where it says nothing."""
    return (str(error).splitlines() or [type(error).__name__])[0]
