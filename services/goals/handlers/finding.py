"""Finds the facts of one check-in in its goal's stream; rows only hint at where to look."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from libs.events.catalog.goals import CheckInCorrected, CheckInRecorded
from libs.events.declare import RowKey
from libs.events.envelope import Fact, stream_name
from services.goals.domain.errors import CheckInNotFound
from services.goals.domain.state import GOAL
from services.goals.handlers.base import Commands
from services.goals.read_models import CHECK_INS, CheckInRow

NEWEST = 50
"""How many of the newest events are looked through first where no row hints at a check-in."""
PAGE = 200


@dataclass(frozen=True)
class Finding(Commands):
    """What commands about a check-in have in common."""

    async def recorded(self, tenant: str, goal_id: str, check_in_id: str) -> Fact[CheckInRecorded]:
        """The fact that recorded a goal's check-in. Raises CheckInNotFound."""
        key = RowKey(CHECK_INS, check_in_id)
        row: CheckInRow | None = (await self.reads.get_many(tenant, [key])).get(key)
        stream = stream_name(tenant, GOAL.kind, goal_id)
        known = row is not None and row.goal_id == goal_id
        version = row.version if row is not None and known else await self._version_of(stream, check_in_id)
        for fact in await self.kernel.facts(stream, after=version - 1, until=version, limit=1):
            if isinstance(fact.data, CheckInRecorded) and fact.data.check_in_id == check_in_id:
                return fact
        raise CheckInNotFound

    async def corrected(self, recorded: Fact[CheckInRecorded]) -> Fact[CheckInCorrected] | None:
        """The last correction of a check-in, straight from its stream; None: it stands as recorded."""
        until: int | None = None
        while until is None or until > recorded.version:
            page = await self.kernel.facts(
                recorded.stream, after=recorded.version, until=until, limit=PAGE, newest_first=True, words=()
            )
            for fact in page:
                if isinstance(fact.data, CheckInCorrected) and fact.data.check_in_id == recorded.data.check_in_id:
                    [found] = await self.kernel.facts(
                        recorded.stream, after=fact.version - 1, until=fact.version, limit=1
                    )
                    return found
            if len(page) < PAGE:
                break
            until = page[-1].version - 1
        return None

    async def _version_of(self, stream: str, check_in_id: str) -> int:
        # Its row may not be written yet: then it is among the newest.
        until: int | None = None
        size = NEWEST
        while until is None or until > 0:
            # No words are opened on the way.
            page: list[Fact[Any]] = await self.kernel.facts(
                stream, until=until, limit=size, newest_first=True, words=()
            )
            for fact in page:
                if isinstance(fact.data, CheckInRecorded) and fact.data.check_in_id == check_in_id:
                    return fact.version
            if len(page) < size:
                break
            until, size = page[-1].version - 1, PAGE
        raise CheckInNotFound
