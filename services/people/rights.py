"""Judges an asker for commands and queries alike: policy as data, over relations from the service's own replica."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from libs.access.directory import Asker, Directory
from libs.events.errors import Forbidden
from services.people.domain.errors import ErasureNotFound, PersonNotFound
from services.people.domain.state import Person
from services.people.policy import OFFERED, POLICY


@dataclass(frozen=True)
class PeopleRights:
    """Judges an asker by policy and the own replica of people, as of today."""

    directory: Directory

    async def relations(self, asker: Asker, people: Sequence[Person]) -> Mapping[str, frozenset[str]]:
        """How the asker stands to each of these people, by id: roles, and relations. A few look-ups for all of them."""
        if "admin" in asker.roles:
            # No rule allows a manager what it does not allow an administrator, so nobody's managers are looked up.
            own = {asker.person_id: frozenset({"self"})}
            return {person.id: asker.roles | own.get(person.id, frozenset()) for person in people}
        found = await self.directory.relations_to(asker, [person.id for person in people])
        return {person.id: asker.roles | found[person.id] for person in people}

    def may(self, asker: Asker, action: str) -> bool:
        """Whether the asker's roles alone allow an action."""
        return POLICY.decide(action, asker.roles, {})

    def demand(self, asker: Asker, action: str, detail: str | None = None) -> None:
        """Raises Forbidden, with `detail`, unless the asker's roles alone allow an action."""
        if not self.may(asker, action):
            raise Forbidden(detail)

    def find_erasure(self, asker: Asker) -> None:
        """Raises ErasureNotFound unless the asker may see erasures: one that is there answers as one that is not."""
        if not self.may(asker, "erasure.read"):
            raise ErasureNotFound

    async def check(self, asker: Asker, person: Person, action: str, detail: str | None = None) -> frozenset[str]:
        """The asker's relations to a person. Raises PersonNotFound, and Forbidden with `detail`."""
        self.demand(asker, "person.read")
        if person.version == 0:
            raise PersonNotFound
        relations = (await self.relations(asker, [person]))[person.id]
        if not POLICY.decide(action, relations, {}):
            raise Forbidden(detail)
        return relations


def may_read_details(relations: frozenset[str]) -> bool:
    """Whether who stands so to a person may read what is not for everybody."""
    return POLICY.decide("person.read_details", relations, {})


def offered(of: str, relations: frozenset[str], state: str = "active") -> list[str]:
    """What `OFFERED[of]` names for who stands so to a person in this state."""
    return [
        name
        for name, offer in OFFERED[of].items()
        if state in offer.states
        and (offer.to_oneself or "self" not in relations)
        and POLICY.decide(offer.action, relations, {})
    ]
