"""Judges an asker for commands and queries alike: policy as data, over relations from the service's own replica."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from libs.access.directory import Asker, Directory
from libs.access.members import ACTIVE, UnitMember
from libs.access.relations import DEEPEST
from libs.events.declare import RowKey
from libs.events.envelope import stream_name
from libs.events.errors import Forbidden
from libs.events.handle import Kernel
from libs.events.ports import ReadStore
from services.goals.domain.errors import GoalNotFound
from services.goals.domain.state import GOAL, Goal
from services.goals.policy import ATTACHED, OFFERED, POLICY
from services.goals.read_models import NODES, Node

PARENT_EDITOR = "parent_editor"
_PAIRS_KEPT = 20_000
"""Judgements remembered: there are few ways to stand to a goal, and lists and trees ask of the same ones again."""


@lru_cache(_PAIRS_KEPT)
def may(action: str, relations: frozenset[str], visibility: str | None, alignment: str) -> bool:
    """Whether who stands so to a goal may do this to it; who may not see a goal may do nothing to it.

    `visibility` None: it is not known, so only what every visibility allows is allowed.
    """
    attributes = {"alignment": alignment} | ({"visibility": visibility} if visibility is not None else {})
    return all(POLICY.decide(one, relations, attributes) for one in ("goal.read", action))


@lru_cache(_PAIRS_KEPT)
def offered(
    of: str,
    relations: frozenset[str],
    state: str,
    alignment: str,
    agreement: str | None = None,
    own: str | None = None,
) -> tuple[str, ...]:
    """What `OFFERED[of]` names for who stands so to a goal that they see.

    `own` is the state of what is `of` the goal; without it, or without `agreement`, nothing that needs it.
    """
    return tuple(
        name
        for name, offer in OFFERED[of].items()
        if state in offer.states
        and (not offer.alignments or alignment in offer.alignments)
        and (not offer.agreements or agreement in offer.agreements)
        and (not offer.own or own in offer.own)
        and POLICY.decide(offer.action, relations, {"alignment": alignment})
    )


@dataclass(frozen=True)
class GoalRights:
    """Judges an asker by policy and the own replica of people, as of today.

    A goal's parent bears on who sees it: commands ask the parent's stream (`relations`, `check`, `edits`), queries its
    row (`see`, `judge`); neither asks where nothing depends on it.
    """

    directory: Directory
    kernel: Kernel
    reads: ReadStore

    async def relations(self, asker: Asker, goal: Goal) -> frozenset[str]:
        """How the asker stands to a goal: roles, relations to its owner, `contributor`, `parent_editor`.

        The last is left out where the asker would neither see more by it nor be offered more.
        """
        relations, _ = await self._stand(asker, goal, frozenset(), lambda *stand: _settled(goal, *stand))
        return relations

    async def check(self, asker: Asker, goal: Goal, action: str, *, author_id: str | None = None) -> frozenset[str]:
        """The asker's relations to the goal: for `goal.read` all of `relations`, else as far as they had to be known.

        `author_id` is who wrote what the action is about. Raises GoalNotFound (may not see it), Forbidden (may not do
        it).
        """
        if goal.version == 0:
            raise GoalNotFound
        author = frozenset({"author"}) if author_id == asker.person_id else frozenset()

        def enough(relations: frozenset[str], visibility: str | None) -> bool:
            if action == "goal.read":
                return _settled(goal, relations, visibility)
            return may(action, relations, visibility, goal.alignment)

        relations, visibility = await self._stand(asker, goal, author, enough)
        if not may("goal.read", relations, visibility, goal.alignment):
            raise GoalNotFound
        if not may(action, relations, visibility, goal.alignment):
            raise Forbidden
        return relations

    async def edits(self, asker: Asker, parent: Goal) -> bool:
        """Whether the asker is an editor of a goal, and so decides what counts in it."""
        relations = _near(asker, parent, await self.directory.relations_to(asker, [parent.owner_id]))
        return may("goal.edit", relations, parent.visibility, parent.alignment)

    async def may_use_unit(self, asker: Asker, unit_id: str, owner_id: str) -> bool:
        """Whether the asker, or else the goal's owner, may have a goal in an existing unit, as of today.

        Whoever belongs to it or to a unit below, or leads it or a unit above; the asker also as one of those above its
        lead.
        """
        people = {asker.person_id, owner_id}
        here = await self._units_up(asker.tenant, unit_id)
        if any(one.lead_id in people for one in here):
            return True
        today = self.directory.today()
        members = await self.directory.members(asker.tenant, people)
        for home in {one.at(today).unit_id for one in members.values()} - {None}:
            if home is not None and any(one.id == unit_id for one in await self._units_up(asker.tenant, home)):
                return True
        lead = here[0].lead_id if here else None
        return lead is not None and "manager_chain" in await self.directory.relations(asker, lead)

    async def see(self, asker: Asker, goal: Goal) -> frozenset[str]:
        """All of `relations` for a query, which shows what rows say. Raises GoalNotFound (may not see it)."""
        if goal.version == 0:
            raise GoalNotFound
        parents = await self._parents(asker, [goal])
        parent = parents.get(goal.parent_id or "")
        if follows_parent(goal) and parent is None and asker.person_id != goal.owner_id:
            # A row that is not written yet.
            return await self.check(asker, goal, "goal.read")
        owners = [goal.owner_id, *(one.owner_id for one in parents.values())]
        to_owners = await self.directory.relations_to(asker, owners)
        relations = _with_parent(asker, _near(asker, goal, to_owners), goal, parents, to_owners)
        visibility = parent.seen_by if follows_parent(goal) and parent is not None else goal.visibility
        if not may("goal.read", relations, visibility, goal.alignment):
            raise GoalNotFound
        return relations

    async def judge(self, asker: Asker, nodes: Sequence[Node]) -> dict[str, frozenset[str]]:
        """All of `relations` to each of the goals that the asker may see, by id; the others are left out.

        At most one look-up for parents and those of `Directory.relations_to`, however many nodes there are.
        """
        parents = await self._parents(asker, nodes)
        owners = dict.fromkeys(one.owner_id for one in (*nodes, *parents.values()))
        to_owners = await self.directory.relations_to(asker, owners)
        seen: dict[str, frozenset[str]] = {}
        for node in nodes:
            relations = _with_parent(asker, _near(asker, node, to_owners), node, parents, to_owners)
            if may("goal.read", relations, node.seen_by, node.alignment):
                seen[node.id] = relations
        return seen

    def allowed_actions(
        self,
        goal: Goal | Node,
        relations: frozenset[str],
        *,
        of: str = "goal",
        own: str | None = None,
        alone: bool = False,
    ) -> list[str]:
        """What the asker, who sees the goal, may do now to it, or to what is `of` it: a key of `OFFERED`.

        For a check-in or comment `relations` hold `author` where the asker is, for a follower `follower`; `own` is the
        state of a request for support. A node does not know its agreement; `alone`: the owner has no manager whose word
        an agreement waits for.
        """
        agreement = _met(goal, relations, alone) if isinstance(goal, Goal) else None
        return list(offered(of, relations, goal.state, goal.alignment, agreement, own))

    async def has_manager(self, tenant: str, owner_id: str) -> bool:
        """Whether somebody who works here leads the owner today; nobody waits for the word of one who left."""
        owner = (await self.directory.members(tenant, [owner_id])).get(owner_id)
        manager_id = owner.at(self.directory.today()).manager_id if owner is not None else None
        if manager_id is None:
            return False
        manager = (await self.directory.members(tenant, [manager_id])).get(manager_id)
        return manager is not None and manager.state == ACTIVE

    def may_read_words(self, goal: Goal | Node, relations: frozenset[str]) -> bool:
        """Whether the asker, who sees the goal, may read what people wrote in its check-ins."""
        return POLICY.decide("goal.read_words", relations, {"alignment": goal.alignment})

    async def _stand(
        self,
        asker: Asker,
        goal: Goal,
        given: frozenset[str],
        enough: Callable[[frozenset[str], str | None], bool],
    ) -> tuple[frozenset[str], str | None]:
        """Relations and the visibility that holds; the parent is loaded unless it is `enough` without."""
        relations = given | _near(asker, goal, await self.directory.relations_to(asker, [goal.owner_id]))
        visibility = None if follows_parent(goal) else goal.visibility
        if not _attached(goal) or goal.parent_id is None or enough(relations, visibility):
            return relations, visibility
        parent = (await self.kernel.load(GOAL, stream_name(asker.tenant, GOAL.kind, goal.parent_id))).state
        if await self.edits(asker, parent):
            relations |= {PARENT_EDITOR}
        return relations, visibility if visibility is not None else parent.visibility

    async def _units_up(self, tenant: str, unit_id: str) -> list[UnitMember]:
        """A unit and those above it, nearest first."""
        found: dict[str, UnitMember] = {}
        at: str | None = unit_id
        while at is not None and at not in found and len(found) < DEEPEST:
            unit = (await self.directory.units(tenant, [at])).get(at)
            if unit is None:
                break
            found[at], at = unit, unit.parent_id
        return list(found.values())

    async def _parents(self, asker: Asker, goals: Iterable[Goal | Node]) -> Mapping[str, Node]:
        """The parents that bear on how the asker stands to any of these goals."""
        here = {one.id: one for one in goals if isinstance(one, Node)}
        wanted = {one.parent_id for one in goals if one.parent_id is not None and _parent_matters(asker, one)}
        keys = [RowKey(NODES, one) for one in wanted if one not in here]
        rows = await self.reads.get_many(asker.tenant, keys) if keys else {}
        return {one: here[one] for one in wanted if one in here} | {key.id: row for key, row in rows.items()}


def _attached(goal: Goal | Node) -> bool:
    return goal.parent_id is not None and goal.alignment in ATTACHED


def follows_parent(goal: Goal | Node) -> bool:
    """Whether the visibility that holds is the parent's."""
    return goal.kind == "key_result" and _attached(goal)


def _near(asker: Asker, goal: Goal | Node, to_owners: Mapping[str, frozenset[str]]) -> frozenset[str]:
    """Relations that need no parent."""
    to_owner = to_owners[goal.owner_id]
    found = asker.roles | to_owner
    if "self" in to_owner:
        found |= {"owner"}
    return found | {"contributor"} if asker.person_id in goal.contributor_ids else found


def _with_parent(
    asker: Asker,
    relations: frozenset[str],
    goal: Goal | Node,
    parents: Mapping[str, Node],
    to_owners: Mapping[str, frozenset[str]],
) -> frozenset[str]:
    parent = parents.get(goal.parent_id or "") if _attached(goal) else None
    if parent is None or not may("goal.edit", _near(asker, parent, to_owners), parent.seen_by, parent.alignment):
        return relations
    return relations | {PARENT_EDITOR}


def _met(goal: Goal, relations: frozenset[str], alone: bool) -> str:
    """A goal's agreement as the asker meets it, in the words of `Offer`."""
    stands = goal.agreement
    said = (stands.owner_at if "owner" in relations else stands.manager_at) is not None
    if stands.state == "proposed":
        # An owner who was the first to agree, and whose manager left since, can complete it.
        return "proposed_with" if said and not (alone and "owner" in relations) else "proposed"
    return "agreed_without" if stands.state == "agreed" and not said else stands.state


def _settled(goal: Goal | Node, relations: frozenset[str], visibility: str | None) -> bool:
    """Whether the asker sees the goal anyway, and editing its parent would offer them nothing more."""
    if not may("goal.read", relations, visibility, goal.alignment):
        return False
    agreement = _met(goal, relations, alone=False) if isinstance(goal, Goal) else None
    now, more = (
        offered("goal", one, goal.state, goal.alignment, agreement) for one in (relations, relations | {PARENT_EDITOR})
    )
    return now == more


def _parent_matters(asker: Asker, goal: Goal | Node) -> bool:
    """Owners see their goals, so theirs is the one case that is settled before anything is looked up."""
    if not _attached(goal):
        return False
    owner = asker.roles | {"self", "owner"}
    return asker.person_id != goal.owner_id or not _settled(goal, owner, None)
