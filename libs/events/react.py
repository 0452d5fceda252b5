"""Log → commands: runs a `Reaction`'s pure functions and commands the own service, once an event (promise 1)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from libs.events.caller import Caller
from libs.events.consume import Effects, Refused
from libs.events.declare import Reaction, When
from libs.events.envelope import Fact
from libs.events.errors import DomainError

_log = logging.getLogger(__name__)

Dispatch = Callable[[Any, Caller], Awaitable[object]]
"""Hands a command to the service's handler; the caller's command id makes a repeat harmless."""


@dataclass
class Reactor:
    """A reaction as the runner's consumer; its checkpoint follows its commands, so a crash repeats some."""

    reaction: Reaction
    dispatch: Dispatch
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    def __post_init__(self) -> None:
        self.name = self.reaction.name

    def key(self, fact: Fact[Any]) -> str:
        """The ordering key that the reaction declares."""
        return self.reaction.key(fact)

    def forget(self) -> None:
        """See `Consumer`: nothing is remembered here."""

    async def apply(self, facts: Sequence[Fact[Any]]) -> Effects:
        """Commands in log order. Raises StoreUnavailable; a command that is refused parks its event's key."""
        refused: list[Refused] = []
        broken: set[tuple[str, str]] = set()
        for fact in facts:
            key = (fact.tenant, self.key(fact))
            when = self.reaction.when.get(type(fact.data))
            if when is None or key in broken:
                continue
            error = await self._react(fact, when)
            if error is not None:
                refused.append(Refused(fact, error))
                broken.add(key)
        return Effects((), refused)

    async def _react(self, fact: Fact[Any], when: When) -> str | None:
        """Why the fact must be parked, None when all of its commands were taken."""
        try:
            commands = when(fact)
        except Exception as error:  # it is pure: what fails once fails always, so it is parked, not retried
            _log.error("a reaction refused an event", exc_info=error, extra={"projection": self.name})
            return type(error).__name__
        try:
            for number, command in enumerate(commands):
                await self.dispatch(command, self._caller(fact, number))
        except DomainError as error:
            return error.code
        return None

    def _caller(self, fact: Fact[Any], number: int) -> Caller:
        return Caller(
            tenant=fact.tenant,
            actor=f"reaction:{self.name}",
            command_id=f"{self.name}/{fact.id}/{number}",
            request_hash=fact.id,
            correlation=fact.correlation or fact.id,
            causation=fact.id,
        )
