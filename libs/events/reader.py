"""Stored bytes → `Fact`: envelope, open sealed fields under the stored version's paths, upcast, class (promise 6)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from libs.events import envelope as envelopes
from libs.events.envelope import Envelope, Fact
from libs.events.ports import Opened, Sealer
from libs.events.registry import Registry


@dataclass(frozen=True, slots=True)
class Unread:
    """Bytes with their place in the tenant's sequence; 0 where the reader of a stream does not need it."""

    body: bytes
    sequence: int


@dataclass(frozen=True, slots=True)
class Reader:
    """Turns stored events into facts, in batches, because keys are fetched once a batch."""

    registry: Registry
    sealer: Sealer

    async def facts(self, events: Sequence[Unread]) -> list[Fact[Any]]:
        """Raises MalformedEvent, EventFromTheFuture, KeyMissing, SealBroken, StoreUnavailable; order is kept."""
        decoded = [envelopes.decode(event.body) for event in events]
        opened = await self._open(decoded)
        return [self._fact(one, event.sequence) for one, event in zip(opened, events, strict=True)]

    async def _open(self, decoded: Sequence[Envelope]) -> list[Opened]:
        paths = [self.registry.paths(envelope.type) for envelope in decoded]
        sealed = [(envelope, path) for envelope, path in zip(decoded, paths, strict=True) if path]
        results = iter(await self.sealer.open(sealed) if sealed else ())
        return [next(results) if path else Opened(envelope, ()) for envelope, path in zip(decoded, paths, strict=True)]

    def _fact(self, opened: Opened, sequence: int) -> Fact[Any]:
        envelope = opened.envelope
        return Fact(
            data=self.registry.read(envelope.type, envelope.data),
            id=envelope.id,
            type=envelope.type,
            stream=envelope.subject,
            version=envelope.version,
            tenant=envelope.tenant,
            service=envelopes.service_of(envelope),
            time=envelope.time,
            actor=envelope.actor,
            sequence=sequence,
            correlation=envelope.correlation,
            causation=envelope.causation,
            traceparent=envelope.traceparent,
            erased=opened.erased,
        )
