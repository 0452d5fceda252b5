"""Who is named by an address on the machine itself: found or added, also when several processes ask at once."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

from libs.web.embedded import Embedded
from libs.web.settings import ServiceSettings
from services.people.handlers import EmailName, PeopleHandlers
from services.people.wiring import wire

ROLES = (["admin"], ["compliance"], ["hr_partner"], ["admin", "service"])


async def as_processes(data: Path, stack: AsyncExitStack, all_looked: asyncio.Barrier) -> list[PeopleHandlers]:
    """Handlers that share nothing but the folder, and claim the address only when all have found it free."""
    found = []
    for _ in ROLES:
        parts = Embedded(ServiceSettings(data_dir=data))
        stack.push_async_callback(parts.close)
        wired = wire(parts).handlers
        found.append(replace(wired, email_name=second_waits(wired, all_looked)))
    return found


def second_waits(wired: PeopleHandlers, all_looked: asyncio.Barrier) -> EmailName:
    """The names of a service's addresses; whoever asks for the second time, to claim one, waits for the others."""
    asked = 0

    async def email_name(tenant: str, address: str) -> str:
        nonlocal asked
        asked += 1
        if asked == 2:
            await asyncio.wait_for(all_looked.wait(), 20)
        return await wired.email_name(tenant, address)

    return email_name


async def test_an_unknown_address_that_several_ask_for_is_added_once_with_all_roles(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        handlers = await as_processes(tmp_path / "data", stack, asyncio.Barrier(len(ROLES)))
        ids = await asyncio.gather(
            *(
                one.identify("acme", None, spelled, roles)
                for one, spelled, roles in zip(
                    handlers, ("new@acme.example", "New@acme.example") * 2, ROLES, strict=True
                )
            )
        )
        assert len(set(ids)) == 1
        person = await handlers[0].person("acme", ids[0])
        assert person.state == "active"
        assert sorted(person.roles) == ["admin", "compliance", "hr_partner", "service"]


async def test_identifying_twice_adds_nothing(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        parts = Embedded(ServiceSettings(data_dir=tmp_path / "data"))
        stack.push_async_callback(parts.close)
        people = wire(parts).handlers
        first = await people.identify("acme", None, "a@acme.example", ["admin"])
        end = await parts.folder.event_store("people").end()
        assert await people.identify("acme", None, "A@acme.example", ["admin"]) == first
        assert await people.identify("acme", first, None, []) == first
        assert await parts.folder.event_store("people").end() == end
