"""What commands print that make demonstration data: whom one can be, as tokens ready to paste."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import typer

from libs.web.embedded import Embedded

HOURS = 12


def token_of(parts: Embedded, tenant: str, person_id: str) -> str:
    """A development token."""
    return parts.issuer.issue(tenant, person_id, now=parts.clock.now(), ttl=timedelta(hours=HOURS))


def show_tokens(tenant: str, tokens: Mapping[str, str]) -> None:
    """Tokens by who they are for."""
    typer.echo(f"\nTokens of tenant {tenant}, good for {HOURS} hours:")
    for title, token in tokens.items():
        typer.echo(f"\n  {title[0].upper()}{title[1:]}:\n  {token}")
