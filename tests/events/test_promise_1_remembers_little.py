"""Promise 1: what is remembered of a command is little, is its tenant's own, and is no way around the rules."""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from libs.events.adapters.sqlite.recorder import GroupCaller, GroupRecorder
from libs.events.caller import Caller
from libs.events.declare import Aggregate
from libs.events.errors import DomainError, Forbidden, IdempotencyKeyReused, KernelError, PreconditionFailed
from libs.events.handle import Kernel, Outcome
from libs.events.ports import Append, Command, CommandRecord
from tests.events import toy
from tests.events.world import NOTICED, Check, Place, assert_repeat, caller_of, store_with


async def check_another_request_with_the_key_is_refused(place: Place) -> None:
    async with place.open() as world:
        counted = await world.count("c", 5, key="k-1", body="5")
        for counter in ("c", "other"):
            with pytest.raises(IdempotencyKeyReused):
                await world.count(counter, 7, key="k-1", body="7")
        assert_repeat(counted, await world.count("c", 5, key="k-1", body="5"))
        assert len(await world.history()) == 1


async def check_a_refusal_stores_nothing(place: Place) -> None:
    async with place.open() as world:
        await world.make("c")
        refused: list[tuple[type[Exception], Callable[[], Awaitable[Outcome]]]] = [
            (toy.TooMuch, lambda: world.count("c", toy.MOST + 1, key="k-1", body="101")),
            (toy.AlreadyMade, lambda: world.make("c", key="k-1", body="make")),
            (PreconditionFailed, lambda: world.count("c", 1, key="k-1", if_match=7)),
        ]
        for error, asked in refused:
            with pytest.raises(error):
                await asked()
            assert await world.store.find_command("acme", "k-1") is None
        assert len(await world.history()) == 1
        counted = await world.count("c", 5, key="k-1", body="5")
        assert not counted.repeated, "the key is free, also for another request"


async def check_a_key_is_its_tenants_own(place: Place) -> None:
    async with place.open() as world:
        await world.count("c", 5, key="k-1")
        other = await world.count("c", 5, key="k-1", tenant="other")
        assert (other.repeated, other.version, other.position) == (False, 1, 1)


async def check_a_repeat_is_no_way_around_the_rights(place: Place) -> None:
    async with place.open() as world:
        allowed = True

        async def check(_: toy.CounterState) -> None:
            if not allowed:
                raise Forbidden

        async def ask() -> Outcome:
            return await world.kernel.handle(toy.COUNTER, "c", caller_of("k-1"), toy.count(5), check=check)

        counted = await ask()
        assert_repeat(counted, await ask())
        allowed = False
        with pytest.raises(Forbidden):
            await ask()


async def check_nothing_of_the_body_is_kept(place: Place) -> None:
    async with place.open() as world:
        await world.note("c", "planted words", key="k-1", body="hash-1")
        [stored] = await world.envelopes()
        sealed = stored.data["text"].encode()
    file = sqlite3.connect(place.folder / "events" / "toys.db")
    tables = [name for (name,) in file.execute("SELECT name FROM sqlite_master WHERE type='table'")]
    kept = {name: file.execute(f"SELECT * FROM {name}").fetchall() for name in tables if name != "stored_events"}
    file.close()
    assert kept["commands"] == [("acme", "k-1", "hash-1", "acme/counter/c", "c", 0, 1, 1)]
    for rows in kept.values():
        for value in (value for row in rows for value in row):
            told = value if isinstance(value, bytes) else str(value).encode()
            assert sealed not in told
            assert b"planted words" not in told


CHECKS: list[Check] = [
    check_another_request_with_the_key_is_refused,
    check_a_refusal_stores_nothing,
    check_a_key_is_its_tenants_own,
    check_a_repeat_is_no_way_around_the_rights,
    check_nothing_of_the_body_is_kept,
]


@pytest.mark.parametrize("check", CHECKS)
async def test_remembers_little(tmp_path: Path, check: Check) -> None:
    await check(Place(tmp_path))


class KeepsTheBody(GroupRecorder):
    """Planted: the answer is kept with the command, out of an erasure's reach."""

    def _append(self, raw: sqlite3.Connection, caller: GroupCaller) -> CommandRecord | list[int]:
        raw.execute("CREATE TABLE IF NOT EXISTS answers (command_id TEXT, body BLOB)")
        for event in caller.stamp(None)[1]:
            raw.execute("INSERT INTO answers VALUES (?, ?)", (caller.command and caller.command.id, event.state))
        return super()._append(raw, caller)


class ForgetsTheTenant(GroupRecorder):
    """Planted: a key is everybody's."""

    def find_command(self, raw: sqlite3.Connection, tenant: str, command_id: str) -> CommandRecord | None:
        known = raw.execute("SELECT tenant FROM commands WHERE command_id=?", (command_id,)).fetchone()
        return super().find_command(raw, known[0] if known else tenant, command_id)


class TakesAnyBody(Kernel):
    """Planted: a repeat is whatever has the key."""

    async def _repeat(self, run: Any, record: CommandRecord) -> Outcome:
        command = replace(run.command, request_hash=record.command.request_hash)
        return await super()._repeat(replace(run, command=command), record)


class RemembersRefusals(Kernel):
    """Planted: a refused command uses its key up."""

    async def handle(
        self, aggregate: Aggregate[Any], entity_id: str, caller: Caller, *rest: Any, **more: Any
    ) -> Outcome:
        try:
            return await super().handle(aggregate, entity_id, caller, *rest, **more)
        except (DomainError, KernelError):
            stream = f"{caller.tenant}/{aggregate.kind}/{entity_id}"
            command = Command(caller.command_id or self.new_id(), caller.request_hash, stream, entity_id, False)
            await self.store.append(Append(caller.tenant, {}, [], command))
            raise


class TrustsRepeats(Kernel):
    """Planted: who repeats is not asked for rights."""

    async def _repeat(self, run: Any, record: CommandRecord) -> Outcome:
        return await super()._repeat(replace(run, check=None), record)


FAULTS: Sequence[tuple[dict[str, Any], Check]] = [
    ({"store": store_with(KeepsTheBody)}, check_nothing_of_the_body_is_kept),
    ({"store": store_with(ForgetsTheTenant)}, check_a_key_is_its_tenants_own),
    ({"kernel": TakesAnyBody}, check_another_request_with_the_key_is_refused),
    ({"kernel": RemembersRefusals}, check_a_refusal_stores_nothing),
    ({"kernel": TrustsRepeats}, check_a_repeat_is_no_way_around_the_rights),
]


@pytest.mark.parametrize(("fault", "check"), FAULTS)
async def test_a_planted_fault_is_noticed(tmp_path: Path, fault: dict[str, Any], check: Check) -> None:
    with pytest.raises(NOTICED):
        await check(Place(tmp_path).but(**fault))
