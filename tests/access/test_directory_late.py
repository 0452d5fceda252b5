"""The directory on a replica that is not what it should be yet: it lags, or a restore took back who was erased."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from libs.access.directory import UnknownPrincipal
from libs.access.principals import Principal
from libs.access.tokens import DEVELOPMENT_ISSUER
from libs.events.errors import NotCaughtUp
from libs.events.ports import Append, Command
from tests.access.organisation import TENANT, Organisation, asker
from tests.access.test_directory import MANAGER, small
from tests.events.toy import Counted
from tests.events.world import envelope_of


async def test_who_was_erased_is_nobody_although_a_restored_replica_has_them(people: Organisation) -> None:
    await small(people)
    directory = replace(people.directory, erased={(TENANT, "ana"), ("other", "ben")})
    with pytest.raises(UnknownPrincipal):
        await directory.asker(Principal(TENANT, DEVELOPMENT_ISSUER, "ana"))
    assert (await directory.asker(Principal(TENANT, DEVELOPMENT_ISSUER, "ben"))).person_id == "ben"


def looks(people: Organisation) -> list[asyncio.Task[Any]]:
    """Everybody who may look for what is not there yet."""
    return [
        asyncio.create_task(people.directory.relations(asker("lead"), "later")),
        asyncio.create_task(people.directory.units(TENANT, ["sales"])),
        asyncio.create_task(people.directory.peers(TENANT, "later", 10)),
        asyncio.create_task(people.directory.members(TENANT, ["later"])),
    ]


async def stated_elsewhere(people: Organisation) -> None:
    """The log has an event that the replica has not."""
    event = envelope_of(Counted(by=1), f"{TENANT}/person/later", 1)
    await people.store.append(Append(TENANT, {event.subject: 0}, [event], Command("c", "", event.subject, "c", False)))


async def test_a_late_replica_is_waited_for(people: Organisation) -> None:
    await stated_elsewhere(people)
    tasks = looks(people)
    done, _ = await asyncio.wait(tasks, timeout=0.2)
    assert not done, "somebody did not wait"
    people.add("lead")
    people.add("later", "lead")
    people.unit("sales")
    await people.fold()
    relations, units, peers, members = await asyncio.gather(*tasks)
    assert (relations, list(units), peers, list(members)) == (MANAGER, ["sales"], [], ["later"])


async def test_patience_ends(people: Organisation) -> None:
    await stated_elsewhere(people)
    ended = await asyncio.gather(*looks(people), return_exceptions=True)
    assert [type(one) for one in ended] == [NotCaughtUp] * 4
