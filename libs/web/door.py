"""What every route needs to know first: who asks, how fresh the answer must be, and how a command is identified."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from starlette.requests import Request

from libs.access.directory import Asker, Directory
from libs.access.inner import PrincipalReader
from libs.access.signed import InvalidToken
from libs.events.caller import Caller
from libs.events.declare import ReadModel
from libs.events.positions import Positions
from libs.privacy.keyring import Keyring, keyed_hash
from libs.telemetry import tracing
from libs.web.headers import cairn_after, idempotency_key, if_match

HEADER = "cairn-principal"
PATIENCE = 5.0
"""Seconds that a request waits for the positions of its `Cairn-After` before it answers `not_caught_up`."""


@dataclass(frozen=True)
class Command:
    """A request that changes something: who asks, and as what command."""

    asker: Asker
    caller: Caller


@dataclass(frozen=True)
class Door:
    """The dependencies of a service's routes.

    `models` are the read models that its answers and rights come from, `services` the names of all that there are.
    """

    principals: PrincipalReader
    directory: Directory
    positions: Positions
    models: Sequence[ReadModel]
    keyring: Keyring
    services: Collection[str]

    async def asker(self, request: Request) -> Asker:
        """Who asks, once the models hold what `Cairn-After` asks for.

        Those of services whose events none of the models folds are not waited for. Raises InvalidToken,
        UnknownPrincipal, NotCaughtUp, and Problem for a malformed header.
        """
        header = request.headers.get(HEADER)
        if header is None:
            raise InvalidToken("token_invalid", "This service answers to the gateway only. Send requests there.")
        principal = self.principals.read(header)
        after = cairn_after(request, self.services)
        if after:
            await self.positions.wait(principal.tenant, after, self.models, within=PATIENCE)
        return await self.directory.asker(principal)

    async def command(self, request: Request) -> Command:
        """Who asks, and the command's identity: keyed hashes, so that no store learns what a client wrote."""
        key, version = idempotency_key(request), if_match(request)
        asker = await self.asker(request)
        ids = tracing.current_ids()
        caller = Caller(asker.tenant, asker.person_id, if_match=version, correlation=ids[0] if ids else None)
        if key is None:
            return Command(asker, caller)
        secret = await self.keyring.secret(asker.tenant, "commands")
        identified = replace(
            caller,
            command_id=keyed_hash(secret, "command", asker.principal_key, key),
            request_hash=keyed_hash(secret, "request", request.method, request.url.path, await request.body()),
        )
        return Command(asker, identified)

    async def refuse_parked(self, request: Request, asker: Asker, model: ReadModel, key: str | None = None) -> None:
        """Raises KeyParked when a fresh answer is asked for and the row's events (of a list: any row's) are parked."""
        if cairn_after(request):
            await self.positions.refuse_parked(asker.tenant, model, key)
