"""How goals answer: what a command left behind, and whether what a query found is as fresh as it was asked for."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from starlette.requests import Request

from libs.access.directory import Asker
from libs.events.envelope import stream_name
from libs.events.errors import KeyParked
from libs.web import answers
from libs.web.door import Door
from services.goals.domain.state import GOAL
from services.goals.handlers import GoalHandlers
from services.goals.projections import GOAL_ROWS, TALK, TREE
from services.goals.queries import GoalQueries


@dataclass(frozen=True)
class Desk:
    """What the routes of goals work with."""

    door: Door
    handlers: GoalHandlers
    queries: GoalQueries

    async def refuse_parked(self, request: Request, asker: Asker, goal_id: str) -> None:
        """Raises KeyParked when a fresh answer is asked for and the goal's rows wait, GoalNotFound to who may not know.

        The rows are missing or out of date then, so only the streams can say whether the asker may know of the goal.
        """
        try:
            await self.door.refuse_parked(request, asker, GOAL_ROWS, stream_name(asker.tenant, GOAL.kind, goal_id))
            await self.door.refuse_parked(request, asker, TREE)
        except KeyParked:
            await self.queries.may_know(asker, goal_id)
            raise

    async def refuse_parked_lists(self, request: Request, asker: Asker) -> None:
        """Raises KeyParked when a fresh answer is asked for and any goal's rows wait."""
        for model in (GOAL_ROWS, TREE):
            await self.door.refuse_parked(request, asker, model)

    async def refuse_parked_talk(self, request: Request, asker: Asker, goal_id: str | None = None) -> None:
        """Raises KeyParked when a fresh answer is asked for and rows of comments, requests or followers wait."""
        try:
            await self.door.refuse_parked(request, asker, TALK)
        except KeyParked:
            if goal_id is not None:
                await self.queries.may_know(asker, goal_id)
            raise


written = partial(answers.written, "goals")
"""The answer of a command, with the position of this service."""
gone = partial(answers.gone, "goals")
"""The answer of a command that ended something."""
