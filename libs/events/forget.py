"""Log → nothing left of a person's words in a service: what each service does when somebody was erased (promise 7)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass, field
from typing import Any

from libs.events.catalog.people import PersonErased
from libs.events.declare import ReadModel, stream_key
from libs.events.effects import Effects
from libs.events.envelope import Fact, topic_of
from libs.events.errors import OwnershipLost, RebuildRunning, StoreUnavailable
from libs.events.retell import Retelling, keeps_words

TOPIC = topic_of("people")
AT_ONCE = 8
"""People whose words are looked for together: the whole log of their tenant is read for it."""


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
        self.heeds: Container[type] | None = (PersonErased,)
        self._wordy = [model for model in self.models if keeps_words(model)]

    def key(self, fact: Fact[Any]) -> str:
        """Each person's for itself."""
        return stream_key(fact)

    def forget(self) -> None:
        """See `Consumer`: nothing is remembered here."""

    async def apply(self, facts: Sequence[Fact[Any]]) -> Effects:
        """Raises StoreUnavailable: what was done already is done again."""
        erased: dict[str, dict[str, None]] = {}
        for fact in facts:
            if isinstance(fact.data, PersonErased):
                erased.setdefault(fact.tenant, {})[fact.data.person_id] = None
        for tenant, people in erased.items():
            self.forget_states()
            for start in range(0, len(people), AT_ONCE):
                await self._forget(tenant, list(people)[start : start + AT_ONCE])
        return Effects()

    async def _forget(self, tenant: str, people: Sequence[str]) -> None:
        sealer = self.retelling.reader.sealer
        marks = [mark for person in people if (mark := await sealer.mark(tenant, person)) is not None]
        if not marks:
            return
        try:
            await self.retelling.retell(self._wordy, tenant, marks)
        except (RebuildRunning, OwnershipLost) as passing:
            raise StoreUnavailable(f"{self.name} waits: {passing}") from passing
