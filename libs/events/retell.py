"""Rows whose words were destroyed, folded anew from their streams, in the generation that serves (promises 4 and 7).

An erasure changes the keyring and not the log, so no fold of events can say what a row becomes. Folding its stream
again under the keyring as it is now gives what a rebuild would give; everything else stays as it is.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from msgspec.structs import replace

from libs.events.declare import Fold, Projection, ReadModel, by_stream
from libs.events.envelope import Fact
from libs.events.errors import MalformedEvent, SealBroken
from libs.events.ports import Commit, EventLog, Generation, Generations, Ownership, Put, ReadStore, StoredEvent, holding
from libs.events.project import Projector
from libs.events.reader import Reader, Unread, outline

HOLD_SECONDS = 5.0
"""So long the runner may not write at a time: no longer, because one that is started after a kill waits for it too."""
STREAMS = 20
"""Streams folded for one write; between two of them the runner goes on."""
PAGE = 1000


def keeps_words(model: ReadModel) -> bool:
    """Whether rows of the model hold anybody's text. Raises TypeError where these could not be folded by stream."""
    if model.words == ():
        return False
    if isinstance(model, Projection) and len(model.topics) == 1:
        retold = all(entry.rows is by_stream for entry in model.on)
    else:
        retold = isinstance(model, Fold) and model.retell is not None
    if not retold:
        raise TypeError(f"{model.name} keeps words (`words`), but nothing says how its rows are folded without them")
    return True


@dataclass(frozen=True)
class Retelling:
    """Folds rows of one service's models anew. `hold` is how many seconds a runner is kept away at most, at a time."""

    generations: Generations
    log: EventLog
    reader: Reader
    hold: float = HOLD_SECONDS

    async def retell(self, models: Sequence[ReadModel], tenant: str, marks: Collection[str]) -> None:
        """Every row of the models that was folded from events which hold a mark; other generations are removed.

        When it returns, nothing that was read before it began is written any more, and no file holds a byte of what
        the rows were. Raises RebuildRunning, OwnershipLost, StoreUnavailable: repeat it.
        """
        topics = {topic for model in models for topic in model.topics}
        # What is sealed later under a key that is gone is opened by nobody: to look once is enough.
        streams = {topic: list(await self.log.holding(topic, tenant, marks)) for topic in topics}
        for model in models:
            await self.model(model, tenant, streams)
        await self.generations.scrub()

    async def model(self, model: ReadModel, tenant: str, streams: Mapping[str, Sequence[str]]) -> None:
        """The rows of these streams, by topic, in one model."""
        async with self.generations.alone(model):
            live = await self.generations.live(model)
            for topic in model.topics:
                for start in range(0, len(streams[topic]), STREAMS):
                    # Whoever has opened text in hand loses the right to write it.
                    async with holding(self.generations, live, [topic], self.hold) as held:
                        await self._some(model, live, held.owners[0], tenant, streams[topic][start : start + STREAMS])
            await self.generations.clean(model, keep_previous=False)

    async def _some(
        self, model: ReadModel, live: Generation, owner: Ownership, tenant: str, streams: Sequence[str]
    ) -> None:
        store, topic = live.store, owner.topic
        reached = (await store.checkpoints(model.name, topic, [tenant])).get(tenant)
        if reached is None:
            return
        waiting = {one.key: one.sequence for one in await store.parked(model.name, tenant) if one.topic == topic}
        puts: list[Put] = []
        for stream in streams:
            events = [one async for one in self._events(topic, stream) if one.sequence <= reached.sequence]
            facts = await self._facts(model, [one for one in events if self.applied(model, one, waiting)])
            puts += await _rows(model, store, tenant, facts)
        await store.commit(Commit(owner, owner.offset, (), puts))

    async def _events(self, topic: str, stream: str) -> AsyncIterator[StoredEvent]:
        after = 0
        while page := await self.log.read_stream(topic, stream, after, PAGE):
            for event in page:
                yield event
            after = page[-1].version

    def applied(self, model: ReadModel, event: StoredEvent, waiting: Mapping[str, int]) -> bool:
        """Whether an event is folded into the model's rows; `waiting` are parked keys, with where they wait."""
        assert isinstance(model, Projection | Fold), "see `keeps_words`"
        if not waiting:
            return True
        waits = waiting.get(model.key(outline(event.body, event.sequence)))
        return waits is None or event.sequence < waits

    async def _facts(self, model: ReadModel, events: Sequence[StoredEvent]) -> list[Fact[Any]]:
        unread = [Unread(one.body, one.sequence) for one in events]
        try:
            return await self.reader.facts(unread, model.words)
        except (MalformedEvent, SealBroken):
            return [fact for one in unread for fact in await self._readable(model, one)]

    async def _readable(self, model: ReadModel, one: Unread) -> list[Fact[Any]]:
        try:
            return await self.reader.facts([one], model.words)
        except (MalformedEvent, SealBroken):
            # It was skipped when the rows were folded, else it would be parked.
            return []


async def _rows(model: ReadModel, store: ReadStore, tenant: str, facts: Sequence[Fact[Any]]) -> list[Put]:
    if isinstance(model, Fold):
        assert model.retell is not None, "see `keeps_words`"
        told = model.retell(facts)
        row = None if told is None else (await store.get_many(tenant, [told[0]])).get(told[0])
        return [] if told is None or row is None else [Put(tenant, told[0], replace(row, **told[1]))]
    assert isinstance(model, Projection), "see `keeps_words`"
    return list(_folded(Projector(model, store), facts))


def _folded(projector: Projector, facts: Sequence[Fact[Any]]) -> Sequence[Put]:
    while True:
        effects = projector.anew(facts)
        if not effects.refused:
            return effects.puts
        # What was skipped when the rows were folded is skipped again.
        refused: Collection[int] = {one.fact.sequence for one in effects.refused}
        facts = [fact for fact in facts if fact.sequence not in refused]
