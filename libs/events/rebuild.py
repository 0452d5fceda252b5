"""Rebuilds a read model from the log beside the one that serves, compares the two, and lets the new one serve.

Nothing is sent again: only rows are folded. Killed at any moment, the old generation serves on, and the next attempt
begins anew (promise 4).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

from libs.events.compare import Differences, Told, compare, compare_some
from libs.events.consume import Runner
from libs.events.continuity import goes_on
from libs.events.declare import ReadModel, RowKey
from libs.events.effects import Consumer
from libs.events.errors import KernelError
from libs.events.ports import Commit, EventLog, Frozen, Generation, Generations, ReadStore, holding
from libs.events.positions import Positions
from libs.events.reader import Reader

PAGE = 5000
"""Events at once: nobody waits for the first of them, and rows that many of them touch are written once."""
NEAR = 500
"""Events behind, at most, before the old generation is stopped."""
HOLD_SECONDS = 30.0
"""So long nobody may write to the old generation; whoever takes longer from there on has lost the right to switch."""
LEVEL_SECONDS = 60.0
"""How long to wait for an old generation that is behind and moves, or that somebody else holds."""
LOOK_SECONDS = 0.05


class RebuildFailed(KernelError):
    """A rebuild could not end; the message says why, and the generation that served serves on."""


@dataclass
class Report:
    """How a rebuild ended.

    `compared`: both at the same position; an old generation that is empty, or folds the history of before a restore,
    says nothing. `expected`: the fold's version rose, or keys were parked before, so that rows may have become others.
    """

    model: str
    generation: int
    expected: bool
    events: int = 0
    seconds: float = 0.0
    rows: dict[str, int] = field(default_factory=dict)
    parked: int = 0
    compared: bool = False
    differences: Differences = field(default_factory=Differences)
    switched: bool = False

    def may_switch(self, *, accept: bool) -> bool:
        """Whether the new generation may serve."""
        return accept or self.expected or not self.differences.count


class Noting:
    """The store of a new generation, noting which rows are written."""

    def __init__(self, store: ReadStore) -> None:
        self._store = store
        self.touched: set[tuple[str, RowKey]] = set()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def commit(self, commit: Commit) -> None:
        """See `ReadStore`."""
        await self._store.commit(commit)
        self.touched.update((put.tenant, put.key) for put in commit.puts)


@dataclass
class Rebuild:
    """One rebuild of one model. `alone`: nobody else moves the generation that serves, so it is moved here."""

    model: ReadModel
    generations: Generations
    log: EventLog
    reader: Reader
    consumer: Callable[[ReadModel, ReadStore], Consumer]
    alone: bool = False
    hold: float = HOLD_SECONDS
    _erasures: int = 0

    async def run(self, told: Told, *, accept: bool = False) -> Report:
        """Raises RebuildRunning, RebuildFailed, OwnershipLost, StoreUnavailable: then the old generation serves on."""
        started = monotonic()
        live = await self.generations.live(self.model)
        async with self.generations.building(self.model) as building:
            self._erasures = await self.reader.sealer.erasures()
            report = Report(self.model.name, building.number, live.version != self.model.version)
            report.events = await self._load(building, told)
            told("indexes", 0, 1)
            built = await self.generations.complete(building)
            told("indexes", 1, 1)
            noting = Noting(built.store)
            runners = self._runners(noting)
            await self._follow(runners)
            if await self._same_log(live, runners) and await self._level(live, runners):
                await self._compare(live, built, runners, report, told)
            if report.may_switch(accept=accept):
                noting.touched.clear()
                await self._take_over(live, built, noting, runners, report, accept=accept)
            else:
                # Then it is no wonder that rows differ.
                await self._refuse_words_of_erased()
        if report.switched:
            await self.generations.clean(self.model)
        report.seconds = monotonic() - started
        return report

    # --- the new generation alone -------------------------------------------------------------------------------

    def _runners(self, store: Any) -> list[Runner]:
        consumer, positions = self.consumer(self.model, store), Positions(store, self.log)
        return [
            Runner(consumer, topic, 0, self.log, store, self.reader, positions, page=PAGE, words=self.model.words)
            for topic in self.model.topics
        ]

    async def _load(self, building: Generation, told: Told) -> int:
        """Everything that the log holds when it begins; returns how many events that was."""
        runners, applied, before = self._runners(building.store), 0, 0
        ends = [await self.log.end(runner.topic, 0) for runner in runners]
        for runner, end in zip(runners, ends, strict=True):
            runner.until = end
            while await _stepped(runner):
                told("events", before + runner.offset, sum(ends))
            before += end
            points = await building.store.checkpoints(self.model.name, runner.topic)
            applied += sum(point.sequence for point in points.values())
        return applied

    async def _follow(self, runners: Sequence[Runner]) -> None:
        """Until it is a few events behind at most."""
        behind = NEAR + 1
        while behind > NEAR:
            ends = [await self.log.end(runner.topic, 0) for runner in runners]
            behind = sum(ends) - sum(runner.offset for runner in runners)
            await _reach(runners, ends)

    # --- beside the old one -------------------------------------------------------------------------------------

    async def _same_log(self, live: Generation, runners: Sequence[Runner]) -> bool:
        """Whether the old generation folds the history that is there now; after a restore it does not (promise 11)."""
        async with self.generations.frozen(live) as frozen:
            points = [(runner.topic, await frozen.checkpoints(runner.topic)) for runner in runners]
        return all([await goes_on(self.log, topic, of_topic) for topic, of_topic in points])

    async def _level(self, live: Generation, runners: Sequence[Runner]) -> bool:
        """Waits until the old generation is not behind the new one; False when nothing was ever folded into it."""
        deadline = monotonic() + LEVEL_SECONDS
        while True:
            async with self.generations.frozen(live) as frozen:
                offsets = await _offsets(frozen, runners)
            if not any(offsets):
                return False
            if all(offset >= runner.offset for offset, runner in zip(offsets, runners, strict=True)):
                return True
            if self.alone:
                await _reach(self._runners(live.store), [runner.offset for runner in runners])
            elif monotonic() > deadline:
                raise RebuildFailed(
                    f"{self.model.name}: the generation that serves does not move on, so there is nothing to compare "
                    "with. `cairn status` says why it stands still."
                )
            else:
                await asyncio.sleep(LOOK_SECONDS)

    async def _compare(
        self, live: Generation, built: Generation, runners: Sequence[Runner], report: Report, told: Told
    ) -> None:
        async with self.generations.frozen(live) as before:
            await _reach(runners, await _offsets(before, runners))
            report.parked = len(await before.parked())
            report.expected = report.expected or report.parked > 0
            async with self.generations.frozen(built) as after:
                report.rows = await compare(before, after, self.model.collections, report.differences, told)
        report.compared = True

    async def _take_over(
        self,
        live: Generation,
        built: Generation,
        noting: Noting,
        runners: Sequence[Runner],
        report: Report,
        *,
        accept: bool,
    ) -> None:
        """Stops the old generation, brings the new one to where that stands, and lets it serve."""
        # A replay of a parked key holds the model for a few seconds: without waiting all was for nothing.
        async with holding(self.generations, live, self.model.topics, self.hold, patience=LEVEL_SECONDS) as held:
            async with self.generations.frozen(live) as frozen:
                await _reach(runners, await _offsets(frozen, runners))
            if report.compared:
                await compare_some(live.store, built.store, noting.touched, report.differences)
            await self._refuse_words_of_erased()
            if report.may_switch(accept=accept):
                await held.switch(built)
            report.switched = held.switched

    async def _refuse_words_of_erased(self) -> None:
        """What was read before somebody was erased may hold their words; who drops them waits for this to end."""
        if await self.reader.sealer.erasures() != self._erasures:
            raise RebuildFailed(f"{self.model.name}: a person was erased meanwhile. Rebuild it again.")


async def _stepped(runner: Runner) -> bool:
    """One step; False at the end. Raises RebuildFailed for what stops a runner."""
    busy = await runner.step()
    if runner.stopped is not None:
        raise RebuildFailed(f"{runner.consumer.name} cannot be rebuilt: {runner.stopped}")
    return busy


async def _reach(runners: Sequence[Runner], offsets: Sequence[int]) -> None:
    """Applies up to these offsets, and nothing beyond them."""
    for runner, offset in zip(runners, offsets, strict=True):
        runner.until = offset
        while await _stepped(runner):
            continue


async def _offsets(frozen: Frozen, runners: Sequence[Runner]) -> list[int]:
    return [await frozen.offset(runner.topic) for runner in runners]
