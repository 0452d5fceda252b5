"""Log → commands: runs a `Reaction`'s pure functions and commands the own service, once an event (promise 1)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Container, Sequence
from dataclasses import dataclass, field
from typing import Any

from libs.events.caller import Caller
from libs.events.declare import Reaction, When
from libs.events.effects import Effects, Refused, code_of
from libs.events.envelope import Fact
from libs.events.errors import FATAL, DomainError, KernelError, StoreUnavailable

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
        self.heeds: Container[type] | None = frozenset(self.reaction.when)

    def key(self, fact: Fact[Any]) -> str:
        """The ordering key that the reaction declares."""
        return self.reaction.key(fact)

    def forget(self) -> None:
        """See `Consumer`: nothing is remembered here."""

    async def apply(self, facts: Sequence[Fact[Any]]) -> Effects:
        """Commands in log order. Raises StoreUnavailable, and what stops a runner.

        A command that is refused parks its event's key; what else went wrong with one may pass.
        """
        refused: list[Refused] = []
        later: list[Refused] = []
        broken: set[tuple[str, str]] = set()
        for fact in facts:
            key = (fact.tenant, self.key(fact))
            when = self.reaction.when.get(type(fact.data))
            if when is None or key in broken:
                continue
            effects = await self._react(fact, when)
            refused += effects.refused
            later += effects.later
            if effects.refused or effects.later:
                broken.add(key)
        return Effects((), refused, later)

    async def _react(self, fact: Fact[Any], when: When) -> Effects:
        try:
            commands = when(fact)
        except Exception as error:  # it is pure: what fails once fails always, so it is parked, not retried
            _log.error("a reaction refused an event", exc_info=error, extra={"projection": self.name})
            return Effects(refused=[Refused(fact, type(error).__name__)])
        try:
            for number, command in enumerate(commands):
                await self.dispatch(command, self._caller(fact, number))
        except DomainError as error:
            return Effects(refused=[Refused(fact, error.code)])
        except (StoreUnavailable, *FATAL):
            # Nobody's commands would be taken now, or going on would be wrong.
            raise
        except KernelError as error:
            return Effects(later=[Refused(fact, code_of(error))])
        except Exception as error:  # the handler is not pure: a fault of this event, or of this moment
            _log.error("a reaction's command failed", exc_info=error, extra={"projection": self.name})
            return Effects(later=[Refused(fact, type(error).__name__)])
        return Effects()

    def _caller(self, fact: Fact[Any], number: int) -> Caller:
        return Caller(
            tenant=fact.tenant,
            actor=f"reaction:{self.name}",
            command_id=f"{self.name}/{fact.id}/{number}",
            request_hash=fact.id,
            correlation=fact.correlation or fact.id,
            causation=fact.id,
        )
