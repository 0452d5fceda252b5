"""How the command line speaks: answers on standard output, failures as one sentence on standard error."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from pathlib import Path
from typing import NoReturn, TypeVar

import typer
from pydantic import ValidationError
from pydantic_settings import BaseSettings

from libs.web.settings import ServiceSettings

S = TypeVar("S", bound=BaseSettings)
NAME = "cairn"


def fail(message: str) -> NoReturn:
    """Says on standard error what is wrong and what to do, and ends with exit code 1."""
    typer.echo(f"cairn: {message}", err=True)
    raise typer.Exit(1)


def command(*arguments: str | Path) -> str:
    """A command of this program to paste into the shell that started it, which need not find it by its name alone."""
    return shlex.join([_program(), *map(str, arguments)])


def command_on(folder: Path, *arguments: str | Path) -> str:
    """The same for a data folder, which is only named where a command would not take it by itself."""
    named = folder != ServiceSettings.model_fields["data_dir"].get_default()
    return command(*arguments, *(("--data", folder) if named else ()))


def _program() -> str:
    invoked = sys.argv[0]
    if Path(invoked).name != NAME or os.sep not in invoked:
        # Run from within another program: the script beside this Python is the same one.
        invoked = str(Path(sys.executable).with_name(NAME))
    return NAME if shutil.which(NAME) == invoked else invoked


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
