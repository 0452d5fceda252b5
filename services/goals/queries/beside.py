"""What stands beside a goal: milestones in its own state, comments and followers in rows and streams of their own."""

from __future__ import annotations

from dataclasses import dataclass, replace

from libs.access.directory import Asker
from libs.events.envelope import stream_name
from libs.events.handle import Outcome
from libs.web.paging import Place
from libs.web.sorting import Listing, Sort, page_in_memory
from services.goals.domain.errors import CommentNotFound, MilestoneNotFound
from services.goals.domain.state import COMMENT, FOLLOW, GOAL, Comment, Goal, Milestone
from services.goals.queries.answers import CommentAnswer, FollowerAnswer, MilestoneAnswer, erased_title
from services.goals.queries.reading import Reading, Relations
from services.goals.queries.search import OLDEST_FIRST
from services.goals.queries.walks import listed
from services.goals.read_models import COMMENTS, FOLLOWS, CommentRow, Follow

_BY_DUE_DATE = Listing(Sort("due_on"))
_BY_PERSON = Listing(Sort("person_id"))
_MILESTONES_BY = {"due_on": "due_on", "created_at": "created_at", "updated_at": "updated_at"}
_COMMENTS_BY = {"created_at": "created_at", "updated_at": "updated_at"}
# The ids of one goal's followers are in the order of the people's.
_FOLLOWERS_BY = {"person_id": None, "created_at": "since", "updated_at": "since"}


@dataclass(frozen=True)
class MilestoneReads(Reading):
    """Steps on the way."""

    async def milestones(
        self, asker: Asker, goal_id: str, asked: Listing = _BY_DUE_DATE, *, after: Place | None = None, limit: int = 50
    ) -> tuple[list[MilestoneAnswer], Place | None]:
        """A page of a goal's milestones, of which there are a hundred at most: all of them stand in the goal itself."""
        goal, relations = await self.visible(asker, goal_id)
        page, end = page_in_memory(goal.milestones, asked, _MILESTONES_BY, after=after, limit=limit)
        return [self._milestone(goal, one, relations) for one in page], end

    async def milestone(self, asker: Asker, goal_id: str, milestone_id: str) -> MilestoneAnswer:
        """One milestone. Raises MilestoneNotFound."""
        goal, relations = await self.visible(asker, goal_id)
        return self._milestone(goal, _of(goal, milestone_id), relations)

    async def milestone_after(self, asker: Asker, outcome: Outcome, milestone_id: str) -> MilestoneAnswer:
        """A milestone as a command left it."""
        goal = (await self.kernel.load(GOAL, outcome.stream, at=outcome.version)).state
        relations = await self.rights.relations(asker, goal)
        return self._milestone(goal, _of(goal, milestone_id), relations)

    def _milestone(self, goal: Goal, one: Milestone, relations: Relations) -> MilestoneAnswer:
        return MilestoneAnswer(
            id=one.id,
            version=goal.version,
            goal_id=goal.id,
            title=one.title,
            due_on=one.due_on,
            reached_on=one.reached_on,
            author_id=one.author_id,
            erased=erased_title(one.title),
            created_at=one.created_at,
            created_by=one.created_by,
            updated_at=one.updated_at,
            updated_by=one.updated_by,
            allowed_actions=self.rights.allowed_actions(goal, relations, of="milestone"),
        )


@dataclass(frozen=True)
class CommentReads(Reading):
    """What is said about goals."""

    async def comments(
        self, asker: Asker, goal_id: str, asked: Listing = OLDEST_FIRST, *, after: Place | None = None, limit: int = 50
    ) -> tuple[list[CommentAnswer], Place | None]:
        """A page of a goal's comments, and where the next one begins, None at the end."""
        goal, relations = await self.visible(asker, goal_id)
        query = listed(asked, _COMMENTS_BY, "updated_at", goal_id=[goal_id])
        page = await self.reads.find(asker.tenant, COMMENTS, replace(query, after=after, limit=limit))
        return [self._comment(asker, goal, row, relations) for _, row in page.items], page.next

    async def comment(self, asker: Asker, goal_id: str, comment_id: str) -> CommentAnswer:
        """One comment on a goal. Raises CommentNotFound."""
        goal, relations = await self.visible(asker, goal_id)
        found: CommentRow | Comment | None = await self.row(asker.tenant, COMMENTS, comment_id)
        if found is None:
            # Its row may not be written yet.
            found = (await self.kernel.load(COMMENT, stream_name(asker.tenant, COMMENT.kind, comment_id))).state
        return self._comment(asker, goal, found, relations)

    async def comment_after(self, asker: Asker, outcome: Outcome) -> CommentAnswer:
        """A comment as a command left it."""
        comment = (await self.kernel.load(COMMENT, outcome.stream, at=outcome.version)).state
        goal = await self.from_stream(asker.tenant, comment.goal_id)
        return self._comment(asker, goal, comment, await self.rights.relations(asker, goal))

    def _comment(self, asker: Asker, goal: Goal, said: CommentRow | Comment, relations: Relations) -> CommentAnswer:
        removed = isinstance(said, Comment) and said.removed
        if (
            said.version == 0
            or removed
            or said.goal_id != goal.id
            or said.created_at is None
            or said.updated_at is None
        ):
            raise CommentNotFound
        author = relations | {"author"} if said.author_id == asker.person_id else relations
        return CommentAnswer(
            id=said.id,
            version=said.version,
            goal_id=said.goal_id,
            check_in_id=said.check_in_id,
            author_id=said.author_id,
            text=said.text,
            erased=said.erased,
            created_at=said.created_at,
            created_by=said.created_by,
            updated_at=said.updated_at,
            updated_by=said.updated_by,
            allowed_actions=self.rights.allowed_actions(goal, author, of="comment"),
        )


@dataclass(frozen=True)
class FollowerReads(Reading):
    """Who wants to hear of goals."""

    async def followers(
        self, asker: Asker, goal_id: str, asked: Listing = _BY_PERSON, *, after: Place | None = None, limit: int = 50
    ) -> tuple[list[FollowerAnswer], Place | None]:
        """A page of a goal's followers, and where the next one begins, None at the end."""
        goal, relations = await self.visible(asker, goal_id)
        query = listed(asked, _FOLLOWERS_BY, "since", goal_id=[goal_id])
        page = await self.reads.find(asker.tenant, FOLLOWS, replace(query, after=after, limit=limit))
        return [self._follower(asker, goal, row, relations) for _, row in page.items], page.next

    async def follower_after(self, asker: Asker, outcome: Outcome) -> FollowerAnswer:
        """A follower as a command left them."""
        state = (await self.kernel.load(FOLLOW, outcome.stream, at=outcome.version)).state
        since = state.since or state.updated_at or self.kernel.clock.now()
        follow = Follow(version=state.version, goal_id=state.goal_id, person_id=state.person_id, since=since)
        goal = await self.from_stream(asker.tenant, state.goal_id)
        return self._follower(asker, goal, follow, await self.rights.relations(asker, goal))

    def _follower(self, asker: Asker, goal: Goal, follow: Follow, relations: Relations) -> FollowerAnswer:
        follower = relations | {"follower"} if follow.person_id == asker.person_id else relations
        return FollowerAnswer(
            id=follow.person_id,
            version=follow.version,
            goal_id=follow.goal_id,
            person_id=follow.person_id,
            created_at=follow.since,
            created_by=follow.person_id,
            updated_at=follow.since,
            updated_by=follow.person_id,
            allowed_actions=self.rights.allowed_actions(goal, follower, of="follower"),
        )


def _of(goal: Goal, milestone_id: str) -> Milestone:
    found = next((one for one in goal.milestones if one.id == milestone_id), None)
    if found is None:
        raise MilestoneNotFound
    return found
