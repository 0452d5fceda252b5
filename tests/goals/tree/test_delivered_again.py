"""The tree by the real runner, on real files, from a log that goes back again and again: every fact counts once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from libs.events.adapters.sqlite.event_store import SQLiteEventStore
from libs.events.adapters.sqlite.key_store import SQLiteKeyStore
from libs.events.adapters.sqlite.read_store import SQLiteReadStore
from libs.events.caller import Caller
from libs.events.clock import new_id
from libs.events.consume import Runner
from libs.events.envelope import Fact
from libs.events.folder import Folder
from libs.events.handle import Kernel, NewStream
from libs.events.positions import Positions
from libs.events.reader import Reader, Unread
from libs.events.registry import REGISTRY
from libs.events.testing import SteppingClock, drain
from libs.privacy.keyring import Keyring
from libs.privacy.sealing import FieldSealer
from services.goals.domain.state import GOAL
from services.goals.projections import TREE
from tests.events.test_promise_3_effects_once import BelievesTheLog, Redelivers
from tests.events.world import KEK
from tests.goals.tree.oracle import Oracle
from tests.goals.tree.story import Story, stories, story_of
from tests.goals.tree.test_against_recompute import expected
from tests.goals.tree.test_stored import stored

TOPIC = "goals.events"


@dataclass(frozen=True)
class Place:
    """A log of goals and the rows of their tree."""

    kernel: Kernel
    store: SQLiteEventStore
    reads: SQLiteReadStore

    async def append(self, facts: Sequence[Fact[Any]]) -> None:
        """Facts of a story, in its order, at its times."""
        streams = [NewStream(GOAL.kind, _goal(one), one.version - 1, [one.data], one.actor, one.time) for one in facts]
        await self.kernel.append_streams(Caller("acme", "tester"), streams)

    async def drained(self, kind: type[Runner], back: tuple[int, ...], page: int) -> None:
        """A runner that starts here and applies everything, from a log that goes back to these places meanwhile."""

        class GoesBack(Redelivers):
            pass

        GoesBack.back = back
        log = GoesBack({TOPIC: self.store})
        positions = Positions(self.reads, log)
        folder, reader = Folder(TREE, self.reads), self.kernel.reader
        runner = kind(folder, TOPIC, 0, log, self.reads, reader, positions, page=page, words=TREE.words)
        await drain([runner])
        assert runner.stopped is None

    async def told(self) -> Oracle:
        """The naive recompute of all facts, each told once."""
        oracle = Oracle()
        records = await self.store.read_tenant("acme", 0, 1_000)
        for fact in await self.kernel.reader.facts([Unread(one.body, one.sequence) for one in records]):
            oracle.apply(fact)
        return oracle


@asynccontextmanager
async def place(folder: Path) -> AsyncIterator[Place]:
    store, keys = SQLiteEventStore("goals", folder / "events.db"), SQLiteKeyStore(folder / "keys.db")
    reads, clock = SQLiteReadStore(folder / "read.db"), SteppingClock()
    try:
        await reads.prepare(TREE.collections)
        reader = Reader(REGISTRY, FieldSealer(Keyring(keys, KEK, clock)))
        yield Place(Kernel("goals", store, reader, clock, new_id), store, reads)
    finally:
        await store.close()
        await reads.close()
        await keys.close()


def _goal(fact: Fact[Any]) -> str:
    return fact.stream.rpartition("/")[2]


async def check_what_comes_again_changes_nothing(
    folder: Path, facts: Sequence[Fact[Any]], back: tuple[int, ...], page: int, runner: type[Runner] = Runner
) -> None:
    """In a page that is begun anew, pages back, and after a restart."""
    async with place(folder) as here:
        half = len(facts) // 2
        for part in (facts[:half], facts[half:]):
            await here.append(part)
            await here.drained(runner, back, page)
            oracle = await here.told()
            assert await stored(here.reads, oracle) == expected(oracle), "other rows than facts told once have"


@settings(max_examples=50)
@given(stories(most=60), st.lists(st.integers(0, 60), max_size=9), st.integers(1, 70))
def test_what_comes_again_changes_nothing(story: Story, back: list[int], page: int) -> None:
    with TemporaryDirectory() as folder:
        asyncio.run(check_what_comes_again_changes_nothing(Path(folder), story.facts, tuple(back), page))


@pytest.mark.parametrize("page", [1, 7, 70])
@pytest.mark.parametrize("seed", [2, 3, 4])
async def test_a_runner_that_applies_what_it_has_applied_is_found_out(tmp_path: Path, seed: int, page: int) -> None:
    facts = story_of(Random(seed), 60).facts
    with pytest.raises(AssertionError, match="other rows"):
        await check_what_comes_again_changes_nothing(tmp_path, facts, (0, 20, 40, 5), page, BelievesTheLog)
