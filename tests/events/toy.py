"""A toy service that the kernel's promises are tried with: counters that are made, counted, noted upon and tagged.

Two services state facts: `toys` (counters, and the names they claim) and `tags` (one tag a counter, fed by a reaction).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Any

import msgspec

from libs.events.catalog.skipping import Skipped
from libs.events.declare import Aggregate, Collection, Index, On, Projection, Reaction
from libs.events.envelope import Fact
from libs.events.errors import Conflict, Rejected
from libs.events.personal import Personal
from libs.events.registry import Event, Registry
from libs.events.upcasters import Upcaster

# --- facts ------------------------------------------------------------------------------------------------------


class CounterMade(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A counter begins at zero; its label is its owner's text."""

    owner_id: str
    label: Annotated[str | None, Personal("owner_id")] = None


class Counted(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """It moved."""

    by: int


class NotedFirst(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a note was written at first: other names, the personal path among them."""

    writer_id: str
    words: Annotated[str | None, Personal("writer_id")]


class NotedSecond(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a note was written before it had a mood."""

    author_id: str
    text: Annotated[str | None, Personal("author_id")]


class Noted(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Somebody wrote something on it."""

    author_id: str
    text: Annotated[str | None, Personal("author_id")]
    mood: str = "plain"


class NameClaimed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A counter took a name that only one may have; stands in the name's own stream, the guard."""

    counter_id: str


class Tagged(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The tags service gave a counter a tag."""

    tag: str


class EventSkipped(Skipped, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A read model goes on without one of these."""


def _noted_second(tree: dict[str, Any]) -> dict[str, Any]:
    return {"author_id": tree["writer_id"], "text": tree["words"]}


def _noted_third(tree: dict[str, Any]) -> dict[str, Any]:
    return {**tree, "mood": "plain"}


SHAPES: dict[str, type[Event]] = {
    "toys.counter-made.v1": CounterMade,
    "toys.counted.v1": Counted,
    "toys.noted.v1": NotedFirst,
    "toys.noted.v2": NotedSecond,
    "toys.noted.v3": Noted,
    "toys.name-claimed.v1": NameClaimed,
    "toys.event-skipped.v1": EventSkipped,
    "tags.tagged.v1": Tagged,
}
UPCASTERS = {
    "toys.noted.v1": Upcaster("toys.noted.v2", _noted_second, {"words": ("text",)}),
    "toys.noted.v2": Upcaster("toys.noted.v3", _noted_third),
}
TOYS = Registry(SHAPES, UPCASTERS)

# --- streams ----------------------------------------------------------------------------------------------------


class CounterState(msgspec.Struct, frozen=True):
    """A counter as its stream tells it."""

    made: bool = False
    total: int = 0
    notes: tuple[str | None, ...] = ()


def _fold_counter(state: CounterState, fact: Fact[Any]) -> CounterState:
    match fact.data:
        case CounterMade():
            return msgspec.structs.replace(state, made=True)
        case Counted(by=by):
            return msgspec.structs.replace(state, total=state.total + by)
        case Noted(text=text):
            return msgspec.structs.replace(state, notes=(*state.notes, text))
        case _:
            raise AssertionError(f"no fact of a counter: {fact.type}")


def _fold_last(state: str | None, fact: Fact[Any]) -> str | None:
    match fact.data:
        case NameClaimed(counter_id=counter):
            return counter
        case Tagged(tag=tag):
            return tag
        case _:
            raise AssertionError(f"no fact of a name or a tag: {fact.type}")


COUNTER = Aggregate("counter", CounterState(), _fold_counter)
NAME: Aggregate[str | None] = Aggregate("name", None, _fold_last)
TAG: Aggregate[str | None] = Aggregate("tag", None, _fold_last)

# --- rules ------------------------------------------------------------------------------------------------------

MOST = 100


class AlreadyMade(Conflict):
    """There is such a counter."""

    code = "already_made"


class TooMuch(Rejected):
    """Nobody counts by more than `MOST` at once."""

    code = "too_much"


class NameTaken(Conflict):
    """Another counter has that name."""

    code = "name_taken"


Decide = Callable[[CounterState], Sequence[Event]]


def make(owner_id: str, label: str | None = None) -> Decide:
    """Makes the counter, once."""

    def decide(state: CounterState) -> Sequence[Event]:
        if state.made:
            raise AlreadyMade
        return [CounterMade(owner_id=owner_id, label=label)]

    return decide


def count(by: int) -> Decide:
    """Moves it; by 0 changes nothing, by more than `MOST` is refused."""

    def decide(_: CounterState) -> Sequence[Event]:
        if by > MOST:
            raise TooMuch
        return [Counted(by=by)] if by else []

    return decide


def note(author_id: str, text: str) -> Decide:
    """Writes on it."""
    return lambda _: [Noted(author_id=author_id, text=text)]


# --- read model and reaction --------------------------------------------------------------------------------------


class CounterRow(msgspec.Struct, frozen=True, kw_only=True):
    """One counter; `tag` and `tagged_at` come from the tags service, all else from toys.

    `seen` lists the toys sequences in the order in which they were applied.
    """

    total: int = 0
    notes: list[str | None] = []
    version: int = 0
    seen: list[int] = []
    tag: str | None = None
    tagged_at: int = 0


COUNTER_ROWS = Collection("counters", CounterRow, (Index("total"), Index("tag")))


def _row(row: CounterRow | None, fact: Fact[Any]) -> CounterRow:
    row = row or CounterRow()
    return msgspec.structs.replace(row, version=fact.version, seen=[*row.seen, fact.sequence])


def on_counter_made(row: CounterRow | None, fact: Fact[CounterMade]) -> CounterRow:
    """A row begins."""
    return _row(row, fact)


def on_counted(row: CounterRow | None, fact: Fact[Counted]) -> CounterRow:
    """The total moves."""
    row = _row(row, fact)
    return msgspec.structs.replace(row, total=row.total + fact.data.by)


def on_noted(row: CounterRow | None, fact: Fact[Noted]) -> CounterRow:
    """A note is added."""
    row = _row(row, fact)
    return msgspec.structs.replace(row, notes=[*row.notes, fact.data.text])


def on_tagged(row: CounterRow | None, fact: Fact[Tagged]) -> CounterRow:
    """The tag changes, and nothing of what toys told."""
    return msgspec.structs.replace(row or CounterRow(), tag=fact.data.tag, tagged_at=fact.sequence)


COUNTERS = Projection(
    "counters",
    1,
    ("toys.events", "tags.events"),
    (
        On(CounterMade, COUNTER_ROWS, on_counter_made),
        On(Counted, COUNTER_ROWS, on_counted),
        On(Noted, COUNTER_ROWS, on_noted),
        On(Tagged, COUNTER_ROWS, on_tagged),
    ),
)


class SetTag(msgspec.Struct, frozen=True):
    """The one command of the tags service."""

    counter_id: str
    tag: str


def when_counter_made(fact: Fact[CounterMade]) -> Sequence[SetTag]:
    """Every new counter is tagged."""
    return [SetTag(fact.entity_id, "new")]


TAG_NEW_COUNTERS = Reaction("tag_new_counters", 1, ("toys.events",), {CounterMade: when_counter_made})
