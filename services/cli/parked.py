"""`cairn parked`: which keys wait for an event that could not be applied, and how to get past it.

`list` shows them, `replay` applies what waits once the code is mended, `skip` goes on without the event for good; all
of them beside a running `cairn up` as well as without one.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from libs.events.adapters.sqlite.folder import served_by
from libs.events.errors import DomainError, EventFromTheFuture, KernelError, NotCaughtUp
from libs.events.parking import UNFINISHED, Parking, Waiting
from libs.events.ports import Parked
from libs.events.skipping import skip as state_skip
from libs.web.embedded import Embedded
from libs.web.service import Service
from services.cli.console import command, fail, read_settings
from services.goals import wiring as goals
from services.people import wiring as people

T = TypeVar("T")
OPERATOR = "operator"
NOTHING = "Nothing is parked."
SOON = 10.0
"""Seconds to wait for a running `cairn up` to come to what was just said."""

app = typer.Typer(help="Keys that wait for an event that could not be applied.", no_args_is_help=True)
Data = Annotated[Path | None, typer.Option(help="The data folder (CAIRN_DATA_DIR).")]


@dataclass(frozen=True)
class Place:
    """Where a key waits: in which model of which service."""

    service: Service[Any]
    parking: Parking
    parked: Parked


@app.command("list")
def show(
    as_json: Annotated[bool, typer.Option("--json", help="As a JSON array, for programs.")] = False,
    data: Data = None,
) -> None:
    """Show what waits, for which event, why, and how many events wait behind it."""

    async def work(parts: Embedded) -> list[tuple[Parked, Waiting | None]]:
        return [(place.parked, await _waiting(place)) for place in await _places(parts)]

    found = _run(data, work)
    if as_json:
        typer.echo(json.dumps([_tree(parked, waiting) for parked, waiting in found], indent=2))
        return
    for parked, waiting in found:
        typer.echo("\n".join(_lines(parked, waiting)) + "\n")
    typer.echo(_advice(data) if found else NOTHING)


@app.command()
def replay(
    ids: Annotated[list[str] | None, typer.Argument(metavar="[ID]...", help="What `list` calls them.")] = None,
    every: Annotated[bool, typer.Option("--all", help="All that are parked.")] = False,
    data: Data = None,
) -> None:
    """Apply what waits, in order, and set the keys free: once the code that failed is mended."""
    if every == bool(ids):
        fail(f"say which: either ids or --all. `{_command('list', data)}` shows them.")

    async def work(parts: Embedded) -> bool:
        places = await _places(parts)
        if every and not places:
            typer.echo(NOTHING)
        free = True
        for place in places if every else _chosen(places, ids or (), data):
            left = await place.parking.replay(place.parked)
            typer.echo(_ended(place.parked, left))
            free = free and left is None
        return free

    if not _run(data, work):
        fail("some still wait: mend what fails there, or `skip` it.")


@app.command()
def skip(
    id: Annotated[str, typer.Argument(metavar="ID", help="What `list` calls it.")],
    reason: Annotated[str, typer.Option(help="Why it is right to go on without this event; kept in the history.")],
    data: Data = None,
) -> None:
    """Go on without the event that a key waits for, for good: rebuilds leave it out as well."""
    if not reason.strip():
        fail("say why with --reason: it stands in the history for as long as the event that is skipped.")

    async def work(parts: Embedded) -> tuple[Parked, Parked | None, bool]:
        [place] = _chosen(await _places(parts), [id], data)
        # Stated where the event was: a model may fold another service's topic.
        kernel = parts.kernel(_source(place.parked))
        async with place.parking.still(place.parked) as waits:
            if waits is None or waits.sequence != place.parked.sequence:
                fail(f"{id} has moved on meanwhile. `{_command('list', data)}` shows what waits now.")
            position = await state_skip(kernel, waits, OPERATOR, reason)
        return waits, *await _honoured(parts, place, position)

    parked, left, honoured = _run(data, work)
    if honoured:
        typer.echo(_ended(parked, left))
        if left is not None:
            fail(f"it waits for another event now. `{_command('list', data)}` shows it.")
        return
    typer.echo(f"{parked.id} goes on without event {parked.sequence} as soon as {parked.projection} comes to that.")


# --- finding ----------------------------------------------------------------------------------------------------


def _run(data: Path | None, work: Callable[[Embedded], Awaitable[T]]) -> T:
    """Opens the installation for one piece of work; ends with a sentence when that cannot be done."""
    settings = read_settings(data_dir=data)
    if not settings.data_dir.is_dir():
        fail(f"{settings.data_dir} is no data folder: name the one that `cairn up` has with --data.")

    async def opened() -> T:
        parts = Embedded(settings)
        try:
            await parts.open_keyring()
            return await work(parts)
        finally:
            await parts.close()

    try:
        return asyncio.run(opened())
    except EventFromTheFuture as error:
        fail(f"{error}. What was applied before it stands.")
    except (DomainError, KernelError, OSError, ValueError) as error:
        fail(str(error))


async def _places(parts: Embedded) -> list[Place]:
    """All that is parked in the read models and reactions of all services, oldest first in each."""
    services: tuple[Service[Any], ...] = (people.wire(parts), goals.wire(parts))
    parkings = [(service, parking) for service in services for parking in service.reading.parking()]
    return [Place(service, parking, parked) for service, parking in parkings for parked in await parking.parked()]


def _chosen(places: Sequence[Place], ids: Sequence[str], data: Path | None) -> list[Place]:
    """In the order in which they were named. A model's key has one id, whichever generation it waits in."""
    found = {place.parked.id: place for place in places}
    unknown = sum(id not in found for id in ids)
    if unknown:
        which = "that id" if len(ids) == 1 else f"{unknown} of these ids"
        fail(f"nothing is parked under {which}. `{_command('list', data)}` shows what is.")
    return [found[id] for id in dict.fromkeys(ids)]


async def _waiting(place: Place) -> Waiting | None:
    try:
        return await place.parking.waiting(place.parked)
    except KernelError:
        # The log goes on with what this code cannot read: the model stops there, and `list` still shows what waits.
        return None


async def _honoured(parts: Embedded, place: Place, position: int) -> tuple[Parked | None, bool]:
    """Where the key waits once a running process has come to the skip; whether it has, soon enough."""
    if served_by(parts.folder.path) is None:
        return None, False
    model, parked = place.parking.model, place.parked
    after = {_source(parked): position}
    try:
        await place.service.reading.door.positions.wait(parked.tenant, after, [model], within=SOON)
    except NotCaughtUp:
        return None, False
    return next((one for one in await place.parking.parked() if one.id == parked.id), None), True


def _source(parked: Parked) -> str:
    return parked.topic.partition(".")[0]


# --- telling ----------------------------------------------------------------------------------------------------


def _tree(parked: Parked, waiting: Waiting | None) -> dict[str, Any]:
    return {
        "id": parked.id,
        "projection": parked.projection,
        "topic": parked.topic,
        "tenant": parked.tenant,
        "key": parked.key,
        "sequence": parked.sequence,
        "error": parked.error,
        "waiting": None if waiting is None else waiting.events,
        "waiting_is_more": waiting is None or waiting.more,
    }


def _lines(parked: Parked, waiting: Waiting | None) -> Iterator[str]:
    key = f"{parked.key} (all of the tenant)" if parked.key == parked.tenant else f"{parked.key} (one stream)"
    yield f"{parked.id}  {parked.projection}, from {parked.topic}"
    yield f"  tenant    {parked.tenant}"
    yield f"  key       {key}"
    yield f"  sequence  {parked.sequence}"
    yield f"  error     {parked.error}" + (": a replay was broken off here" if parked.error == UNFINISHED else "")
    if waiting is None:
        yield "  waiting   unknown: behind it is an event that this code cannot read"
    else:
        yield f"  waiting   {'more than ' if waiting.more else ''}{waiting.events} events behind it"


def _ended(parked: Parked, left: Parked | None) -> str:
    if left is None:
        return f"{parked.id} is free: {parked.projection} has applied all that waited under {parked.key}."
    return f"{parked.id} waits at {left.sequence} now: {left.error}"


def _advice(data: Path | None) -> str:
    return (
        f"Once the code is mended: {_command('replay', data, 'ID')}\n"
        f"To go on without the event: {_command('skip', data, 'ID', '--reason', 'WHY')}"
    )


def _command(verb: str, data: Path | None, *arguments: str) -> str:
    return command("parked", verb, *arguments, *(("--data", data) if data is not None else ()))
