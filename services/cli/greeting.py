"""What commands print for somebody who goes on from here: tokens, requests and settings, ready to paste."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import typer

from libs.web.app import BASE
from libs.web.embedded import Embedded
from libs.web.settings import ServiceSettings

HOURS = 12


def token_of(parts: Embedded, tenant: str, person_id: str) -> str:
    """A development token."""
    return parts.issuer.issue(tenant, person_id, now=parts.clock.now(), ttl=timedelta(hours=HOURS))


def show_tokens(tenant: str, tokens: Mapping[str, str]) -> None:
    """Tokens by who they are for."""
    typer.echo(f"\nTokens of tenant {tenant}, good for {HOURS} hours:")
    for title, token in tokens.items():
        typer.echo(f"\n  {title[0].upper()}{title[1:]}:\n  {token}")


def asking(url: str, path: str, variable: str) -> str:
    """A command that asks for a path of the API, with the token that a variable of the shell holds."""
    return f'curl -sw \'\\n\' "{url}{BASE}{path}" -H "Authorization: Bearer ${variable}"'


def show_folder(folder: Path) -> None:
    """How other commands find a data folder that is not the one they take by themselves, if it is not.

    Without it they would make one of their own, with keys of its own, and their tokens would count nowhere.
    """
    if folder.resolve() != ServiceSettings.model_fields["data_dir"].get_default().resolve():
        typer.echo(
            "\nOther commands look for the data in ./.cairn. Where you use them, say first that it is elsewhere:\n"
            f"\n  export CAIRN_DATA_DIR={shlex.quote(str(folder.resolve()))}"
        )
