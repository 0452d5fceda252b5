"""What a batch of facts leads to: said by a projection, a fold or a reaction to whoever drives it."""

from __future__ import annotations

import asyncio
from collections.abc import Container, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from libs.events.catalog.skipping import Skipped
from libs.events.envelope import Fact
from libs.events.errors import KernelError, MalformedEvent, SealBroken, StoreRestored
from libs.events.ports import Put, Record
from libs.events.reader import Reader, Unread, outline


@dataclass(frozen=True)
class Refused:
    """One fact that could not be applied, and why."""

    fact: Fact[Any]
    error: str


@dataclass(frozen=True)
class Effects:
    """What a batch leads to: rows to write, and facts that must be parked.

    `later` are facts that could not be applied now and may be soon; nothing of the batch counts while any is waited
    for.
    """

    puts: Sequence[Put] = ()
    refused: Sequence[Refused] = ()
    later: Sequence[Refused] = ()


class Consumer(Protocol):
    """What a read model or a reaction does with a batch of facts of one or more tenants, in log order.

    `heeds` are the classes of fact that lead to anything (None: all may); the others are not even decoded.
    `turn` is held from reading rows until they are written, so that what two topics do to one row cannot cross.
    """

    name: str
    heeds: Container[type] | None
    turn: asyncio.Lock

    def key(self, fact: Fact[Any]) -> str:
        """The ordering key of a fact."""
        ...

    async def apply(self, facts: Sequence[Fact[Any]]) -> Effects:
        """Raises StoreUnavailable to be tried again; anything else about one fact is returned as refused or later.

        Called again, what it led to before is stored, unless `forget` was called.
        """
        ...

    def forget(self) -> None:
        """What it remembers of rows may not be what is stored: something was not committed, or somebody else wrote."""
        ...


async def legible(
    reader: Reader, records: Sequence[Record], words: Container[type] | None, heeds: Container[type] | None = None
) -> tuple[list[Fact[Any]], list[Refused]]:
    """The facts of records, and those records that cannot be read, each in order. Raises what must stop a reader.

    With `heeds` those of other classes are passed over, whatever their bytes are; what skips an event never is.
    """
    if heeds is not None:
        passed_over = {name for name in {record.type for record in records} if not _heeded(reader, name, heeds)}
        records = [record for record in records if record.type not in passed_over]
    try:
        return await reader.facts([Unread(record.body, record.sequence) for record in records], words), []
    except (MalformedEvent, SealBroken):
        pass
    facts: list[Fact[Any]] = []
    refused: list[Refused] = []
    for record in records:
        try:
            facts.extend(await reader.facts([Unread(record.body, record.sequence)], words))
        except (MalformedEvent, SealBroken) as error:
            refused.append(Refused(outline(record.body, record.sequence), reason_of(error)))
    return facts, refused


def _heeded(reader: Reader, name: str, heeds: Container[type]) -> bool:
    today = reader.registry.today(name)
    return today in heeds or issubclass(today, Skipped)


def code_of(error: KernelError) -> str:
    """How an error of the machinery is called where operators read it: `store_unavailable`."""
    name = type(error).__name__
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("_")


_MAY_END = code_of(StoreRestored(""))
"""Of all stops this one alone: another process makes the rows anew. The others take newer code, or files that are put
back while nobody has them open, and so a start; after a fault of ours nobody knows what the process holds."""


def reason_of(error: KernelError) -> str:
    """How operators read it: its code, then what happened and what to do."""
    return f"{code_of(error)}: {error}"


def may_end(reason: str) -> bool:
    """Whether a stop can end while the process lives, so that it is worth looking."""
    return reason.partition(":")[0] == _MAY_END
