"""An operator's word that a projection is to go on without one event, stated in that event's own log (promise 5)."""

from __future__ import annotations

from typing import Any

from libs.events.caller import Caller
from libs.events.catalog.skipping import Skipped
from libs.events.declare import Aggregate
from libs.events.envelope import topic_of
from libs.events.errors import Conflict
from libs.events.handle import Kernel
from libs.events.parking import UNFINISHED
from libs.events.ports import Parked

SKIPS: Aggregate[None] = Aggregate("skips", None, lambda state, _: state, words=())
"""`<tenant>/skips/<projection>`: all that one of a tenant's projections was told to go on without."""


class NothingToSkip(Conflict):
    """The key waits because its replay was broken off, not for an event that failed."""

    code = "nothing_to_skip"
    detail = "No event failed there, its replay was broken off half-way: replay it."


async def skip(kernel: Kernel, parked: Parked, author_id: str, reason: str) -> int:
    """States it, and returns the tenant's position: once the projection is there, the key waits for that event no more.

    `kernel` writes the service whose topic holds the event. Raises NothingToSkip, ValueError without a reason or with
    another service's kernel, and what a command raises.
    """
    if topic_of(kernel.service) != parked.topic:
        raise ValueError(f"{parked.topic} is not written by {kernel.service}")
    if not reason.strip():
        raise ValueError("a reason is needed: it stands in the history for as long as the event that is skipped")
    if parked.error == UNFINISHED:
        raise NothingToSkip
    shape: Any = kernel.reader.registry.shape(f"{kernel.service}.event-skipped.v1")
    fact: Skipped = shape(
        projection=parked.projection,
        sequence=parked.sequence,
        key=parked.key,
        author_id=author_id,
        reason=reason.strip(),
    )
    caller = Caller(parked.tenant, author_id)
    return (await kernel.handle(SKIPS, parked.projection, caller, lambda _: [fact])).position
