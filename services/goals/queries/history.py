"""A goal's history: every fact of its stream in words, from what to what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from libs.access.directory import Asker
from libs.events.catalog.goals import CheckInCorrected, CheckInRecorded
from libs.events.envelope import Fact
from libs.events.registry import Event
from libs.web.sorting import Listing, Sort
from services.goals.domain.state import GOAL, Goal
from services.goals.domain.words import describe, erased_in, shown
from services.goals.projections.observed import CORRECTIONS_KEPT
from services.goals.queries.answers import ChangeAnswer, HistoryAnswer
from services.goals.queries.reading import Reading, goal_stream
from services.goals.read_models import CHECK_INS, CheckInRow

Opened = tuple[type[Event], ...] | None
"""The facts whose personal text is opened, None: all."""
NEWEST_FIRST = Listing(Sort("time", descending=True))
NEWEST = 50
"""How many events before a page are looked through for what has no row yet."""
PAGE = 200


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
        told = _told(state, facts, words, await self._corrected(asker.tenant, goal_id, facts, words))
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

    async def _corrected(self, tenant: str, goal_id: str, facts: Sequence[Fact[Any]], words: bool) -> list[Fact[Any]]:
        """What recorded the check-ins that these facts correct, then what counted of each before them."""
        stream, begins = goal_stream(tenant, goal_id), facts[0].version
        recorded = {
            fact.data.check_in_id: fact.data.recorded_version
            for fact in facts
            if isinstance(fact.data, CheckInCorrected) and fact.data.recorded_version < begins
        }
        rows: Mapping[str, CheckInRow] = await self.rows(tenant, CHECK_INS, recorded) if recorded else {}
        known = {id: row for id, row in rows.items() if row.goal_id == goal_id}
        standing, floors = _by_rows(recorded, known, begins)
        standing |= await self._walked(stream, floors, begins - 1)
        versions = {*recorded.values(), *standing.values()}
        found = await self.facts_at(stream, versions, words=None if words else GOAL.words)
        return [found[version] for version in sorted(found)]

    async def _walked(self, stream: str, floors: dict[str, int], until: int) -> dict[str, int]:
        """The version of each one's last correction up to `until` and above its floor; no text is opened."""
        found: dict[str, int] = {}
        while len(found) < len(floors):
            floor = min(floors[id] for id in floors.keys() - found.keys())
            page = await self.kernel.facts(stream, after=floor, until=until, limit=PAGE, newest_first=True, words=())
            for fact in page:
                if isinstance(fact.data, CheckInCorrected) and fact.data.check_in_id in floors:
                    found.setdefault(fact.data.check_in_id, fact.version)
            if len(page) < PAGE:
                break
            until = page[-1].version - 1
        return found


def _by_rows(
    recorded: Mapping[str, int], rows: Mapping[str, CheckInRow], begins: int
) -> tuple[dict[str, int], dict[str, int]]:
    """The versions that counted of check-ins before one `begins`, by their rows; and above which of them to look.

    Only where a row is not as far yet, then among the newest, or no longer leads to all corrections.
    """
    standing, floors = {}, {}
    for id, version in recorded.items():
        row = rows.get(id)
        earlier = [one for one in row.corrections if one < begins] if row is not None else []
        if earlier:
            standing[id] = earlier[-1]
        if row is None or row.changed < begins:
            floors[id] = max([version, begins - 1 - NEWEST, *earlier])
        elif not earlier and len(row.corrections) == CORRECTIONS_KEPT:
            floors[id] = version
    return standing, floors


def _told(before: Goal, facts: Sequence[Fact[Any]], words: bool, earlier: Sequence[Fact[Any]]) -> list[HistoryAnswer]:
    """Facts in words; `earlier` are those of the check-ins that they correct."""
    recorded: dict[str, Fact[CheckInRecorded]] = {}
    standing: dict[str, Fact[CheckInCorrected]] = {}
    told: list[HistoryAnswer] = []
    for fact in (*earlier, *facts):
        data = fact.data
        if fact.version >= facts[0].version:
            told.append(_in_words(before, fact, words, recorded, standing))
            before = GOAL.fold(before, fact)
        if isinstance(data, CheckInRecorded):
            recorded[data.check_in_id] = fact
        elif isinstance(data, CheckInCorrected):
            standing[data.check_in_id] = fact
    return told


def _in_words(
    before: Goal,
    fact: Fact[Any],
    words: bool,
    recorded: Mapping[str, Fact[CheckInRecorded]],
    standing: Mapping[str, Fact[CheckInCorrected]],
) -> HistoryAnswer:
    id = fact.data.check_in_id if isinstance(fact.data, CheckInCorrected) else ""
    summary, changes = describe(before, fact, words=words, recorded=recorded.get(id), stood=standing.get(id))
    return HistoryAnswer(
        id=fact.id,
        type=fact.type,
        time=fact.time,
        actor=fact.actor,
        version=fact.version,
        summary=summary,
        changes=[ChangeAnswer(field=name, from_=shown(was), to=shown(now)) for name, was, now in changes],
        erased=[
            path
            for at, (_, was, now) in enumerate(changes)
            for value, side in ((was, "from"), (now, "to"))
            for path in erased_in(value, f"changes.{at}.{side}")
        ],
    )
