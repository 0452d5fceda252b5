"""Promise 0, the trip: what is stored is published and read, byte for byte; nobody writes it anew on the way."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import rfc8785
from eventsourcing.persistence import StoredEvent as Stored

from libs.events import envelope as envelopes
from libs.events.adapters.sqlite.event_log import SQLiteEventLog
from libs.events.adapters.sqlite.event_store import SQLiteEventStore
from libs.events.adapters.sqlite.recorder import GroupRecorder
from libs.events.errors import MalformedEvent
from libs.events.ports import Record, StoredEvent
from libs.events.reader import Unread
from tests.events import toy
from tests.events.world import Place, World, envelope_of, store_with


def in_the_file(world: World, service: str = "toys") -> list[bytes]:
    """The bytes as they lie in the store's file, in order, fetched without the store."""
    with closing(sqlite3.connect(f"{world.store.path.with_name(service + '.db').as_uri()}?mode=ro", uri=True)) as raw:
        return [bytes(row[0]) for row in raw.execute("SELECT state FROM stored_events ORDER BY rowid")]


async def ways_out(world: World, stream: str, service: str = "toys") -> dict[str, list[bytes]]:
    """The bytes of one stream that is all of the store, by every way out of it."""
    topic, tenant = f"{service}.events", stream.split("/", 1)[0]
    store = world.stores[service]
    return {
        "log": [record.body for record in await world.log.read(topic, 0, 0, 100)],
        "log, page by page": [
            record.body
            for after in range(len(in_the_file(world, service)))
            for record in await world.log.read(topic, 0, after, 1)
        ],
        "tenant's log": [record.body for record in await world.log.read_tenant(topic, tenant, 0, 100)],
        "stream": [event.body for event in await store.read_stream(stream)],
        "stream, newest first": [event.body for event in await store.read_stream(stream, newest_first=True)][::-1],
    }


async def check_stored_is_published(place: Place) -> None:
    """One canonical byte string from the file through every way out, as decoding and encoding give it again."""
    async with place.open() as world:
        await world.make("c-1", "mine, “quoted” \u2028 and 𝄞", key="k-1", body="b")
        await world.count("c-1", 5)
        await world.note("c-1", "a note")
        stored = in_the_file(world)
        assert len(stored) == 3
        for way, bodies in (await ways_out(world, "acme/counter/c-1")).items():
            assert bodies == stored, way
        for body in stored:
            assert body == rfc8785.dumps(json.loads(body))
            assert envelopes.encode(envelopes.decode(body)) == body


def strange(version: int, **data: Any) -> bytes:
    """A true event in a spelling of somebody else's: other order, spaces, escapes, another form of the time."""
    event = json.loads(envelopes.encode(envelope_of(toy.Counted(by=1), "acme/counter/c-1", version)))
    event["time"], event["data"] = "2026-01-05T10:00:00.5+01:00", {"by": 1, **data}
    backwards = dict(sorted(event.items(), reverse=True))
    return json.dumps(backwards, indent=1).replace("acme/counter", "acme\\/counter").encode()


async def check_nobody_writes_anew(place: Place) -> None:
    """Bytes that this code would spell otherwise come out unchanged by every way, and are read like any others."""
    async with place.open() as world:
        given = [strange(1), strange(2)]
        events = [Stored("acme/counter/c-1", at, "toys.counted.v1", body) for at, body in enumerate(given, start=1)]
        world.store.recorder.insert_events(events)
        assert in_the_file(world) == given
        for way, bodies in (await ways_out(world, "acme/counter/c-1")).items():
            assert bodies == given, way
        await world.drain()
        assert (await world.row("c-1")).total == 2
        assert (await world.state("c-1")).total == 2
        assert in_the_file(world) == given, "reading changes nothing"


async def check_the_final_time_is_inside(place: Place) -> None:
    """A time that the store moves stands in the very bytes, not beside them."""
    async with place.open() as world:
        await world.count("c-1")
        world.clock.move(timedelta(seconds=-5))
        await world.count("c-1")
        first, second = (json.loads(body) for body in in_the_file(world))
        assert second["time"] == first["time"]
        facts = await world.reader.facts([Unread(body, 0) for body in in_the_file(world)])
        assert facts[0].time == facts[1].time == envelopes.decode(in_the_file(world)[1]).time


async def check_what_has_no_bytes_is_not_stored(place: Place) -> None:
    """A lone surrogate fails its own command, with nothing stored, and nobody else's in the same group."""
    async with place.open() as world:
        await world.count("c-1")
        with pytest.raises(MalformedEvent):
            await world.note("c-1", "half a letter \ud834")
        with pytest.raises(MalformedEvent):
            await world.tag("c-1", "half a letter \ud834")
        assert len(in_the_file(world)) == 1
        assert in_the_file(world, "tags") == []
        await world.note("c-1", "a whole one \U0001d11e")
        assert [event.version for event in await world.store.read_stream("acme/counter/c-1")] == [1, 2]


CHECKS = [
    check_stored_is_published,
    check_nobody_writes_anew,
    check_the_final_time_is_inside,
    check_what_has_no_bytes_is_not_stored,
]


@pytest.mark.parametrize("check", CHECKS)
async def test_the_promise(check: Any, tmp_path: Path) -> None:
    await check(Place(tmp_path))


async def test_nothing_stored_takes_part_in_a_pretty_print(tmp_path: Path) -> None:
    """The guard streams and the other service's events are canonical too."""
    async with Place(tmp_path).open() as world:
        await world.claim("c-1", "first")
        await world.tag("c-1", "größer")
        bodies = in_the_file(world) + in_the_file(world, "tags")
        assert len(bodies) == 3
        assert bodies == [rfc8785.dumps(json.loads(body)) for body in bodies]


# --- planted faults ---------------------------------------------------------------------------------------------


def anew(body: bytes) -> bytes:
    """The same event, written once more."""
    return envelopes.encode(envelopes.decode(body))


class RewritesTheLog(SQLiteEventLog):
    """Planted: a log that decodes what it publishes and encodes it again."""

    async def read(self, topic: str, partition: int, after: int, limit: int) -> Sequence[Record]:
        records = await super().read(topic, partition, after, limit)
        return [Record(r.offset, r.store_id, r.tenant, r.sequence, r.type, anew(r.body)) for r in records]


class RewritesTheTenant(SQLiteEventStore):
    """Planted: only the way that fills gaps writes anew."""

    async def read_tenant(self, tenant: str, after: int, limit: int) -> Sequence[Record]:
        records = await super().read_tenant(tenant, after, limit)
        return [Record(r.offset, r.store_id, r.tenant, r.sequence, r.type, anew(r.body)) for r in records]


class RewritesTheStream(SQLiteEventStore):
    """Planted: a store that answers with its own spelling."""

    async def read_stream(self, stream: str, **how: Any) -> Sequence[StoredEvent]:
        found = await super().read_stream(stream, **how)
        return [StoredEvent(event.stream, event.version, event.sequence, anew(event.body)) for event in found]


class PrettyRecorder(GroupRecorder):
    """Planted: stores JSON that is easier on the eye."""

    def _insert(self, raw: Any, tenant: str, sequence: int, events: Sequence[Stored]) -> list[int]:
        pretty = [
            Stored(e.originator_id, e.originator_version, e.topic, json.dumps(json.loads(e.state)).encode())
            for e in events
        ]
        return super()._insert(raw, tenant, sequence, pretty)


class PublishesItsOwnTime(SQLiteEventLog):
    """Planted: a log that puts the time of publishing into what it publishes."""

    async def read(self, topic: str, partition: int, after: int, limit: int) -> Sequence[Record]:
        records = await super().read(topic, partition, after, limit)
        moved = [{**json.loads(r.body), "time": "2030-01-01T00:00:00.000000Z"} for r in records]
        bodies = [rfc8785.dumps(event) for event in moved]
        return [
            Record(r.offset, r.store_id, r.tenant, r.sequence, r.type, body)
            for r, body in zip(records, bodies, strict=True)
        ]


class ForgetsTheMovedTime(GroupRecorder):
    """Planted: keeps the time that was proposed, whatever stands before it."""

    def _append(self, raw: Any, caller: Any) -> Any:
        raw.execute("UPDATE heads SET time=NULL WHERE tenant=?", (caller.tenant,))
        return super()._append(raw, caller)


class ReplacesSurrogates(GroupRecorder):
    """Planted: makes text storable instead of refusing it."""

    def _append(self, raw: Any, caller: Any) -> Any:
        try:
            return super()._append(raw, caller)
        except MalformedEvent:
            tagged = envelope_of(toy.Tagged(tag="half a letter ?"), next(iter(caller.expected)), 1, service="tags")
            stored = Stored(tagged.subject, tagged.version, tagged.type, envelopes.encode(tagged))
            object.__setattr__(caller, "stamp", lambda last: (last, [stored]))
            return super()._append(raw, caller)


FAULTS: Mapping[str, tuple[Any, dict[str, Any]]] = {
    "log writes anew": (check_nobody_writes_anew, {"log": RewritesTheLog}),
    "tenant's log writes anew": (check_nobody_writes_anew, {"store": RewritesTheTenant}),
    "stream writes anew": (check_nobody_writes_anew, {"store": RewritesTheStream}),
    "store writes prettily": (check_stored_is_published, {"store": store_with(PrettyRecorder)}),
    "log adds its time": (check_stored_is_published, {"log": PublishesItsOwnTime}),
    "the moved time is lost": (check_the_final_time_is_inside, {"store": store_with(ForgetsTheMovedTime)}),
    "surrogates are replaced": (check_what_has_no_bytes_is_not_stored, {"store": store_with(ReplacesSurrogates)}),
}


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_planted_fault_is_found_out(fault: str, tmp_path: Path) -> None:
    check, parts = FAULTS[fault]
    with pytest.raises((AssertionError, pytest.fail.Exception)):
        await check(Place(tmp_path).but(**parts))
