"""What every EventStore promises, whatever it runs on; an adapter's suite supplies a factory."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest

from libs.events import envelope
from libs.events.errors import ConcurrencyConflict, StoreUnavailable
from libs.events.ports import Append, CommandRecord, DuplicateCommand, StoredEvent
from tests.contracts.event_store_base import AT, STONE, EventStoreChecks, after, command, laid, time_of, versions

GUARD = "acme/guard/1"


class EventStoreContract(EventStoreChecks):
    """The whole contract; each check makes its own store."""

    async def test_an_empty_store_has_nothing(self) -> None:
        store = await self.make()
        assert await store.read_stream(STONE) == []
        assert await store.find_command("acme", "c-1") is None
        assert await self.head(store, "acme") == 0

    async def test_it_keeps_the_very_bytes_and_numbers_them(self) -> None:
        store = await self.make()
        request = laid(count=3, key="c-1")
        record = await store.append(request)
        assert record == CommandRecord(request.command, version=3, position=3)
        assert await store.read_stream(STONE) == [
            StoredEvent(STONE, number, number, envelope.encode(one))
            for number, one in enumerate(request.events, start=1)
        ]
        assert await self.head(store, "acme") == 3
        assert await store.find_command("acme", "c-1") == record

    async def test_another_process_sees_it_all_and_goes_on(self) -> None:
        store = await self.make()
        record = await store.append(laid(count=2, key="c-1"))
        other = await self.again()
        assert await other.read_stream(STONE) == await store.read_stream(STONE)
        assert await other.find_command("acme", "c-1") == record
        assert (await other.append(laid(at=2))).position == 3
        assert versions(await store.read_stream(STONE)) == [1, 2, 3]

    @pytest.mark.parametrize(
        ("span", "expected"),
        [
            ({}, [1, 2, 3, 4, 5]),
            ({"after": 2}, [3, 4, 5]),
            ({"until": 2}, [1, 2]),
            ({"after": 1, "until": 4}, [2, 3, 4]),
            ({"after": 1, "limit": 2}, [2, 3]),
            ({"limit": 0}, []),
            ({"after": 5}, []),
            ({"until": 99}, [1, 2, 3, 4, 5]),
            ({"newest_first": True, "limit": 2}, [5, 4]),
            ({"newest_first": True, "until": 3, "after": 1}, [3, 2]),
        ],
    )
    async def test_a_stream_is_read_in_parts(self, span: dict[str, Any], expected: list[int]) -> None:
        store = await self.make()
        await store.append(laid("acme/stone/0", count=2))
        await store.append(laid(count=5))
        assert versions(await store.read_stream(STONE, **span)) == expected

    async def test_a_stream_that_moved_on_refuses_and_writes_nothing(self) -> None:
        store = await self.make()
        await store.append(laid(count=2))
        for expected in (0, 1, 3):
            with pytest.raises(ConcurrencyConflict) as refused:
                await store.append(laid(at=expected, key="c-1"))
            assert (refused.value.stream, refused.value.expected, refused.value.actual) == (STONE, expected, 2)
        assert await self.head(store, "acme") == 2
        assert await store.find_command("acme", "c-1") is None
        assert versions(await store.read_stream(STONE)) == [1, 2]
        assert (await store.append(laid(at=2, key="c-1"))).position == 3, "the refused key is free"

    async def test_a_guard_is_appended_with_its_stream(self) -> None:
        store = await self.make()
        record = await store.append(laid(count=2, guards={GUARD: 0}))
        assert (record.version, record.position) == (2, 3), "the stream's version, the tenant's position"
        assert versions(await store.read_stream(GUARD)) == [1]
        assert await self.sequences(store, STONE, GUARD) == [1, 2, 3]

    async def test_a_guard_that_moved_on_refuses_all_of_it(self) -> None:
        store = await self.make()
        await store.append(laid(GUARD))
        with pytest.raises(ConcurrencyConflict) as refused:
            await store.append(laid(guards={GUARD: 0}, key="c-1"))
        assert (refused.value.stream, refused.value.actual) == (GUARD, 1)
        assert await store.read_stream(STONE) == []
        assert await store.find_command("acme", "c-1") is None
        assert await self.head(store, "acme") == 1

    async def test_a_guard_may_only_be_looked_at(self) -> None:
        store = await self.make()
        await store.append(laid(GUARD))
        watched = laid()
        await store.append(replace(watched, expected={STONE: 0, GUARD: 1}))
        assert versions(await store.read_stream(GUARD)) == [1]
        with pytest.raises(ConcurrencyConflict):
            await store.append(replace(laid(at=1), expected={STONE: 1, GUARD: 0}))

    async def test_a_known_command_is_told_as_it_ended_and_writes_nothing(self) -> None:
        store = await self.make()
        record = await store.append(laid(key="c-1"))
        await store.append(laid(at=1, count=2))
        for version in (0, 1, 3):
            with pytest.raises(DuplicateCommand) as repeated:
                await store.append(laid(at=version, key="c-1"))
            assert repeated.value.record == record, "also where its versions do not stand any more"
        assert await self.head(store, "acme") == 3

    async def test_a_command_id_is_its_tenants_own(self) -> None:
        store = await self.make()
        await store.append(laid(key="c-1"))
        other = await store.append(laid("other/stone/1", count=2, key="c-1"))
        assert (other.version, other.position) == (2, 2)
        assert await store.find_command("other", "c-1") == other
        assert await store.find_command("third", "c-1") is None

    async def test_a_command_without_events_is_remembered_too(self) -> None:
        store = await self.make()
        await store.append(laid(count=2))
        await store.append(laid("acme/stone/2"))
        nothing = Append("acme", {STONE: 2}, [], command("c-1", created=True))
        record = await store.append(nothing)
        assert record == CommandRecord(nothing.command, version=2, position=3)
        assert await (await self.again()).find_command("acme", "c-1") == record
        with pytest.raises(DuplicateCommand):
            await store.append(nothing)
        assert await self.head(store, "acme") == 3

    async def test_a_command_without_events_checks_its_versions(self) -> None:
        store = await self.make()
        await store.append(laid(count=2))
        with pytest.raises(ConcurrencyConflict):
            await store.append(Append("acme", {STONE: 1}, [], command("c-1")))
        assert await store.find_command("acme", "c-1") is None

    async def test_each_tenants_sequence_has_no_gap(self) -> None:
        store = await self.make()
        streams = {tenant: [f"{tenant}/stone/{number}" for number in range(12)] for tenant in ("acme", "other")}
        requests = [laid(stream, count=1 + number % 3) for own in streams.values() for number, stream in enumerate(own)]
        refused = [laid(stream, at=7) for own in streams.values() for stream in own]
        endings = await asyncio.gather(
            *(store.append(one) for pair in zip(requests, refused, strict=True) for one in pair),
            return_exceptions=True,
        )
        assert sum(isinstance(ending, ConcurrencyConflict) for ending in endings) == len(refused)
        for tenant, own in streams.items():
            assert await self.sequences(store, *own) == list(range(1, 25))
            assert await self.head(store, tenant) == 24

    async def test_time_never_goes_back_within_a_tenant(self) -> None:
        store = await self.make()
        await store.append(laid(count=3, times=[after(5), after(2), after(7)]))
        await store.append(laid("acme/stone/2", times=[after(-60)]))
        await store.append(laid("other/stone/1", times=[after(-60)]))
        await store.append(laid("acme/stone/2", at=1, times=[after(8)]))
        found = [*await store.read_stream(STONE), *await store.read_stream("acme/stone/2")]
        assert [time_of(one) for one in found] == [after(5), after(5), after(7), after(7), after(8)]
        [other] = await store.read_stream("other/stone/1")
        assert time_of(other) == after(-60), "another tenant's clock is its own"

    async def test_time_stands_over_a_restart(self) -> None:
        store = await self.make()
        await store.append(laid(times=[after(5)]))
        await (await self.again()).append(laid(at=1, times=[AT]))
        assert time_of((await store.read_stream(STONE))[1]) == after(5)

    async def test_of_many_racing_for_a_version_one_wins(self) -> None:
        store, other = await self.make(), await self.again()
        endings = await asyncio.gather(
            *((store if at % 2 else other).append(laid(guards={GUARD: 0})) for at in range(16)), return_exceptions=True
        )
        assert sum(isinstance(ending, CommandRecord) for ending in endings) == 1
        assert sum(isinstance(ending, ConcurrencyConflict) for ending in endings) == 15
        assert await self.sequences(store, STONE, GUARD) == [1, 2]

    async def test_of_many_with_one_command_id_one_is_written(self) -> None:
        store, other = await self.make(), await self.again()
        requests = [laid(f"acme/stone/{at}", key="c-1") for at in range(16)]
        endings = await asyncio.gather(
            *((store if at % 2 else other).append(one) for at, one in enumerate(requests)), return_exceptions=True
        )
        written = [ending for ending in endings if isinstance(ending, CommandRecord)]
        repeats = [ending for ending in endings if isinstance(ending, DuplicateCommand)]
        assert (len(written), len(repeats)) == (1, 15)
        assert all([repeat.record] == written for repeat in repeats)
        assert await self.head(store, "acme") == 1

    async def test_a_caller_who_goes_away_disturbs_nobody(self) -> None:
        store = await self.make()
        streams = [f"acme/stone/{at}" for at in range(30)]
        tasks = [asyncio.ensure_future(store.append(laid(stream))) for stream in streams]
        await asyncio.sleep(0)
        for leaving in tasks[::2]:
            leaving.cancel()
        for leaving in tasks[::2]:
            with suppress(asyncio.CancelledError):
                await leaving
        staying = await asyncio.gather(*tasks[1::2])
        assert len({record.position for record in staying}) == 15
        written = [bool(await store.read_stream(stream)) for stream in streams]
        assert all(written[1::2])
        head = await self.head(store, "acme")
        assert await self.sequences(store, *streams) == list(range(1, head + 1)), "who left is written whole or not"

    async def test_a_refused_caller_of_a_group_refuses_nobody_else(self) -> None:
        store = await self.make()
        known = await store.append(laid(key="c-1"))
        requests: list[Append] = []
        for at in range(20):
            requests.append(laid(f"acme/stone/good-{at}", count=2))
            requests.append(laid(f"acme/stone/late-{at}", at=3))
            requests.append(laid(f"acme/stone/again-{at}", key="c-1"))
        endings = await asyncio.gather(*(store.append(one) for one in requests), return_exceptions=True)
        assert all(isinstance(ending, CommandRecord) and ending.version == 2 for ending in endings[0::3])
        assert all(isinstance(ending, ConcurrencyConflict) for ending in endings[1::3])
        assert all(isinstance(ending, DuplicateCommand) and ending.record == known for ending in endings[2::3])
        assert await self.head(store, "acme") == 41

    async def test_a_stream_outgrows_any_page(self) -> None:
        store = await self.make()
        await store.append(laid(count=2500))
        assert versions(await store.read_stream(STONE)) == list(range(1, 2501))
        assert versions(await store.read_stream(STONE, newest_first=True, limit=1)) == [2500]

    async def test_names_that_look_alike_are_different_streams(self) -> None:
        store = await self.make()
        names = ["acme/stone/1", "acme/stone/10", "acme/Stone/1", "acme/stone/1'--", "acme/stone/é", "acme/stone/%"]
        for count, name in enumerate(names, start=1):
            await store.append(laid(name, count=count))
        assert [len(await store.read_stream(name)) for name in names] == [1, 2, 3, 4, 5, 6]

    async def test_a_closed_store_says_so(self) -> None:
        store = await self.make()
        await store.append(laid())
        await store.close()
        with pytest.raises(StoreUnavailable):
            await store.append(laid(at=1))
        with pytest.raises(StoreUnavailable):
            await store.read_stream(STONE)
        assert versions(await (await self.again()).read_stream(STONE)) == [1]
