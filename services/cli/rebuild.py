"""`cairn rebuild`: read models made anew from the log beside the ones that serve, compared, then put in their place."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import sys
from collections import deque
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Annotated, Any

import typer

from libs.events.adapters.sqlite.folder import EVENTS, FolderInUse, served_by
from libs.events.adapters.sqlite.lost import refuse_lost
from libs.events.compare import Told
from libs.events.declare import ReadModel
from libs.events.errors import KernelError
from libs.events.rebuild import Report
from libs.web.embedded import Embedded
from libs.web.service import Service
from libs.web.settings import ServiceSettings
from services.cli.beside import Said, Worker, worker
from services.cli.console import command_on, fail, read_settings
from services.cli.progress import bars
from services.goals import wiring as goals
from services.people import wiring as people

AT_ONCE = max(1, min(4, os.cpu_count() or 1))
"""Processes that rebuild one model after the other, side by side."""
STEP_SECONDS = 0.2

Names = Annotated[list[str] | None, typer.Argument(help="Read models, for example goals.tree.", show_default=False)]


def rebuild(
    names: Names = None,
    every: Annotated[bool, typer.Option("--all", help="All read models.")] = False,
    accept: Annotated[bool, typer.Option("--accept", help="Let the new rows serve although they differ.")] = False,
    back: Annotated[
        bool, typer.Option("--roll-back", help="Let the rows before the last rebuild serve again.")
    ] = False,
    data: Annotated[Path | None, typer.Option(help="The data folder (CAIRN_DATA_DIR).")] = None,
    told: Annotated[bool, typer.Option("--told", hidden=True)] = False,
    alone: Annotated[bool, typer.Option("--alone", hidden=True)] = False,
) -> None:
    """Make read models anew from the log, also while Cairn serves.

    Exit code 0 only when all that were named serve anew, or with --roll-back as before; the others are told of.
    """
    settings = read_settings(data_dir=data)
    if bool(names) == every and not told:
        fail("name the read models to rebuild, or say --all. `cairn status` lists them.")
    if accept and back:
        fail("--accept lets new rows serve and --roll-back the old ones: say one of them.")
    try:
        # Said first: the folder of the events may be gone with them.
        refuse_lost(settings.data_dir)
        if not (settings.data_dir / EVENTS).is_dir():
            fail(f"{settings.data_dir} is no data folder: name the one that `cairn up` has with --data.")
        if told:
            _one_by_one(settings, accept=accept, alone=alone)
            return
        good = asyncio.run(_several(settings, names, accept=accept, back=back))
    except (FolderInUse, KernelError, OSError, ValueError, LookupError) as error:
        fail(str(error))
    if not good:
        raise typer.Exit(1)


async def _several(settings: ServiceSettings, names: Sequence[str] | None, *, accept: bool, back: bool) -> bool:
    async with AsyncExitStack() as stack:
        parts = Embedded(settings)
        stack.push_async_callback(parts.close)
        alone = served_by(settings.data_dir) is None
        if alone:
            parts.folder.serve()
        await parts.open_keyring()
        chosen = _chosen((people.wire(parts), goals.wire(parts)), names)
        if back:
            return all([await _rolled_back(service, model) for service, model in chosen])
        good = await _side_by_side(settings, [model.name for _, model in chosen], accept=accept, alone=alone)
        for service in {id(one): one for one, _ in chosen}.values():
            for name in await service.reading.begin_restored_anew():
                typer.echo(f"{name}: begins anew in the history that is there now.")
        return good


async def _rolled_back(service: Service[Any], model: ReadModel) -> bool:
    """Whether what served before serves again; if not, says why, and nothing of this model has changed."""
    try:
        found = await service.reading.generations.roll_back(model)
    except (KernelError, LookupError) as error:
        typer.echo(f"{model.name}: {error}", err=True)
        return False
    typer.echo(f"{model.name}: generation {found.number} serves again.")
    return True


def _chosen(services: Sequence[Service[Any]], names: Sequence[str] | None) -> list[tuple[Service[Any], ReadModel]]:
    known = {model.name: (service, model) for service in services for model in service.reading.models}
    if unknown := [name for name in names or () if name not in known]:
        raise LookupError(f"there is no read model {', '.join(unknown)}. There are: {', '.join(known)}.")
    return [known[name] for name in dict.fromkeys(names or known)]


# --- in this process: the models named on standard input, one after the other -------------------------------------


def _one_by_one(settings: ServiceSettings, *, accept: bool, alone: bool) -> None:
    if not alone:
        # Who serves beside it comes first.
        os.nice(10)
    # Millions of rows come and go, and none of them in circles.
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)
    for line in sys.stdin:
        try:
            report = asyncio.run(_one(settings, line.strip(), _speak, accept=accept, alone=alone))
            typer.echo(json.dumps({"report": _plain(report)}))
        except (KernelError, OSError, ValueError, LookupError) as error:
            typer.echo(json.dumps({"failed": str(error)}))


async def _one(settings: ServiceSettings, name: str, told: Told, *, accept: bool, alone: bool) -> Report:
    parts = Embedded(settings)
    try:
        await parts.open_keyring()
        [(service, model)] = _chosen((people.wire(parts), goals.wire(parts)), [name])
        return await service.reading.rebuild(model, alone=alone).run(told, accept=accept)
    finally:
        await parts.close()


def _speak(stage: str, done: int, total: int) -> None:
    typer.echo(json.dumps({"stage": stage, "done": done, "total": total}))


def _plain(report: Report) -> dict[str, Any]:
    return {
        "generation": report.generation,
        "events": report.events,
        "seconds": report.seconds,
        "rows": report.rows,
        "compared": report.compared,
        "differences": report.differences.count,
        "shown": [[one.collection, one.tenant, one.id, one.what] for one in report.differences.shown],
        "expected": report.expected,
        "switched": report.switched,
    }


# --- in processes of their own ------------------------------------------------------------------------------------


async def _side_by_side(settings: ServiceSettings, names: Sequence[str], *, accept: bool, alone: bool) -> bool:
    waiting, given = deque(names), ["--accept"] * accept + ["--alone"] * alone
    reports: dict[str, Said] = {}
    with bars() as make:

        async def one(rebuilding: Worker, name: str) -> bool:
            shown = make(name)
            try:
                reports[name] = await rebuilding.rebuild(name, shown.stage)
            except EOFError as error:
                reports[name] = str(error)
                return False
            finally:
                shown.end()
            return True

        async def some() -> None:
            while waiting:
                # Another one, where the one before is gone.
                async with worker(settings, *given) as rebuilding:
                    while waiting and await one(rebuilding, waiting.popleft()):
                        continue

        await asyncio.gather(*(some() for _ in range(min(AT_ONCE, len(names)))))
    for name in names:
        _show(settings.data_dir, name, reports[name])
    return all(not isinstance(report, str) and report["switched"] for report in reports.values())


def _show(folder: Path, name: str, report: Said) -> None:
    if isinstance(report, str):
        typer.echo(f"{name}: {report}", err=True)
        return
    rate = report["events"] / max(report["seconds"], 1e-9)
    typer.echo(
        f"{name}: {report['events']:,} events in {report['seconds']:,.1f} s, {rate:,.0f} a second. "
        + _compared(report)
        + (f" Generation {report['generation']} serves." if report["switched"] else " The old rows serve on.")
    )
    for collection, tenant, id, what in report["shown"]:
        typer.echo(f"  {what}: {collection} {tenant} {id}")
    if not report["switched"]:
        typer.echo(f"  Look at these rows, then: {command_on(folder, 'rebuild', name, '--accept')}", err=True)


def _compared(report: dict[str, Any]) -> str:
    if not report["compared"]:
        return "There were no rows to compare with."
    rows = sum(report["rows"].values())
    if not report["differences"]:
        return f"{rows:,} rows, the same as before."
    why = ", as was expected" if report["expected"] else ""
    return f"{rows:,} rows, {report['differences']:,} of them not as before{why}."
