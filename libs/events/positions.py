"""How far this service's read models are, for those who ask to read their own writes (promise 8)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from time import monotonic

from libs.events.declare import ReadModel
from libs.events.envelope import topic_of
from libs.events.errors import KeyParked, NotCaughtUp
from libs.events.generations import pick_anew
from libs.events.ports import EventLog, ReadStore

POLL_SECONDS = 0.05
"""How often a position kept by another process is looked up while waiting for it, however many wait."""

Place = tuple[str, str, str]
"""`(model, topic, tenant)`."""


@dataclass
class Positions:
    """Waits for models; the runners of this process report their positions, others' are read from the store."""

    reads: ReadStore
    log: EventLog
    _reached: dict[Place, int] = field(default_factory=dict)
    _moved: asyncio.Event = field(default_factory=asyncio.Event)
    _looks: dict[Place, tuple[float, asyncio.Task[int]]] = field(default_factory=dict)

    def advance(self, projection: str, topic: str, tenant: str, sequence: int) -> None:
        """A runner of this process has committed up to `sequence`."""
        self._reached[projection, topic, tenant] = sequence
        self._moved.set()
        self._moved = asyncio.Event()

    def forget(self, projection: str, topic: str) -> None:
        """What was reached may be of a generation that serves no longer."""
        for place in [one for one in self._reached if one[:2] == (projection, topic)]:
            del self._reached[place]

    async def wait(self, tenant: str, after: Mapping[str, int], models: Iterable[ReadModel], *, within: float) -> None:
        """Returns once the models have applied every asked position of the services whose topics they fold.

        Positions of services that none of them folds are not waited for. Raises NotCaughtUp after `within` seconds.
        """
        needed = {
            (model.name, topic_of(service), tenant): sequence
            for model in models
            for service, sequence in after.items()
            if topic_of(service) in model.topics
        }
        deadline, age = monotonic() + within, 0.0
        for name, _, _ in needed:
            pick_anew(name)
        while True:
            moved = self._moved  # before looking: what moves meanwhile must not be missed
            behind = await self._behind(needed, age)
            if not behind:
                return
            remaining = deadline - monotonic()
            if remaining <= 0:
                raise NotCaughtUp({place[1].partition(".")[0]: needed[place] for place in behind})
            age = POLL_SECONDS
            try:
                await asyncio.wait_for(moved.wait(), min(POLL_SECONDS, remaining))
            except TimeoutError:
                continue

    async def wait_for_head(self, tenant: str, model: ReadModel, *, within: float) -> None:
        """Returns once the model holds everything its topics hold now for the tenant. Raises NotCaughtUp."""
        after = {
            topic.partition(".")[0]: (await self.log.tenant_head(topic, tenant)).sequence for topic in model.topics
        }
        await self.wait(tenant, after, [model], within=within)

    async def refuse_parked(self, tenant: str, model: ReadModel, key: str | None = None) -> None:
        """Raises KeyParked when the model could not apply an event of this ordering key, or of any (promise 5)."""
        for parked in await self.reads.parked(model.name, tenant):
            if key in (None, parked.key):
                raise KeyParked(f"{model.name} is parked at {parked.topic} {parked.sequence}")

    async def _behind(self, needed: Mapping[Place, int], age: float) -> list[Place]:
        behind = [place for place, sequence in needed.items() if self._reached.get(place, -1) < sequence]
        return [place for place in behind if await self._stored(place, age) < needed[place]]

    async def _stored(self, place: Place, age: float) -> int:
        """What the store says; others' look is as good as an own one while it goes on, or is not older than `age`."""
        begun, look = self._looks.get(place, (0.0, None))
        if look is None or (look.done() and monotonic() - begun >= age):
            look = asyncio.create_task(self._look(place))
            self._looks[place] = monotonic(), look
        # One who gives up must not take the look from the others.
        return await asyncio.shield(look)

    async def _look(self, place: Place) -> int:
        name, topic, tenant = place
        stored = (await self.reads.checkpoints(name, topic, [tenant])).get(tenant)
        return stored.sequence if stored is not None else 0
