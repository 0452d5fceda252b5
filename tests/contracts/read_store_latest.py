"""What every read store must do when the latest row of each of many groups is asked for, as of a value."""

from __future__ import annotations

import asyncio
import random
from datetime import UTC, date, datetime, timedelta

import msgspec
import pytest

from libs.events.declare import Collection, Index, RowKey
from libs.events.ports import Put, ReadStore
from tests.contracts.read_store_base import STONES, ReadStoreChecks, Stone, commit, put, refused

BY_DAY = Index("cairn", "day")


class Standing(msgspec.Struct, frozen=True, array_like=True):
    """How high a cairn stood at the end of a day on which somebody added to it."""

    cairn: str
    day: date
    height: int


STANDINGS = Collection("standings", Standing, (BY_DAY, Index("day")))
_FIRST = date(2026, 1, 1)


class LatestChecks(ReadStoreChecks):
    """`latest`."""

    async def standings(self, *rows: Standing, tenant: str = "acme") -> ReadStore:
        """A new store with a row a cairn and day."""
        store = await self.make()
        await store.prepare([STANDINGS])
        await _stand(store, rows, tenant)
        return store

    @pytest.mark.parametrize(
        "index",
        [
            Index("day"),
            Index("day", "cairn"),
            Index("cairn"),
            Index("cairn", "day", "height"),
            Index("x", "y"),
            Index(),
        ],
        ids=repr,
    )
    async def test_what_is_no_declared_index_of_two_fields_is_refused(self, index: Index) -> None:
        store = await self.standings()
        with refused():
            await store.latest("acme", STANDINGS, index, ["a"], at_most=_FIRST.isoformat())

    async def test_without_a_bound_or_preparation_it_is_refused(self) -> None:
        store = await self.standings()
        with refused():
            await store.latest("acme", STANDINGS, BY_DAY, ["a"], at_most=None)
        with refused():
            await store.latest(
                "acme", Collection("standings", Standing, (BY_DAY,)), BY_DAY, ["a"], at_most="2026-01-01"
            )
        with pytest.raises(ValueError, match="stones"):
            await store.latest("acme", STONES, Index("owner", "rank"), ["a"], at_most=1)

    async def test_each_group_gives_its_last_row_up_to_the_bound(self) -> None:
        rows = [Standing("a", _day(at), at) for at in (1, 3, 5)] + [
            Standing("b", _day(4), 4),
            Standing("c", _day(9), 9),
        ]
        store = await self.standings(*rows)
        groups = ["c", "a", "nobody", "b", "a"]
        for bound, expected in [
            (0, {}),
            (1, {"a": 1}),
            (3, {"a": 3}),
            (4, {"a": 3, "b": 4}),
            (8, {"a": 5, "b": 4}),
            (99, {"a": 5, "b": 4, "c": 9}),
        ]:
            found = await store.latest("acme", STANDINGS, BY_DAY, groups, at_most=_day(bound).isoformat())
            assert {group: row.height for group, row in found.items()} == expected
            assert all(row.cairn == group for group, row in found.items())
        assert await store.latest("acme", STANDINGS, BY_DAY, [], at_most=_day(9).isoformat()) == {}

    async def test_null_is_no_latest_and_of_equal_ones_the_greatest_id_counts(self) -> None:
        store = await self.filled(
            {
                "a": Stone(owner="x"),
                "b": Stone(owner="y", rank=1),
                "d": Stone(owner="y", rank=2),
                "c": Stone(owner="y", rank=2),
            }
        )
        index = Index("owner", "rank")
        found = await store.latest("acme", STONES, index, ["x", "y", "z"], at_most=2)
        assert found == {"y": Stone(owner="y", rank=2)}
        await put(store, "acme", {"d": Stone(owner="y", rank=2, text="the last")})
        assert (await store.latest("acme", STONES, index, ["y"], at_most=5))["y"].text == "the last"
        await put(store, "acme", {"d": None, "c": Stone(owner="z", rank=2)})
        assert await store.latest("acme", STONES, index, ["y", "z"], at_most=5) == {
            "y": Stone(owner="y", rank=1),
            "z": Stone(owner="z", rank=2),
        }

    async def test_times_are_bounded_as_times(self) -> None:
        class Look(msgspec.Struct, frozen=True):
            cairn: str
            at: datetime

        noon = datetime(2026, 1, 31, 12, tzinfo=UTC)
        looks = Collection("looks", Look, (Index("cairn", "at"),))
        store = await self.make()
        await store.prepare([looks])
        owner = await store.own("filling", "stones.events", 0)
        rows = {"1": Look("a", noon), "2": Look("a", noon + timedelta(microseconds=1))}
        await store.commit(commit(owner, [Put("acme", RowKey(looks, id), row) for id, row in rows.items()]))
        found = await store.latest("acme", looks, Index("cairn", "at"), ["a"], at_most="2026-01-31T12:00:00.000000Z")
        assert found == {"a": rows["1"]}

    async def test_hostile_group_names_are_only_names(self) -> None:
        names = ["it's", "a\x00b", "a", "", "%", "'; DROP TABLE rows_standings; --", "🪨", "e\u0301", "é"]
        store = await self.standings(*(Standing(name, _day(at), at) for at, name in enumerate(names)))
        found = await store.latest("acme", STANDINGS, BY_DAY, [*names, "A"], at_most=_day(99).isoformat())
        assert {name: row.height for name, row in found.items()} == {name: at for at, name in enumerate(names)}

    async def test_another_tenants_rows_are_nobodys(self) -> None:
        store = await self.standings(Standing("a", _day(1), 1))
        await _stand(store, [Standing("a", _day(2), 2), Standing("b", _day(2), 2)], "other")
        found = await store.latest("acme", STANDINGS, BY_DAY, ["a", "b"], at_most=_day(9).isoformat())
        assert found == {"a": Standing("a", _day(1), 1)}
        assert await store.latest("acm", STANDINGS, BY_DAY, ["a", "b"], at_most=_day(9).isoformat()) == {}

    async def test_latest_agrees_with_a_naive_search(self) -> None:
        chance = random.Random(20261124)
        rows = [Standing(f"c{number}", _day(day), day) for number in range(300) for day in chance.sample(range(90), 5)]
        store = await self.standings(*rows)
        for _ in range(30):
            bound, groups = _day(chance.randrange(95)), [f"c{chance.randrange(320)}" for _ in range(2000)]
            expected: dict[str, Standing] = {}
            for row in sorted(rows, key=lambda row: row.day):
                if row.cairn in groups and row.day <= bound:
                    expected[row.cairn] = row
            assert await store.latest("acme", STANDINGS, BY_DAY, groups, at_most=bound.isoformat()) == expected

    async def test_all_groups_are_as_of_one_moment(self) -> None:
        store = await self.standings()
        owner = await store.own("filling", "stones.events", 0)
        groups = [f"c{number}" for number in range(20)]
        done = False

        async def write() -> None:
            nonlocal done
            for height in range(60):
                puts = [Put("acme", _key(group, _FIRST), Standing(group, _FIRST, height)) for group in groups]
                await store.commit(commit(owner, puts))
            done = True

        async def read() -> None:
            while not done:
                found = await store.latest("acme", STANDINGS, BY_DAY, groups, at_most=_FIRST.isoformat())
                assert len({row.height for row in found.values()}) <= 1

        await asyncio.gather(write(), read(), read())


def _day(number: int) -> date:
    return _FIRST + timedelta(days=number)


def _key(cairn: str, day: date) -> RowKey:
    return RowKey(STANDINGS, f"{cairn}.{day.isoformat()}")


async def _stand(store: ReadStore, rows: tuple[Standing, ...] | list[Standing], tenant: str) -> None:
    owner = await store.own("filling", "stones.events", 0)
    await store.commit(commit(owner, [Put(tenant, _key(row.cairn, row.day), row) for row in rows]))
