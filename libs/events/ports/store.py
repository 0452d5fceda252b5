"""The port of the truth: append-only streams, each tenant's gapless sequence, and accepted commands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from libs.events.envelope import Envelope


@dataclass(frozen=True, slots=True)
class Command:
    """A command's identity, stored with its outcome in the append's own transaction (promise 1).

    `id` and `request_hash` are keyed hashes, so the store tells nothing about the request. `resource` is what the
    command made or changed, `created` whether it is new.
    """

    id: str
    request_hash: str
    stream: str
    resource: str
    created: bool


@dataclass(frozen=True, slots=True)
class CommandRecord:
    """What is remembered of an accepted command: enough to answer a repeat, and no content.

    `version` is the stream's version and `position` the tenant's sequence right after the command.
    """

    command: Command
    version: int
    position: int


@dataclass(frozen=True, slots=True)
class Append:
    """One caller's all-or-nothing request.

    `expected` maps each stream (guards included) to the version that must still stand; `events` continue those
    streams, their `time` being the proposal that the store may move forward, never back. With no events the
    versions are still checked and the command remembered.
    """

    tenant: str
    expected: Mapping[str, int]
    events: Sequence[Envelope]
    command: Command


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """An event as the store keeps it: its bytes, its stream's version, its tenant's sequence."""

    stream: str
    version: int
    sequence: int
    body: bytes


class DuplicateCommand(Exception):
    """The command id is already stored; `record` says how it ended. Not an error of the store: a repeat."""

    def __init__(self, record: CommandRecord) -> None:
        self.record = record
        super().__init__(record.command.id)


class EventStore(Protocol):
    """The truth of one service: append-only streams, each tenant's gapless sequence, command ids."""

    async def append(self, request: Append) -> CommandRecord:
        """Durable when it returns. Raises ConcurrencyConflict, DuplicateCommand, StoreUnavailable."""
        ...

    async def read_stream(
        self,
        stream: str,
        *,
        after: int = 0,
        until: int | None = None,
        limit: int | None = None,
        newest_first: bool = False,
        without: Sequence[str] = (),
    ) -> Sequence[StoredEvent]:
        """Events of one stream with `after < version <= until`, in order of version; empty when there is none.

        Those whose wire name is in `without` are passed over, and cost next to nothing.
        """
        ...

    async def find_command(self, tenant: str, command_id: str) -> CommandRecord | None:
        """The outcome of an accepted command, or None."""
        ...

    async def probe(self) -> None:
        """Returns when an append could be tried now, and writes nothing. Raises StoreUnavailable."""
        ...
