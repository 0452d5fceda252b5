"""The demonstration tenant: a company in the middle of its quarter, written into an empty tenant's log as its past."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote_plus

import typer

from libs.events.caller import Caller
from libs.events.clock import new_id
from libs.events.envelope import topic_of
from libs.events.errors import KernelError
from services.cli.greeting import asking, show_folder, show_tokens, token_of
from services.goals import wiring as goals
from services.people import wiring as people

if TYPE_CHECKING:
    from services.cli.up import Installation

TENANT = "acme"
DOMAIN = "acme.example"
OPERATOR = "operator"
FOUNDED = timedelta(days=60)
"""How long ago the company's people joined."""
PATIENCE = 60.0
_SHOWN = (("sam", "Sam, an employee"), ("maya", "Maya, his manager"), ("admin", "an administrator"))
_WAITS = next(plan.title for plan in goals.seeding.PLANS if plan.key == goals.seeding.WAITING)
_ASKED = (
    ("/goals/tree?depth=1", "sam"),
    ("/support-requests?state=open", "maya"),
    (f"/goals?q={quote_plus(_WAITS)}", "maya"),
    ("/people?limit=5", "admin"),
)


class DemoRefused(Exception):
    """The demo tenant could not be added; the message says why and what to do."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"the demo tenant {TENANT} could not be added: {reason} Start without --demo to go on.")


async def seed(installation: Installation, url: str) -> None:
    """Adds the demo tenant if it is not there yet, and prints where to click and what to paste. Raises DemoRefused.

    People and goals are one append each: a start that was cut short adds what is missing at the next.
    """
    try:
        ids = await _people(installation)
        await _goals(installation, ids)
        await _caught_up(installation)
    except KernelError as error:
        raise DemoRefused(f"{error}.") from error
    tokens = {key: token_of(installation.parts, TENANT, ids[key]) for key, _ in _SHOWN}
    _greet(url, installation.parts.folder.path, tokens)


async def _people(installation: Installation) -> dict[str, str]:
    """The ids of the company's people by key; those who never were there join, and make its units."""
    parts, handlers = installation.parts, installation.people
    # Whose address it was first: somebody who got another one since is no newcomer.
    known = {one.key: await handlers.first_by_email(TENANT, f"{one.key}@{DOMAIN}") for one in people.seeding.COMPANY}
    ids = {key: person_id or new_id() for key, person_id in known.items()}
    joining = [key for key, person_id in known.items() if person_id is None]
    if joining:
        # People and units are one append: where somebody is missing, the units are too.
        units = {key: new_id() for key, *_ in people.seeding.UNITS}
        joined = await people.seeding.company(
            DOMAIN, ids, units, parts.clock.now() - FOUNDED, people.email_names(parts, TENANT), OPERATOR, joining
        )
        await parts.kernel(people.SERVICE).append_streams(Caller(TENANT, OPERATOR), joined)
    return ids


async def _homes(installation: Installation, ids: Mapping[str, str]) -> dict[str, str | None]:
    """The ids of the units that people belong to today, by their keys; None: to none."""
    today = installation.parts.clock.now().date()
    return {
        key: (await installation.people.person(TENANT, person_id)).position(today).unit_id
        for key, person_id in ids.items()
    }


async def _goals(installation: Installation, ids: Mapping[str, str]) -> None:
    """The quarter's goals, unless the tenant has goals already."""
    parts = installation.parts
    kernel, log = parts.kernel(goals.SERVICE), parts.folder.event_log(goals.SERVICE)
    if (await log.tenant_head(topic_of(goals.SERVICE), TENANT)).sequence > 0:
        return
    managers = {one.key: one.manager for one in people.seeding.COMPANY}
    units = await _homes(installation, ids)
    quarter = goals.seeding.quarter(ids, managers, units, parts.clock.now(), new_id)
    await kernel.append_streams(Caller(TENANT, OPERATOR), quarter)


async def _caught_up(installation: Installation) -> None:
    """What is printed below can be pasted at once."""
    for service in installation.services:
        for model in service.reading.models:
            await service.reading.runners[0].positions.wait_for_head(TENANT, model, within=PATIENCE)


def _greet(url: str, folder: Path, tokens: Mapping[str, str]) -> None:
    typer.echo(f"\nCairn is at {url}   (interactive documentation: {url}/docs)\n")
    show_tokens(TENANT, {title: tokens[key] for key, title in _SHOWN})
    typer.echo(
        "\nPaste this to see the company's goals as Sam may see them, what waits for Maya,\n"
        "a request for support and a goal to agree on, and who works there:\n"
    )
    for key, _ in _SHOWN:
        typer.echo(f"  {key.upper()}={tokens[key]}")
    for path, key in _ASKED:
        typer.echo(f"  {asking(url, path, key.upper())}")
    typer.echo("\nThe README has a tour of five minutes: a new goal, and how it moves the company's number.")
    show_folder(folder)
    typer.echo("\nStop with Ctrl-C.\n")
