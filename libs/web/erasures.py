"""What became of an erasure in all services of this process: who is done with it, and how much there was."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from libs.events.catalog.people import CleanModel, SealedEvents
from libs.events.declare import ReadModel
from libs.events.envelope import topic_of
from libs.events.errors import StoreUnavailable
from libs.events.forget import TOPIC, name_of
from libs.events.ports import EventLog, ReadStore
from libs.events.reader import Reader


@dataclass(frozen=True)
class Erasures:
    """Looks into every service that has joined."""

    reader: Reader
    log: Callable[..., EventLog]
    _joined: dict[str, tuple[ReadStore, Sequence[ReadModel]]] = field(default_factory=dict)

    def join(self, service: str, reads: ReadStore, models: Sequence[ReadModel]) -> None:
        """A service of this process that keeps people's words."""
        self._joined[service] = (reads, models)

    async def sealed(self, tenant: str, person_id: str) -> list[SealedEvents]:
        """By service, how many events hold text that was sealed for the person. Reads all of the tenant's events."""
        mark = await self.reader.sealer.mark(tenant, person_id)
        log = self.log(*self._joined)
        found = []
        for service in sorted(self._joined):
            streams = {} if mark is None else await log.holding(topic_of(service), tenant, mark)
            found.append(SealedEvents(service=service, events=sum(streams.values())))
        return found

    async def clean(self, tenant: str, position: int) -> list[CleanModel]:
        """The read models of all services, once each has dropped the words of who was erased at this position.

        Raises StoreUnavailable while one of them has not: ask again.
        """
        found = []
        for service, (reads, models) in sorted(self._joined.items()):
            reached = (await reads.checkpoints(name_of(service), TOPIC, [tenant])).get(tenant)
            if reached is None or reached.sequence < position:
                raise StoreUnavailable(f"{service} still drops the words of somebody who was erased")
            for model in models:
                for topic in model.topics:
                    stands = (await reads.checkpoints(model.name, topic, [tenant])).get(tenant)
                    if stands is not None:
                        found.append(CleanModel(model=model.name, topic=topic, position=stands.sequence))
        return found
