"""What every read store must do with indexes on what a row computes: the same as with what it stores."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Literal

import msgspec
import pytest

from libs.events.declare import Collection, Index, Many, RowKey, Words
from libs.events.ports import Put, Query, ReadStore
from tests.contracts.read_store_base import ReadStoreChecks, commit, refused


class Slab(msgspec.Struct, frozen=True, kw_only=True):
    """A row that is found by what it computes."""

    sides: list[int]
    name: str | None = None
    split_at: datetime | None = None

    @property
    def area(self) -> int | None:
        """None where a side is missing."""
        return self.sides[0] * self.sides[1] if len(self.sides) == 2 else None

    @property
    def shelf(self) -> Literal["small", "large"]:
        """A word of a few."""
        return "large" if (self.area or 0) > 10 else "small"

    @property
    def whole(self) -> bool:
        """A truth."""
        return self.split_at is None

    @property
    def quiet_since(self) -> datetime | None:
        """A time."""
        return self.split_at

    @property
    def facets(self) -> list[str]:
        """A list."""
        return [f"shelf={self.shelf}", *(f"side={side}" for side in self.sides), *(["whole"] if self.whole else [])]

    @property
    def label(self) -> str | None:
        """A text."""
        return None if self.name is None else f"Slab {self.name}"

    @property
    def unsaid(self):  # type: ignore[no-untyped-def]
        """What does not say its type."""
        return "x"

    @property
    def unknown(self) -> Nowhere:  # type: ignore[name-defined]  # noqa: F821
        """What says a type that is not there."""
        return None

    @property
    def numbers(self) -> list[int]:
        """What is no list of texts."""
        return self.sides

    def method(self) -> str:
        """What has to be called."""
        return "x"

    def _write(self, value: str) -> None:
        raise AssertionError(value)

    written = property(None, _write)


SLABS = Collection(
    "slabs",
    Slab,
    (
        Index("area"),
        Index("shelf", "area"),
        Index("whole"),
        Index("quiet_since"),
        Index("name"),
        Many("facets"),
        Words("label"),
    ),
)
_NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
_ROWS = {
    "a": Slab(sides=[2, 3], name="grey one"),
    "b": Slab(sides=[4, 5], name="Grey two", split_at=_NOON),
    "c": Slab(sides=[6]),
    "d": Slab(sides=[3, 4], name="slab"),
}


class ComputedChecks(ReadStoreChecks):
    """Indexes on properties."""

    @pytest.mark.parametrize(
        "entry",
        [
            Index("unsaid"),
            Index("unknown"),
            Index("facets"),
            Index("numbers"),
            Index("method"),
            Index("written"),
            Index("nothing"),
            Index("area", "label", "unsaid"),
            Many("label"),
            Many("numbers"),
            Many("unsaid"),
            Words("facets"),
            Words("area"),
            Words("method"),
        ],
        ids=repr,
    )
    async def test_what_computes_nothing_that_can_be_indexed_so_is_refused(self, entry: Index | Many | Words) -> None:
        store = await self.make()
        with refused():
            await store.prepare([Collection("slabs", Slab, (entry,))])

    async def test_rows_are_found_by_what_they_compute(self) -> None:
        store = await self._slabs()
        for query, expected in [
            (Query(equal={"area": [6, 12]}), ["a", "d"]),
            (Query(equal={"area": [None]}), ["c"]),
            (Query(equal={"shelf": ["large"]}, sort="area", descending=True), ["b", "d"]),
            (Query(sort="area"), ["c", "a", "d", "b"]),
            (Query(span="area", at_least=6, below=20), ["a", "d"]),
            (Query(equal={"whole": [True]}), ["a", "c", "d"]),
            (Query(span="quiet_since", at_least="2026-01-01T00:00:00.000000Z"), ["b"]),
            (Query(equal={"facets": ["side=3", "side=6"]}), ["a", "c", "d"]),
            (Query(equal={"facets": ["shelf=large"], "whole": [False]}), ["b"]),
            (Query(words={"label": ["SLAB", "grey"]}), ["a", "b"]),
            (Query(words={"label": ["slab"]}, equal={"facets": ["whole"]}, sort="area"), ["a", "d"]),
        ]:
            assert await _found(store, query) == expected, query

    async def test_what_is_computed_follows_the_row(self) -> None:
        store = await self._slabs()
        await _put(store, {"a": Slab(sides=[9, 9]), "b": None, "c": Slab(sides=[2, 3], name="grey")})
        assert await _found(store, Query(equal={"area": [6]})) == ["c"]
        assert await _found(store, Query(equal={"shelf": ["large"]}, sort="area")) == ["d", "a"]
        assert await _found(store, Query(equal={"facets": ["side=3"]})) == ["c", "d"]
        assert await _found(store, Query(words={"label": ["grey"]})) == ["c"]
        page = await store.find("acme", SLABS, Query(sort="area", limit=2))
        assert (page.items, page.next) == ([("c", Slab(sides=[2, 3], name="grey")), ("d", _ROWS["d"])], (12, "d"))

    async def test_an_index_on_what_is_computed_finds_earlier_rows(self) -> None:
        store = await self.make()
        plain = Collection("slabs", Slab)
        await store.prepare([plain])
        owner = await store.own("filling", "slabs.events", 0)
        await store.commit(commit(owner, [Put("acme", RowKey(plain, id), row) for id, row in _ROWS.items()]))
        await store.prepare([SLABS])
        assert await _found(store, Query(sort="area")) == ["c", "a", "d", "b"]
        assert await _found(store, Query(equal={"facets": ["side=3"]}, words={"label": ["slab"]})) == ["a", "d"]

    async def test_a_row_that_cannot_compute_undoes_the_rest(self) -> None:
        class Breaking(Slab, frozen=True, kw_only=True):
            @property
            def area(self) -> int | None:
                return 2**70 if self.name == "too much" else super().area

        store, slabs = await self.make(), Collection("slabs", Breaking, SLABS.indexes)
        await store.prepare([slabs])
        owner = await store.own("filling", "slabs.events", 0)
        rows = {"a": Breaking(sides=[1, 1]), "b": Breaking(sides=[1, 1], name="too much")}
        with refused():
            await store.commit(commit(owner, [Put("acme", RowKey(slabs, id), row) for id, row in rows.items()]))
        assert await store.get_many("acme", [RowKey(slabs, "a")]) == {}

    async def _slabs(self) -> ReadStore:
        store = await self.make()
        await store.prepare([SLABS])
        await _put(store, _ROWS)
        return store


async def _put(store: ReadStore, rows: dict[str, Any]) -> None:
    owner = await store.own("filling", "slabs.events", 0)
    await store.commit(commit(owner, [Put("acme", RowKey(SLABS, id), row) for id, row in rows.items()]))


async def _found(store: ReadStore, query: Query) -> list[str]:
    return [id for id, _ in (await store.find("acme", SLABS, query)).items]
