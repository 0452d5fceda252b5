"""A goal's history: every fact of its stream in words, from what to what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from libs.access.directory import Asker
from libs.events.catalog.goals import CheckInCorrected
from libs.events.envelope import Fact
from libs.events.registry import Event
from libs.web.sorting import Listing, Sort
from services.goals.domain.state import GOAL, Goal
from services.goals.domain.words import describe
from services.goals.queries.answers import ChangeAnswer, HistoryAnswer
from services.goals.queries.reading import Reading, goal_stream

Opened = tuple[type[Event], ...] | None
"""The facts whose personal text is opened, None: all."""
NEWEST_FIRST = Listing(Sort("time", descending=True))


@dataclass(frozen=True)
class HistoryReads(Reading):
    """What happened to a goal."""

    async def history(
        self, asker: Asker, goal_id: str, asked: Listing = NEWEST_FIRST, *, after: int | None = None, limit: int = 50
    ) -> tuple[list[HistoryAnswer], int | None]:
        """Events beyond version `after`, and the version to go on from, None at the end.

        What authors wrote is told to those who may read it in the check-ins.
        """
        goal, relations = await self.visible(asker, goal_id)
        stream, words = goal_stream(asker.tenant, goal_id), self.rights.may_read_words(goal, relations)
        opened = None if words else GOAL.words
        facts, end = await self._facts_of(stream, asked, after, limit, opened=opened)
        if not facts:
            return [], None
        state = (await self.kernel.load(GOAL, stream, at=facts[0].version - 1)).state
        recorded = await self._corrected(stream, facts, words)
        told: list[HistoryAnswer] = []
        for fact in facts:
            told.append(_told(state, fact, words, recorded))
            state = GOAL.fold(state, fact)
        return told[::-1] if asked.sort.descending else told, end

    async def _facts_of(
        self, stream: str, asked: Listing, after: int | None, limit: int, *, opened: Opened
    ) -> tuple[Sequence[Fact[Any]], int | None]:
        """The facts of a page in order of version, whatever the page's order, and where it ends."""
        first = await self.version_since(stream, asked.updated_since) if asked.updated_since is not None else 1
        if first is None:
            return [], None
        if not asked.sort.descending:
            facts = await self.kernel.facts(stream, after=max(first - 1, after or 0), limit=limit + 1, words=opened)
            return facts[:limit], facts[limit - 1].version if len(facts) > limit else None
        until = after - 1 if after is not None else None
        newest = await self.kernel.facts(
            stream, after=first - 1, until=until, limit=limit, newest_first=True, words=opened
        )
        return newest[::-1], newest[-1].version if newest and newest[-1].version > first else None

    async def _corrected(self, stream: str, facts: Sequence[Fact[Any]], words: bool) -> dict[int, Fact[Any]]:
        """The check-ins that these facts correct, by the version that recorded them."""
        versions = {fact.data.corrected_version for fact in facts if isinstance(fact.data, CheckInCorrected)}
        here = {fact.version: fact for fact in facts if fact.version in versions}
        return here | await self.facts_at(stream, versions - here.keys(), words=None if words else GOAL.words)


def _told(before: Goal, fact: Fact[Any], words: bool, recorded: dict[int, Fact[Any]]) -> HistoryAnswer:
    corrected = recorded.get(fact.data.corrected_version) if isinstance(fact.data, CheckInCorrected) else None
    summary, changes = describe(before, fact, words=words, recorded=corrected.data if corrected else None)
    return HistoryAnswer(
        id=fact.id,
        type=fact.type,
        time=fact.time,
        actor=fact.actor,
        version=fact.version,
        summary=summary,
        changes=[ChangeAnswer(field=name, from_=was, to=now) for name, was, now in changes],
    )
