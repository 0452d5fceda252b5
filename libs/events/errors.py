"""What can go wrong on an event's trip: rules that refuse a command, and faults of the machinery.

`DomainError` and its four kinds are what deciders raise; `libs/web` alone maps them to HTTP. Everything else here
is raised by the kernel and its adapters, never by a service's domain.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

Kind = Literal["rejected", "not_found", "conflict", "forbidden"]


class DomainError(Exception):
    """A broken rule, named by its class; `code` is stable and public, `detail` says what to do.

    `facts` are short, non-personal values that explain the refusal. Never put a client's text into them.
    """

    kind: ClassVar[Kind] = "rejected"
    code: ClassVar[str] = "rejected"
    detail: ClassVar[str] = "This is not possible."

    def __init__(self, detail: str | None = None, **facts: Any) -> None:
        self.message = detail or self.detail
        self.facts: Mapping[str, Any] = facts
        super().__init__(self.message)


class Rejected(DomainError):
    """The command breaks a rule whatever the state of others (HTTP 422)."""

    kind = "rejected"


class NotFound(DomainError):
    """There is no such thing, or the asker may not know of it (HTTP 404)."""

    kind = "not_found"
    code = "not_found"
    detail = "There is nothing with this id. Check the id, or ask its owner for access."


class Conflict(DomainError):
    """The thing is in a state that does not allow this (HTTP 409)."""

    kind = "conflict"
    code = "conflict"


class Forbidden(DomainError):
    """The asker sees it but may not do this (HTTP 403)."""

    kind = "forbidden"
    code = "forbidden"
    detail = "You may see this but not do that. Its allowed_actions list what you may do."


class KernelError(Exception):
    """A fault of the machinery, not of a command."""


class ConcurrencyConflict(KernelError):
    """A stream moved on between reading and appending."""

    def __init__(self, stream: str, expected: int, actual: int) -> None:
        self.stream, self.expected, self.actual = stream, expected, actual
        super().__init__(f"{stream} is at version {actual}, not at {expected}")


class PreconditionFailed(KernelError):
    """`If-Match` named a version that is no longer the current one."""

    def __init__(self, expected: int, actual: int) -> None:
        self.expected, self.actual = expected, actual
        super().__init__(f"expected version {expected}, found {actual}")


class IdempotencyKeyReused(KernelError):
    """The same idempotency key came with another request."""


class IdempotencyKeyInFlight(KernelError):
    """The first request with this idempotency key has not been answered yet."""


class StoreUnavailable(KernelError):
    """The store cannot answer now: full disk, locked file, lost connection. Nothing half-written; try again.

    `ambiguous` is true when the commit itself failed, so that it may have happened: look the command id up.
    """

    def __init__(self, reason: str, *, ambiguous: bool = False) -> None:
        self.reason, self.ambiguous = reason, ambiguous
        super().__init__(reason)


class TooManyConflicts(KernelError):
    """A command lost the race for its stream at every attempt; the caller may try again."""


class NotNow(KernelError):
    """An event could not be applied now and may be soon: it is tried again a few times, then its key is parked."""


class NotCaughtUp(KernelError):
    """A read model did not reach the asked position in time. `waiting` maps source to position."""

    def __init__(self, waiting: Mapping[str, int]) -> None:
        self.waiting = dict(waiting)
        super().__init__(", ".join(f"{source}:{position}" for source, position in sorted(waiting.items())))


class KeyParked(KernelError):
    """The row asked for is behind: one of its events could not be applied and is parked."""


class EventFromTheFuture(KernelError):
    """An event of a type or version that this code does not know: the code is older than the log."""


class MalformedEvent(KernelError):
    """Stored bytes that are no canonical envelope, or data that its catalogue class refuses."""


class KeyMissing(KernelError):
    """A sealed field's key is absent and there is no tombstone: a fault, never an erasure."""


class SealBroken(KernelError):
    """A sealed field does not open: altered, moved to another place, or under another key."""


class HolderErased(Conflict):
    """New personal text for a person whose key was destroyed."""

    code = "person_erased"
    detail = "This person was erased; nothing personal can be recorded for them any more."


class OwnershipLost(KernelError):
    """Another worker took this projection's partition; reload and begin again from the stored checkpoint.

    `why` says what happened meanwhile. A runner begins again by itself; a command ends with the message.
    """

    REMEDY: ClassVar[str] = "nothing is half-written, and a running cairn goes on by itself: give the command again"

    def __init__(self, projection: str, why: str) -> None:
        super().__init__(f"{projection}: {why}; {self.REMEDY}")


class StoreRestored(KernelError):
    """`store_restored`: the log's store has another id, or its head is behind the checkpoint."""

    REMEDY: ClassVar[str] = "run `cairn rebuild --all`, beside a running cairn too: it goes on by itself"

    def __init__(self, topic: str) -> None:
        super().__init__(f"the store of {topic} is not the one that was applied. To go on, {self.REMEDY}")


class RebuildRunning(KernelError):
    """Somebody else is building a new generation of this read model."""


class SequenceGap(KernelError):
    """The log skipped a sequence number that its store does not have either."""


RETRIED = (StoreUnavailable, NotNow)
"""What a consumer waits out: the page is tried again, later and later; what one event causes, a few times only."""
FATAL = (EventFromTheFuture, KeyMissing, StoreRestored, SequenceGap, MalformedEvent)
"""Where going on would be wrong: a consumer stops before the event and says why."""
