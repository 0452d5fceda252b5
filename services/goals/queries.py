"""Rows and streams of goals → answers: what the asker may see of them, in the shapes of the public contract."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from libs.access.directory import Asker
from libs.events.catalog.goals import CheckInRecorded, Period
from libs.events.declare import RowKey
from libs.events.envelope import Fact, stream_name
from libs.events.handle import Kernel, Outcome
from libs.events.ports import ReadStore
from services.goals.domain.errors import CheckInNotFound, GoalNotFound
from services.goals.domain.state import GOAL, Goal
from services.goals.read_models import CHECK_INS, GOALS, CheckInPlace
from services.goals.rights import GoalRights

NEWEST = 50
"""How many of the newest events are looked through for a check-in whose row is not there."""


class MetricAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What a goal measures, and where it stands."""

    start: Decimal
    target: Decimal
    current: Decimal
    unit: str | None


class GoalAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A goal as the contract shows it. `progress` is 0 to 1 with `clamp`; `erased` lists texts that were destroyed."""

    id: str
    version: int
    title: str | None
    description: str | None
    kind: str
    owner_id: str
    contributor_ids: list[str]
    weight: Decimal
    period: Period | None
    metric: MetricAnswer | None
    progress_driver: str
    clamp: bool
    commitment: str
    focus: str
    visibility: str
    labels: list[str]
    check_in_every: str | None
    state: str
    status: str
    progress: float
    own_progress: float | None
    last_check_in_on: date | None
    next_check_in_on: date | None
    erased: list[str]
    created_at: datetime | None
    created_by: str
    updated_at: datetime | None
    updated_by: str
    allowed_actions: list[str]


class SourceAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Where a check-in was read off, when not by a person."""

    system: str
    url: str | None


class CheckInAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A check-in. The author's words and confidence are absent for those who may see value and status only."""

    id: str
    goal_id: str
    version: int
    status: str
    observed_on: date
    value: Decimal | None
    progress: Decimal | None
    source: SourceAnswer | None
    author_id: str
    erased: list[str]
    created_at: datetime
    created_by: str
    updated_at: datetime
    updated_by: str
    allowed_actions: list[str]
    confidence: Decimal | UnsetType | None = UNSET
    note: str | UnsetType | None = UNSET
    adjustments: str | UnsetType | None = UNSET
    support_needed: str | UnsetType | None = UNSET
    blockers: str | UnsetType | None = UNSET


@dataclass(frozen=True)
class GoalQueries:
    """Reads of goals. Raises GoalNotFound for what the asker may not see, as for what does not exist."""

    kernel: Kernel
    reads: ReadStore
    rights: GoalRights

    async def goal(self, asker: Asker, goal_id: str) -> GoalAnswer:
        """A goal from its row."""
        key = RowKey(GOALS, goal_id)
        row: Goal | None = (await self.reads.get_many(asker.tenant, [key])).get(key)
        if row is None:
            raise GoalNotFound
        return self._answer(row, await self.rights.check(asker, row, "goal.read"))

    async def goal_after(self, asker: Asker, outcome: Outcome) -> GoalAnswer:
        """A goal as a command left it, from its stream: the same for a repeat, whatever came since."""
        goal = (await self.kernel.load(GOAL, outcome.stream, at=outcome.version)).state
        return self._answer(goal, await self.rights.relations(asker, goal))

    async def check_ins(
        self, asker: Asker, goal_id: str, *, before: int | None, limit: int
    ) -> tuple[Sequence[CheckInAnswer], int | None]:
        """Check-ins recorded before version `before`, newest first, and the version to go on from, None at the end."""
        goal, relations = await self._visible(asker, goal_id)
        found: list[CheckInAnswer] = []
        async for fact in self._recorded(asker.tenant, goal_id, before, limit + 1):
            if len(found) == limit:
                return found, found[-1].version
            found.append(self._check_in(fact, goal, relations))
        return found, None

    async def check_in(self, asker: Asker, goal_id: str, check_in_id: str) -> CheckInAnswer:
        """One check-in of a goal. Raises CheckInNotFound."""
        goal, relations = await self._visible(asker, goal_id)
        key = RowKey(CHECK_INS, check_in_id)
        place: CheckInPlace | None = (await self.reads.get_many(asker.tenant, [key])).get(key)
        if place is not None and place.goal_id == goal_id:
            found = self._facts(asker.tenant, goal_id, after=place.version - 1, until=place.version, limit=1)
        else:
            # Its row may not be written yet: then it is among the newest.
            found = self._facts(asker.tenant, goal_id, limit=NEWEST, newest_first=True)
        for fact in await found:
            if isinstance(fact.data, CheckInRecorded) and fact.data.check_in_id == check_in_id:
                return self._check_in(fact, goal, relations)
        raise CheckInNotFound

    async def check_in_after(self, asker: Asker, goal_id: str, outcome: Outcome) -> CheckInAnswer:
        """The check-in that a command recorded."""
        goal, relations = await self._visible(asker, goal_id)
        [fact] = await self.kernel.facts(outcome.stream, after=outcome.version - 1, until=outcome.version, limit=1)
        return self._check_in(fact, goal, relations)

    async def _visible(self, asker: Asker, goal_id: str) -> tuple[Goal, frozenset[str]]:
        key = RowKey(GOALS, goal_id)
        goal: Goal | None = (await self.reads.get_many(asker.tenant, [key])).get(key)
        if goal is None:
            # Its row may not be written yet.
            goal = (await self.kernel.load(GOAL, stream_name(asker.tenant, GOAL.kind, goal_id))).state
        return goal, await self.rights.check(asker, goal, "goal.read")

    async def _facts(self, tenant: str, goal_id: str, **which: Any) -> list[Fact[Any]]:
        return await self.kernel.facts(stream_name(tenant, GOAL.kind, goal_id), **which)

    async def _recorded(
        self, tenant: str, goal_id: str, before: int | None, page: int
    ) -> AsyncIterator[Fact[CheckInRecorded]]:
        """Check-ins before a version, newest first, `page` events read at a time."""
        until = before - 1 if before is not None else None
        while until is None or until > 0:
            facts = await self._facts(tenant, goal_id, until=until, limit=page, newest_first=True)
            for fact in facts:
                if isinstance(fact.data, CheckInRecorded):
                    yield fact
            if len(facts) < page:
                return
            until = facts[-1].version - 1

    def _answer(self, goal: Goal, relations: frozenset[str]) -> GoalAnswer:
        metric = goal.metric
        same = {name: getattr(goal, name) for name in _SAME}
        return GoalAnswer(
            **same,
            metric=None
            if metric is None
            else MetricAnswer(start=metric.start, target=metric.target, current=goal.current, unit=metric.unit),
            status=goal.status,
            progress=goal.progress,
            own_progress=goal.own_progress,
            last_check_in_on=goal.latest.observed_on if goal.latest is not None else None,
            next_check_in_on=goal.next_check_in_on,
            allowed_actions=self.rights.allowed_actions(goal, relations),
        )

    def _check_in(self, fact: Fact[CheckInRecorded], goal: Goal, relations: frozenset[str]) -> CheckInAnswer:
        data = fact.data
        words = self.rights.may_read_words(goal, relations)
        source = data.source
        return CheckInAnswer(
            id=data.check_in_id,
            goal_id=goal.id,
            version=fact.version,
            status=data.status,
            observed_on=data.observed_on,
            value=data.value,
            progress=data.progress,
            # A link may say more than the value and status that everybody may see.
            source=SourceAnswer(system=source.system, url=source.url if words else None) if source else None,
            author_id=data.author_id,
            erased=list(fact.erased) if words else [],
            created_at=fact.time,
            created_by=fact.actor,
            updated_at=fact.time,
            updated_by=fact.actor,
            allowed_actions=[],
            **({name: getattr(data, name) for name in _WORDS} if words else {}),
        )


_WORDS = ("confidence", "note", "adjustments", "support_needed", "blockers")
_SAME = tuple(name for name in GoalAnswer.__struct_fields__ if name in Goal.__struct_fields__ and name != "metric")

ANSWERS = (GoalAnswer, CheckInAnswer)
"""The shapes that this service answers with."""
