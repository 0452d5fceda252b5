"""Promise 7, destroyed keys: events still fold, others keep their words, memory forgets, nothing new comes in."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from libs.events.adapters.sqlite.key_store import SQLiteKeyStore
from libs.events.envelope import Envelope
from libs.events.errors import HolderErased, KeyMissing
from libs.events.expiring import Expiring
from libs.events.handle import Kernel
from libs.events.personal import PersonalPath
from libs.events.ports import Append, Clock, Command, KeyStore, Opened
from libs.events.reader import Unread
from libs.events.testing import SteppingClock
from libs.privacy.holder_key import HolderKey
from libs.privacy.keyring import Keyring
from libs.privacy.sealing import FieldSealer
from tests.events import toy
from tests.events.world import Place, World

WORDS = ("ann's words", "bob's words", "ann's last words")


async def write(world: World) -> None:
    """A counter with a label of Ann's, notes of Ann's and Bob's, and one that is all Bob's."""
    await world.make("c-1", "ann's label", actor="ann")
    await world.note("c-1", WORDS[0], actor="ann")
    await world.note("c-1", WORDS[1], actor="bob")
    await world.count("c-1", 3, actor="ann")
    await world.note("c-1", WORDS[2], actor="ann")
    await world.note("c-2", WORDS[1], actor="bob")


async def told(world: World) -> tuple[Any, Any]:
    """Ann's and Bob's counters as their streams tell them."""
    return (await world.state("c-1")).notes, (await world.state("c-2")).notes


BEFORE = (WORDS, (WORDS[1],))
AFTER = ((None, WORDS[1], None), (WORDS[1],))


async def check_events_still_fold(place: Place) -> None:
    """Ann's text reads as null and is named as erased; everything else, Bob's words and the count, is as it was."""
    async with place.open() as world:
        await write(world)
        assert await told(world) == BEFORE
        await world.keyring.destroy("acme", "ann")
    async with place.open() as world:
        assert await told(world) == AFTER
        assert await world.state("c-1") == toy.CounterState(made=True, total=3, notes=AFTER[0])
        facts = await world.reader.facts([Unread(one.body, one.sequence) for one in await world.history()])
        assert [fact.erased for fact in facts] == [("label",), ("text",), (), (), ("text",), ()]
        await world.drain()
        rows = await world.rows("c-1", "c-2")
        assert (rows["c-1"].notes, rows["c-1"].total, rows["c-2"].notes) == ([*AFTER[0]], 3, [WORDS[1]])
        await world.count("c-1", 4, actor="ann")
        assert (await world.state("c-1")).total == 7, "what is not personal goes on, for Ann too"


async def check_cold_memory_agrees(place: Place) -> None:
    """The process that destroyed the key, one that was there, and one that comes later say the same after a minute."""
    clock = SteppingClock()
    async with place.open(clock) as here, place.open(clock) as there:
        await write(here)
        assert await told(there) == BEFORE
        clock.move(timedelta(seconds=1))
        await here.keyring.destroy("acme", "ann")
        clock.move(timedelta(seconds=60))
        async with place.open(clock) as later:
            assert await told(later) == AFTER
            assert await told(here) == AFTER
            assert await told(there) == AFTER


async def check_keys_are_forgotten_in_a_minute(place: Place) -> None:
    """Where the key was in memory it opens nothing 60 seconds after it was fetched; not asked for, it is gone too."""
    clock = SteppingClock()
    async with place.open(clock) as here, place.open(clock) as there:
        await write(here)
        bodies = [Unread(one.body, one.sequence) for one in await there.history()]
        assert (await there.reader.facts(bodies))[1].data.text == WORDS[0]
        clock.move(timedelta(seconds=59))
        await here.keyring.destroy("acme", "ann")
        assert (await here.reader.facts(bodies))[1].data.text is None, "the one that destroyed it forgets at once"
        clock.move(timedelta(seconds=1))
        assert (await there.reader.facts(bodies))[1].data.text is None
        with pytest.raises(HolderErased):
            await there.note("c-1", "too late", actor="ann")


async def check_nothing_new_for_the_erased(place: Place) -> None:
    """A command with text of Ann's is refused, and nothing of it is stored: no event, no guard, no command."""
    async with place.open() as world:
        await write(world)
        await world.keyring.destroy("acme", "ann")
        await world.keyring.destroy("acme", "never-there")
        before = [one.body for one in await world.history()]
        for actor in ("never-there", "ann"):
            with pytest.raises(HolderErased) as refused:
                await world.note("c-1", "more", actor=actor, key=f"note-{actor}")
            assert (refused.value.kind, refused.value.code) == ("conflict", "person_erased")
            with pytest.raises(HolderErased):
                await world.make(f"c-{actor}", "more", actor=actor, key=f"make-{actor}")
            for key in (f"note-{actor}", f"make-{actor}"):
                assert await world.store.find_command("acme", key) is None, "a refusal stores nothing"
        assert [one.body for one in await world.history()] == before
        await world.note("c-1", "bob goes on", actor="bob")
        await world.note("c-1", "so does beta's ann", actor="ann", tenant="beta")


def lose_the_key(place: Place, holder: str) -> None:
    """The key is gone as after a bad restore: no key, and no tombstone."""
    with closing(sqlite3.connect(place.folder / "keys.db")) as raw, raw:
        assert raw.execute("DELETE FROM holders WHERE holder=?", (holder,)).rowcount == 1


async def check_a_lost_key_is_a_fault(place: Place) -> None:
    """Without a tombstone nothing is taken for erased: the runner stops before it, a load fails, nothing is parked."""
    async with place.but(page=1).open() as world:
        await world.count("c-0")
        await write(world)
    lose_the_key(place, "ann")
    async with place.but(page=1).open() as world:
        await world.drain()
        runner = world.runner()
        assert runner.stopped is not None
        assert runner.stopped.startswith("key_missing: ")
        assert (runner.parked, await world.rows("c-1")) == (0, {})
        assert (await world.reads.checkpoints("counters", "toys.events", ["acme"]))["acme"].sequence == 1
        with pytest.raises(KeyMissing):
            await world.state("c-1")
        with pytest.raises(KeyMissing):
            await world.count("c-1", actor="bob")
        assert await world.state("c-2") == toy.CounterState(notes=(WORDS[1],)), "what is Bob's alone is read"


async def check_text_opens_only_in_its_place(place: Place) -> None:
    """A sealed text that was moved to another event, though of the same person, is poison there and nowhere shown."""
    async with place.open() as world:
        await write(world)
        first, last = [one for one in await world.envelopes() if one.type == "toys.noted.v3" and one.actor == "ann"]
        moved = msgspec.structs.replace(
            last, id="moved", subject="acme/counter/c-3", version=1, data={**last.data, "text": first.data["text"]}
        )
        await world.store.append(
            Append("acme", {moved.subject: 0}, [moved], Command("x", "", moved.subject, "", False))
        )
        await world.count("c-4")
        await world.drain()
        parked = await world.reads.parked("counters")
        assert [(one.key, one.sequence) for one in parked] == [("acme/counter/c-3", 7)]
        assert parked[0].error.startswith("seal_broken: ")
        assert set(await world.rows("c-1", "c-3", "c-4")) == {"c-1", "c-4"}, "the rest goes on"


CHECKS = [
    check_events_still_fold,
    check_cold_memory_agrees,
    check_keys_are_forgotten_in_a_minute,
    check_nothing_new_for_the_erased,
    check_a_lost_key_is_a_fault,
    check_text_opens_only_in_its_place,
]


@pytest.mark.parametrize("check", CHECKS)
async def test_the_promise(check: Any, tmp_path: Path) -> None:
    await check(Place(tmp_path))


async def test_a_key_is_durable_before_what_it_sealed(tmp_path: Path) -> None:
    """A text that the store holds has its key in the key file, also if the process dies right after the append."""
    async with Place(tmp_path).open() as world:
        await world.note("c-1", WORDS[0], actor="ann")
        copy = tmp_path / "copy"
        copy.mkdir()
        for name in ("keys.db", "keys.db-wal"):
            if (tmp_path / name).exists():
                (copy / name).write_bytes((tmp_path / name).read_bytes())
        (copy / "events").mkdir()
        for path in (tmp_path / "events").glob("toys.db*"):
            (copy / "events" / path.name).write_bytes(path.read_bytes())
        async with Place(copy).open() as after_the_crash:
            assert (await after_the_crash.state("c-1")).notes == (WORDS[0],)


# --- planted faults ---------------------------------------------------------------------------------------------


class LostIsErased(Keyring):
    """Planted: a key that is not there counts as destroyed."""

    async def for_ids(self, pairs: Iterable[tuple[str, str]]) -> Mapping[tuple[str, str], HolderKey | None]:
        found: dict[tuple[str, str], HolderKey | None] = {}
        for pair in pairs:
            try:
                found.update(await super().for_ids([pair]))
            except KeyMissing:
                found[pair] = None
        return found


class StoppedClock:
    """A clock that a cache looks at in vain."""

    def now(self) -> datetime:
        return SteppingClock().now()


def remembers_for_ever(keys: KeyStore, kek: bytes, clock: Clock) -> Keyring:
    """Planted: a cache without an end."""
    return Keyring(keys, kek, StoppedClock())


class NeverExpires(Expiring[Any, Any]):
    """A memory without an end."""

    def get(self, key: Any, now: datetime) -> Any:
        entry = self._entries.get(key)
        return entry[2] if entry is not None else None


def keeps_states(*parts: Any) -> Kernel:
    """Planted: folded states, with the text in them, live as long as the process."""
    kernel = Kernel(*parts)
    kernel._states = NeverExpires(1000)
    return kernel


class ForgetsInMemoryOnly(SQLiteKeyStore):
    """Planted: nothing is destroyed in the file."""

    async def destroy(self, tenant: str, holder: str, at: datetime) -> None:
        return None


class ForgetsStrangers(SQLiteKeyStore):
    """Planted: who has no key yet has nothing to destroy, so no tombstone keeps the next one away."""

    async def destroy(self, tenant: str, holder: str, at: datetime) -> None:
        if await self.by_holder(tenant, [holder]):
            await super().destroy(tenant, holder, at)


class BoundToNothing(FieldSealer):
    """Planted: no associated data, so that a sealed text opens wherever it is put."""

    def context(self, envelope: Envelope, path: str, key_id: str) -> bytes:
        return b""


class DropsTheErased(FieldSealer):
    """Planted: what cannot be sealed is left out, and the command goes on."""

    async def seal_many(self, items: Sequence[tuple[Envelope, tuple[PersonalPath, ...]]]) -> list[Envelope]:
        try:
            return await super().seal_many(items)
        except HolderErased:
            emptied = [(one, {path.steps[0]: None for path in paths}) for one, paths in items]
            return [msgspec.structs.replace(one, data={**one.data, **nulls}) for one, nulls in emptied]


class HidesErasure(FieldSealer):
    """Planted: null, without saying that there was something."""

    async def open(self, items: Sequence[Any]) -> Sequence[Opened]:
        return [Opened(one.envelope, ()) for one in await super().open(items)]


FAULTS: Mapping[str, tuple[Any, dict[str, Any]]] = {
    "erasure is hidden": (check_events_still_fold, {"sealer": HidesErasure}),
    "destroyed in memory": (check_events_still_fold, {"keys": ForgetsInMemoryOnly}),
    "states are kept": (check_cold_memory_agrees, {"kernel": keeps_states}),
    "keys are kept": (check_keys_are_forgotten_in_a_minute, {"keyring": remembers_for_ever}),
    "strangers are forgotten": (check_nothing_new_for_the_erased, {"keys": ForgetsStrangers}),
    "text is left out": (check_nothing_new_for_the_erased, {"sealer": DropsTheErased}),
    "lost is erased": (check_a_lost_key_is_a_fault, {"keyring": LostIsErased}),
    "bound to nothing": (check_text_opens_only_in_its_place, {"sealer": BoundToNothing}),
}


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_planted_fault_is_found_out(fault: str, tmp_path: Path) -> None:
    check, parts = FAULTS[fault]
    with pytest.raises((AssertionError, pytest.fail.Exception)):
        await check(Place(tmp_path).but(**parts))
