"""Events as the kernel would hand them to the store, made and sealed before a clock runs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

from libs.events import canonical
from libs.events.catalog.goals import CheckInRecorded, GoalCreated, Metric
from libs.events.clock import new_id
from libs.events.envelope import Envelope, source_of, stream_name
from libs.events.ports import Append, Command
from libs.events.registry import REGISTRY, Event
from libs.web.embedded import Embedded
from libs.web.settings import ServiceSettings

TENANT = "acme"
NOTE = "Routing went live on Tuesday; second-level support now takes part in the morning round."


@dataclass(frozen=True)
class Material:
    """Makes sealed events and appends of the goals service."""

    parts: Embedded

    async def append(self, stream: str, version: int, events: Sequence[Event]) -> Append:
        """An append of events that continue a stream which stands at `version`, with a command of its own."""
        sealed = [await self._envelope(stream, number, event) for number, event in enumerate(events, start=version + 1)]
        command = Command(new_id(), "", stream, stream.rsplit("/", 1)[1], created=version == 0)
        return Append(TENANT, {stream: version}, sealed, command)

    async def _envelope(self, stream: str, version: int, event: Event) -> Envelope:
        name = REGISTRY.name_of(type(event))
        plain = Envelope(
            id=new_id(),
            source=source_of("goals"),
            type=name,
            subject=stream,
            time=self.parts.clock.now(),
            tenant=TENANT,
            actor=new_id(),
            version=version,
            data=canonical.tree_of(event),
        )
        return await self.parts.reader.sealer.seal(plain, REGISTRY.paths(name))


@asynccontextmanager
async def material(folder: Path) -> AsyncIterator[Material]:
    """On a data folder of its own, closed at the end."""
    parts = Embedded(ServiceSettings(data_dir=folder))
    try:
        yield Material(parts)
    finally:
        await parts.close()


def goal_stream() -> str:
    """The stream of a new goal."""
    return stream_name(TENANT, "goal", new_id())


def created(owner: str) -> GoalCreated:
    """A goal with a metric, as most are."""
    return GoalCreated(
        title="20 % fewer escalations",
        kind="smart",
        owner_id=owner,
        weight=Decimal(1),
        metric=Metric(start=Decimal(50), target=Decimal(40), current=Decimal(50), unit="escalations a week"),
        progress_driver="metric",
        clamp=True,
        commitment="aspirational",
        focus="business",
        visibility="public",
        check_in_every="week",
    )


def checked_in(author: str, number: int) -> CheckInRecorded:
    """A check-in with a value and a note of 88 characters."""
    return CheckInRecorded(
        check_in_id=new_id(),
        author_id=author,
        status="on_track",
        observed_on=date(2026, 3, 2),
        value=Decimal(50 - number % 10),
        note=NOTE,
    )
