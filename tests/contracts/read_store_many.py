"""What every read store must do when many rows match: the same answers, whichever way they are looked for."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import pytest

from libs.events.ports import Query
from tests.contracts.read_store_base import STONES, ReadStoreChecks, Stone, ids, ordered, pages, put

_MANY = 2500
_LABELS = [f"l{number}" for number in range(40)]
_WORDS = ["stones", "hill", "climb", "summit"]


def many_stones(chance: random.Random) -> dict[str, Stone]:
    """Rows whose terms are held by nearly all of them, by some, and by few."""
    return {f"s{number:04}": _stone(chance) for number in range(_MANY)}


def _stone(chance: random.Random) -> Stone:
    rare = chance.choices(_LABELS, weights=[1 / (1 + at) for at in range(40)], k=chance.randrange(4))
    return Stone(
        owner=chance.choice(["x", "y", None, *(f"p{number}" for number in range(300))]),
        state=chance.choices(["open", "closed", "draft"], weights=[80, 19, 1])[0],
        rank=chance.choice([None, *range(-2, 40)]),
        progress=chance.choice([0.0, 0.5, 1.0, -0.25]),
        done=chance.random() < 0.02,
        title=" ".join(
            word for word, share in zip(_WORDS, (0.9, 0.5, 0.1, 0.01), strict=True) if chance.random() < share
        ),
        labels=[*(["all"] if chance.random() < 0.95 else []), *rare],
        helpers=tuple(chance.sample(["ann", "bob", "eve"], chance.randrange(3))),
    )


def many_queries(chance: random.Random, count: int) -> list[Query]:
    """Every combination comes up: fields, lists, words, a span, an order, either way, pages of many sizes."""
    return [_query(chance) for _ in range(count)]


def _query(chance: random.Random) -> Query:
    choices: dict[str, list[Any]] = {
        "owner": ["x", None, *(f"p{number}" for number in range(150))],
        "state": ["open", "closed", "draft"],
        "rank": [None, 1, 2],
        "done": [True, False],
        "labels": ["all", *_LABELS],
        "helpers": ["ann", "bob", "nobody"],
    }
    equal: dict[str, Any] = {}
    for field, values in choices.items():
        if chance.random() < (0.45 if field == "labels" else 0.2):
            equal[field] = chance.sample(values, min(len(values), chance.choice([1, 1, 2, 5, 12, 200])))
    span = chance.choice(["rank", "progress", None, None])
    return Query(
        equal=equal,
        words={"title": chance.sample(_WORDS, chance.randint(1, 3))} if chance.random() < 0.4 else {},
        span=span,
        at_least=chance.choice([None, 0, 20]) if span else None,
        below=chance.choice([None, 1, 30]) if span else None,
        sort=chance.choice([None, None, "rank", "progress", "title"]),
        descending=chance.random() < 0.5,
        limit=chance.choice([3, 50, 200, 1000]),
    )


class ManyChecks(ReadStoreChecks):
    """`find` over thousands of rows."""

    @pytest.mark.parametrize("seed", range(3))
    async def test_it_agrees_with_a_naive_search_over_many_rows(self, seed: int) -> None:
        chance = random.Random(seed)
        rows = many_stones(chance)
        store = await self.filled(rows)
        await put(store, "other", {id: Stone(labels=["all"], title="hill") for id in rows})
        changed = {id: _stone(chance) if chance.random() < 0.8 else None for id in chance.sample(sorted(rows), 500)}
        await put(store, "acme", changed)
        rows = {id: row for id, row in (rows | changed).items() if row is not None}
        for query in many_queries(chance, 120):
            expected = ordered(rows, query)
            # One page in the middle stands for all of them where there are hundreds.
            start = chance.randrange(len(expected)) if expected and chance.random() < 0.5 else None
            if start is not None:
                value = getattr(rows[expected[start]], query.sort) if query.sort is not None else None
                query = replace(query, after=(value, expected[start]))
            page = await store.find("acme", STONES, query)
            rest = expected[start + 1 :] if start is not None else expected
            assert [id for id, _ in page.items] == rest[: query.limit], query
            assert (page.next is not None) == (len(rest) > query.limit), query
            assert all(row == rows[id] for id, row in page.items)

    @pytest.mark.parametrize("descending", [False, True])
    async def test_pages_led_by_terms_join_without_a_seam(self, descending: bool) -> None:
        rows = many_stones(random.Random(7))
        store = await self.filled(rows)
        for equal in (
            {"labels": ["all"]},
            {"labels": ["all", *_LABELS[:10]], "helpers": ["ann", "bob"]},
            {"labels": _LABELS},
            {"labels": ["all"], "state": ["closed"]},
        ):
            query = Query(equal=equal, words={"title": ["stones"]}, descending=descending, limit=230)
            found = await pages(store, query)
            assert [id for page in found for id, _ in page.items] == ordered(rows, query)
            assert all(len(page.items) == query.limit for page in found[:-1])
            assert found[-1].items

    async def test_rows_of_many_owners_come_in_order_of_id(self) -> None:
        rows = many_stones(random.Random(8))
        store = await self.filled(rows)
        query = Query(equal={"owner": [f"p{number}" for number in range(200)]}, limit=40)
        for descending in (False, True):
            found = await pages(store, replace(query, descending=descending))
            assert [id for page in found for id, _ in page.items] == ordered(
                rows, replace(query, descending=descending)
            )

    async def test_terms_that_no_row_holds_any_more_find_nothing_and_come_back(self) -> None:
        store = await self.filled({f"s{at}": Stone(labels=["red", f"l{at}"], title="hill") for at in range(300)})
        await put(store, "acme", {f"s{at}": Stone(labels=["blue"]) for at in range(299)})
        assert await ids(store, Query(equal={"labels": ["red"]})) == ["s299"]
        assert await ids(store, Query(words={"title": ["hill"]})) == ["s299"]
        await put(store, "acme", {"s299": None})
        assert await ids(store, Query(equal={"labels": ["red", "l299"]})) == []
        assert await ids(store, Query(words={"title": ["hill"]})) == []
        await put(store, "acme", {"s1": Stone(labels=["red", "blue"]), "s2": Stone(labels=["red"])})
        assert await ids(store, Query(equal={"labels": ["red"]})) == ["s1", "s2"]
        assert len(await ids(store, Query(equal={"labels": ["blue", "l1"]}, limit=999))) == 298
