"""What `cairn status --json` prints: one document, described field by field in docs/generated/status.schema.json.

Every field is always there; what cannot be known is null.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta


class Process(msgspec.Struct, frozen=True, kw_only=True):
    """The process that serves the data folder."""

    holder: Annotated[str, Meta(description="What it says about itself: its process id.")]
    url: Annotated[str | None, Meta(description="Where it answers; null as long as it has not said.")]
    answers: Annotated[bool, Meta(description="Whether it answered when it was asked how its consumers are.")]


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """How many events a tenant has in a store."""

    tenant: str
    sequence: Annotated[int, Meta(description="The position of the tenant's last event.")]


class Store(msgspec.Struct, frozen=True, kw_only=True):
    """One service's event store."""

    service: str
    id: Annotated[str | None, Meta(description="Renewed when the store is restored; null: it cannot be read.")]
    tenants: int
    events: int
    greatest: Annotated[Head | None, Meta(description="The tenant with the most events.")]
    heads: Annotated[list[Head] | None, Meta(description="All tenants, by name; null without --tenants.")]
    last_event_at: datetime | None
    bytes: Annotated[int, Meta(description="With its write-ahead log.")]
    refuses: Annotated[str | None, Meta(description="Why it takes no appends, as the process that serves says.")]
    problem: Annotated[str | None, Meta(description="Why it cannot be read, or that it is gone or empty.")]


class Generation(msgspec.Struct, frozen=True, kw_only=True):
    """Which rows of a read model serve."""

    number: int
    version: Annotated[int, Meta(description="The version of the fold that made the rows.")]
    declared_version: Annotated[int, Meta(description="The version of the fold in this program.")]
    outdated: Annotated[bool, Meta(description="The two differ: it has to be rebuilt.")]
    previous: Annotated[int | None, Meta(description="The generation kept for a roll-back.")]


class ParkedKey(msgspec.Struct, frozen=True, kw_only=True):
    """Where a consumer could not go on for one ordering key."""

    id: Annotated[str, Meta(description="What `cairn parked` knows it by.")]
    topic: str
    tenant: str
    key: str
    sequence: Annotated[int, Meta(description="The position of the first event that waits.")]
    error: str


class ParkedKeys(msgspec.Struct, frozen=True, kw_only=True):
    """How many ordering keys wait for an operator, and the one that has waited longest."""

    keys: int
    first: ParkedKey | None


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """How far a consumer is with one topic."""

    topic: str
    position: Annotated[int, Meta(description="Events applied, of all tenants together.")]
    lag_events: int
    lag_seconds: Annotated[float | None, Meta(description="The age of the oldest event not applied yet; 0: none.")]
    restored: Annotated[bool, Meta(description="It applied another store's events than are there now.")]
    state: Annotated[
        Literal["running", "waiting", "stopped", "not_running", "unknown"],
        Meta(description="waiting: it tries again; not_running: nobody serves; unknown: who serves does not say."),
    ]
    reason: Annotated[str | None, Meta(description="Why it has stopped, with what to do, or waits.")]
    failures: Annotated[int, Meta(description="How often in a row it has tried again.")]
    positions: Annotated[list[Head] | None, Meta(description="Of each tenant, by name; null without --tenants.")]


class Consumer(msgspec.Struct, frozen=True, kw_only=True):
    """One read model, or a reaction, which keeps no rows."""

    name: str
    service: str
    kind: Literal["read_model", "reaction"]
    generation: Annotated[Generation | None, Meta(description="Null of a reaction, and before the first start.")]
    position: Annotated[int, Meta(description="Of all its topics together, as the two below.")]
    lag_events: int
    lag_seconds: float | None
    events_per_second: Annotated[
        float | None, Meta(description="Between two looks at one generation; null when nobody serves.")
    ]
    rebuilding: Annotated[int | None, Meta(description="The generation that is being made now.")]
    held: Annotated[bool, Meta(description="Nobody may write for a moment, until another generation serves.")]
    parked: ParkedKeys
    sources: list[Source]
    bytes: Annotated[int, Meta(description="Of all its generations, with their write-ahead logs.")]
    problem: Annotated[str | None, Meta(description="Why its file gives no answer.")]


class Keys(msgspec.Struct, frozen=True, kw_only=True):
    """The keyring."""

    holders: Annotated[int | None, Meta(description="Whose text can be read; null: the keyring cannot be read.")]
    tombstones: Annotated[int | None, Meta(description="Who was erased.")]
    key_from: Annotated[
        Literal["setting", "file", "missing", "none_yet"],
        Meta(description="Where the key encryption key comes from: CAIRN_KEY_ENCRYPTION_KEY or key-encryption.key."),
    ]
    problem: str | None


class Disk(msgspec.Struct, frozen=True, kw_only=True):
    """Bytes on the disk of the data folder."""

    free: int
    folder: Annotated[int, Meta(description="Everything in the data folder.")]
    events: int
    read: int
    keys: int
    other: int


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """Something that needs an operator."""

    what: str
    remedy: Annotated[str, Meta(description="What to do: often a command to paste.")]


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """An installation at a glance, as `cairn status --json` prints it; with `--watch` one such document a line."""

    at: datetime
    data_dir: str
    well: Annotated[bool, Meta(description="Nothing needs an operator: the command's exit code is 0.")]
    problems: list[Problem]
    process: Annotated[Process | None, Meta(description="Null: nobody serves the folder.")]
    stores: list[Store]
    consumers: list[Consumer]
    keyring: Keys
    disk: Disk | None
