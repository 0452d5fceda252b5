"""What services fill in to be driven by the kernel: aggregates, collections, projections, reactions; all pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import msgspec

from libs.events.envelope import Fact

Row = msgspec.Struct
S = TypeVar("S")


@dataclass(frozen=True)
class Aggregate(Generic[S]):
    """How one kind of stream folds: `<tenant>/<kind>/<id>`, starting from `initial`. `fold` is pure.

    `words` are the facts whose personal text the state keeps (None: all); the others are folded without opening any,
    which is most of the cost of a long stream. `idle` are facts that move nothing of it but version and `updated_*`:
    of any number of them in a row only the stream's last one is read at all.
    """

    kind: str
    initial: S
    fold: Callable[[S, Fact[Any]], S]
    words: tuple[type[msgspec.Struct], ...] | None = None
    idle: tuple[type[msgspec.Struct], ...] = ()


def fold_by_type(
    folds: Mapping[type[msgspec.Struct], Callable[[Any, Fact[Any]], Any]],
) -> Callable[[Any, Fact[Any]], Any]:
    """A fold of a state struct: each type of fact has its own, and every fact moves `version` and `updated_*`."""

    def fold(state: Any, fact: Fact[Any]) -> Any:
        apply = folds.get(type(fact.data))
        changed = apply(state, fact) if apply is not None else state
        return msgspec.structs.replace(changed, version=fact.version, updated_at=fact.time, updated_by=fact.actor)

    return fold


@dataclass(frozen=True)
class Index:
    """Fields that `find` may use together: equality on the leading ones; equality, range or sort on the last."""

    fields: tuple[str, ...]

    def __init__(self, *fields: str) -> None:
        object.__setattr__(self, "fields", fields)


@dataclass(frozen=True)
class Many:
    """A field that holds a list of strings, found by any of its elements."""

    field: str


@dataclass(frozen=True)
class Words:
    """A text field, found by whole words, case-folded."""

    field: str


# Keys of rows and groups are hashed by the hundred thousand: as structs that remember their hash, six times cheaper.
class Collection(msgspec.Struct, frozen=True, cache_hash=True):
    """A named set of rows of one struct, each with a text id, of one tenant. Only what is indexed can be asked for."""

    name: str
    row: type[Row]
    indexes: tuple[Index | Many | Words, ...] = ()


class RowKey(msgspec.Struct, frozen=True, cache_hash=True, gc=False):
    """One row of a collection; the tenant is always given beside it."""

    collection: Collection
    id: str


Apply = Callable[[Any, Fact[Any]], Row | None]
"""`(row or None, fact) → row`, or None to remove it. Pure."""


def by_stream(fact: Fact[Any]) -> tuple[str, ...]:
    """The row has the id of what the event is about."""
    return (fact.entity_id,)


def stream_key(fact: Fact[Any]) -> str:
    """Ordering key of a projection whose rows depend on one stream each."""
    return fact.stream


@dataclass(frozen=True)
class On:
    """What one event type does to the rows of one collection; `rows` names the ids that `apply` is called for."""

    event: type[msgspec.Struct]
    collection: Collection
    apply: Apply
    rows: Callable[[Fact[Any]], Iterable[str]] = by_stream


def rows_of(aggregate: Aggregate[Any], collection: Collection, *events: type[msgspec.Struct]) -> tuple[On, ...]:
    """A row an entity: the very fold that its commands decide on, so that the two cannot disagree."""

    def on_event(row: Any, fact: Fact[Any]) -> Any:
        return aggregate.fold(aggregate.initial if row is None else row, fact)

    return tuple(On(event, collection, on_event) for event in events)


@dataclass(frozen=True)
class ReadModel:
    """Rows that are a fold of topics. Raise `version` when the fold changes, so that it is rebuilt.

    `key` is the ordering key: when an event cannot be applied, later events of the same key wait with it.
    """

    name: str
    version: int
    topics: tuple[str, ...]
    words: tuple[type[msgspec.Struct], ...] | None = field(default=None, kw_only=True)
    """The facts whose personal text the rows keep (None: all); that of others is not even opened."""

    @property
    def collections(self) -> tuple[Collection, ...]:
        """The collections this model writes, each once."""
        raise NotImplementedError


@dataclass(frozen=True)
class WithoutRows(ReadModel):
    """What follows topics and keeps no rows, a reaction for one: it has checkpoints and parked keys all the same."""

    @property
    def collections(self) -> tuple[Collection, ...]:
        """None."""
        return ()


@dataclass(frozen=True)
class Projection(ReadModel):
    """A read model whose rows are folded each for itself."""

    on: tuple[On, ...]
    key: Callable[[Fact[Any]], str] = stream_key

    @property
    def collections(self) -> tuple[Collection, ...]:
        """The collections this projection writes, each once, in order of mention."""
        return tuple(dict.fromkeys(entry.collection for entry in self.on))


class Group(msgspec.Struct, frozen=True, cache_hash=True, gc=False):
    """Rows that belong together: those of a collection where `field` is `value`; indexed as `(field, sort)`.

    From the greatest `sort` down, then from the greatest id down; without `sort` from the least id up. Without `most`
    all of them, with it only the first so many.
    """

    collection: Collection
    field: str
    value: str
    sort: str | None = None
    most: int | None = None


@dataclass(frozen=True)
class Wanted:
    """What a fold has to have in memory before it can go on."""

    rows: frozenset[RowKey] = frozenset()
    groups: frozenset[Group] = frozenset()


@dataclass(frozen=True)
class Held:
    """What was loaded of one tenant: rows by key (None: there is none), and of each group its rows' ids in order.

    A group's rows stand among the rows too. Nothing in it may be changed.
    """

    rows: Mapping[RowKey, Any]
    groups: Mapping[Group, Sequence[str]]


Retell = Callable[[Sequence[Fact[Any]]], tuple[RowKey, Mapping[str, Any]] | None]
"""A stream's facts → the row that keeps its words, and these fields as they read now; None: there are none. Pure."""


@dataclass(frozen=True)
class Fold(ReadModel):
    """A read model whose rows depend on each other. Both functions are pure and see one tenant's facts, in order.

    `needs` names what `fold` will look at; it is asked again with what was loaded, until it names nothing new.
    `fold` returns the rows that changed (None: remove it), the same for any way of cutting the facts into batches.
    """

    writes: tuple[Collection, ...]
    needs: Callable[[Sequence[Fact[Any]], Held], Wanted]
    fold: Callable[[Sequence[Fact[Any]], Held], Mapping[RowKey, Row | None]]
    key: Callable[[Fact[Any]], str] = stream_key
    heeds: frozenset[type[msgspec.Struct]] | None = None
    """The facts that it looks at (None: all); the others are not even decoded."""
    retell: Retell | None = None
    """For who keeps words: how a row reads that keeps a stream's words."""

    @property
    def collections(self) -> tuple[Collection, ...]:
        """The collections this fold writes."""
        return self.writes


When = Callable[[Fact[Any]], Sequence[Any]]
"""`fact → commands` of the own service. Pure."""


@dataclass(frozen=True)
class Reaction:
    """Others' events → our commands, each commanded once: its id is derived from the event's id."""

    name: str
    version: int
    topics: tuple[str, ...]
    when: Mapping[type[msgspec.Struct], When]
    key: Callable[[Fact[Any]], str] = stream_key
