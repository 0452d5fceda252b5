"""Log → rows: runs a `Projection`'s pure functions over a batch, loading each row once and writing it once."""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from libs.events.declare import On, Projection, RowKey
from libs.events.effects import Effects, Refused
from libs.events.envelope import Fact
from libs.events.ports import Put, ReadStore

_log = logging.getLogger(__name__)

_Rows = dict[tuple[str, RowKey], Any]
_Touched = list[tuple[On, RowKey]] | Exception


@dataclass
class Projector:
    """A projection as the runner's consumer."""

    projection: Projection
    reads: ReadStore
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    def __post_init__(self) -> None:
        self.name = self.projection.name
        self._on: dict[type, list[On]] = defaultdict(list)
        for entry in self.projection.on:
            self._on[entry.event].append(entry)
        self.heeds: Container[type] | None = frozenset(self._on)

    def key(self, fact: Fact[Any]) -> str:
        """The ordering key that the projection declares."""
        return self.projection.key(fact)

    def forget(self) -> None:
        """See `Consumer`: nothing is remembered here."""

    async def apply(self, facts: Sequence[Fact[Any]]) -> Effects:
        """Folds the batch in memory; a fact that breaks is refused, what follows it under its key waits."""
        touched = [(fact, self._touched(fact)) for fact in facts]
        return self._folded(touched, await self._load(touched))

    def anew(self, facts: Sequence[Fact[Any]]) -> Effects:
        """The rows that these facts make where there is none yet."""
        return self._folded([(fact, self._touched(fact)) for fact in facts], {})

    def _folded(self, touched: Sequence[tuple[Fact[Any], _Touched]], rows: _Rows) -> Effects:
        changed: _Rows = {}
        refused: list[Refused] = []
        broken: set[tuple[str, str]] = set()
        for fact, entries in touched:
            if broken and (fact.tenant, self.key(fact)) in broken:
                continue
            try:
                if isinstance(entries, Exception):
                    raise entries
                result = _fold(fact, entries, rows)
            except Exception as error:  # a fold is pure: what fails once fails always, so it is parked, not retried
                _log.error("a projection refused an event", exc_info=error, extra={"projection": self.name})
                refused.append(Refused(fact, type(error).__name__))
                broken.add((fact.tenant, self.key(fact)))
                continue
            rows.update(result)
            changed.update(result)
        return Effects([Put(tenant, key, row) for (tenant, key), row in changed.items()], refused)

    def _touched(self, fact: Fact[Any]) -> _Touched:
        entries = self._on.get(type(fact.data), ())
        try:
            return [(entry, RowKey(entry.collection, row)) for entry in entries for row in entry.rows(fact)]
        except Exception as error:  # as pure as the fold, and judged with it
            return error

    async def _load(self, touched: Sequence[tuple[Fact[Any], _Touched]]) -> _Rows:
        wanted: dict[str, set[RowKey]] = defaultdict(set)
        for fact, entries in touched:
            if not isinstance(entries, Exception):
                wanted[fact.tenant].update(key for _, key in entries)
        rows: _Rows = {}
        for tenant, keys in wanted.items():
            found: Mapping[RowKey, Any] = await self.reads.get_many(tenant, keys)
            rows.update({(tenant, key): row for key, row in found.items()})
        return rows


def _fold(fact: Fact[Any], entries: Sequence[tuple[On, RowKey]], rows: _Rows) -> _Rows:
    result: _Rows = {}
    for entry, key in entries:
        place = (fact.tenant, key)
        before = result[place] if place in result else rows.get(place)
        result[place] = entry.apply(before, fact)
    return result
