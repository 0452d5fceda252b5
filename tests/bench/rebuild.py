"""Read models made anew from a million events: how fast beside a bare reading loop, and what requests notice of it."""

from __future__ import annotations

import asyncio
import resource
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import cycle, islice
from pathlib import Path
from statistics import quantiles
from time import perf_counter

import httpx2
import msgspec

from libs.events.caller import Caller
from libs.events.clock import new_id
from libs.events.envelope import topic_of
from libs.events.handle import NewStream
from libs.events.reader import Unread
from libs.events.testing import eventually
from libs.web.app import BASE
from libs.web.embedded import Embedded
from libs.web.settings import ServiceSettings
from services.cli.seed import BATCH, OPERATOR, Size, grow
from services.goals import wiring as goals
from services.goals.projections import TREE
from tests.bench.grown import bearer
from tests.bench.material import TENANT
from tests.bench.processes import Server, cairn, server
from tests.bench.report import Figure, Finding, Ratio, below

EVENTS, A_GOAL = 1_000_000, 17
"""Of each leaf a beginning and a check-in a week for a third of a year."""
GOALS_A_PERSON = 20
PAGE = 2000
ROUNDS, SECONDS, EACH_SECOND = 3, 8.0, 40
LEAST, MOST_P99 = 0.3, 2.0
MOST_MEGABYTES = 1_000


@dataclass(frozen=True)
class Quarter:
    """A tenant whose people check in every week."""

    data: str
    goals: int
    asker: str
    asked: tuple[str, ...]


async def run(folder: Path, most: int = EVENTS) -> list[Finding]:
    """Cold, of all models of goals; then one of them beside a `cairn up` that people ask."""
    quarter = await _grown(folder, min(most, EVENTS))
    data = Path(quarter.data)
    raw, opened, events = await _loops(data)
    started = perf_counter()
    await _rebuild(data, *(model.name for model in goals.PROJECTIONS))
    rebuilt = events / (perf_counter() - started)
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
    without, beside = await _asked(quarter)
    return [
        Ratio(
            "cold rebuild of all goal models to a loop that reads, decodes and opens",
            f"{rebuilt / opened:.2f} x",
            f"≥ {LEAST:g} x",
            rebuilt >= LEAST * opened,
            "",
            f"{rebuilt:,.0f} against {opened:,.0f} events a second; read alone: {raw:,.0f}",
            f"{events:,} events of {quarter.goals:,} goals in one run each; `cairn rebuild` of all "
            f"{len(goals.PROJECTIONS)} models from nothing, its start and end included, as many side by side as there "
            "are processors; the loop on one",
        ),
        below("memory of a rebuild, greatest process", memory / 1e6, MOST_MEGABYTES, "MB", "peak", "the same run"),
        Ratio(
            "a request's p99 during a rebuild to without",
            f"{beside[1] / without[1]:.2f} x",
            f"≤ {MOST_P99:g} x",
            beside[1] <= MOST_P99 * without[1],
            "",
            f"p50 {_ms(without[0])} and {_ms(beside[0])} ms, p99 {_ms(without[1])} and {_ms(beside[1])} ms",
            f"{EACH_SECOND} a second, goals, lists and trees, to a cairn up on the same folder; {ROUNDS} rounds of "
            f"{SECONDS:.0f} s without and with `cairn rebuild {TREE.name}` beside, in turns",
        ),
        Figure("events in a bare read", f"{raw:,.0f} a second", "pages of the log, nothing decoded"),
    ]


# --- the tenant ---------------------------------------------------------------------------------------------------


async def _grown(folder: Path, events: int) -> Quarter:
    """Made once in a folder that is kept."""
    count = events // A_GOAL
    data = folder / f"quarter-{count}"
    notes = data.with_suffix(".json")
    if not notes.exists():
        notes.write_bytes(msgspec.json.encode(await _make(data, count)))
    return msgspec.json.decode(notes.read_bytes(), type=Quarter)


async def _make(data: Path, count: int) -> Quarter:
    parts = Embedded(ServiceSettings(data_dir=data))
    try:
        await parts.open_keyring()
        # Nobody has checked in yet: with so many leaves to a check-in there is none.
        made = await grow(parts, TENANT, Size(max(20, count // GOALS_A_PERSON), count, every=count))
        forest, kernel = made.forest, parts.kernel(goals.SERVICE)
        versions = dict.fromkeys(forest.ids, 1)
        for stream in _untouched(forest):
            versions[stream] = 0
        streams = _weekly(forest, {id for id, version in versions.items() if version}, parts)
        while batch := list(islice(streams, BATCH)):
            await kernel.append_streams(Caller(TENANT, OPERATOR), batch)
    finally:
        await parts.close()
    asker = len(made.crowd.ids) - 10
    own = [number for number in range(count) if forest.rank(number) == asker]
    parent = forest.parent(own[0])
    asked = [f"/goals/{forest.ids[number]}" for number in own]
    asked += [f"/goals?owner_id={made.crowd.ids[asker]}", "/goals?limit=20", "/goals?status=off_track&limit=10"]
    asked += [f"/goals/tree?root_id={forest.ids[parent or 0]}&depth=1"]
    return Quarter(str(data), count, made.crowd.ids[asker], tuple(asked))


def _untouched(forest: goals.seeding.Forest) -> list[str]:
    """Goals that take no check-ins: something hangs under them, they are drafts, they ended, or they have one."""
    return [
        forest.ids[n]
        for n in range(len(forest.ids))
        if not forest.is_leaf(n) or forest.is_draft(n) or forest.ending(n) is not None or forest.takes_part(n, 0)
    ]


def _weekly(forest: goals.seeding.Forest, taking: set[str], parts: Embedded) -> Iterator[NewStream]:
    ids, begun = iter(new_id, ""), parts.clock.now() - timedelta(weeks=A_GOAL)
    every = goals.seeding.Forest(forest.ids, forest.owners, forest.units, forest.today, 1)
    for week in range(A_GOAL):
        for stream in goals.seeding.check_ins(every, 0, begun + timedelta(weeks=week), ids):
            if stream.entity_id in taking:
                yield NewStream(stream.kind, stream.entity_id, 1 + week, stream.events, stream.actor, stream.time)


# --- how fast -----------------------------------------------------------------------------------------------------


async def _loops(data: Path) -> tuple[float, float, int]:
    """Events a second that are read, and that are read, decoded and opened; and how many there are."""
    parts = Embedded(ServiceSettings(data_dir=data))
    try:
        await parts.open_keyring()
        log, topic = parts.folder.event_log(goals.SERVICE), topic_of(goals.SERVICE)
        rates = []
        for opening in (False, True):
            started, after, count = perf_counter(), 0, 0
            while records := await log.read(topic, 0, after, PAGE):
                after, count = records[-1].offset, count + len(records)
                if opening:
                    await parts.reader.facts([Unread(record.body, record.sequence) for record in records])
            rates.append(count / (perf_counter() - started))
        return rates[0], rates[1], count
    finally:
        await parts.close()


async def _rebuild(data: Path, *names: str) -> None:
    command = (*cairn(data)[0][:1], "rebuild", *names, "--data", str(data))
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    said, _ = await process.communicate()
    assert process.returncode == 0, said.decode()


# --- what requests notice -----------------------------------------------------------------------------------------


async def _asked(quarter: Quarter) -> tuple[list[float], list[float]]:
    """p50 and p99 in seconds, without and with a rebuild beside."""
    data = Path(quarter.data)
    times: tuple[list[float], list[float]] = ([], [])
    async with server(*cairn(data)) as served:
        await _ready(served)
        headers = bearer(data, quarter.asker)
        await _load(served, quarter.asked, headers)
        for _ in range(ROUNDS):
            times[0].extend(await _load(served, quarter.asked, headers))
            rebuilding = asyncio.create_task(_rebuild(data, TREE.name))
            while not rebuilding.done():
                times[1].extend(await _load(served, quarter.asked, headers))
            await rebuilding
    cuts = [quantiles(found, n=100) for found in times]
    return [cuts[0][49], cuts[0][98]], [cuts[1][49], cuts[1][98]]


async def _load(served: Server, paths: Sequence[str], headers: Mapping[str, str]) -> list[float]:
    """An open loop: requests come when they are due."""
    taken: list[float] = []
    asked = cycle(paths)
    async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{served.port}{BASE}", timeout=60) as client:
        started = perf_counter()

        async def ask(number: int) -> None:
            due = started + number / EACH_SECOND
            path = next(asked)
            await asyncio.sleep(due - perf_counter())
            answer = await client.get(path, headers=headers)
            assert answer.status_code == 200, answer.text
            taken.append(perf_counter() - due)

        await asyncio.gather(*(ask(number) for number in range(int(SECONDS * EACH_SECOND))))
    return taken


async def _ready(served: Server) -> None:
    async def ready() -> bool:
        async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{served.port}") as client:
            return (await client.get("/readyz")).status_code == 200

    await eventually(ready)


def _ms(seconds: float) -> str:
    return f"{seconds * 1e3:.1f}"
