"""The ports of privacy: the time, holders' keys, and sealing between memory and store."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from libs.events.envelope import Envelope
from libs.events.personal import PersonalPath


class Clock(Protocol):
    """Where the time comes from."""

    def now(self) -> datetime:
        """The current time, aware, UTC."""
        ...


@dataclass(frozen=True, slots=True)
class WrappedKey:
    """A holder's key as stored: wrapped by the key encryption key; `wrapped` is None once destroyed (a tombstone)."""

    tenant: str
    holder: str
    key_id: str
    wrapped: bytes | None
    created_at: datetime
    destroyed_at: datetime | None = None


class KeyStore(Protocol):
    """One key a holder (a person, a unit), never changed, only destroyed."""

    async def by_holder(self, tenant: str, holders: Iterable[str]) -> Mapping[str, WrappedKey]:
        """The keys and tombstones of those holders that have one."""
        ...

    async def by_id(self, keys: Iterable[tuple[str, str]]) -> Mapping[tuple[str, str], WrappedKey]:
        """The keys and tombstones of `(tenant, key_id)` pairs that exist."""
        ...

    async def insert_if_absent(self, key: WrappedKey) -> WrappedKey:
        """Stores the key unless its holder has one; durable; returns the one that stands."""
        ...

    async def insert_many(self, keys: Sequence[WrappedKey]) -> list[WrappedKey]:
        """Stores each key whose holder has none, in one write; durable; returns those that stand, in the same order.

        All or nothing. Of several keys of one holder the first counts.
        """
        ...

    async def destroyed(self) -> int:
        """How many keys were destroyed so far, of all tenants: it only grows."""
        ...

    async def destroy(self, tenant: str, holder: str, at: datetime) -> None:
        """Overwrites the wrapped key for good and leaves a tombstone, also for a holder who never had a key."""
        ...


@dataclass(frozen=True, slots=True)
class Opened:
    """An envelope with its personal text in clear; `erased` are the dotted paths whose text was destroyed.

    They are those of the stored version, as the envelope's data is.
    """

    envelope: Envelope
    erased: tuple[str, ...]


class Sealer(Protocol):
    """Between memory and store: seals personal text before an append, opens it after a read (promise 7)."""

    async def seal(self, envelope: Envelope, paths: tuple[PersonalPath, ...]) -> Envelope:
        """The envelope with every personal value sealed under its holder's key. Raises HolderErased."""
        ...

    async def seal_many(self, items: Sequence[tuple[Envelope, tuple[PersonalPath, ...]]]) -> list[Envelope]:
        """Seals a batch, in order; all holders' missing keys are made in one write. All or nothing. See `seal`."""
        ...

    async def open(self, items: Sequence[tuple[Envelope, tuple[PersonalPath, ...]]]) -> Sequence[Opened]:
        """Opens a batch. Raises KeyMissing, SealBroken; a destroyed key gives null and the path in `erased`."""
        ...

    async def erasures(self) -> int:
        """How many holders were erased so far, by any process; forgets every key that is remembered."""
        ...

    async def mark(self, tenant: str, holder: str) -> str | None:
        """What every text ever sealed for a holder begins with, and no other; None when there is none."""
        ...
