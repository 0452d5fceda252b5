"""Check-ins: where they stand is in their rows, what they say in the goal's stream; corrections stand beside them.

Of a check-in's corrections the newest 50 are shown; what it says is by all of them, because the last one counts alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from msgspec import UNSET

from libs.access.directory import Asker
from libs.events.catalog.goals import CheckInCorrected, CheckInRecorded
from libs.events.envelope import Fact
from libs.events.handle import Outcome
from libs.web.paging import Place
from libs.web.references import reference_answer
from libs.web.sorting import Listing, Sort
from services.goals.domain.errors import CheckInNotFound
from services.goals.domain.state import Goal
from services.goals.domain.words import says
from services.goals.queries.answers import (
    CheckInAnswer,
    CorrectionAnswer,
    SaidAnswer,
    SourceAnswer,
)
from services.goals.queries.reading import Reading, Relations, goal_stream
from services.goals.queries.walks import listed
from services.goals.read_models import CHECK_INS, CheckInRow

NEWEST = 50
"""How many of the newest events are looked through for what has no row yet."""
SEEN = ("status", "observed_on", "value", "progress")
NEWEST_FIRST = Listing(Sort("created_at", descending=True))
# Times never go back within a stream: what was recorded or corrected later has a greater version.
_BY = {"created_at": "version", "updated_at": "changed", "observed_on": "place"}
WORDS = ("confidence", "note", "adjustments", "support_needed", "blockers")


@dataclass(frozen=True)
class Spoken:
    """A check-in's facts: what recorded it, and its corrections in order."""

    recorded: Fact[CheckInRecorded]
    corrections: Sequence[Fact[CheckInCorrected]]


@dataclass(frozen=True)
class CheckInReads(Reading):
    """How goals were seen to stand."""

    async def check_ins(
        self, asker: Asker, goal_id: str, asked: Listing = NEWEST_FIRST, *, after: Place | None = None, limit: int = 50
    ) -> tuple[list[CheckInAnswer], Place | None]:
        """A page of check-ins, and where the next one begins, None at the end.

        A place is a text where they come by `observed_on`, else a version of the goal.
        """
        goal, relations = await self.visible(asker, goal_id)
        query = listed(replace(asked, updated_since=None), _BY, "changed", goal_id=[goal_id])
        if asked.updated_since is not None:
            first = await self.version_since(goal_stream(asker.tenant, goal_id), asked.updated_since)
            if first is None:
                return [], None
            query = replace(query, span="changed", at_least=first)
        page = await self.reads.find(asker.tenant, CHECK_INS, replace(query, after=after, limit=limit))
        rows: list[CheckInRow] = [row for _, row in page.items]
        versions = {version for row in rows for version in (row.version, *row.corrections)}
        facts = await self._facts(asker, goal, relations, versions)
        found = [self._check_in(asker, goal, relations, _spoken(row.id, facts), goal.version) for row in rows]
        return found, page.next

    async def check_in(self, asker: Asker, goal_id: str, check_in_id: str) -> CheckInAnswer:
        """One check-in of a goal. Raises CheckInNotFound."""
        goal, relations = await self.visible(asker, goal_id)
        versions = await self._recorded(asker.tenant, goal_id, check_in_id)
        if not versions:
            # Its row may not be written yet: then it is among the newest.
            versions = await self._newest(asker.tenant, goal_id, check_in_id, None)
        facts = await self._facts(asker, goal, relations, versions)
        return self._check_in(asker, goal, relations, _spoken(check_in_id, facts), goal.version)

    async def check_in_after(self, asker: Asker, goal_id: str, outcome: Outcome) -> CheckInAnswer:
        """The check-in that a command recorded or corrected, as it was then."""
        goal = await self.from_stream(asker.tenant, goal_id)
        relations = await self.rights.check(asker, goal, "goal.read")
        facts = await self._facts(asker, goal, relations, {outcome.version})
        last = facts.get(outcome.version)
        if last is None or not isinstance(last.data, CheckInRecorded) or _about(last) != outcome.resource:
            # It was corrected, or nothing happened: what it says is further back.
            versions = {
                *await self._recorded(asker.tenant, goal_id, outcome.resource),
                *await self._newest(asker.tenant, goal_id, outcome.resource, outcome.version),
            }
            versions = {version for version in versions if version <= outcome.version}
            facts = await self._facts(asker, goal, relations, versions)
        return self._check_in(asker, goal, relations, _spoken(outcome.resource, facts), outcome.version)

    async def _recorded(self, tenant: str, goal_id: str, check_in_id: str) -> set[int]:
        """The versions that speak of a check-in, by its row."""
        row: CheckInRow | None = await self.row(tenant, CHECK_INS, check_in_id)
        return {row.version, *row.corrections} if row is not None and row.goal_id == goal_id else set()

    async def _newest(self, tenant: str, goal_id: str, check_in_id: str, until: int | None) -> set[int]:
        """The versions that speak of a check-in, by the newest events; none of its text is opened."""
        stream = goal_stream(tenant, goal_id)
        newest = await self.kernel.facts(stream, until=until, limit=NEWEST, newest_first=True, words=())
        about = [fact for fact in newest if _about(fact) == check_in_id]
        return {version for fact in about for version in (fact.version, _recorded_at(fact))}

    async def _facts(
        self, asker: Asker, goal: Goal, relations: Relations, versions: Iterable[int]
    ) -> dict[int, Fact[Any]]:
        words = None if self.rights.may_read_words(goal, relations) else ()
        return await self.facts_at(goal_stream(asker.tenant, goal.id), versions, words=words)

    def _check_in(self, asker: Asker, goal: Goal, relations: Relations, spoken: Spoken, version: int) -> CheckInAnswer:
        recorded, corrections = spoken.recorded, spoken.corrections
        words = self.rights.may_read_words(goal, relations)
        correction = corrections[-1] if corrections else None
        last: Fact[Any] = correction or recorded
        data = recorded.data
        author = relations | {"author"} if data.author_id == asker.person_id else relations
        return CheckInAnswer(
            **_said(recorded, correction, words),
            id=data.check_in_id,
            goal_id=goal.id,
            version=version,
            author_id=data.author_id,
            corrected=bool(corrections),
            recorded=SaidAnswer(**_said(recorded, None, words)) if corrections else None,
            corrections=[_correction(recorded, one, words) for one in corrections],
            external_ref=reference_answer(data.external_ref) if words else UNSET,
            erased=[
                *_erased(recorded, correction),
                *_below("external_ref", recorded),
                *(f"recorded.{path}" for path in (_erased(recorded, None) if corrections else ())),
            ],
            created_at=recorded.time,
            created_by=recorded.actor,
            updated_at=last.time,
            updated_by=last.actor,
            allowed_actions=self.rights.allowed_actions(goal, author, of="check_in"),
        )


def _about(fact: Fact[Any]) -> str | None:
    """Which check-in a fact speaks of."""
    return fact.data.check_in_id if isinstance(fact.data, CheckInRecorded | CheckInCorrected) else None


def _recorded_at(fact: Fact[Any]) -> int:
    return fact.data.recorded_version if isinstance(fact.data, CheckInCorrected) else fact.version


def _spoken(check_in_id: str, facts: dict[int, Fact[Any]]) -> Spoken:
    """What some facts say of a check-in. Raises CheckInNotFound when none recorded it."""
    about = [facts[version] for version in sorted(facts) if _about(facts[version]) == check_in_id]
    recorded = next((fact for fact in about if isinstance(fact.data, CheckInRecorded)), None)
    if recorded is None:
        raise CheckInNotFound
    return Spoken(recorded, [fact for fact in about if isinstance(fact.data, CheckInCorrected)])


def _said(recorded: Fact[CheckInRecorded], correction: Fact[CheckInCorrected] | None, words: bool) -> dict[str, Any]:
    """What a check-in says under a correction; the fields of a `SaidAnswer`."""
    names = (*SEEN, "source", *(WORDS if words else ()))
    said = {name: getattr(says(name, recorded, correction).data, name) for name in names}
    if said["source"] is not None:
        # A link may say more than the value and status that everybody may see.
        said["source"] = SourceAnswer(system=said["source"].system, url=said["source"].url if words else None)
    return said


def _correction(recorded: Fact[CheckInRecorded], fact: Fact[CheckInCorrected], words: bool) -> CorrectionAnswer:
    return CorrectionAnswer(
        **_said(recorded, fact, words),
        version=fact.version,
        author_id=fact.data.author_id,
        reason=fact.data.reason if words else UNSET,
        erased=[*_erased(recorded, fact), *_below("reason", fact)],
        created_at=fact.time,
        created_by=fact.actor,
    )


def _erased(recorded: Fact[CheckInRecorded], correction: Fact[CheckInCorrected] | None) -> list[str]:
    """What was destroyed of what `_said` shows; nothing where text is not opened, for who may not read it."""
    return [path for name in ("source", *WORDS) for path in _below(name, says(name, recorded, correction))]


def _below(name: str, fact: Fact[Any]) -> list[str]:
    return [path for path in fact.erased if path.partition(".")[0] == name]
