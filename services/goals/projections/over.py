"""Rows of one collection while a batch is folded: those that were loaded, under what its facts have changed so far."""

from __future__ import annotations

from typing import Generic, TypeVar

from libs.events.declare import Collection, Held, Row, RowKey

T = TypeVar("T", bound=Row)


class Over(Generic[T]):
    """Rows by id as the next fact finds them. A row that nobody looks at costs nothing, however many are held."""

    def __init__(self, held: Held, collection: Collection) -> None:
        self._held, self._collection = held.rows, collection
        self._rows: dict[str, T] = {}
        self._put: dict[str, None] = {}

    def loaded(self, id: str) -> T | None:
        """The row as it was before the batch, None where there was none."""
        return self._held.get(RowKey(self._collection, id))

    def get(self, id: str) -> T | None:
        """The row, None where there is none."""
        row = self._rows.get(id)
        if row is None and (row := self.loaded(id)) is not None:
            self._rows[id] = row
        return row

    def __getitem__(self, id: str) -> T:
        """The row. Raises KeyError where there is none."""
        row = self._rows.get(id)
        if row is None and (row := self.get(id)) is None:
            raise KeyError(id)
        return row

    def __contains__(self, id: str) -> bool:
        return self.get(id) is not None

    def put(self, id: str, row: T) -> None:
        """This is how the row stands now."""
        self._rows[id] = row
        self._put[id] = None

    def is_put(self, id: str) -> bool:
        """Whether a fact of this batch has put the row."""
        return id in self._put

    def changed(self) -> dict[RowKey, Row | None]:
        """Every row that is not as it was loaded."""
        rows = ((id, self._rows[id]) for id in self._put)
        return {RowKey(self._collection, id): row for id, row in rows if row != self.loaded(id)}
