"""Chooses how the read store answers a query: along which index, or led by which terms, by how many rows there are."""

from __future__ import annotations

import itertools
import math
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from libs.events.adapters.sqlite.read_fields import scalar
from libs.events.adapters.sqlite.read_query import (
    MOST_ARMS,
    Builder,
    Driver,
    Group,
    Route,
    Statement,
    Values,
    statements,
)
from libs.events.adapters.sqlite.read_tables import SQLIndex, Table
from libs.events.adapters.sqlite.read_terms import Known, look_up
from libs.events.ports import Query
from libs.events.words import words_of

_MOST_VALUES = 30_000
"""SQLite takes 32,766 variables in one statement."""
_MOST_WALKS = 256
"""Terms of one group whose places are followed side by side at most."""
_MOST_COUNTED = 5000
_SMALL = 200
"""So few entries are walked sooner than anything is compared."""

# What things cost, in entries of an index walked: to look at the row as well, and to begin one walk more.
_LOOK = 3.0
_BEGIN = 60.0


@dataclass(frozen=True)
class Asked:
    """A query whose fields and values are known to be good.

    `sought` has, for each group of terms, the field and the values of which a row must hold one; `index` is the best
    declared index, if any begins with what is asked for; `empty` says that nothing can match: no value is accepted, or
    no word is looked for.
    """

    query: Query
    equal: Values
    sought: tuple[tuple[str, tuple[str, ...]], ...]
    index: _Candidate | None
    empty: bool

    @classmethod
    def of(cls, table: Table, query: Query) -> Asked:
        """Raises ValueError for what no declared index serves."""
        equal = _checked(table, query)
        words = {field: sorted(frozenset().union(*map(words_of, texts))) for field, texts in query.words.items()}
        many = [(field, tuple(map(str, values))) for field, values in equal.items() if field in table.many]
        single = [(field, (word,)) for field, found in words.items() for word in found]
        if sum(map(len, (*equal.values(), *words.values()))) > _MOST_VALUES:
            raise ValueError(f"more than {_MOST_VALUES} values in one query")
        index = _best(table, query)
        if index is None and not (query.words or many):
            raise ValueError(f"{table.collection.name}: no declared Index begins with what is asked for")
        empty = not (all(equal.values()) and all(words.values()))
        return cls(query, equal, (*many, *single), index, empty)


@dataclass(frozen=True)
class _Candidate:
    """An index that may drive; `bounded` if the query leaves only a part of it."""

    driver: Driver
    bounded: bool
    score: tuple[int, int, int] = (0, 0, 0)


def planned(connection: sqlite3.Connection, table: Table, tenant: str, asked: Asked) -> Iterator[Statement]:
    """The statements that answer it, in order; none when nothing can match."""
    if asked.empty:
        return
    if asked.sought:
        values: dict[str, list[str]] = {}
        for field, accepted in asked.sought:
            values.setdefault(field, []).extend(accepted)
        known = look_up(connection, table, tenant, values.items())
        groups = _groups(asked, known)
        if groups is None:
            return
        route = _by_terms(connection, table, tenant, asked, groups, known.rows)
    else:
        assert asked.index is not None
        route = Route(asked.index.driver)
    yield from statements(table, tenant, asked.query, asked.equal, route)


def _groups(asked: Asked, known: Known) -> list[Group] | None:
    """The terms of each group that some row holds, the rarest group first; None when a group has none."""
    groups: list[Group] = []
    for field, values in asked.sought:
        found = [known.terms[field, value] for value in values if (field, value) in known.terms]
        if not found:
            return None
        groups.append(Group(tuple(term for term, _ in found), sum(held for _, held in found)))
    return sorted(groups, key=lambda group: group.held)


def _by_terms(
    connection: sqlite3.Connection, table: Table, tenant: str, asked: Asked, groups: Sequence[Group], rows: int
) -> Route:
    """The rarest terms lead or an index does, whichever should reach the end of the page after fewer entries."""
    rarest, query = groups[0], asked.query
    primary = Driver(table.primary, ordered=query.sort is None)
    led = Route(primary, rarest, walk=_walks(query, rarest), probed=tuple(groups[1:]))
    if asked.index is None or rarest.held <= _SMALL:
        return led
    along = Route(asked.index.driver, probed=tuple(groups))
    left = _left(connection, table, tenant, asked, along, min(rarest.held, _MOST_COUNTED)) or rows
    matching = left * math.prod(min(group.held / rows, 1.0) for group in groups)
    of_page = min(1.0, (query.limit + 1) / max(matching, 1.0))
    by_terms = rarest.held * (_LOOK * of_page if led.walk else _LOOK)
    by_index = left * (of_page if _in_order(asked) else _LOOK)
    return led if by_terms <= by_index else along


def _walks(query: Query, group: Group) -> bool:
    """Whether places are followed in order of id. Of very many terms all places may be fewer than the walks' ends."""
    if query.sort is not None or len(group.terms) > _MOST_WALKS:
        return False
    return len(group.terms) <= MOST_ARMS or len(group.terms) * _BEGIN < group.held


def _in_order(asked: Asked) -> bool:
    assert asked.index is not None
    driver = asked.index.driver
    return driver.ordered and math.prod(len(asked.equal[field]) for field in driver.prefix) <= MOST_ARMS


def _left(
    connection: sqlite3.Connection, table: Table, tenant: str, asked: Asked, along: Route, most: int
) -> int | None:
    """How many rows of the index the query leaves, None for all of them or too many to be counted."""
    if asked.index is None or not asked.index.bounded:
        return None
    count = Builder(table, tenant, asked.query, asked.equal, along).count(most)
    [(left,)] = connection.execute(count.sql, count.parameters)
    return int(left) if left < most else None


def _checked(table: Table, query: Query) -> Values:
    ranged = [field for field in (query.span, query.sort) if field is not None]
    unknown = [field for field in query.equal if field not in table.columns and field not in table.many]
    unknown += [field for field in query.words if field not in table.words]
    unknown += [field for field in ranged if field not in table.columns]
    if unknown:
        raise ValueError(f"{table.collection.name} has no index for {', '.join(unknown)}")
    if query.limit < 1:
        raise ValueError("a page holds at least one row")
    if query.span is None and (query.at_least is not None or query.below is not None):
        raise ValueError("bounds need a span field")
    for field, values in query.equal.items():
        if field in table.many and not all(isinstance(value, str) for value in values):
            raise ValueError(f"{field} holds texts: ask for texts")
    return {field: tuple(dict.fromkeys(map(scalar, values))) for field, values in query.equal.items()}


def _best(table: Table, query: Query) -> _Candidate | None:
    candidates = [found for index in table.indexes if (found := _candidate(index, query)) is not None]
    if candidates:
        return max(candidates, key=lambda candidate: candidate.score)
    if query.equal or query.words or query.span is not None or query.sort is not None:
        return None
    return _Candidate(Driver(table.primary, ordered=True), bounded=False)


def _candidate(index: SQLIndex, query: Query) -> _Candidate | None:
    prefix = tuple(itertools.takewhile(lambda field: field in query.equal, index.fields))
    rest = index.fields[len(prefix) :]
    order = () if query.sort is None or query.sort in prefix else (query.sort,)
    ordered = rest == order
    ranged = query.span is not None and rest[:1] == (query.span,)
    if not (prefix or ranged or ordered):
        return None
    score = (len(prefix), ranged + ordered, -len(index.fields))
    return _Candidate(Driver(index.name, prefix, ordered), bool(prefix) or ranged, score)
