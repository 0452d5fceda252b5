"""What every read store must do with declarations: keep rows, fill new indexes, refuse names that are not plain."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import msgspec
import pytest

from libs.events.declare import Collection, Index, Many, RowKey, Words
from libs.events.ports import Put, Query, ReadStore
from tests.contracts.read_store_base import NOTES, STONES, ReadStoreChecks, Stone, commit, ids, put, refused, stone

_PLAIN = Collection("stones", Stone)
_ROWS = {
    f"s{number:04}": Stone(owner="x" if number % 2 else None, rank=number, title=f"Hill {number}", labels=["red"])
    for number in range(2100)
}
_QUERIES = (
    Query(equal={"owner": [None]}, sort="rank", limit=5),
    Query(sort="rank", descending=True, limit=5),
    Query(words={"title": ["hill", "77"]}),
    Query(equal={"labels": ["red"]}, limit=5),
)


class Loose(msgspec.Struct):
    """Fields of kinds that cannot be indexed, or only in one way."""

    amount: Decimal
    rows: dict[str, int]
    numbers: list[int]
    names: list[str]
    name: str
    Upper: str
    with1: str


class PrepareChecks(ReadStoreChecks):
    """`prepare`."""

    @pytest.mark.parametrize(
        "name", ["", "Stones", "st-ones", "stones;", 'x" (a); --', "stones1", "stönes", "a b", "a\n"]
    )
    async def test_a_name_that_is_not_plain_is_refused(self, name: str) -> None:
        store = await self.make()
        with refused():
            await store.prepare([Collection(name, Stone)])

    @pytest.mark.parametrize(
        "entry",
        [
            Index("Upper"),
            Index("with1"),
            Index("name) --"),
            Index("unknown"),
            Index(),
            Index("name", "name"),
            Index("amount"),
            Index("rows"),
            Index("names"),
            Many("name"),
            Many("numbers"),
            Words("names"),
            Words("unknown"),
        ],
        ids=repr,
    )
    async def test_a_field_that_cannot_be_indexed_is_refused(self, entry: Index | Many | Words) -> None:
        store = await self.make()
        with refused():
            await store.prepare([NOTES, Collection("loose", Loose, (entry,))])
        with refused():
            await store.get_many("acme", [RowKey(NOTES, "a")])

    async def test_one_name_declared_in_two_ways_is_refused(self) -> None:
        store = await self.make()
        with pytest.raises(ValueError, match="stones"):
            await store.prepare([STONES, _PLAIN])
        await store.prepare([STONES, STONES])

    async def test_preparing_again_keeps_everything(self) -> None:
        store = await self.filled({"a": Stone(rank=1, title="hill")})
        await store.prepare([STONES, NOTES])
        other = await self.again()
        await asyncio.gather(*(each.prepare([NOTES, STONES]) for each in (store, other) for _ in range(3)))
        for each in (store, other):
            assert await each.get_many("acme", [stone("a")]) == {stone("a"): Stone(rank=1, title="hill")}
            assert await ids(each, Query(words={"title": ["hill"]}, sort="rank")) == ["a"]

    async def test_an_index_declared_later_finds_earlier_rows(self) -> None:
        store = await self.make()
        await self._fill(store, _PLAIN)
        with refused():
            await store.find("acme", _PLAIN, _QUERIES[0])
        other = await self.again()
        await other.prepare([STONES])
        for query in _QUERIES:
            assert await ids(other, query) == _expected(query)

    async def test_an_index_that_was_gone_for_a_while_is_filled_anew(self) -> None:
        store = await self.prepared()
        await self._fill(store, STONES)
        await store.prepare([_PLAIN])
        owner = await store.own("filling", "stones.events", 0)
        changes = {"s0077": Stone(title="hill 78", labels=[]), "s0078": None, "new": Stone(rank=5000, title="x")}
        await store.commit(commit(owner, [Put("acme", RowKey(_PLAIN, id), row) for id, row in changes.items()]))
        await store.prepare([STONES])
        assert await ids(store, Query(words={"title": ["77"]})) == []
        assert await ids(store, Query(words={"title": ["78"]})) == ["s0077"]
        assert await ids(store, Query(sort="rank", descending=True, limit=2)) == ["new", "s2099"]
        assert await ids(store, Query(equal={"rank": [77, 78]})) == []
        await put(store, "acme", {"s0077": None})
        assert await ids(store, Query(words={"title": ["78"]})) == []

    async def test_a_row_may_gain_a_field(self) -> None:
        class Older(msgspec.Struct):
            owner: str

        store, older = await self.make(), Collection("stones", Older)
        await store.prepare([older])
        owner = await store.own("filling", "stones.events", 0)
        await store.commit(commit(owner, [Put("acme", RowKey(older, "a"), Older("x"))]))
        await store.prepare([STONES])
        assert await ids(store, Query(equal={"owner": ["x"], "rank": [None]})) == ["a"]
        assert await store.get_many("acme", [stone("a")]) == {stone("a"): Stone(owner="x")}

    async def _fill(self, store: ReadStore, collection: Collection) -> None:
        await store.prepare([collection])
        owner = await store.own("filling", "stones.events", 0)
        await store.commit(commit(owner, [Put("acme", RowKey(collection, id), row) for id, row in _ROWS.items()]))


def _expected(query: Query) -> list[str]:
    if query.words:
        return ["s0077"]
    if query.equal.get("labels"):
        return list(_ROWS)[:5]
    return list(_ROWS)[:-6:-1] if query.descending else list(_ROWS)[:10:2]
