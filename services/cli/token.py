"""`cairn token`: a signed development identity, beside a running `cairn up` or without one."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from libs.access.principals import valid_tenant
from libs.events.errors import DomainError, KernelError
from libs.web.embedded import Embedded
from libs.web.settings import ServiceSettings
from services.cli.console import fail, read_settings
from services.people import wiring as people

Given = Annotated[
    list[str] | None, typer.Option("--role", help="A role to grant: admin, compliance, hr_partner, service.")
]


def token(
    tenant: Annotated[str, typer.Option(help="The tenant; made with its first person.")],
    person: Annotated[str | None, typer.Option(help="The id of a person of the tenant.")] = None,
    email: Annotated[str | None, typer.Option(help="A person's address; an unknown one is added.")] = None,
    role: Given = None,
    hours: Annotated[float, typer.Option(min=0.01, max=24 * 365, help="How long the token counts.")] = 12,
    data: Annotated[Path | None, typer.Option(help="The data folder (CAIRN_DATA_DIR).")] = None,
) -> None:
    """Print a development token, alone on standard output."""
    settings = read_settings(data_dir=data)
    if settings.oidc_issuers:
        fail("an OIDC issuer is configured (CAIRN_OIDC_ISSUERS): get a token from it, development tokens are refused.")
    if not valid_tenant(tenant):
        fail("a tenant's name is 1 to 63 of a-z, 0-9 and hyphen, and begins with a letter or digit.")
    if (person is None) == (email is None):
        fail("say who: either --person with an id or --email with an address.")
    try:
        typer.echo(asyncio.run(_issue(settings, tenant, person, email, role or [], timedelta(hours=hours))))
    except (DomainError, KernelError, OSError, ValueError) as error:
        fail(str(error))


async def _issue(
    settings: ServiceSettings, tenant: str, person: str | None, email: str | None, roles: list[str], ttl: timedelta
) -> str:
    parts = Embedded(settings)
    try:
        await parts.open_keyring()
        handlers = people.wire(parts).handlers
        person_id = await handlers.identify(tenant, person, email, roles)
        return parts.issuer.issue(tenant, person_id, now=parts.clock.now(), ttl=ttl)
    finally:
        await parts.close()
