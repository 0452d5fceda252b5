"""A query along a route as SQL statements over a collection's tables, each forced onto one index: pure.

Order: ascending by the sort value, nulls first, then by id; descending is exactly the reverse (nulls last, ids
falling). Text sorts by code point. Every statement gives `(sort value, id)` pairs in that order; together, one after
the other, they are the answer. More than one is needed only to cross the border between nulls and values.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from libs.events.adapters.sqlite.read_fields import scalar
from libs.events.adapters.sqlite.read_tables import Table, column
from libs.events.ports import Query, Scalar

MOST_ARMS = 16
"""Walks that are merged into one at most; SQLite takes some hundreds, but each is compiled."""
_MOST_SOUGHT = 8
"""Terms that a row is probed for one by one; what a text of hundreds of words asks beyond is counted at once."""

_LOWEST = "-9e999"
"""Minus infinity: below every number and text but not below null, and unlike IS NOT NULL a bound an index can use."""

Values = dict[str, tuple[Scalar, ...]]
"""Field → accepted values; in an arm, those that this arm looks for."""


@dataclass(frozen=True)
class Statement:
    """SQL with its named parameters; `:limit` is left for the caller to add."""

    sql: str
    parameters: dict[str, Scalar]


@dataclass(frozen=True)
class Driver:
    """The index that a query walks: `prefix` are its leading fields with equality, `ordered` if no sort is needed."""

    index: str
    prefix: tuple[str, ...] = ()
    ordered: bool = False


@dataclass(frozen=True)
class Group:
    """Terms of which a row must hold at least one, by their numbers; `held` is how many rows do, one or more times."""

    terms: tuple[int, ...]
    held: int


@dataclass(frozen=True)
class Route:
    """How a query is answered: along an index of the rows, or led by the places of one group of terms.

    With `walk`, those places are followed in order of id; without, all of them are taken and sorted. Rows are probed
    for the other groups, the rarest first.
    """

    driver: Driver
    led: Group | None = None
    walk: bool = False
    probed: tuple[Group, ...] = ()


@dataclass(frozen=True)
class _Segment:
    """A stretch of the order after the cursor: its condition, the span bound it makes redundant, if all is null."""

    condition: str = ""
    redundant: str = ""
    nulls: bool = False


class Builder:
    """Collects the named parameters of one statement while its text is written."""

    def __init__(self, table: Table, tenant: str, query: Query, equal: Values, route: Route) -> None:
        self.table, self.query, self.equal, self.route = table, query, equal, route
        self.parameters: dict[str, Scalar] = {"tenant": tenant}
        self.order = column(query.sort) if query.sort is not None else None
        self.direction = "DESC" if query.descending else "ASC"
        self.id = f"{table.places if route.walk else table.rows}.id"

    def bind(self, value: Scalar) -> str:
        """A new parameter."""
        name = f"p{len(self.parameters)}"
        self.parameters[name] = scalar(value)
        return f":{name}"

    def among(self, name: str, values: Sequence[Scalar]) -> str:
        """A condition that a column has one of the values."""
        given = [self.bind(value) for value in values if value is not None]
        parts = [f"{name} IS NULL"] if len(given) < len(values) else []
        if given:
            parts.append(f"{name} = {given[0]}" if len(given) == 1 else f"{name} IN ({', '.join(given)})")
        return parts[0] if len(parts) == 1 else f"({' OR '.join(parts)})"

    def probes(self) -> list[str]:
        """Conditions that a row holds the terms that do not lead: a look into the places for each."""
        single = [group.terms[0] for group in self.route.probed if len(group.terms) == 1]
        several = [group for group in self.route.probed if len(group.terms) > 1]
        sought = f"FROM {self.table.places} AS sought WHERE sought.id={self.id} AND "
        conditions = [f"EXISTS (SELECT 1 {sought}sought.term={self.bind(term)})" for term in single[:_MOST_SOUGHT]]
        conditions += [f"EXISTS (SELECT 1 {sought}{self.among('sought.term', group.terms)})" for group in several]
        if rest := single[_MOST_SOUGHT:]:
            found = f"(SELECT count(*) {sought}{self.among('sought.term', rest)})"
            conditions.append(f"{found} = {self.bind(len(rest))}")
        return conditions

    def on_row(self, segment: _Segment, prefix: Sequence[str] = ()) -> list[str]:
        """Conditions on the row's own columns, but those that the driver's prefix has met."""
        conditions = [
            self.among(column(field), values)
            for field, values in self.equal.items()
            if field not in prefix and field not in self.table.many
        ]
        return conditions + self.spanned(segment)

    def spanned(self, segment: _Segment) -> list[str]:
        """The span's bounds. A `+` hides one that the cursor makes redundant, so that the walk begins at the cursor."""
        if self.query.span is None:
            return []
        name, hidden = column(self.query.span), segment.redundant if self.query.span == self.query.sort else ""
        bounds = ((">=", self.query.at_least), ("<", self.query.below))
        return [
            f"{'+' if hidden == sign else ''}{name} {sign} {self.bind(value)}"
            for sign, value in bounds
            if value is not None
        ]

    def segments(self) -> list[_Segment]:
        """What is left of the order after the cursor."""
        if self.query.after is None:
            return [_Segment()]
        value, id = self.query.after
        sign = "<" if self.query.descending else ">"
        if self.order is None:
            return [_Segment(f"{self.id} {sign} {self.bind(id)}")]
        # Where equality on the sort field leads the walk already, the cursor must not take its place.
        order = f"+{self.order}" if self.query.sort in self.route.driver.prefix else self.order
        if value is not None:
            beyond = f"({order}, id) {sign} ({self.bind(value)}, {self.bind(id)})"
            rest = [_Segment(f"{order} IS NULL", nulls=True)] if self.query.descending else []
            return [_Segment(beyond, "<" if self.query.descending else ">="), *rest]
        rest = [] if self.query.descending else [_Segment(f"{order} >= {_LOWEST}")]
        return [_Segment(f"{order} IS NULL AND id {sign} {self.bind(id)}", nulls=True), *rest]

    def arm(self, wanted: Values, segment: _Segment) -> str:
        """One walk along the driver's index, with equality on its prefix."""
        driver, led = self.route.driver, self.route.led
        conditions = ["tenant=:tenant", *(self.among(column(field), wanted[field]) for field in driver.prefix)]
        if led is not None:
            held = f"SELECT led.id FROM {self.table.places} AS led WHERE {self.among('led.term', led.terms)}"
            conditions.append(f"{self.id} IN ({held})")
        conditions += [*self.on_row(segment, driver.prefix), *self.probes()]
        if segment.condition:
            conditions.append(segment.condition)
        order = f"{self.order} {self.direction}, " if self.order is not None else ""
        return (
            f"SELECT {self.order or 'NULL'} AS sorted_by, id FROM {self.table.rows} "
            f'INDEXED BY "{driver.index}" WHERE {" AND ".join(conditions)} '
            f"ORDER BY {order}id {self.direction} LIMIT :limit"
        )

    def statement(self, segment: _Segment) -> Statement:
        """All arms of one segment; each gives at most `:limit` rows, so that merging them stays small."""
        if self.route.walk:
            return self.walk(segment)
        arms = [self.arm(wanted, segment) for wanted in _arms(self.route.driver, self.equal)]
        if len(arms) == 1:
            return Statement(arms[0], self.parameters)
        merged = " UNION ALL ".join(f"SELECT * FROM ({arm})" for arm in arms)
        return Statement(
            f"SELECT sorted_by, id FROM ({merged}) "
            f"ORDER BY sorted_by {self.direction}, id {self.direction} LIMIT :limit",
            self.parameters,
        )

    def walk(self, segment: _Segment) -> Statement:
        """Follows the places of the leading terms in order of id, all of them side by side, and skips doubles."""
        assert self.route.led is not None
        conditions, joined = self.on_row(segment), ""
        if conditions:
            # Nothing but terms is asked of most rows: those are not looked at.
            joined = (
                f' CROSS JOIN {self.table.rows} INDEXED BY "{self.table.primary}" '
                f"ON tenant=:tenant AND {self.table.rows}.id={self.table.places}.id"
            )
        conditions += self.probes()
        if segment.condition:
            conditions.append(segment.condition)
        arms = [
            f"SELECT {self.id} AS id FROM {self.table.places}{joined} WHERE "
            + " AND ".join((f"{self.table.places}.term={self.bind(term)}", *conditions))
            for term in self.route.led.terms
        ]
        ended = f" ORDER BY id {self.direction} LIMIT :limit"
        parts = [
            " UNION ".join(part) + ended
            for part in (arms[at : at + MOST_ARMS] for at in range(0, len(arms), MOST_ARMS))
        ]
        found = parts[0] if len(parts) == 1 else " UNION ".join(f"SELECT id FROM ({part})" for part in parts) + ended
        return Statement(f"SELECT NULL AS sorted_by, id FROM ({found})", self.parameters)

    def count(self, most: int) -> Statement:
        """How many rows the driver's prefix and the span leave, counted up to a bound."""
        driver = self.route.driver
        conditions = ["tenant=:tenant", *(self.among(column(field), self.equal[field]) for field in driver.prefix)]
        found = (
            f'SELECT 1 FROM {self.table.rows} INDEXED BY "{driver.index}" '
            f"WHERE {' AND '.join([*conditions, *self.spanned(_Segment())])} LIMIT {self.bind(most)}"
        )
        return Statement(f"SELECT count(*) FROM ({found})", self.parameters)


def statements(table: Table, tenant: str, query: Query, equal: Values, route: Route) -> Iterator[Statement]:
    """The statements that answer a query along a route, in order."""
    without_nulls = query.span == query.sort and (query.at_least is not None or query.below is not None)
    builder = Builder(table, tenant, query, equal, route)
    for segment in builder.segments():
        if not (segment.nulls and without_nulls):
            yield builder.statement(segment)


def _arms(driver: Driver, equal: Values) -> Iterator[Values]:
    """Splits several accepted values into walks of one value each, where that keeps the index's order."""
    several = math.prod(len(equal[field]) for field in driver.prefix)
    alone = driver.ordered and several <= MOST_ARMS
    choices = [_choices(equal[field], alone) for field in driver.prefix]
    return (dict(zip(driver.prefix, choice, strict=True)) for choice in itertools.product(*choices))


def _choices(values: tuple[Scalar, ...], alone: bool) -> list[tuple[Scalar, ...]]:
    # Null stands apart: `IN (…) OR … IS NULL` could not use the index.
    if alone:
        return [(value,) for value in values]
    given = tuple(value for value in values if value is not None)
    return [group for group in (given, (None,) if len(given) < len(values) else ()) if group]
