"""Appends a second at the EventStore port, by one caller and by several at once (promise 9)."""

from __future__ import annotations

import asyncio
from pathlib import Path
from statistics import median
from time import perf_counter

from libs.events.adapters.sqlite.event_store import SQLiteEventStore
from libs.events.ports import Append
from tests.bench.material import Material, checked_in, goal_stream, material
from tests.bench.report import Figure, Finding, times
from tests.bench.rounds import in_turns

APPENDS = 800
"""Appends a round, shared out among the callers."""

ROUNDS = 7


async def run(folder: Path) -> list[Finding]:
    """One caller against eight, then 64 for information."""
    async with material(folder / "appends") as made:
        store = made.parts.folder.event_store("goals")

        async def by(callers: int) -> float:
            return await _rate(store, await _shares(made, callers))

        await by(8)
        found = await in_turns(lambda: by(8), lambda: by(1), ROUNDS)
        many = median([await by(64) for _ in range(3)])
    method = (
        f"SQLiteEventStore.append, synchronous=FULL, one sealed check-in and one command each, a stream a caller; "
        f"{ROUNDS} rounds of {APPENDS} appends each, in turns, on one file"
    )
    return [
        times("appends of 8 callers to those of 1", found, 2, "a second", method),
        Figure(
            "appends a second by 1, 8, 64 callers", f"{found.second:,.0f}, {found.first:,.0f}, {many:,.0f}", "as above"
        ),
    ]


async def _shares(made: Material, callers: int) -> list[list[Append]]:
    shares = []
    for _ in range(callers):
        stream = goal_stream()
        numbers = range(APPENDS // callers)
        shares.append([await made.append(stream, number, [checked_in("p1", number)]) for number in numbers])
    return shares


async def _rate(store: SQLiteEventStore, shares: list[list[Append]]) -> float:
    async def caller(appends: list[Append]) -> None:
        for append in appends:
            await store.append(append)

    started = perf_counter()
    await asyncio.gather(*map(caller, shares))
    return sum(map(len, shares)) / (perf_counter() - started)
