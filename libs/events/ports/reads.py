"""The port of the read models: rows, and the checkpoints of what they fold, written together."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from libs.events.declare import Collection, Index, Row, RowKey


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """How far a projection has applied one tenant's history of one topic."""

    store_id: str
    sequence: int


@dataclass(frozen=True, slots=True)
class Ownership:
    """The right to write a projection's partition: raising the epoch takes it from whoever had it before.

    `offset` is a hint where to read on; the tenants' checkpoints decide what is applied. `generation` is the set of
    rows that it is the right to write to, where a model has several.
    """

    projection: str
    topic: str
    partition: int
    epoch: int
    offset: int
    generation: int = 0


@dataclass(frozen=True, slots=True)
class Advance:
    """One tenant's step: applied only if the stored checkpoint still is `previous` (None: no checkpoint yet)."""

    tenant: str
    previous: Checkpoint | None
    checkpoint: Checkpoint


@dataclass(frozen=True, slots=True)
class Parked:
    """An ordering key whose events wait since `sequence`, because that one could not be applied."""

    projection: str
    topic: str
    tenant: str
    key: str
    sequence: int
    error: str

    @property
    def id(self) -> str:
        """What operators call it by: the same for as long as the key is parked, and wherever it is rebuilt."""
        named = "\x00".join((self.projection, self.topic, self.tenant, self.key))
        return hashlib.sha256(named.encode()).hexdigest()[:12]


@dataclass(frozen=True, slots=True)
class Put:
    """A row to write; `row` None removes it."""

    tenant: str
    key: RowKey
    row: Row | None


@dataclass(frozen=True, slots=True)
class Commit:
    """Rows and checkpoints that are written together or not at all (promise 3).

    `released` are keys that wait no longer; one that is parked anew in the same commit waits where that says.
    """

    owner: Ownership
    offset: int
    advances: Sequence[Advance]
    puts: Sequence[Put] = ()
    parked: Sequence[Parked] = ()
    released: Sequence[Parked] = ()


Scalar = str | int | float | bool | None


@dataclass(frozen=True)
class Query:
    """What `find` is asked. Every field used must stand in a declared index (ValueError otherwise).

    `equal` maps a field (or a `Many` field) to the accepted values; `words` a `Words` field to texts whose words must
    all occur (texts without any word match nothing); `at_least <= field < below` bounds the `span` field. Sorted by
    `sort`, then by id; `after` is the last row's `(sort value, id)` of the page before. With `whole` a page that is not
    the last has no rows: who only wants them if they are few pays nothing for many.
    """

    equal: Mapping[str, Sequence[Scalar]] = field(default_factory=dict)
    words: Mapping[str, Sequence[str]] = field(default_factory=dict)
    span: str | None = None
    at_least: Scalar = None
    below: Scalar = None
    sort: str | None = None
    descending: bool = False
    after: tuple[Scalar, str] | None = None
    limit: int = 50
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """Rows in order with their ids, and the `(sort value, id)` to go on from, None at the end."""

    items: Sequence[tuple[str, Any]]
    next: tuple[Scalar, str] | None


class ReadStore(Protocol):
    """Rows of read models with the checkpoints of what they fold. Queries read, one projection runner writes."""

    async def prepare(self, collections: Iterable[Collection]) -> None:
        """Makes what the collections need. Idempotent; keeps what is there."""
        ...

    async def own(self, projection: str, topic: str, partition: int) -> Ownership:
        """Takes the partition by raising its epoch. Raises StoreUnavailable while somebody holds the model."""
        ...

    async def owns(self, owner: Ownership) -> bool:
        """Whether nobody has taken the partition since, and what it writes to still serves."""
        ...

    async def checkpoints(
        self, projection: str, topic: str, tenants: Iterable[str] | None = None
    ) -> Mapping[str, Checkpoint]:
        """The stored checkpoints of those tenants that have one; of all tenants when none are named."""
        ...

    async def parked(self, projection: str, tenant: str | None = None) -> Sequence[Parked]:
        """Parked keys of a projection, of one tenant or of all, oldest first."""
        ...

    async def get_many(self, tenant: str, keys: Iterable[RowKey]) -> Mapping[RowKey, Any]:
        """The rows that exist, as structs of their collection."""
        ...

    async def find(self, tenant: str, collection: Collection, query: Query) -> Page:
        """A page of a tenant's rows."""
        ...

    async def latest(
        self, tenant: str, collection: Collection, index: Index, groups: Iterable[str], *, at_most: Scalar
    ) -> Mapping[str, Any]:
        """Of each group the row with the greatest second field that is not above `at_most`; groups without one: absent.

        `index` is a declared `Index(group field, ordered field)`. All of them as of one moment.
        """
        ...

    async def commit(self, commit: Commit) -> None:
        """All or nothing. Raises OwnershipLost when the epoch or a previous checkpoint does not match."""
        ...
