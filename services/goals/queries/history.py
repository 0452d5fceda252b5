"""A goal's history: every fact of its stream in words, from what to what, newest first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from libs.access.directory import Asker
from libs.events.catalog.goals import CheckInCorrected
from libs.events.envelope import Fact
from services.goals.domain.state import GOAL, Goal
from services.goals.domain.words import describe
from services.goals.queries.answers import ChangeAnswer, HistoryAnswer
from services.goals.queries.reading import Reading, goal_stream


@dataclass(frozen=True)
class HistoryReads(Reading):
    """What happened to a goal."""

    async def history(
        self, asker: Asker, goal_id: str, *, before: int | None = None, limit: int = 50
    ) -> tuple[list[HistoryAnswer], int | None]:
        """Events before version `before`, newest first, and the version to go on from, None at the end.

        What authors wrote is told to those who may read it in the check-ins.
        """
        goal, relations = await self.visible(asker, goal_id)
        stream, words = goal_stream(asker.tenant, goal_id), self.rights.may_read_words(goal, relations)
        newest = await self.kernel.facts(
            stream,
            until=before - 1 if before is not None else None,
            limit=limit,
            newest_first=True,
            words=None if words else GOAL.words,
        )
        facts = newest[::-1]
        if not facts:
            return [], None
        state = (await self.kernel.load(GOAL, stream, at=facts[0].version - 1)).state
        recorded = await self._corrected(stream, facts, words)
        told: list[HistoryAnswer] = []
        for fact in facts:
            told.append(_told(state, fact, words, recorded))
            state = GOAL.fold(state, fact)
        return told[::-1], facts[0].version if facts[0].version > 1 else None

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
