"""Log → nothing left of a person's words in a service: what each service does when somebody was erased (promise 7)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from libs.events.catalog.people import PersonErased
from libs.events.consume import Effects
from libs.events.declare import ReadModel, stream_key
from libs.events.envelope import Fact, topic_of
from libs.events.errors import OwnershipLost, RebuildRunning, StoreUnavailable
from libs.events.retell import Retelling, keeps_words

TOPIC = topic_of("people")


def name_of(service: str) -> str:
    """What a service's checkpoint of erasures is called."""
    return f"{service}.erasures"


@dataclass
class Forgetting:
    """A runner's consumer of `people.events`: its checkpoint has passed an erasure when no file holds a word of it.

    `forget` empties what the process remembers of streams. Raises TypeError for a model whose words nothing folds anew.
    """

    service: str
    models: Sequence[ReadModel]
    retelling: Retelling
    forget_states: Callable[[], None]
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    def __post_init__(self) -> None:
        self.name = name_of(self.service)
        self._wordy = [model for model in self.models if keeps_words(model)]

    def key(self, fact: Fact[Any]) -> str:
        """Each person's for itself."""
        return stream_key(fact)

    def forget(self) -> None:
        """See `Consumer`: nothing is remembered here."""

    async def apply(self, facts: Sequence[Fact[Any]]) -> Effects:
        """Raises StoreUnavailable: what was done already is done again."""
        for fact in facts:
            if isinstance(fact.data, PersonErased):
                await self._forget(fact.tenant, fact.data.person_id)
        return Effects()

    async def _forget(self, tenant: str, person_id: str) -> None:
        self.forget_states()
        mark = await self.retelling.reader.sealer.mark(tenant, person_id)
        if mark is None:
            return
        try:
            for model in self._wordy:
                await self.retelling.retell(model, tenant, mark)
        except (RebuildRunning, OwnershipLost) as passing:
            raise StoreUnavailable(f"{self.name} waits: {passing}") from passing
        await self.retelling.generations.scrub()
