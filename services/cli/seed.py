"""`cairn seed`: a tenant of any size with people, goals and check-ins, written straight into the log, then folded."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

import typer

from libs.access.principals import valid_tenant
from libs.events.adapters.sqlite.folder import served_at, served_by
from libs.events.caller import Caller
from libs.events.clock import new_id
from libs.events.errors import DomainError, KernelError
from libs.events.handle import Kernel, NewStream
from libs.web.embedded import Embedded
from libs.web.service import Service
from libs.web.settings import ServiceSettings
from services.cli.console import command, fail, read_settings
from services.cli.greeting import asking, show_tokens, token_of
from services.cli.progress import Bar, bar
from services.cli.server import HOST, PORT, url_of
from services.goals import wiring as goals
from services.people import wiring as people

BATCH = 1000
"""Streams in one transaction."""
OPERATOR = "operator"
CREATED, CHECKED_IN, ENDED = timedelta(days=400), (timedelta(days=380), timedelta(days=3)), timedelta(days=1)
"""How long ago people came and goals were set, when people checked in, and when some goals ended."""
FOLDED_AT_ONCE = 2000
"""Events: nobody waits for the first of them, and rows that many of them touch are written once."""
LOOK_SECONDS = 0.5


def seed(
    tenant: Annotated[str, typer.Option(help="The tenant; made if it is new, added to if it is not.")] = "acme",
    people: Annotated[int, typer.Option(min=1, max=1_000_000, help="How many people.")] = 500,
    goals: Annotated[int, typer.Option(min=0, max=5_000_000, help="How many goals.")] = 10_000,
    data: Annotated[Path | None, typer.Option(help="The data folder (CAIRN_DATA_DIR).")] = None,
) -> None:
    """Add a large, realistic organisation with a goal tree, always of the same shape."""
    settings = read_settings(data_dir=data)
    if settings.oidc_issuers:
        fail("an OIDC issuer is configured (CAIRN_OIDC_ISSUERS): invented people have no business in its tenants.")
    if not valid_tenant(tenant):
        fail("a tenant's name is 1 to 63 of a-z, 0-9 and hyphen, and begins with a letter or digit.")
    try:
        asyncio.run(_seed(settings, tenant, Size(people, goals)))
    except (DomainError, KernelError, OSError, ValueError) as error:
        fail(f"{error} What was added before stays; seed again to add more.")


async def _seed(settings: ServiceSettings, tenant: str, size: Size) -> None:
    parts = Embedded(settings)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(parts.close)
        holder = served_by(settings.data_dir)
        await parts.open_keyring()
        crowd = (await grow(parts, tenant, size)).crowd
        admin = await people.wire(parts).handlers.identify(tenant, None, f"admin@{crowd.domain}", ["admin"])
        if holder is None:
            await fold(parts, tenant)
        last = size.people - 1
        shown = {
            "an employee": crowd.ids[last],
            "their manager": crowd.ids[crowd.manager(last) or 0],
            "an administrator": admin,
        }
        tokens = {title: token_of(parts, tenant, person_id) for title, person_id in shown.items()}
    url = served_at(settings.data_dir) or url_of(HOST, PORT)
    typer.echo(
        f"Tenant {tenant} has {size.people:,} more people and {size.goals:,} more goals"
        + (f", which {holder} is folding into its read models now." if holder is not None else ".")
        + f"\nAt the top is {crowd.address(0)}, at the bottom {crowd.address(last)}."
    )
    if holder is not None:
        typer.echo(f"It is done when every lag in {url}/readyz is 0; until then lists and trees may lack some of it.")
    show_tokens(tenant, tokens)
    if holder is None:
        typer.echo(f"\nStart it, then paste the rest:\n\n  {command('up', '--data', settings.data_dir)}")
    typer.echo(f"\n  TOKEN={tokens['an employee']}\n  {asking(url, '/goals?limit=5', 'TOKEN')}")


# --- into the log -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Size:
    """How much to add; people check in to one in `every` of the goals that nothing hangs under."""

    people: int
    goals: int
    every: int = 1


@dataclass(frozen=True)
class Grown:
    """What was added."""

    crowd: people.seeding.Crowd
    forest: goals.seeding.Forest


async def grow(parts: Embedded, tenant: str, size: Size) -> Grown:
    """Appends people, goals and what became of them; whoever serves the data folder folds them."""
    caller, today = Caller(tenant, OPERATOR), parts.clock.now().date()
    units = _ids(people.seeding.units_for(size.people))
    crowd = people.seeding.Crowd(_ids(size.people), units, f"{tenant}.example", new_id()[-6:])
    forest = goals.seeding.Forest(_ids(size.goals), crowd.ids, units, today, size.every)
    await _add_people(parts, caller, crowd)
    await _add_goals(parts, caller, forest)
    return Grown(crowd, forest)


def _ids(count: int) -> tuple[str, ...]:
    return tuple(new_id() for _ in range(count))


async def _add_people(parts: Embedded, caller: Caller, crowd: people.seeding.Crowd) -> None:
    kernel, email_name = parts.kernel(people.SERVICE), people.email_names(parts, caller.tenant)
    at = parts.clock.now() - CREATED
    with bar("people", len(crowd.ids)) as shown:
        for start in range(0, len(crowd.ids), BATCH // 2):
            numbers = range(start, min(start + BATCH // 2, len(crowd.ids)))
            await kernel.append_streams(caller, await people.seeding.crowd(crowd, numbers, at, email_name, OPERATOR))
            shown.advance(len(numbers))


async def _add_goals(parts: Embedded, caller: Caller, forest: goals.seeding.Forest) -> None:
    kernel, now, count = parts.kernel(goals.SERVICE), parts.clock.now(), len(forest.ids)
    with bar("goals", count) as shown:
        await _append(kernel, caller, goals.seeding.goals(forest, now - CREATED), shown)
    ids = iter(new_id, "")
    for turn, ago in enumerate(CHECKED_IN):
        taking_part = sum(forest.takes_part(number, turn) for number in range(count))
        with bar(f"check-ins, round {turn + 1}", taking_part) as shown:
            await _append(kernel, caller, goals.seeding.check_ins(forest, turn, now - ago, ids), shown)
    with bar("endings", sum(forest.ending(number) is not None for number in range(count))) as shown:
        await _append(kernel, caller, goals.seeding.endings(forest, now - ENDED), shown)


async def _append(kernel: Kernel, caller: Caller, streams: Iterable[NewStream], shown: Bar) -> None:
    remaining = iter(streams)
    while batch := list(islice(remaining, BATCH)):
        await kernel.append_streams(caller, batch)
        shown.advance(len(batch))


# --- into the read models -----------------------------------------------------------------------------------------


async def fold(parts: Embedded, tenant: str) -> None:
    """Brings the read models up to date, so that the next start has nothing left to do. Raises FolderInUse."""
    parts.folder.serve()
    services: tuple[Service[Any], ...] = (people.wire(parts), goals.wire(parts))
    async with AsyncExitStack() as stack:
        for service in services:
            for runner in service.reading.runners:
                runner.page = FOLDED_AT_ONCE
            stack.push_async_callback(service.stop)
            await service.start()
        await folded(services, tenant)


async def folded(services: Iterable[Service[Any]], tenant: str) -> None:
    """Waits until all read models hold all events of a tenant. Raises KernelError when one of them stops."""
    due, done = [await _events(services, tenant, heads=heads) for heads in (True, False)]
    with bar("read models", due, done) as shown:
        while (done := await _events(services, tenant, heads=False)) < due:
            stopped = [one.stopped for service in services for one in service.reading.runners if one.stopped]
            if stopped:
                raise KernelError(f"a read model stopped: {stopped[0]}.")
            shown.reach(done)
            await asyncio.sleep(LOOK_SECONDS)
        shown.reach(due)


async def _events(services: Iterable[Service[Any]], tenant: str, *, heads: bool) -> int:
    """How many events of the tenant all read models hold together, or will hold in the end."""
    total = 0
    for service in services:
        for runner in service.reading.runners:
            if heads:
                total += (await runner.log.tenant_head(runner.topic, tenant)).sequence
            else:
                point = await service.reading.reads.checkpoints(runner.consumer.name, runner.topic, [tenant])
                total += point[tenant].sequence if tenant in point else 0
    return total
