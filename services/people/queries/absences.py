"""When somebody is away, for those who may know: from the person's own stream."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from libs.access.directory import Asker
from libs.events.envelope import stream_name
from libs.events.handle import Kernel, Outcome
from libs.web.paging import Place
from libs.web.sorting import Listing, page_in_memory
from services.people.domain import decide
from services.people.domain.state import PERSON, Person
from services.people.queries.answers import AbsenceAnswer, absence_answer
from services.people.rights import PeopleRights

ABSENCES_BY = {"from": "first_day", "created_at": "created_at", "updated_at": "created_at"}
"""What absences may be sorted by, and their field behind it; nothing about one ever changes."""


@dataclass(frozen=True)
class AbsenceQueries:
    """Reads of absences. Raises PersonNotFound, Forbidden."""

    kernel: Kernel
    rights: PeopleRights

    async def absences(
        self, asker: Asker, person_id: str, asked: Listing, *, after: Place | None, limit: int
    ) -> tuple[Sequence[AbsenceAnswer], Place | None]:
        """A page of a person's absences, and where the next one begins, None at the end.

        All of them stand in the person, whom every command and every question about them folds anyway.
        """
        person, relations = await self._person(asker, person_id)
        page, end = page_in_memory(person.absences, asked, ABSENCES_BY, changed="created_at", after=after, limit=limit)
        return [absence_answer(person_id, one, relations) for one in page], end

    async def absence(self, asker: Asker, person_id: str, absence_id: str) -> AbsenceAnswer:
        """One absence. Raises AbsenceNotFound."""
        person, relations = await self._person(asker, person_id)
        return absence_answer(person_id, decide.absence_of(person, absence_id), relations)

    async def absence_after(self, asker: Asker, outcome: Outcome) -> AbsenceAnswer:
        """An absence as it was planned: the same for a repeat, also when it was withdrawn since."""
        person = (await self.kernel.load(PERSON, outcome.stream, at=outcome.version)).state
        relations = (await self.rights.relations(asker, [person]))[person.id]
        return absence_answer(person.id, decide.absence_of(person, outcome.resource), relations)

    async def _person(self, asker: Asker, person_id: str) -> tuple[Person, frozenset[str]]:
        person = (await self.kernel.load(PERSON, stream_name(asker.tenant, PERSON.kind, person_id))).state
        return person, await self.rights.check(asker, person, "absence.read")
