"""Log → rows that depend on each other: runs a `Fold` over a batch, once all that it will look at is loaded."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Container, Sequence
from dataclasses import dataclass, field
from typing import Any

from libs.events.declare import Fold, Held, Row, RowKey, Wanted
from libs.events.effects import Effects, Refused
from libs.events.envelope import Fact
from libs.events.ports import Put, ReadStore
from libs.events.view import PAGE, Changed, View

LOADS_AT_ONCE = 4
KEPT = 20_000
"""Rows that are remembered from batch to batch: the upper part of a tree is what nearly every event changes."""

_log = logging.getLogger(__name__)

Facts = Sequence[Fact[Any]]


class _Broken(Exception):
    """One of the fold's own functions raised; `__cause__` says what."""


@dataclass
class Folder:
    """A fold as the runner's consumer; `page` is how many rows of groups it asks for at once.

    Nobody else writes its rows, so up to `kept` of them are remembered for the next batch, all tenants together.
    """

    fold: Fold
    reads: ReadStore
    page: int = PAGE
    kept: int = KEPT
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    _views: dict[str, View] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.name = self.fold.name
        self.heeds: Container[type] | None = self.fold.heeds
        self._slots = asyncio.Semaphore(LOADS_AT_ONCE)

    def key(self, fact: Fact[Any]) -> str:
        """The ordering key that the fold declares."""
        return self.fold.key(fact)

    async def apply(self, facts: Facts) -> Effects:
        """Folds each tenant's part; a fact that breaks is refused, what follows it under its key waits."""
        tenants: dict[str, list[Fact[Any]]] = {}
        for fact in facts:
            tenants.setdefault(fact.tenant, []).append(fact)
        if sum(view.size for view in self._views.values()) > self.kept:
            self.forget()
        views = [self._views.setdefault(tenant, self._view(tenant, self._slots)) for tenant in tenants]
        for view in views:
            view.begin()
        try:
            parts = await asyncio.gather(*map(self._part, views, tenants.values()))
        except BaseException:
            self.forget()
            raise
        return Effects([put for part in parts for put in part.puts], [one for part in parts for one in part.refused])

    def forget(self) -> None:
        """See `Consumer`."""
        self._views.clear()

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
