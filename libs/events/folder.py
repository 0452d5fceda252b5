"""Log → rows that depend on each other: runs a `Fold` over a batch, once all that it will look at is loaded."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection as Many
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from libs.events.consume import Effects, Refused
from libs.events.declare import Collection, Fold, Group, Held, Row, RowKey, Wanted
from libs.events.envelope import Fact
from libs.events.ports import Put, Query, ReadStore

GROUPS_AT_ONCE = 500
PAGE = 5_000
LOADS_AT_ONCE = 4

_log = logging.getLogger(__name__)

Facts = Sequence[Fact[Any]]
Changed = Mapping[RowKey, Row | None]
Found = dict[str, Any]
"""Rows by id."""


class _Broken(Exception):
    """One of the fold's own functions raised; `__cause__` says what."""


@dataclass
class Folder:
    """A fold as the runner's consumer; `page` is how many rows of groups it asks for at once."""

    fold: Fold
    reads: ReadStore
    page: int = PAGE
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    def __post_init__(self) -> None:
        self.name = self.fold.name

    def key(self, fact: Fact[Any]) -> str:
        """The ordering key that the fold declares."""
        return self.fold.key(fact)

    async def apply(self, facts: Facts) -> Effects:
        """Folds each tenant's part; a fact that breaks is refused, what follows it under its key waits."""
        tenants: dict[str, list[Fact[Any]]] = {}
        for fact in facts:
            tenants.setdefault(fact.tenant, []).append(fact)
        slots = asyncio.Semaphore(LOADS_AT_ONCE)
        views = [self._view(tenant, slots) for tenant in tenants]
        parts = await asyncio.gather(*map(self._part, views, tenants.values()))
        return Effects([put for part in parts for put in part.puts], [one for part in parts for one in part.refused])

    def _view(self, tenant: str, slots: asyncio.Semaphore) -> View:
        return View(self.reads, tenant, slots, self.page)

    async def _part(self, view: View, facts: Facts) -> Effects:
        refused: list[Refused] = []
        while facts:
            try:
                view.settle(await self._changed(view, facts))
                break
            except _Broken as broken:
                good, cause = await self._close_in(view, facts, broken)
            # The fold is pure: what fails once fails always, so it is parked, not retried.
            _log.error("a fold refused an event", exc_info=cause, extra={"projection": self.name})
            refused.append(Refused(facts[good], type(cause).__name__))
            key = self.key(facts[good])
            facts = [fact for fact in facts[good + 1 :] if self.key(fact) != key]
        return Effects([Put(view.tenant, key, row) for key, row in view.changed.items()], refused)

    async def _close_in(self, view: View, facts: Facts, broken: _Broken) -> tuple[int, BaseException | None]:
        """Settles the longest beginning that folds; returns its length, and why the fact after it does not."""
        good, bad, changed = 0, len(facts), dict[RowKey, Row | None]()
        while bad - good > 1:
            middle = (good + bad) // 2
            try:
                changed, good = dict(await self._changed(view, facts[:middle])), middle
            except _Broken as earlier:
                broken, bad = earlier, middle
        view.settle(changed)
        return good, broken.__cause__

    async def _changed(self, view: View, facts: Facts) -> Changed:
        while await view.load(self._wanted(facts, view.held)):
            continue
        try:
            return self.fold.fold(facts, view.held)
        except Exception as error:
            raise _Broken from error

    def _wanted(self, facts: Facts, held: Held) -> Wanted:
        try:
            return self.fold.needs(facts, held)
        except Exception as error:
            raise _Broken from error


class View:
    """One tenant's rows as the facts of a batch find them: those stored, under what the facts before have changed."""

    def __init__(self, reads: ReadStore, tenant: str, slots: asyncio.Semaphore, page: int) -> None:
        self.tenant = tenant
        self.changed: dict[RowKey, Row | None] = {}
        self._reads, self._slots, self._page = reads, slots, page
        self._rows: dict[RowKey, Any] = {}
        self._groups: dict[Group, Sequence[str]] = {}
        self.held = Held(self._rows, self._groups)

    def settle(self, changed: Changed) -> None:
        """What comes next finds these rows, and the groups that they make."""
        for key, row in changed.items():
            if key not in self._rows or self._rows[key] != row:
                self.changed[key] = self._rows[key] = row
        self._groups.clear()

    async def load(self, wanted: Wanted) -> bool:
        """Whether there was anything to load. Raises StoreUnavailable."""
        keys, groups = wanted.rows.difference(self._rows), wanted.groups.difference(self._groups)
        loads: list[Coroutine[Any, Any, None]] = [self._load_rows(keys)] if keys else []
        together: dict[tuple[Collection, str], list[Group]] = {}
        for group in groups:
            if group.most is None:
                together.setdefault((group.collection, group.field), []).append(group)
            else:
                loads.append(self._load_groups([group]))
        for alike in together.values():
            loads += [self._load_groups(alike[at : at + GROUPS_AT_ONCE]) for at in range(0, len(alike), GROUPS_AT_ONCE)]
        if loads:
            await asyncio.gather(*loads)
        return bool(loads)

    async def _load_rows(self, keys: Many[RowKey]) -> None:
        async with self._slots:
            found = await self._reads.get_many(self.tenant, keys)
        for key in keys:
            self._rows.setdefault(key, found.get(key))

    async def _load_groups(self, groups: Sequence[Group]) -> None:
        """One group, or several whole ones by the same field: a look-up each would cost more than their rows do."""
        collection, name = groups[0].collection, groups[0].field
        ids: dict[str, list[str]] = {group.value: [] for group in groups}
        pending = {key.id: row for key, row in self.changed.items() if key.collection == collection}
        found = await self._found(groups[0], list(ids), len(pending))
        for id, row in pending.items():
            found.pop(id, None)
            if row is not None and getattr(row, name) in ids:
                found[id] = row
        for id, row in found.items():
            self._rows.setdefault(RowKey(collection, id), row)
            ids[getattr(row, name)].append(id)
        for group in groups:
            self._groups[group] = _in_order(group, ids[group.value], found)

    async def _found(self, group: Group, values: Sequence[str], pending: int) -> Found:
        """What is stored of groups like this one; where it is cut, so many more as may have left it since."""
        left = group.most + pending if group.most is not None else None
        query = Query(equal={group.field: values}, limit=self._page)
        if left is not None:
            query = replace(query, sort=group.sort, descending=group.sort is not None)
        found: Found = {}
        while left is None or left > 0:
            if left is not None:
                query = replace(query, limit=min(left, self._page))
            async with self._slots:
                page = await self._reads.find(self.tenant, group.collection, query)
            found.update(page.items)
            if page.next is None:
                break
            left = left - len(page.items) if left is not None else None
            query = replace(query, after=page.next)
        return found


def _in_order(group: Group, ids: list[str], rows: Found) -> Sequence[str]:
    name = group.sort
    if name is None:
        return sorted(ids)[: group.most]
    values = {id: getattr(rows[id], name) for id in ids}
    return sorted(ids, key=lambda id: (values[id] is not None, values[id], id), reverse=True)[: group.most]
