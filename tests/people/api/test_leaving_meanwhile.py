"""Who is named as manager or lead and leaves while the command is on its way is not taken."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from libs.events.envelope import decode
from tests.people.api.house import Client, House, read, refused

REFERENCE = {"system": "hr", "id": "4711"}


class Meanwhile:
    """An event store before which, once, something else comes to its end just as it is about to append."""

    def __init__(self, store: Any, happens: Callable[[], Awaitable[object]]) -> None:
        self.store, self.happens, self.happened = store, happens, False

    async def append(self, *given: Any, **named: Any) -> Any:
        """Appends after it."""
        if not self.happened:
            self.happened = True
            await self.happens()
        return await self.store.append(*given, **named)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.store, name)


async def leave(admin: Client, person_id: str) -> None:
    """They no longer work here."""
    read(await admin.ask("POST", f"/people/{person_id}/deactivate"))


COMMANDS: dict[str, tuple[str, str, dict[str, Any], str]] = {
    "adding a person": ("POST", "/people", {"display_name": "Sam", "email": "s@a.example"}, "manager"),
    "putting a new person": ("PUT", "/people/by-ref/hr/1", {"display_name": "S", "email": "s@a.example"}, "manager"),
    "changing a person": ("PATCH", "/people/{kim}", {"email": "other@a.example"}, "manager"),
    "making a unit": ("POST", "/units", {"name": "Sales"}, "lead"),
    "putting a new unit": ("PUT", "/units/by-ref/hr/1", {"name": "Sales"}, "lead"),
    "changing a unit": ("PATCH", "/units/{unit}", {"external_ref": REFERENCE}, "lead"),
}


@pytest.mark.parametrize("name", COMMANDS)
async def test_who_leaves_meanwhile_is_unknown(house: House, admin: Client, name: str) -> None:
    method, path, body, role = COMMANDS[name]
    maya, kim, unit = await admin.person("maya"), await admin.person("kim"), await admin.unit("Service")
    kernel = house.service.handlers.kernel
    told = Meanwhile(kernel.store, lambda: leave(admin, maya))
    kernel.store = told
    answer = await admin.ask(method, path.format(kim=kim, unit=unit), body | {f"{role}_id": maya})
    assert told.happened
    refused(answer, 422, f"unknown_{role}")
    assert (await admin.get(f"/people/{maya}"))["state"] == "deactivated"


async def test_nobody_joins_whom_has_left_however_they_race(house: House, admin: Client) -> None:
    """Twenty at once join twenty managers who leave: whoever was taken stands before the leaving in the log."""
    managers = [await admin.person(f"m{number}") for number in range(20)]

    async def join(number: int) -> str | None:
        body = {"display_name": "New", "email": f"n{number}@a.example", "manager_id": managers[number]}
        answer = await admin.ask("POST", "/people", body)
        if answer.status_code != 201:
            refused(answer, 422, "unknown_manager")
            return None
        return str(answer.json()["id"])

    both = ((join(number), leave(admin, manager)) for number, manager in enumerate(managers))
    joined = await asyncio.gather(*(one for pair in both for one in pair))
    log = await house.parts.folder.event_log("people").read("people.events", 0, 0, 10_000)
    order = [(decode(one.body).subject, one.type) for one in log]
    for manager, person in zip(managers, joined[::2], strict=True):
        if person is not None:
            added = order.index((f"acme/person/{person}", "people.person-added.v3"))
            left = order.index((f"acme/person/{manager}", "people.person-deactivated.v1"))
            assert added < left
