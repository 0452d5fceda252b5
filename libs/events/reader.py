"""Stored bytes → `Fact`: envelope, open sealed fields under the stored version's paths, upcast, class (promise 6)."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from libs.events import envelope as envelopes
from libs.events.envelope import Envelope, Fact
from libs.events.personal import PersonalPath, blank
from libs.events.ports import Opened, Sealer
from libs.events.registry import Event, Registry

D = TypeVar("D")


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

    async def facts(self, events: Sequence[Unread], words: Container[type[Event]] | None = None) -> list[Fact[Any]]:
        """Raises MalformedEvent, EventFromTheFuture, KeyMissing, SealBroken, StoreUnavailable; order is kept.

        With `words`, only the personal text of these classes is opened; that of others reads as null.
        """
        decoded = [envelopes.decode(event.body) for event in events]
        opened = await self._open(decoded, words)
        return [self._fact(one, event.sequence) for one, event in zip(opened, events, strict=True)]

    async def _open(self, decoded: list[Envelope], words: Container[type[Event]] | None) -> list[Opened]:
        paths = [self.registry.paths(envelope.type) for envelope in decoded]
        if words is not None:
            for at, envelope in enumerate(decoded):
                if paths[at] and self.registry.today(envelope.type) not in words:
                    decoded[at], paths[at] = _wordless(envelope, paths[at]), ()
        sealed = [(envelope, path) for envelope, path in zip(decoded, paths, strict=True) if path]
        results = iter(await self.sealer.open(sealed) if sealed else ())
        return [next(results) if path else Opened(envelope, ()) for envelope, path in zip(decoded, paths, strict=True)]

    def _fact(self, opened: Opened, sequence: int) -> Fact[Any]:
        envelope, erased = opened.envelope, opened.erased
        if erased:
            # They are paths of the stored version, and whoever reads knows today's class alone.
            erased = self.registry.paths_today(envelope.type, erased)
        return _around(envelope, self.registry.read(envelope.type, envelope.data), sequence, erased)


def _wordless(envelope: Envelope, paths: tuple[PersonalPath, ...]) -> Envelope:
    # The envelope was decoded for this call alone, so its tree is nobody else's.
    blank(envelope.data, paths)
    return envelope


def outline(body: bytes, sequence: int) -> Fact[None]:
    """What is known of an event whose data cannot be read: enough for its ordering key. Raises MalformedEvent."""
    return _around(envelopes.decode(body), None, sequence, ())


def _around(envelope: Envelope, data: D, sequence: int, erased: tuple[str, ...]) -> Fact[D]:
    return Fact(
        data=data,
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
        erased=erased,
    )
