"""What tracing to a local OTLP sink costs, for goal reads and for check-ins; and check-ins a second without it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

import httpx2

from libs.events.testing import eventually
from tests.bench.load import Load, generator
from tests.bench.processes import Server, cairn, module, server
from tests.bench.report import Figure, Finding, cost
from tests.bench.rounds import Compared, in_turns
from tests.bench.tenant import CHECK_IN, Tenant, made

SECONDS = 1
ROUNDS = 11
CONNECTIONS = 8
SPANS = ("GET /goals/{goal_id}", "POST /goals/{goal_id}/check-ins", "goals append", "goals.goals apply")
"""A trace from the request through the event to the row; each must have arrived."""

MakeLoad = Callable[[Path, Server, Tenant], Load]


async def run(folder: Path) -> list[Finding]:
    """The same installation twice, on folders of their own: one traces everything, the other nothing."""
    async with server(*module("sink", folder)) as sink:
        exporting = {
            "OTEL_TRACES_EXPORTER": "otlp",
            "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": f"http://127.0.0.1:{sink.port}/v1/traces",
        }
        tenants = await made(folder / "traced"), await made(folder / "plain")
        async with server(*cairn(folder / "traced", exporting)) as traced, server(*cairn(folder / "plain")) as plain:
            pairs = ((traced, tenants[0]), (plain, tenants[1]))
            read, read_costs = await _compared(folder, pairs, _read)
            written, write_costs = await _compared(folder, pairs, _check_in)
            with traced.turn():
                spans = await _arrived(sink, 0.95 * traced.total)
    method = (
        f"cairn up with and without OTEL_TRACES_EXPORTER=otlp, every request sampled; {generator()}, {CONNECTIONS} "
        f"kept connections, {ROUNDS} rounds of {SECONDS} s in turns, the other one stopped; {spans:,} spans arrived"
    )
    return [
        cost("tracing, of goal reads", read, 0.1, "requests a second", method),
        cost("tracing, of check-ins", written, 0.1, "requests a second", "the same servers"),
        Figure("processor time of a goal read: traced, not traced", read_costs, "of the server, over all rounds"),
        Figure("processor time of a check-in: traced, not traced", write_costs, "until its row is written"),
        Figure("check-ins a second through the gateway", f"{written.second:,.0f}", "durable; not traced"),
    ]


async def _compared(
    folder: Path, pairs: tuple[tuple[Server, Tenant], tuple[Server, Tenant]], load: MakeLoad
) -> tuple[Compared, str]:
    first, second = (partial(_round, folder, *pair, load) for pair in pairs)
    for measure, (one, _) in zip((first, second), pairs, strict=True):
        await measure()
        one.forget()
    found = await in_turns(first, second, ROUNDS)
    return found, ", ".join(f"{one.cost:.2f} ms" for one, _ in pairs)


async def _round(folder: Path, one: Server, tenant: Tenant, load: MakeLoad) -> float:
    return await one.measured(load(folder, one, tenant))


def _read(folder: Path, one: Server, tenant: Tenant) -> Load:
    return Load(one.port, tenant.goals, tenant.owner, "GET", "", CONNECTIONS, SECONDS, folder)


def _check_in(folder: Path, one: Server, tenant: Tenant) -> Load:
    headers = {**tenant.owner, "Content-Type": "application/json"}
    return Load(one.port, tenant.check_ins, headers, "POST", json.dumps(CHECK_IN), CONNECTIONS, SECONDS, folder)


async def _arrived(sink: Server, least: float) -> int:
    """Spans at the sink; AssertionError unless every kind has come and none were dropped: they would cost nothing.

    Every answer has at least the request's span.
    """
    found: dict[str, int] = {}

    async def all_kinds() -> bool:
        found.update(await asyncio.to_thread(_counts, sink))
        return all(found.get(name) for name in SPANS) and sum(found.values()) >= least

    await eventually(all_kinds)
    return sum(found.values())


def _counts(sink: Server) -> dict[str, int]:
    counts: dict[str, int] = httpx2.get(f"http://127.0.0.1:{sink.port}/").json()
    return counts
