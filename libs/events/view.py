"""One tenant's rows in memory while facts are folded: loaded when they are wanted, kept as the facts change them."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Collection as Many
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import replace
from typing import Any

from libs.events.declare import Collection, Group, Held, Row, RowKey, Wanted
from libs.events.ports import Query, ReadStore

GROUPS_AT_ONCE = 500
PAGE = 5_000

Changed = Mapping[RowKey, Row | None]
Found = dict[str, Any]
"""Rows by id."""


class View:
    """One tenant's rows as the next facts find them: those stored, under what the facts before have changed.

    `changed` is what the facts since `begin` changed; all before that is stored.
    """

    def __init__(self, reads: ReadStore, tenant: str, slots: asyncio.Semaphore, page: int) -> None:
        self.tenant = tenant
        self.changed: dict[RowKey, Row | None] = {}
        self._reads, self._slots, self._page = reads, slots, page
        self._rows: dict[RowKey, Any] = {}
        self._groups: dict[Group, Sequence[str]] = {}
        self._fields: dict[Collection, set[str]] = defaultdict(set)
        self._cut: list[Group] = []
        self.held = Held(self._rows, self._groups)

    @property
    def size(self) -> int:
        """How many rows it remembers, with those that it knows not to exist."""
        return len(self._rows)

    def begin(self) -> None:
        """Whatever was changed is stored now."""
        self.changed = {}

    def settle(self, changed: Changed) -> None:
        """What comes next finds these rows, and the groups that they make."""
        for group in self._cut:
            # Who comes next in it only the store can tell.
            self._groups.pop(group, None)
        self._cut.clear()
        for key, row in changed.items():
            known, before = key in self._rows, self._rows.get(key)
            if known and before == row:
                continue
            self.changed[key] = row
            grouped = self._fields.get(key.collection, ())
            if known or grouped:
                # What nobody asked for is not remembered: most rows of a log are written once and never looked at.
                self._rows[key] = row
            for name in grouped:
                if known:
                    self._regroup(key, name, before, row)
                else:
                    self._forget_groups(key.collection, name)

    def _regroup(self, key: RowKey, name: str, before: Row | None, after: Row | None) -> None:
        """Takes a row from the group in which it stood to the one in which it stands now, as far as they are known."""
        left, joined = (None if row is None else getattr(row, name) for row in (before, after))
        if left == joined:
            return
        for value in (left, joined):
            group = Group(key.collection, name, value) if value is not None else None
            ids = self._groups.get(group) if group is not None else None
            if group is not None and ids is not None:
                others = [id for id in ids if id != key.id]
                self._groups[group] = sorted([*others, key.id]) if value == joined else others

    def _forget_groups(self, collection: Collection, name: str) -> None:
        """Where a row stood is not known: it may have left any group."""
        for group in [one for one in self._groups if (one.collection, one.field) == (collection, name)]:
            del self._groups[group]

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
        changed = self.changed
        async with self._slots:
            found = await self._reads.get_many(self.tenant, [key for key in keys if key not in changed])
        for key in keys:
            self._rows.setdefault(key, changed[key] if key in changed else found.get(key))

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
            if group.sort is None and group.most is None:
                self._fields[collection].add(name)
            else:
                self._cut.append(group)

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
