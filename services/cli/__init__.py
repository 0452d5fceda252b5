"""The command line `cairn`: starts and tends an installation; a file a command."""

from __future__ import annotations

import typer

from services.cli import backup, docs, doctor, parked, rebuild, restore, restored, seed, status, token, up

app = typer.Typer(
    name="cairn",
    help="Performance tracking with a history that can be proven.",
    no_args_is_help=True,
    add_completion=False,
)
app.command("up")(up.up)
app.command("token")(token.token)
app.command("seed")(seed.seed)
app.command("status")(status.status)
app.command("doctor")(doctor.doctor)
app.command("rebuild")(rebuild.rebuild)
app.add_typer(parked.app, name="parked")
app.command("backup")(backup.backup)
app.command("restore")(restore.restore)
app.command("restored")(restored.restored)
app.command("docs", hidden=True)(docs.docs)


def main() -> None:
    """The entry point of the `cairn` script. Exit code 0 only when all is well."""
    app()
