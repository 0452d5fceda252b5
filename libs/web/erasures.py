"""What became of an erasure in all services of this process: who is done with it, and how much there was."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from time import monotonic

from libs.events.catalog.people import CleanModel, SealedEvents
from libs.events.declare import ReadModel
from libs.events.envelope import topic_of
from libs.events.errors import StoreUnavailable
from libs.events.forget import TOPIC, name_of
from libs.events.ports import EventLog, ReadStore
from libs.events.reader import Reader

LOOK_SECONDS = 0.05


@dataclass(frozen=True)
class Erasures:
    """Looks into every service that has joined. `patience` is how many seconds it waits for the last of them."""

    reader: Reader
    log: Callable[..., EventLog]
    patience: float = 30.0
    _joined: dict[str, tuple[ReadStore, Sequence[ReadModel]]] = field(default_factory=dict)

    def join(self, service: str, reads: ReadStore, models: Sequence[ReadModel]) -> None:
        """A service of this process that keeps people's words."""
        self._joined[service] = (reads, models)

    async def _late(self, tenant: str, position: int) -> str | None:
        """A service that has not dropped the words yet."""
        for service, (reads, _) in self._joined.items():
            reached = (await reads.checkpoints(name_of(service), TOPIC, [tenant])).get(tenant)
            if reached is None or reached.sequence < position:
                return service
        return None

    async def sealed(self, tenant: str, person_id: str) -> list[SealedEvents]:
        """By service, how many events hold text that was sealed for the person. Reads all of the tenant's events."""
        mark = await self.reader.sealer.mark(tenant, person_id)
        log = self.log(*self._joined)
        found = []
        for service in sorted(self._joined):
            streams = await log.holding(topic_of(service), tenant, [mark] if mark is not None else [])
            found.append(SealedEvents(service=service, events=sum(streams.values())))
        return found

    async def clean(self, tenant: str, position: int) -> list[CleanModel]:
        """The read models of all services, once each has dropped the words of who was erased at this position.

        Waits for them. Raises StoreUnavailable when one has not after `patience`: ask again.
        """
        deadline = monotonic() + self.patience
        while (late := await self._late(tenant, position)) is not None:
            if monotonic() >= deadline:
                raise StoreUnavailable(f"{late} still drops the words of somebody who was erased")
            await asyncio.sleep(LOOK_SECONDS)
        found = []
        for reads, models in self._joined.values():
            for model in models:
                for topic in model.topics:
                    stands = (await reads.checkpoints(model.name, topic, [tenant])).get(tenant)
                    if stands is not None:
                        found.append(CleanModel(model=model.name, topic=topic, position=stands.sequence))
        return found
