"""A history in files: each service's events as they were stored, the keys that open them, the rows they come to."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from libs.events import envelope
from libs.events.declare import Aggregate, Row
from libs.events.envelope import Envelope
from libs.events.ports import Append, Command, Query
from libs.events.registry import REGISTRY, Registry
from libs.web.service import Service
from services.goals.domain.state import GOAL
from services.goals.domain.state import REFERENCE as GOAL_REFERENCE
from services.people.domain.state import EMAIL, PERSON
from services.people.domain.state import REFERENCE as PEOPLE_REFERENCE
from tests.events.installation import Installation, Parts, installed
from tests.events.samples.keys import KEK, SampleKeys

FOLDER = Path(__file__).parent
SERVICES = ("people", "goals")
EXPECTED = "expected.ndjson"
KEK_SETTING = base64.b64encode(KEK).decode()
"""What the recorded installations had as `CAIRN_KEY_ENCRYPTION_KEY`."""

ROWED: dict[str, tuple[Aggregate[Any], ...]] = {"people": (PERSON,), "goals": (GOAL,)}
"""Streams whose state is a row, too."""
ROWLESS: dict[str, tuple[Aggregate[Any], ...]] = {"people": (EMAIL, PEOPLE_REFERENCE), "goals": (GOAL_REFERENCE,)}
"""Streams that only commands fold."""

Line = tuple[str, str]
"""`(where, id)` of something expected: `goals/nodes`, a row's id."""


@dataclass(frozen=True)
class History:
    """One recorded log in its folder."""

    folder: Path

    def bodies(self, service: str) -> list[bytes]:
        """A service's events in order, byte for byte."""
        return (self.folder / f"{service}.ndjson").read_bytes().splitlines()

    def names(self) -> set[str]:
        """The wire names that occur."""
        return {envelope.decode(body).type for service in SERVICES for body in self.bodies(service)}

    def expected(self) -> dict[Line, dict[str, Any]]:
        """What it is to be folded into."""
        lines = (self.folder / EXPECTED).read_text(encoding="utf-8").splitlines()
        return {(where, id): fields for where, id, fields in map(json.loads, lines)}

    def expect(self, found: dict[Line, dict[str, Any]]) -> None:
        """Keeps that as what it is to be folded into, a line each."""
        told = (json.dumps([*line, fields], ensure_ascii=False, sort_keys=True) for line, fields in found.items())
        (self.folder / EXPECTED).write_text("".join(f"{line}\n" for line in sorted(told)), encoding="utf-8")


def histories(folder: Path = FOLDER) -> list[History]:
    """All of them, the oldest first."""
    return [History(path) for path in sorted(folder.iterdir()) if (path / "keyring.json").exists()]


@asynccontextmanager
async def folded(
    history: History,
    folder: Path,
    registry: Registry = REGISTRY,
    before: Callable[[Installation], Awaitable[None]] | None = None,
) -> AsyncIterator[Installation]:
    """An installation on an empty `folder` that was given the history, and has all of it in all its rows.

    `before` is done when everything is stored and nothing folded yet.
    Raises AssertionError where something stops, waits, or was stored as other bytes than it was recorded.
    """
    async with installed(folder, Parts(kek=KEK_SETTING, registry=registry)) as home:
        await home.embedded.folder.key_store().insert_many(SampleKeys(history.folder).every())
        for service in SERVICES:
            await _append(home, service, history.bodies(service))
        assert [one.body for one in await home.records()] == [b for name in SERVICES for b in history.bodies(name)]
        if before is not None:
            await before(home)
        await home.fold()
        for runner in (*home.people.reading.runners, *home.goals.reading.runners):
            assert (runner.stopped, runner.parked) == (None, 0), f"{runner.consumer.name} did not get to the end"
        yield home


async def found_in(home: Installation, history: History) -> dict[Line, dict[str, Any]]:
    """Every row, and the state of every stream that has none."""
    found: dict[Line, dict[str, Any]] = {}
    for service in (home.people, home.goals):
        events = [envelope.decode(body) for body in history.bodies(service.name)]
        tenants = {event.tenant for name in SERVICES for event in map(envelope.decode, history.bodies(name))}
        async for where, id, row in _rows(service, sorted(tenants)):
            found[where, id] = _plain(row)
        for aggregate, stream in _streams(events, ROWLESS[service.name]):
            state = (await service.handlers.kernel.load(aggregate, stream)).state
            found[f"{service.name}/{aggregate.kind} streams", stream] = _plain(state)
    return found


async def states_of(home: Installation, history: History) -> list[tuple[Line, dict[str, Any]]]:
    """What commands would decide on, for every stream whose state is a row as well: under the name of that row."""
    found = []
    for service, name in ((home.people, "people/people"), (home.goals, "goals/goals")):
        events = map(envelope.decode, history.bodies(service.name))
        for aggregate, stream in _streams(events, ROWED[service.name]):
            state = (await service.handlers.kernel.load(aggregate, stream)).state
            found.append(((name, state.id), _plain(state)))
    return found


def _plain(state: Row) -> Any:
    return json.loads(msgspec.json.encode(state))


async def _append(home: Installation, service: str, bodies: Iterable[bytes]) -> None:
    events = [envelope.decode(body) for body in bodies]
    expected = {event.subject: event.version - 1 for event in reversed(events)}
    command = Command(f"history of {service}", "", events[-1].subject, events[-1].subject, False)
    store = home.embedded.folder.event_store(service)
    await store.append(Append(events[0].tenant, expected, events, command))


async def _rows(service: Service[Any], tenants: list[str]) -> AsyncIterator[tuple[str, str, Row]]:
    for collection in dict.fromkeys(one for model in service.reading.models for one in model.collections):
        for tenant in tenants:
            page = await service.reading.reads.find(tenant, collection, Query(limit=5000))
            assert page.next is None
            for id, row in page.items:
                yield f"{service.name}/{collection.name}", id, row


def _streams(events: Iterable[Envelope], of: Iterable[Aggregate[Any]]) -> list[tuple[Aggregate[Any], str]]:
    kinds = {aggregate.kind: aggregate for aggregate in of}
    names = dict.fromkeys(event.subject for event in events)
    return [(kinds[kind], name) for name in names if (kind := name.split("/")[1]) in kinds]
