"""How the command line speaks: answers on standard output, failures as one sentence on standard error."""

from __future__ import annotations

from typing import NoReturn, TypeVar

import typer
from pydantic import ValidationError
from pydantic_settings import BaseSettings

from libs.web.settings import ServiceSettings

S = TypeVar("S", bound=BaseSettings)


def fail(message: str) -> NoReturn:
    """Says on standard error what is wrong and what to do, and ends with exit code 1."""
    typer.echo(f"cairn: {message}", err=True)
    raise typer.Exit(1)


def read_settings(**given: object) -> ServiceSettings:
    """The settings of the environment, with what was given on the command line before them."""
    return read(ServiceSettings, **given)


def read(kind: type[S], **given: object) -> S:
    """One kind of settings; ends with a sentence that names those without a meaning, and repeats no value."""
    try:
        return kind(**{name: value for name, value in given.items() if value is not None})  # type: ignore[arg-type]
    except ValidationError as error:
        wrong = ", ".join(f"CAIRN_{str(one['loc'][0]).upper()}" for one in error.errors())
        fail(f"these settings have no meaning here: {wrong}. docs/generated/settings.md lists what each may be.")
