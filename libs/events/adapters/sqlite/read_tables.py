"""How a collection lies in SQLite: a table of documents with a column for each indexed field, and a table of terms.

`rows_<collection>` holds `(tenant, id, doc, f_<field>…)`, `terms_<collection>` one `(tenant, field, value, id)` for
each element of a `Many` field and each word of a `Words` field. Names come from validated identifiers only.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from functools import cache
from typing import Any

import msgspec
from msgspec import inspect

from libs.events.adapters.sqlite.read_words import ALPHABET, words_of
from libs.events.canonical import time_text
from libs.events.declare import Collection, Index, Many, Row, Words
from libs.events.ports import Scalar

_NAME = re.compile(r"[a-z_]+")
_LARGEST = 2**63 - 1
_SORTABLE = (
    inspect.StrType,
    inspect.IntType,
    inspect.FloatType,
    inspect.BoolType,
    inspect.DateTimeType,
    inspect.DateType,
    inspect.EnumType,
    inspect.LiteralType,
)
_LISTS = (inspect.ListType, inspect.VarTupleType, inspect.SetType, inspect.FrozenSetType)
_ENCODER = msgspec.json.Encoder()

Declared = tuple[str, str]
"""`(kind, field)`: something that is kept for every row of a collection, so that it can be asked for."""


@dataclass(frozen=True)
class SQLIndex:
    """One declared `Index` as an SQL index on `(tenant, fields…, id)`."""

    name: str
    fields: tuple[str, ...]

    def create(self, rows: str) -> str:
        """The statement that makes it."""
        columns = ", ".join(("tenant", *map(column, self.fields), "id"))
        return f'CREATE INDEX IF NOT EXISTS "{self.name}" ON {rows} ({columns})'


@dataclass(frozen=True)
class Table:
    """A collection's tables; `Table.of` alone makes one."""

    collection: Collection
    indexes: tuple[SQLIndex, ...]
    columns: tuple[str, ...]
    many: tuple[str, ...]
    words: tuple[str, ...]

    @classmethod
    def of(cls, collection: Collection) -> Table:
        """Raises ValueError for a name that is no plain identifier, and for a field that cannot be indexed."""
        _identifier(collection.name)
        indexed = [entry.fields for entry in collection.indexes if isinstance(entry, Index)]
        many = tuple(dict.fromkeys(entry.field for entry in collection.indexes if isinstance(entry, Many)))
        words = tuple(dict.fromkeys(entry.field for entry in collection.indexes if isinstance(entry, Words)))
        _check(collection, indexed, many, words)
        names = dict.fromkeys(indexed)
        indexes = tuple(SQLIndex(f"{collection.name}:{','.join(fields)}", fields) for fields in names)
        columns = tuple(dict.fromkeys(field for fields in indexed for field in fields))
        return cls(collection, indexes, columns, many, words)

    @property
    def rows(self) -> str:
        """The documents' table."""
        return f"rows_{self.collection.name}"

    @property
    def terms(self) -> str:
        """The terms' table; it exists only if there are `Many` or `Words` fields."""
        return f"terms_{self.collection.name}"

    @property
    def has_terms(self) -> bool:
        """Whether rows are found by terms at all."""
        return bool(self.many or self.words)

    @property
    def declared(self) -> frozenset[Declared]:
        """What has to be kept for every row."""
        kept = [("column", field) for field in self.columns]
        kept += [("many", field) for field in self.many]
        kept += [(f"words {ALPHABET}", field) for field in self.words]
        return frozenset(kept)

    @property
    def upsert(self) -> str:
        """Writes one row; parameters are those of `record`."""
        columns = ("doc", *map(column, self.columns))
        marks = ", ".join("?" * (len(columns) + 2))
        changes = ", ".join(f"{name}=excluded.{name}" for name in columns)
        return (
            f"INSERT INTO {self.rows} (tenant, id, {', '.join(columns)}) VALUES ({marks}) "
            f"ON CONFLICT (tenant, id) DO UPDATE SET {changes}"
        )

    def record(self, tenant: str, id: str, row: Row) -> tuple[Any, ...]:
        """A row as parameters of `upsert`."""
        return (tenant, id, _ENCODER.encode(row), *self.values(row, self.columns))

    def values(self, row: Row, columns: Iterable[str]) -> Iterator[Scalar]:
        """The indexed values of some columns."""
        return (scalar(getattr(row, field)) for field in columns)

    def terms_of(self, row: Row, fields: Iterable[str] | None = None) -> set[tuple[str, str]]:
        """`(field, value)` of every term of a row, or of some fields only."""
        wanted = (*self.many, *self.words) if fields is None else fields
        found: set[tuple[str, str]] = set()
        for field in wanted:
            value = getattr(row, field)
            terms = (value or ()) if field in self.many else words_of(value or "")
            found.update((field, term) for term in terms)
        return found

    def decode(self, doc: bytes) -> Any:
        """A stored document as the collection's struct."""
        return _decoder(self.collection.row).decode(doc)


def column(field: str) -> str:
    """The column of an indexed field; the prefix keeps it apart from `tenant`, `id`, `doc` and SQL's own words."""
    return f"f_{field}"


def scalar(value: Any) -> Scalar:
    """An indexed value as SQLite compares it: times as RFC 3339 UTC of one width, dates as ISO text.

    Raises ValueError for what has no order there: NaN, infinity, integers beyond 64 bits, other types.
    """
    match value:
        case Enum():
            return scalar(value.value)
        case None | str() | bool():
            return value
        case int() if -_LARGEST <= value <= _LARGEST:
            return value
        case float() if math.isfinite(value):
            return value
        case datetime() if value.tzinfo is not None:
            return time_text(value)
        case date() if not isinstance(value, datetime):
            return value.isoformat()
        case _:
            raise ValueError(f"a value of type {type(value).__name__} that cannot be indexed")


@cache
def _decoder(row: type[Row]) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(row)


def _identifier(name: str) -> None:
    if _NAME.fullmatch(name) is None:
        raise ValueError(f"{name!r} is no name for a collection or field: use a to z and underscores")


def _check(
    collection: Collection, indexed: list[tuple[str, ...]], many: tuple[str, ...], words: tuple[str, ...]
) -> None:
    types = {field.name: field.type for field in _struct(collection.row).fields}
    for fields in indexed:
        if not fields or len(set(fields)) != len(fields):
            raise ValueError(f"{collection.name}: an Index names one or more fields, each once")
    if set(many) & set(words):
        raise ValueError(f"{collection.name}: a field is either Many or Words")
    wanted: list[tuple[str, tuple[type[inspect.Type], ...]]]
    wanted = [(field, _SORTABLE) for fields in indexed for field in fields]
    wanted += [(field, _LISTS) for field in many]
    wanted += [(field, (inspect.StrType,)) for field in words]
    for field, allowed in wanted:
        _identifier(field)
        if field not in types:
            raise ValueError(f"{collection.name} has no field {field!r}")
        if not all(_is(kind, allowed) for kind in _kinds(types[field])):
            raise ValueError(f"{collection.name}.{field} has a type that cannot be indexed this way")


def _struct(row: type[Row]) -> inspect.StructType:
    info = inspect.type_info(row)
    if not isinstance(info, inspect.StructType):
        raise ValueError(f"{row.__name__} is no struct")
    return info


def _kinds(info: inspect.Type) -> list[inspect.Type]:
    if isinstance(info, inspect.Metadata):
        return _kinds(info.type)
    if isinstance(info, inspect.UnionType):
        return [kind for member in info.types for kind in _kinds(member)]
    return [] if isinstance(info, inspect.NoneType) else [info]


def _is(kind: inspect.Type, allowed: tuple[type[inspect.Type], ...]) -> bool:
    if isinstance(kind, _LISTS):
        return allowed == _LISTS and all(isinstance(item, inspect.StrType) for item in _kinds(kind.item_type))
    return isinstance(kind, allowed)
