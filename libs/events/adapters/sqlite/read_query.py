"""A query as SQL statements over a collection's tables, each forced onto one index: pure, nothing is asked here.

Order: ascending by the sort value, nulls first, then by id; descending is exactly the reverse (nulls last, ids
falling). Text sorts by code point. Every statement gives `(sort value, id)` pairs in that order; together, one after
the other, they are the answer. More than one is needed only to cross the border between nulls and values.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from libs.events.adapters.sqlite.read_tables import SQLIndex, Table, column, scalar
from libs.events.adapters.sqlite.read_words import words_of
from libs.events.ports import Query, Scalar

_MOST_ARMS = 16
_MOST_VALUES = 30_000
"""SQLite takes 32,766 variables in one statement."""

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
class _Driver:
    """The index that a query walks: `prefix` are its leading fields with equality, `ordered` if no sort is needed."""

    index: str
    prefix: tuple[str, ...] = ()
    ordered: bool = False
    usable: bool = True
    score: tuple[int, int, int] = (0, 0, 0)


@dataclass(frozen=True)
class _Segment:
    """A stretch of the order after the cursor: its condition, the span bound it makes redundant, if all is null."""

    condition: str = ""
    redundant: str = ""
    nulls: bool = False


class _Builder:
    """Collects the named parameters of one statement while its text is written."""

    def __init__(self, table: Table, tenant: str, query: Query, equal: Values) -> None:
        self.table, self.query, self.equal = table, query, equal
        self.parameters: dict[str, Scalar] = {"tenant": tenant}
        self.order = column(query.sort) if query.sort is not None else None
        self.direction = "DESC" if query.descending else "ASC"

    def bind(self, value: Scalar) -> str:
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

    def found_by_terms(self) -> list[str]:
        """Conditions on the id, one for each `Many` or `Words` field that is asked for."""
        conditions = [
            self._by_terms(field, values, every=False)
            for field, values in self.equal.items()
            if field in self.table.many
        ]
        for field, texts in self.query.words.items():
            conditions.append(self._by_terms(field, sorted(_all_words(texts)), every=True))
        return conditions

    def _by_terms(self, field: str, values: Sequence[Scalar], *, every: bool) -> str:
        # The + keeps the grouping from luring the planner away from the primary key.
        found = (
            f"SELECT id FROM {self.table.terms} "
            f"WHERE tenant=:tenant AND field={self.bind(field)} AND {self.among('value', values)}"
        )
        if every and len(values) > 1:
            found += f" GROUP BY +id HAVING count(*)={self.bind(len(values))}"
        return f"id IN ({found})"

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

    def segments(self, driver: _Driver) -> list[_Segment]:
        """What is left of the order after the cursor."""
        if self.query.after is None:
            return [_Segment()]
        value, id = self.query.after
        sign = "<" if self.query.descending else ">"
        if self.order is None:
            return [_Segment(f"id {sign} {self.bind(id)}")]
        # Where equality on the sort field leads the walk already, the cursor must not take its place.
        order = f"+{self.order}" if self.query.sort in driver.prefix else self.order
        if value is not None:
            beyond = f"({order}, id) {sign} ({self.bind(value)}, {self.bind(id)})"
            rest = [_Segment(f"{order} IS NULL", nulls=True)] if self.query.descending else []
            return [_Segment(beyond, "<" if self.query.descending else ">="), *rest]
        rest = [] if self.query.descending else [_Segment(f"{order} >= {_LOWEST}")]
        return [_Segment(f"{order} IS NULL AND id {sign} {self.bind(id)}", nulls=True), *rest]

    def arm(self, driver: _Driver, wanted: Values, segment: _Segment) -> str:
        """One walk along the driver's index, with equality on its prefix."""
        conditions = ["tenant=:tenant", *(self.among(column(field), wanted[field]) for field in driver.prefix)]
        conditions += [
            self.among(column(field), values)
            for field, values in self.equal.items()
            if field not in driver.prefix and field not in self.table.many
        ]
        conditions += [*self.found_by_terms(), *self.spanned(segment)]
        if segment.condition:
            conditions.append(segment.condition)
        order = f"{self.order} {self.direction}, " if self.order is not None else ""
        return (
            f"SELECT {self.order or 'NULL'} AS sorted_by, id FROM {self.table.rows} "
            f'INDEXED BY "{driver.index}" WHERE {" AND ".join(conditions)} '
            f"ORDER BY {order}id {self.direction} LIMIT :limit"
        )

    def statement(self, driver: _Driver, segment: _Segment) -> Statement:
        """All arms of one segment; each gives at most `:limit` rows, so that merging them stays small."""
        arms = [self.arm(driver, wanted, segment) for wanted in _arms(driver, self.equal)]
        if len(arms) == 1:
            return Statement(arms[0], self.parameters)
        merged = " UNION ALL ".join(f"SELECT * FROM ({arm})" for arm in arms)
        return Statement(
            f"SELECT sorted_by, id FROM ({merged}) "
            f"ORDER BY sorted_by {self.direction}, id {self.direction} LIMIT :limit",
            self.parameters,
        )


def statements(table: Table, tenant: str, query: Query) -> Iterator[Statement]:
    """The statements that answer a query, in order. Raises ValueError for what no declared index serves."""
    equal = _checked(table, query)
    driver = _driver(table, query)
    if not all(equal.values()) or not all(map(_all_words, query.words.values())):
        return
    without_nulls = query.span == query.sort and (query.at_least is not None or query.below is not None)
    builder = _Builder(table, tenant, query, equal)
    for segment in builder.segments(driver):
        if not (segment.nulls and without_nulls):
            yield builder.statement(driver, segment)


def _all_words(texts: Sequence[str]) -> frozenset[str]:
    return frozenset().union(*map(words_of, texts))


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
    if sum(map(len, query.equal.values())) > _MOST_VALUES:
        raise ValueError(f"more than {_MOST_VALUES} values in one query")
    return {field: tuple(dict.fromkeys(map(scalar, values))) for field, values in query.equal.items()}


def _driver(table: Table, query: Query) -> _Driver:
    primary = f"sqlite_autoindex_{table.rows}_1"
    if query.words or any(field in table.many for field in query.equal):
        return _Driver(primary, ordered=query.sort is None)
    candidates = [_candidate(index, query) for index in table.indexes]
    usable = [candidate for candidate in candidates if candidate.usable]
    if usable:
        return max(usable, key=lambda candidate: candidate.score)
    if query.equal or query.span is not None or query.sort is not None:
        raise ValueError(f"{table.collection.name}: no declared Index begins with what is asked for")
    return _Driver(primary, ordered=True)


def _candidate(index: SQLIndex, query: Query) -> _Driver:
    prefix = tuple(itertools.takewhile(lambda field: field in query.equal, index.fields))
    rest = index.fields[len(prefix) :]
    order = () if query.sort is None or query.sort in prefix else (query.sort,)
    ordered = rest == order
    ranged = query.span is not None and rest[:1] == (query.span,)
    score = (len(prefix), ranged + ordered, -len(index.fields))
    return _Driver(index.name, prefix, ordered, bool(prefix) or ranged or ordered, score)


def _arms(driver: _Driver, equal: Values) -> Iterator[Values]:
    """Splits several accepted values into walks of one value each, where that keeps the index's order."""
    several = math.prod(len(equal[field]) for field in driver.prefix)
    alone = driver.ordered and several <= _MOST_ARMS
    choices = [_choices(equal[field], alone) for field in driver.prefix]
    return (dict(zip(driver.prefix, choice, strict=True)) for choice in itertools.product(*choices))


def _choices(values: tuple[Scalar, ...], alone: bool) -> list[tuple[Scalar, ...]]:
    # Null stands apart: `IN (…) OR … IS NULL` could not use the index.
    if alone:
        return [(value,) for value in values]
    given = tuple(value for value in values if value is not None)
    return [group for group in (given, (None,) if len(given) < len(values) else ()) if group]
