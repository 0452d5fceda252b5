"""The guard streams of commands about people: what only one may have, and that nobody stands above themselves."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar

from libs.events.claims import Claims, Record, RecordName, records
from libs.events.declare import Aggregate
from libs.events.envelope import stream_name
from libs.events.handle import Guard, Kernel
from libs.events.registry import Event
from services.people.domain import decide
from services.people.domain.state import ALL, EMAIL, REFERENCE, Claim, address_key

EmailName = Callable[[str, str], Awaitable[str]]
"""`(tenant, comparable address) → the id of its guard stream`: a keyed hash, so that no name tells an address."""

S = TypeVar("S")


def emails(kernel: Kernel, name: EmailName) -> Claims[Claim, str, str]:
    """Who has which address. Moving raises EmailTaken."""
    return Claims(kernel, EMAIL, lambda email: (address_key(email),), name, decide.claim_email, decide.release_email)


def references(kernel: Kernel, name: RecordName, kind: str) -> Claims[Claim, Record, str]:
    """Which person or unit, by `kind`, stands for which record of another system. Moving raises ReferenceTaken."""
    return records(kernel, name, kind, REFERENCE, decide.claim_reference, decide.release_reference)


async def let_go(kernel: Kernel, streams: Iterable[str], whose: str) -> list[Guard]:
    """The guards that free whatever somebody has of addresses and records, found on streams that name them."""
    found: list[Guard] = []
    for stream in streams:
        of, release = _CLAIMED.get(stream.split("/")[1], (None, None))
        if of is not None and release is not None:
            loaded = await kernel.load(of, stream)
            if events := release(loaded.state, whose):
                found.append(Guard(stream, loaded.version, events))
    return found


_CLAIMED: Mapping[str, tuple[Aggregate[Claim], Callable[[Claim, str], Sequence[Event]]]] = {
    EMAIL.kind: (EMAIL, decide.release_email),
    REFERENCE.kind: (REFERENCE, decide.release_reference),
}


async def pinned(kernel: Kernel, of: Aggregate[S], tenant: str, id: str | None) -> tuple[S, list[Guard]]:
    """What a command names, and the guard that it is still so when the command is appended; none for None.

    Call it among the guards of a command: what is read before them may have changed by the time they are.
    """
    if id is None:
        return of.initial, []
    stream = stream_name(tenant, of.kind, id)
    loaded = await kernel.load(of, stream)
    return loaded.state, [Guard(stream, loaded.version, ())]


@dataclass(frozen=True)
class Above:
    """A new edge upwards: from the first day on, and to before `until` (None: ever after), `above` is over `moved`."""

    moved: str
    above: str
    first: date
    until: date | None


async def no_circle(
    kernel: Kernel, tenant: str, kind: str, of: Aggregate[Any], edge: Above, event: Event
) -> Guard | None:
    """The tenant's guard of new edges of a kind, with the fact that there is one more; None if it closes a circle.

    Its version is read before anybody's stream, so that whoever adds an edge meanwhile makes the append fail.
    """
    stream = stream_name(tenant, kind, ALL)
    # Only the version counts, and the stream grows for ever: its end is read, never folded.
    last: Sequence[Any] = await kernel.facts(stream, limit=1, newest_first=True)
    met: dict[str, decide.Linked] = {}
    walk = decide.closes_circle(edge.moved, edge.above, edge.first, edge.until)
    try:
        wanted = next(walk)
        while True:
            if wanted not in met:
                met[wanted] = (await kernel.load(of, stream_name(tenant, of.kind, wanted))).state
            wanted = walk.send(met[wanted])
    except StopIteration as end:
        return None if end.value else Guard(stream, last[0].version if last else 0, (event,))
