"""`cairn up`: every service in one process on one data folder, behind the gateway."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from libs.events.adapters.sqlite.folder import FolderInUse, served_by
from libs.events.errors import KernelError
from libs.telemetry.logs import configure_logging
from libs.telemetry.setup import configure
from libs.web.embedded import Embedded
from libs.web.service import Service
from libs.web.settings import ServiceSettings
from services.cli import demo
from services.cli.beside import renew_outdated
from services.cli.console import command, fail, read, read_settings
from services.cli.greeting import show_folder
from services.cli.server import HOST, PORT, Server, url_of
from services.gateway import wiring as gateway
from services.goals import wiring as goals
from services.people import wiring as people

if TYPE_CHECKING:
    from services.gateway.api import Gateway
    from services.people.handlers import PeopleHandlers


def up(
    data: Annotated[Path | None, typer.Option(help="The data folder (CAIRN_DATA_DIR, default ./.cairn).")] = None,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = HOST,
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port to listen on; 0 takes a free one.")] = PORT,
    with_demo: Annotated[
        bool, typer.Option("--demo", help="Add the demo tenant acme and print a token for it.")
    ] = False,
) -> None:
    """Start everything in this process."""
    settings = read_settings(data_dir=data)
    if settings.oidc_issuers:
        fail("this version verifies development tokens only: unset CAIRN_OIDC_ISSUERS to start.")
    # Wired later; what is wrong with them is said before anything is made.
    read(gateway.SETTINGS)
    read(goals.SETTINGS)
    try:
        # Asked before the port, which the same process may well hold: the folder is the better answer.
        if (holder := served_by(settings.data_dir)) is not None:
            raise FolderInUse(settings.data_dir, holder)
        listener = _listen(host, port)
        configure_logging(settings.log_level.upper())
        forced = asyncio.run(_serve(settings, listener, with_demo=with_demo))
    except (FolderInUse, KernelError, OSError, ValueError, demo.DemoRefused) as error:
        fail(str(error))
    if forced:
        fail("was told to stop twice: answers that were under way are broken off.")


@dataclass(frozen=True)
class Installation:
    """All services of an embedded installation and the gateway in front of them, started."""

    parts: Embedded
    services: Sequence[Service[Any]]
    people: PeopleHandlers
    gateway: Gateway


async def assemble(settings: ServiceSettings, stack: AsyncExitStack) -> Installation:
    """Wires and starts everything on one data folder; the stack stops and closes it again.

    Raises FolderInUse when another process serves the folder, EventsLost when an event store is gone,
    KeyEncryptionKeyWrong when its keyring does not open, StoreUnavailable when one of its files does not.
    """
    parts = Embedded(settings)
    stack.push_async_callback(parts.close)
    parts.folder.serve()
    await parts.open_keyring()
    of_people, of_goals = people.wire(parts), goals.wire(parts)
    services: tuple[Service[Any], ...] = (of_people, of_goals)
    await parts.folder.open_event_stores()
    for service in services:
        stack.push_async_callback(service.stop)
        await service.start()
    front = gateway.wire({service.name: service.app for service in services}, parts.verifier, parts.signer)
    stack.push_async_callback(front.aclose)
    return Installation(parts, services, of_people.handlers, front)


async def _serve(settings: ServiceSettings, listener: socket.socket, *, with_demo: bool) -> bool:
    """Serves until it is told to stop; whether it was told twice."""
    telemetry = configure("cairn", os.environ)
    async with AsyncExitStack() as stack:
        stack.callback(telemetry.shutdown)
        installation = await assemble(settings, stack)
        url = url_of(*listener.getsockname()[:2])
        installation.parts.folder.answers_at(url)
        if with_demo:
            await demo.seed(installation, url)
        else:
            make = command("token", "--tenant", "T", "--email", "E")
            typer.echo(f"Cairn is at {url} (documentation: {url}/docs). Make a token: {make}")
            show_folder(settings.data_dir)
        renewing = asyncio.create_task(renew_outdated(settings, installation.services))
        stack.push_async_callback(_ended, renewing)
        config = gateway.server_config(installation.gateway)
        server = Server(config)
        await server.serve(sockets=[listener])
        return server.force_exit


async def _ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


def _listen(host: str, port: int) -> socket.socket:
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        # Named TCP: asyncio switches the delay of small packets off only for sockets that say so (40 ms an answer).
        listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        # From here on a client waits rather than being refused, so the address may be told before all is up.
        listener.listen(512)
    except OSError as error:
        fail(f"cannot listen on {host} port {port}: {error.strerror}. Choose another with --port.")
    return listener
