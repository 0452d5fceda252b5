"""Commands of what is said around goals: comments, answers to requests for support, following."""

from __future__ import annotations

from dataclasses import dataclass, replace

from libs.access.directory import Asker
from libs.events.caller import Caller
from libs.events.envelope import stream_name
from libs.events.errors import Forbidden, PreconditionFailed
from libs.events.handle import Guard, Outcome
from services.goals.domain import commands, decide
from services.goals.domain.errors import (
    CheckInNotFound,
    CommentNotFound,
    GoalNotFound,
    SupportRequestNotFound,
    UnknownCheckIn,
)
from services.goals.domain.state import COMMENT, FOLLOW, GOAL, SUPPORT, Comment, Follow, Support
from services.goals.handlers.base import Plan
from services.goals.handlers.finding import Finding


@dataclass(frozen=True)
class Talking(Finding):
    """What is said around a goal, by who sees it. Each has a stream of its own, in any of the goal's states."""

    async def add_comment(self, asker: Asker, caller: Caller, command: commands.Comment) -> Outcome:
        """Something said about a goal or one of its check-ins. `If-Match` is about the goal."""
        comment_id, goal_id = self.kernel.new_id(), command.goal_id

        async def check(_: Comment) -> None:
            await self._may(asker, goal_id, "goal.comment")

        async def plan(_: Comment) -> Plan:
            goal = await self.load(asker.tenant, goal_id)
            if caller.if_match not in (None, goal.version):
                raise PreconditionFailed(caller.if_match or 0, goal.version)
            if command.check_in_id is not None:
                try:
                    await self.recorded(asker.tenant, goal_id, command.check_in_id)
                except CheckInNotFound:
                    raise UnknownCheckIn from None
            pinned = Guard(stream_name(asker.tenant, GOAL.kind, goal_id), goal.version, ())
            guards = [pinned] if caller.if_match is not None else []
            return Plan(decide.add_comment(goal.state, command, asker.person_id), guards)

        own = replace(caller, if_match=None)
        return await self.run(COMMENT, comment_id, own, plan, check=check, created=True)

    async def change_comment(
        self, asker: Asker, caller: Caller, goal_id: str, comment_id: str, text: str | None
    ) -> Outcome:
        """Said differently by its author; without a text it stays."""

        async def check(comment: Comment) -> None:
            if comment.removed:
                raise CommentNotFound
            await self._own(asker, goal_id, comment)

        async def plan(comment: Comment) -> Plan:
            return Plan(decide.change_comment(comment, text, asker.person_id) if text is not None else ())

        return await self.run(COMMENT, comment_id, caller, plan, check=check)

    async def remove_comment(self, asker: Asker, caller: Caller, goal_id: str, comment_id: str) -> Outcome:
        """Taken back by its author."""

        async def check(comment: Comment) -> None:
            if comment.removed and comment.author_id != asker.person_id:
                raise CommentNotFound
            await self._own(asker, goal_id, comment)

        async def plan(comment: Comment) -> Plan:
            return Plan(decide.remove_comment(comment, asker.person_id))

        return await self.run(COMMENT, comment_id, caller, plan, check=check)

    async def answer_support(self, asker: Asker, caller: Caller, command: commands.AnswerSupport) -> Outcome:
        """Those who lead the goal's owner say what becomes of a request."""

        async def check(support: Support) -> None:
            goal = (await self.load(asker.tenant, support.goal_id)).state if support.version > 0 else None
            if goal is None:
                raise SupportRequestNotFound
            try:
                await self.rights.check(asker, goal, "support.read")
            except (GoalNotFound, Forbidden):
                raise SupportRequestNotFound from None
            await self.rights.check(asker, goal, "support.answer")

        async def plan(support: Support) -> Plan:
            return Plan(decide.answer_support(support, command, asker.person_id))

        return await self.run(SUPPORT, command.request_id, caller, plan, check=check)

    async def follow_goal(self, asker: Asker, caller: Caller, goal_id: str) -> Outcome:
        """Whoever sees a goal may follow it."""
        entity, person = _following(asker, goal_id), asker.person_id

        async def check(_: Follow) -> None:
            await self._may(asker, goal_id, "goal.follow")

        async def plan(follow: Follow) -> Plan:
            return Plan(decide.follow_goal(follow, (await self.load(asker.tenant, goal_id)).state, person))

        def created(follow: Follow) -> bool:
            return follow.since is None

        return await self.run(FOLLOW, entity, caller, plan, check=check, resource=person, created=created)

    async def unfollow_goal(self, asker: Asker, caller: Caller, goal_id: str) -> Outcome:
        """And stop to."""
        entity, person = _following(asker, goal_id), asker.person_id

        async def check(_: Follow) -> None:
            await self._may(asker, goal_id, "goal.follow")

        async def plan(follow: Follow) -> Plan:
            return Plan(decide.unfollow_goal(follow, (await self.load(asker.tenant, goal_id)).state, person))

        return await self.run(FOLLOW, entity, caller, plan, check=check, resource=person)

    async def _own(self, asker: Asker, goal_id: str, comment: Comment) -> None:
        goal = (await self.load(asker.tenant, goal_id)).state
        await self.rights.check(asker, goal, "goal.read")
        if comment.version == 0 or comment.goal_id != goal_id:
            raise CommentNotFound
        await self.rights.check(asker, goal, "comment.change", author_id=comment.author_id)

    async def _may(self, asker: Asker, goal_id: str, action: str) -> None:
        await self.rights.check(asker, (await self.load(asker.tenant, goal_id)).state, action)


def _following(asker: Asker, goal_id: str) -> str:
    return f"{goal_id}.{asker.person_id}"
