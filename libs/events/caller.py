"""On whose behalf a command runs: handed from the API or a reaction to the kernel, whose events carry it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Caller:
    """On whose behalf, and how the command is identified.

    `command_id` is the keyed hash of (tenant, principal, Idempotency-Key) or None for a command nobody will repeat;
    `request_hash` the keyed hash of method, path and body. `if_match` is the version that must still stand.
    """

    tenant: str
    actor: str
    command_id: str | None = None
    request_hash: str = ""
    if_match: int | None = None
    correlation: str | None = None
    causation: str | None = None
