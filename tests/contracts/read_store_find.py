"""What every read store must do when a query looks for rows: filters, order, pages, and no other tenant's rows."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from libs.events.ports import Query
from tests.contracts.read_store_base import STONES, ReadStoreChecks, Stone, ids, ordered, pages, put, refused, stone

_TITLES = ("climb the hill", "Climb", "carry STONES up the hill", "", None, "stones, stones", "up-hill")
_HOSTILE = (
    "it's",
    'say "no"',
    "a\x00b",
    "a",
    "a\x00",
    "🪨 é e\u0301",
    "'; DROP TABLE rows_stones; --",
    "%_*[a-z]",
    "\\",
    '{"$ne": null}',
    " ",
    "",
    "\u2028",
    "z" * 100_000,
)


class FindChecks(ReadStoreChecks):
    """`find`, and that tenants never meet."""

    @pytest.mark.parametrize(
        "query",
        [
            Query(equal={"text": ["x"]}),
            Query(equal={"nothing": ["x"]}),
            Query(words={"labels": ["x"]}),
            Query(words={"text": ["x"]}),
            Query(sort="text"),
            Query(sort="labels"),
            Query(span="text", at_least="a"),
            Query(span="labels", at_least="a"),
            Query(equal={"labels": [None]}),
            Query(equal={"rank": [2**70]}),
            Query(equal={"progress": [float("nan")]}),
            Query(at_least=1),
            Query(below=1),
            Query(limit=0),
            Query(sort="rank", limit=-1),
            Query(sort='rank" --'),
        ],
    )
    async def test_what_no_index_serves_is_refused(self, query: Query) -> None:
        store = await self.filled({"a": Stone()})
        with refused():
            await store.find("acme", STONES, query)

    async def test_an_unprepared_collection_is_refused(self) -> None:
        store = await self.make()
        with pytest.raises(ValueError, match="stones"):
            await store.find("acme", STONES, Query())

    async def test_equality_takes_any_of_the_values_and_null(self) -> None:
        rows = {"a": Stone(owner="x"), "b": Stone(owner="y"), "c": Stone(), "d": Stone(owner="x", state="closed")}
        store = await self.filled(rows)
        asked: list[tuple[dict[str, Any], list[str]]] = [
            ({"owner": ["x"]}, ["a", "d"]),
            ({"owner": ["x", "y", "y"]}, ["a", "b", "d"]),
            ({"owner": [None]}, ["c"]),
            ({"owner": ["y", None]}, ["b", "c"]),
            ({"owner": ["x"], "state": ["open"]}, ["a"]),
            ({"owner": ["x", None], "state": ["closed", "open"]}, ["a", "c", "d"]),
            ({"owner": []}, []),
            ({"owner": ["x"], "state": []}, []),
            ({"owner": ["X"]}, []),
            ({"rank": ["1"]}, []),
            ({"done": [False], "progress": [0]}, ["a", "b", "c", "d"]),
            ({"owner": [f"p{number}" for number in range(3000)] + ["y"]}, ["b"]),
        ]
        for equal, expected in asked:
            assert await ids(store, Query(equal=equal)) == expected, equal

    async def test_elements_of_lists_are_found_once(self) -> None:
        rows = {
            "a": Stone(labels=["red", "blue", "red"], helpers=("ann",)),
            "b": Stone(labels=["blue"]),
            "c": Stone(helpers=("ann", "bob"), owner="x"),
        }
        store = await self.filled(rows)
        assert await ids(store, Query(equal={"labels": ["red", "blue"]})) == ["a", "b"]
        assert await ids(store, Query(equal={"labels": ["blue"], "helpers": ["ann", "bob"]})) == ["a"]
        assert await ids(store, Query(equal={"helpers": ["ann"], "owner": [None]})) == ["a"]
        assert await ids(store, Query(equal={"labels": ["Red"]})) == []
        assert await ids(store, Query(equal={"labels": []})) == []
        await put(store, "acme", {"a": Stone(labels=["green"]), "b": None})
        assert await ids(store, Query(equal={"labels": ["red", "blue"]})) == []
        assert await ids(store, Query(equal={"labels": ["green"]})) == ["a"]

    async def test_words_are_whole_folded_and_all_needed(self) -> None:
        rows = {
            "a": Stone(title="Überqueren wir die STRASSE, bald"),
            "b": Stone(title="U\u0308berqueren wir nichts"),
            "c": Stone(title="goal_tree v2 don't"),
            "d": Stone(title="目标 дом"),
            "e": Stone(),
        }
        store = await self.filled(rows)
        asked = [
            (["überqueren"], ["a", "b"]),
            (["WIR", "straße"], ["a"]),
            (["wir straße"], ["a"]),
            (["straß"], []),
            (["goal"], []),
            (["goal_tree", "V2"], ["c"]),
            (["don't"], ["c"]),
            (["ДОМ"], ["d"]),
            (["目标", "wir"], []),
            (["%"], []),
            (["!!!", "", " – "], []),
            ([], []),
            (["!!!", "wir"], ["a", "b"]),
            ([f"w{number}" for number in range(1000)], []),
        ]
        for words, expected in asked:
            assert await ids(store, Query(words={"title": words})) == expected, words
        await put(store, "acme", {"a": Stone(title="bald danach"), "b": None})
        assert await ids(store, Query(words={"title": ["wir"]})) == []
        assert await ids(store, Query(words={"title": ["danach", "bald"]})) == ["a"]

    async def test_a_span_is_half_open_and_leaves_out_null(self) -> None:
        store = await self.filled({"n": Stone(), **{f"s{rank}": Stone(rank=rank) for rank in range(5)}})
        assert await ids(store, Query(span="rank", at_least=1, below=3)) == ["s1", "s2"]
        assert await ids(store, Query(span="rank", at_least=3)) == ["s3", "s4"]
        assert await ids(store, Query(span="rank", below=1)) == ["s0"]
        assert await ids(store, Query(span="rank", at_least=1, below=1)) == []
        last = Query(span="rank", below=3, sort="rank", descending=True, limit=2)
        assert [len(page.items) for page in await pages(store, last)] == [2, 1]

    async def test_a_cursor_from_outside_the_span_opens_nothing(self) -> None:
        store = await self.filled({"n": Stone(), **{f"s{rank}": Stone(rank=rank) for rank in range(5)}})
        inside = Query(span="rank", at_least=1, below=3, sort="rank")
        assert await ids(store, replace(inside, after=(-5, "x"))) == ["s1", "s2"]
        assert await ids(store, replace(inside, after=(None, "x"))) == ["s1", "s2"]
        assert await ids(store, replace(inside, after=(9, "x"), descending=True)) == ["s2", "s1"]

    async def test_times_are_ordered_as_times(self) -> None:
        noon = datetime(2026, 1, 31, 12, tzinfo=UTC)
        east = timezone(timedelta(hours=5))
        rows = {
            "c": Stone(changed=noon + timedelta(microseconds=500_000)),
            "b": Stone(changed=noon),
            "a": Stone(changed=(noon + timedelta(seconds=1)).astimezone(east)),
            "d": Stone(changed=(noon - timedelta(seconds=1)).astimezone(east)),
        }
        store = await self.filled(rows)
        assert await ids(store, Query(sort="changed")) == ["d", "b", "c", "a"]
        since = Query(span="changed", at_least="2026-01-31T12:00:00.000000Z", sort="changed", limit=1)
        assert [id for page in await pages(store, since) for id, _ in page.items] == ["b", "c", "a"]

    @pytest.mark.parametrize("descending", [False, True])
    @pytest.mark.parametrize("limit", [1, 2, 3, 7, 50])
    async def test_pages_with_nulls_and_ties_join_without_a_seam(self, limit: int, descending: bool) -> None:
        rows = {f"s{at:02}": Stone(owner="x", rank=(None, 2, None, 1, 2, -1)[at % 6]) for at in range(23)}
        store = await self.filled(rows)
        for equal in ({}, {"owner": ["x"]}, {"owner": ["x", "y", None]}, {"rank": [None, 2]}):
            query = Query(equal=equal, sort="rank", descending=descending, limit=limit)
            found = await pages(store, query)
            assert [id for page in found for id, _ in page.items] == ordered(rows, query)
            assert all(len(page.items) == limit for page in found[:-1])
            assert found[-1].items

    async def test_a_whole_answer_or_no_rows(self) -> None:
        store = await self.filled({"a": Stone(rank=1), "b": Stone(rank=2)})
        query = Query(sort="rank", limit=2, whole=True)
        page = await store.find("acme", STONES, query)
        assert (page.items, page.next) == ([("a", Stone(rank=1)), ("b", Stone(rank=2))], None)
        part = await store.find("acme", STONES, replace(query, limit=1))
        assert (part.items, part.next) == ([], (1, "a"))

    async def test_a_last_full_page_has_no_next(self) -> None:
        store = await self.filled({"a": Stone(rank=1), "b": Stone(rank=2)})
        page = await store.find("acme", STONES, Query(sort="rank", limit=2))
        assert (len(page.items), page.next) == (2, None)
        first = await store.find("acme", STONES, Query(sort="rank", limit=1))
        assert (first.items, first.next) == ([("a", Stone(rank=1))], (1, "a"))

    async def test_pages_hold_their_place_while_rows_change(self) -> None:
        store = await self.filled({f"s{rank}": Stone(rank=rank) for rank in range(6)})
        query = Query(sort="rank", limit=2)
        page = await store.find("acme", STONES, query)
        await put(store, "acme", {"s1": None, "s9": Stone(rank=0), "s2": Stone(rank=7)})
        assert await ids(store, replace(query, after=page.next, limit=9)) == ["s3", "s4", "s5", "s2"]

    async def test_it_agrees_with_a_naive_search(self) -> None:
        chance = random.Random(20261101)
        rows = {f"s{number:03}": _any_stone(chance) for number in range(120)}
        store = await self.filled(rows)
        await put(store, "other", {id: Stone(owner="x", rank=1, title="climb hill stones") for id in rows})
        for _ in range(300):
            query = _any_query(chance)
            found = [id for page in await pages(store, query) for id, _ in page.items]
            assert found == ordered(rows, query), query

    async def test_hostile_values_come_back_as_they_were(self) -> None:
        rows = {
            f"{value[:50]}#{at}" if value else value: Stone(owner=value, title=value, labels=[value], text=value)
            for at, value in enumerate(_HOSTILE)
        }
        store = await self.filled(rows)
        for tenant in _HOSTILE[:6]:
            await put(store, tenant, {"same": Stone(owner=tenant)})
            assert await ids(store, Query(), tenant) == ["same"]
        assert await store.get_many("acme", map(stone, rows)) == {stone(id): row for id, row in rows.items()}
        for id, row in rows.items():
            assert await ids(store, Query(equal={"owner": [row.owner]})) == [id]
            assert await ids(store, Query(equal={"labels": [row.owner]}, sort="title")) == [id]
        titles = [id for page in await pages(store, Query(sort="title", limit=1)) for id, _ in page.items]
        assert titles == sorted(rows, key=lambda id: (rows[id].title, id))
        await put(store, "acme", dict.fromkeys(rows))
        assert await ids(store, Query()) == []

    async def test_tenants_never_meet(self) -> None:
        store = await self.filled({"a": Stone(owner="x", title="hill", labels=["red"], rank=1)})
        await put(store, "other", {"a": Stone(owner="y", title="sea", labels=["blue"], rank=2), "b": Stone(rank=3)})
        assert await store.get_many("acme", [stone("a"), stone("b")]) == {
            stone("a"): Stone(owner="x", title="hill", labels=["red"], rank=1)
        }
        everything = [Query(), Query(sort="rank"), Query(span="rank", at_least=0), Query(sort="rank", descending=True)]
        for query in everything:
            page = await store.find("acme", STONES, replace(query, limit=1))
            assert ([id for id, _ in page.items], page.next) == (["a"], None)
        for query in (
            Query(equal={"owner": ["y"]}),
            Query(words={"title": ["sea"]}),
            Query(equal={"labels": ["blue"]}),
        ):
            assert await ids(store, query) == []
        await put(store, "other", {"a": None})
        assert await ids(store, Query(words={"title": ["hill"]})) == ["a"]
        assert await ids(store, Query(), "acm") == []


def _any_stone(chance: random.Random) -> Stone:
    return Stone(
        owner=chance.choice(["x", "y", "z", None]),
        state=chance.choice(["open", "closed"]),
        rank=chance.choice([None, *range(-2, 4)]),
        progress=chance.choice([0.0, 0.5, 1.0, -0.25]),
        done=chance.random() < 0.5,
        title=chance.choice([title.replace(",", " ").replace("-", " ") if title else title for title in _TITLES]),
        labels=chance.sample(["red", "blue", "green"], chance.randrange(4)),
        helpers=tuple(chance.sample(["ann", "bob"], chance.randrange(3))),
    )


def _any_query(chance: random.Random) -> Query:
    choices: dict[str, list[Any]] = {
        "owner": ["x", "y", None],
        "state": ["open", "closed"],
        "rank": [None, 1, 2],
        "done": [True, False],
        "labels": ["red", "blue"],
        "helpers": ["ann", "bob"],
    }
    equal = {
        field: chance.sample(values, chance.randint(1, len(values)))
        for field, values in choices.items()
        if chance.random() < 0.2
    }
    words = {"title": chance.sample(["hill", "STONES", "climb"], chance.randint(1, 2))} if chance.random() < 0.2 else {}
    span = chance.choice(["rank", "progress", None, None])
    return Query(
        equal=equal,
        words=words,
        span=span,
        at_least=chance.choice([None, 0, -1]) if span else None,
        below=chance.choice([None, 1, 3]) if span else None,
        sort=chance.choice([None, "rank", "progress", "title"]),
        descending=chance.random() < 0.5,
        limit=chance.choice([1, 4, 13, 200]),
    )
