"""Filters of lists of goals, judged on a node: whatever index a row was found by, these say whether it belongs."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cached_property

from libs.events.words import words_of
from services.goals.queries.search import Search
from services.goals.queries.walks import Order
from services.goals.read_models import LONG, Node, during

ALIVE = ("draft", "open", "closed", "cancelled")
"""The states that lists show when none is asked for."""
MOST_OWNERS = 1_000
"""Owners that are looked for by index."""


@dataclass(frozen=True)
class Filters:
    """A search with its owners worked out: `owners` None does not filter, an empty set finds nothing."""

    search: Search
    owners: frozenset[str] | None

    @cached_property
    def words(self) -> frozenset[str] | None:
        """The words that a title needs; None when none are asked for."""
        return words_of(self.search.q) if self.search.q is not None else None

    @property
    def impossible(self) -> bool:
        """Whether nothing can match."""
        return self.owners == frozenset() or self.words == frozenset()

    def match(self, node: Node) -> bool:
        """Whether a node passes, its staleness aside."""
        return self._same(node) and self._within(node) and self._titled(node)

    def facets(self) -> Iterator[list[str]]:
        """What each exact filter would be found by, those that find least first."""
        search = self.search
        filters: tuple[tuple[str, Collection[str]], ...] = (
            ("parent", search.parent_id),
            ("contributor", search.contributor_id),
            ("owner", sorted(self.owners or ()) if len(self.owners or ()) <= MOST_OWNERS else ()),
            ("label", [label.casefold() for label in search.label]),
            ("unit", search.unit_id),
            ("during", self._months()),
            ("status", search.status),
            ("focus", search.focus),
            ("kind", search.kind),
            ("state", search.state or ALIVE),
        )
        return ([f"{name}={value}" for value in dict.fromkeys(values)] for name, values in filters if values)

    def _months(self) -> list[str]:
        """What a period shares with those that overlap it; nothing when it is so long that most do."""
        months = during(*self.search.period) if self.search.period is not None else [LONG]
        return [facet.partition("=")[2] for facet in (*months, LONG)] if months != [LONG] else []

    def narrow(self) -> Iterator[list[str]]:
        """Those of the facets that may find few."""
        wide = ("during=", "status=", "focus=", "kind=", "state=")
        return (facets for facets in self.facets() if not facets[0].startswith(wide))

    def _same(self, node: Node) -> bool:
        search = self.search
        exact = (
            (search.unit_id, node.unit_id),
            (search.parent_id, node.parent_id),
            (search.state or ALIVE, node.state),
            (search.status, node.status),
            (search.kind, node.kind),
            (search.focus, node.focus),
        )
        if self.owners is not None and node.owner_id not in self.owners:
            return False
        if not all(not accepted or value in accepted for accepted, value in exact):
            return False
        labels = {label.casefold() for label in search.label}
        return _any(labels, {label.casefold() for label in node.labels}) and _any(
            search.contributor_id, node.contributor_ids
        )

    def _within(self, node: Node) -> bool:
        search, start, end = self.search, node.period_start, node.period_end
        if search.updated_since is not None and node.updated_at < search.updated_since:
            return False
        if search.due_before is not None and (end is None or end >= search.due_before):
            return False
        if search.period is None:
            return True
        return start is not None and end is not None and start <= search.period[1] and end >= search.period[0]

    def _titled(self, node: Node) -> bool:
        return self.words is None or self.words <= words_of(node.title or "")


def order_of(search: Search, *, narrow: bool) -> Order:
    """What a list is sorted by; `narrow` when it is found by shelf, where there are more indexes to walk."""
    if search.sort is not None:
        by = {"created_at": None, "updated_at": "updated_at", "due": "period_end"}[search.sort.lstrip("-")]
        return Order(by, search.sort.startswith("-"))
    if search.due_before is not None:
        return Order("period_end")
    if search.stale and narrow and search.period is None:
        return Order("quiet_since")
    return Order("updated_at") if search.updated_since is not None else Order()


def _any(wanted: Collection[str], there: Collection[str]) -> bool:
    return not wanted or not set(wanted).isdisjoint(there)
