"""How a collection lies in SQLite: a table of documents with its indexed values, and tables of terms.

`rows_<collection>` holds `(tenant, id, f_<field>…, t_<field>…, doc)`: a column for each field of an `Index`, and for
each `Many` or `Words` field the row's terms as they were last written. `terms_<collection>` holds each distinct term
of a tenant once, with a number and how many rows hold it; `places_<collection>` has `(number, id)` for each of those
rows. The term without field and value stands for every row of its tenant, and has no places. Names come from
validated identifiers only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import msgspec

from libs.events.adapters.sqlite.read_fields import check, scalar
from libs.events.declare import Collection, Index, Many, Row, Words
from libs.events.words import ALPHABET, words_of

_ENCODER = msgspec.json.Encoder()

Declared = tuple[str, str]
"""`(kind, field)`: something that is kept for every row of a collection, so that it can be asked for."""

EVERY_ROW: Declared = ("rows", "")
"""The count of a tenant's rows, kept where there are terms: how common a term is tells which way is short."""


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
        check(collection)
        names = dict.fromkeys(entry.fields for entry in collection.indexes if isinstance(entry, Index))
        many = tuple(dict.fromkeys(entry.field for entry in collection.indexes if isinstance(entry, Many)))
        words = tuple(dict.fromkeys(entry.field for entry in collection.indexes if isinstance(entry, Words)))
        indexes = tuple(SQLIndex(f"{collection.name}:{','.join(fields)}", fields) for fields in names)
        columns = tuple(dict.fromkeys(field for fields in names for field in fields))
        return cls(collection, indexes, columns, many, words)

    @cached_property
    def rows(self) -> str:
        """The documents' table."""
        return f"rows_{self.collection.name}"

    @cached_property
    def primary(self) -> str:
        """The index of the documents' primary key, `(tenant, id)`."""
        return f"sqlite_autoindex_{self.rows}_1"

    @cached_property
    def terms(self) -> str:
        """The table of distinct terms; it exists only if there are `Many` or `Words` fields."""
        return f"terms_{self.collection.name}"

    @cached_property
    def places(self) -> str:
        """The table of the terms' rows, in order of id."""
        return f"places_{self.collection.name}"

    @cached_property
    def term_fields(self) -> tuple[str, ...]:
        """The fields that rows are found by terms of."""
        return (*self.many, *self.words)

    @cached_property
    def kept(self) -> tuple[str, ...]:
        """The columns beside a document, in the order of `values`."""
        return (*map(column, self.columns), *map(terms_column, self.term_fields))

    @cached_property
    def declared(self) -> frozenset[Declared]:
        """What has to be kept for every row."""
        kept = [("column", field) for field in self.columns]
        kept += [("many", field) for field in self.many]
        kept += [(f"words {ALPHABET}", field) for field in self.words]
        return frozenset([*kept, EVERY_ROW] if self.term_fields else kept)

    def values(self, row: Row) -> list[Any]:
        """The values of the columns beside a row's document."""
        scalars: list[Any] = [scalar(getattr(row, field)) for field in self.columns]
        return scalars + [self.packed(row, field) for field in self.term_fields]

    def packed(self, row: Row, field: str) -> bytes | None:
        """A row's terms of one `Many` or `Words` field, as they stand beside its document; None for none."""
        value = getattr(row, field)
        found: Iterable[str] = (value or ()) if field in self.many else words_of(value or "")
        terms = sorted(set(found))
        return _ENCODER.encode(terms) if terms else None

    def encode(self, row: Row) -> bytes:
        """A row as its stored document."""
        return _ENCODER.encode(row)

    @cached_property
    def decode(self) -> Callable[[bytes], Any]:
        """A function from a stored document to the collection's struct."""
        return msgspec.json.Decoder(self.collection.row).decode


def column(field: str) -> str:
    """The column of an indexed field; the prefix keeps it apart from `tenant`, `id`, `doc` and SQL's own words."""
    return f"f_{field}"


def terms_column(field: str) -> str:
    """The column of a row's terms of one field, as `Table.packed` gives them."""
    return f"t_{field}"


_UNPACK = msgspec.json.Decoder(list[str]).decode


def unpacked(terms: bytes | None) -> set[str]:
    """The terms that `Table.packed` packed."""
    return set(_UNPACK(terms)) if terms is not None else set()
