"""Promise 8, replicas: a command whose people the replica lacks waits up to two seconds for it before it refuses."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from libs.access.directory import LAG_ALLOWED, Directory
from libs.access.members import Member
from libs.events.caller import Caller
from libs.events.errors import NotCaughtUp
from libs.events.testing import drain
from services.people.domain.commands import AddPerson
from tests.events.installation import Installation, Parts, installed

GOAL = {"title": "Fewer escalations", "kind": "key_result"}
NOBODY = "0198f3a4-0000-7000-8000-00000000dead"


async def join(home: Installation, name: str, manager: str | None = None) -> str:
    """Somebody joins; no replica has heard of it yet."""
    command = AddPerson(display_name=name, email=f"{name}@example.org", manager_id=manager)
    return (await home.people.handlers.admit(Caller("acme", "operator"), command)).resource


async def caught_up(home: Installation) -> None:
    """All replicas are current."""
    await drain([*home.people.reading.runners, *home.goals.reading.runners])


async def check_a_late_replica_is_waited_for(home: Installation) -> None:
    """Asker, then owner, are unknown to goals at first; each is found as soon as the replica has them, well in time."""
    manager = await join(home, "bob")
    setting = asyncio.create_task(home.send("/goals", {**GOAL, "owner_id": manager}, "k-1", manager))
    await asyncio.wait([setting], timeout=0.2)
    assert not setting.done(), "the asker was not waited for"
    await caught_up(home)
    assert (await setting).status_code == 201, (await setting).text
    report = await join(home, "ann", manager)
    setting = asyncio.create_task(home.send("/goals", {**GOAL, "owner_id": report}, "k-2", manager))
    await asyncio.wait([setting], timeout=0.2)
    assert not setting.done(), "the owner was not waited for"
    await caught_up(home)
    assert (await setting).status_code == 201, (await setting).text


async def check_patience_ends(home: Installation) -> None:
    """A replica that stands still is waited for no longer; the command is refused, and nothing of it stored."""
    manager = await join(home, "bob")
    await caught_up(home)
    report = await join(home, "ann", manager)
    started = monotonic()
    answer = await asyncio.wait_for(home.send("/goals", {**GOAL, "owner_id": report}, "k-1", manager), 3 * LAG_ALLOWED)
    assert (answer.status_code, answer.json()["code"]) == (503, "not_caught_up"), "nobody can say yet who exists"
    assert answer.headers["retry-after"]
    assert monotonic() - started >= LAG_ALLOWED
    assert (await home.embedded.folder.event_store("goals").tenant_head("acme")).sequence == 0


async def check_nobody_is_waited_for_in_vain(home: Installation) -> None:
    """Who does not exist is refused at once when the replica holds all that there is."""
    manager = await join(home, "bob")
    await caught_up(home)
    started = monotonic()
    answer = await home.send("/goals", {**GOAL, "owner_id": NOBODY}, "k-1", manager)
    assert (answer.status_code, answer.json()["code"]) == (422, "unknown_person")
    stranger = await home.send("/goals", {**GOAL, "owner_id": manager}, "k-2", NOBODY)
    assert (stranger.status_code, stranger.json()["code"]) == (403, "unknown_principal")
    assert monotonic() - started < LAG_ALLOWED


CHECKS = [check_a_late_replica_is_waited_for, check_patience_ends, check_nobody_is_waited_for_in_vain]


@pytest.mark.parametrize("check", CHECKS)
async def test_the_promise(check: Any, tmp_path: Path) -> None:
    async with installed(tmp_path / "data", Parts()) as home:
        await check(home)


# --- planted faults ---------------------------------------------------------------------------------------------


class LooksOnce(Directory):
    """Planted: whom the replica lacks does not exist."""

    async def members(self, tenant: str, ids: Iterable[str]) -> dict[str, Member]:
        return await self._members(tenant, ids)


class WaitsOn(Directory):
    """Planted: waits as long as it takes."""

    async def members(self, tenant: str, ids: Iterable[str]) -> dict[str, Member]:
        wanted = list(ids)
        while True:
            with suppress(NotCaughtUp):
                return await super().members(tenant, wanted)


class WaitsAnyway(Directory):
    """Planted: waits for people whom the replica cannot be late with."""

    async def members(self, tenant: str, ids: Iterable[str]) -> dict[str, Member]:
        wanted = list(ids)
        deadline = monotonic() + LAG_ALLOWED
        while len(found := await super().members(tenant, wanted)) < len(wanted) and monotonic() < deadline:
            await asyncio.wait([asyncio.create_task(self._members(tenant, wanted))])
        return found


@pytest.mark.parametrize(
    ("check", "directory"),
    [
        (check_a_late_replica_is_waited_for, LooksOnce),
        (check_patience_ends, WaitsOn),
        (check_nobody_is_waited_for_in_vain, WaitsAnyway),
    ],
)
async def test_a_planted_fault_is_found_out(check: Any, directory: type[Directory], tmp_path: Path) -> None:
    async with installed(tmp_path / "data", Parts(directory=directory)) as home:
        with pytest.raises((AssertionError, TimeoutError)):
            await check(home)
