"""What in a status needs an operator, each with what to do; nothing of it passes by itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from libs.events.adapters.sqlite.folder import KEYS
from libs.events.adapters.sqlite.read_connection import REMEDY
from libs.web.settings import ServiceSettings
from services.cli.console import command_on
from services.cli.judging import judge_keyring, of_disk, of_restore, of_store, of_tombstones
from services.cli.status.shape import Consumer, Disk, Problem, Process, Source, Store

TRIES = 10
"""In a row, a quarter of a minute and more: what passes by itself has passed by then."""
_RESTORED = "store_restored"


def problems(
    settings: ServiceSettings,
    process: Process | None,
    stores: Sequence[Store],
    consumers: Sequence[Consumer],
    disk: Disk | None,
) -> Iterator[Problem]:
    """In the order in which they would be mended. A lag is none: it goes by itself, or something else here says why."""
    folder = settings.data_dir
    yield from of_process(process)
    yield from of_restore(folder)
    if disk is not None:
        yield from of_disk(disk.free)
    for store in stores:
        if store.problem is not None:
            yield of_store(folder, store.service, store.problem)
    yield from of_appends(stores)
    if disk is not None:
        yield from judge_keyring(settings).problems
        yield from of_tombstones(settings)
    yield from of_consumers(folder, consumers)
    yield from of_restored(folder, consumers)


def of_process(process: Process | None) -> Iterator[Problem]:
    """Whoever serves can be asked. One that has not said where is a start, or a command that ends by itself."""
    if process is not None and process.url is not None and not process.answers:
        yield _problem(
            f"{process.holder} serves this folder and does not answer at {process.url}: "
            "nobody knows how its consumers are",
            "look at what it wrote last; stop it and start it again",
        )


def of_appends(stores: Sequence[Store]) -> Iterator[Problem]:
    """Event stores that take none; of one that is gone that is said already."""
    for store in stores:
        if store.refuses is not None and store.problem is None:
            yield _problem(
                f"event store {store.service} takes no appends: {store.refuses}",
                "look at the disk, then at what else has its file open",
            )


def of_consumers(folder: Path, consumers: Sequence[Consumer]) -> Iterator[Problem]:
    """Read models and reactions that stand still, in whole or for a key, or whose rows are not of today."""
    rebuilding = any(one.rebuilding is not None for one in consumers)
    for one in consumers:
        if one.problem is not None:
            yield _problem(f"{one.name}: {one.problem}", REMEDY)
        # A rebuild or a replay holds its model, and what follows an erasure waits for all of them to end.
        waits = one.held or (rebuilding and one.kind == "reaction")
        for source in one.sources:
            if source.state == "stopped":
                yield _problem(f"{one.name} has stopped at {source.topic}: {source.reason}", _after(folder, source))
            elif source.failures >= TRIES and not waits:
                yield _problem(
                    f"{one.name} has tried {source.failures:,} times in a row to go on at {source.topic}, "
                    f"in vain: {source.reason}",
                    "look at the disk, then at what else has the file open; it goes on by itself once that is mended",
                )
        yield from _of_rows(folder, one)


def _of_rows(folder: Path, one: Consumer) -> Iterator[Problem]:
    if one.generation is not None and one.generation.outdated and one.rebuilding is None:
        was, now = one.generation.version, one.generation.declared_version
        yield _problem(
            f"{one.name} serves rows of version {was} of its fold, and this program has version {now}",
            command_on(folder, "rebuild", one.name),
        )
    if one.parked.first is not None:
        first, keys = one.parked.first, "key" if one.parked.keys == 1 else "keys"
        where = f"{first.tenant} at {first.topic.partition('.')[0]}:{first.sequence}, {first.error}"
        yield _problem(
            f"{one.name} has {one.parked.keys} parked {keys}, first {first.id} ({where})",
            command_on(folder, "parked", "list"),
        )


def of_restored(folder: Path, consumers: Sequence[Consumer]) -> Iterator[Problem]:
    """Read models that would stop at the next start, if they have not yet (promise 11)."""
    found = {
        (source.topic, one.name)
        for one in consumers
        for source in one.sources
        if source.restored and not (source.reason or "").startswith(_RESTORED)
    }
    for topic in sorted({topic for topic, _ in found}):
        named = ", ".join(sorted(name for of, name in found if of == topic))
        yield _problem(
            f"the event store of {topic} is not the one, or not as far, as when {named} read it: it was restored",
            f"stop cairn, run {command_on(folder, 'rebuild', '--all')} and start it",
        )


def _after(folder: Path, source: Source) -> str:
    code = (source.reason or "").partition(":")[0]
    match code:
        case "event_from_the_future":
            return "install the version of cairn that wrote this event, or a newer one, and start it; nothing is lost"
        case "key_missing":
            return f"stop cairn and restore {KEYS} from the newest backup"
        case "store_restored":
            return f"{command_on(folder, 'rebuild', '--all')}; it goes on by itself"
        case "internal_error":
            return "its log on standard error has the whole error; start it again, and report it if it comes back"
        case _:
            return command_on(folder, "doctor")


def _problem(what: str, remedy: str) -> Problem:
    return Problem(what=what, remedy=remedy)
