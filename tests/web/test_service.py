"""A service's parts: who folds its read models, and who forgets what must not be remembered."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from libs.events.declare import ReadModel
from libs.events.folder import Folder
from libs.events.project import Projector
from libs.events.testing import eventually
from libs.web.embedded import Embedded
from libs.web.service import Service, consumer_of, readiness, runners_of, sweep
from libs.web.settings import ServiceSettings
from services.goals.wiring import wire as wire_goals
from services.people.wiring import wire as wire_people
from tests.events import toy
from tests.events.teams import TEAM_ROWS
from tests.events.test_promise_5_poison_parks import IN_THE_FOLD, UNLUCKY
from tests.events.test_promise_6_future_stops import append_as_is, future
from tests.events.world import Place


async def test_a_model_has_one_consumer_and_a_runner_for_each_topic(tmp_path: Path) -> None:
    """Only then do two topics take turns with its rows."""
    async with Place(tmp_path).open() as world:
        runners = runners_of([toy.COUNTERS, TEAM_ROWS], world.log, world.reader, world.positions)
        assert [(one.consumer.name, one.topic) for one in runners] == [
            ("counters", "toys.events"),
            ("counters", "tags.events"),
            ("teams", "toys.events"),
        ]
        of_toys, of_tags, of_teams = (one.consumer for one in runners)
        assert of_toys is of_tags
        assert isinstance(of_toys, Projector)
        assert isinstance(of_teams, Folder)


async def test_a_model_that_nobody_can_fold_is_refused(tmp_path: Path) -> None:
    async with Place(tmp_path).open() as world:
        with pytest.raises(TypeError, match="vague"):
            consumer_of(ReadModel("vague", 1, ("toys.events",)), world.reads)
        assert consumer_of(replace(TEAM_ROWS, name="others"), world.reads).name == "others"


async def test_readiness_says_why_a_runner_stands_still(tmp_path: Path) -> None:
    """Which event, and what to do: the operator needs no log for it."""
    async with Place(tmp_path).open() as world:
        await append_as_is(world, future("toys.counted.v9"))
        await world.drain()
        found = await readiness(world.kernel, world.runners)
        assert not found.ready
        part = found.parts["counters from toys.events"]
        assert part["state"] == "event_from_the_future"
        assert "toys.counted.v9" in part["reason"]
        assert "update the service" in part["reason"]
        assert found.parts["counters from tags.events"] == {"state": "running", "lag": 0, "parked": 0}


async def test_readiness_says_where_keys_wait_and_what_helps(tmp_path: Path) -> None:
    """Nothing of whose they are: everybody may ask. What goes on without them is ready."""
    async with Place(tmp_path).but(projections=IN_THE_FOLD).open() as world:
        await world.count("c-1", 1)
        await world.count("c-1", UNLUCKY)
        await world.drain()
        found = await readiness(world.kernel, world.runners)
        part = found.parts["counters from toys.events"]
        assert found.ready
        assert (part["state"], part["parked"], part["first_parked"]) == ("running", 1, 2)
        assert "cairn parked list" in part["hint"]
        assert "acme" not in str(found.parts)


@dataclass
class Forgetful:
    """Counts how often it was told to forget."""

    times: int = 0

    def sweep(self) -> None:
        self.times += 1


async def test_every_memory_is_swept_again_and_again() -> None:
    memories = [Forgetful(), Forgetful()]
    sweeping = asyncio.create_task(sweep(memories, every=0))

    async def often() -> bool:
        return all(one.times > 2 for one in memories)

    await eventually(often)
    sweeping.cancel()


async def test_the_keyring_that_services_share_is_swept_by_none_of_them(tmp_path: Path) -> None:
    """It is swept once a process, from when it is open until it is closed."""
    before = asyncio.all_tasks()
    parts = Embedded(ServiceSettings(data_dir=tmp_path / "data"))
    await parts.open_keyring()
    assert len(asyncio.all_tasks() - before) == 1
    services: list[Service[Any]] = [wire_people(parts), wire_goals(parts)]
    assert all(service.memories and parts.keyring not in service.memories for service in services)
    await parts.close()
    assert asyncio.all_tasks() == before
