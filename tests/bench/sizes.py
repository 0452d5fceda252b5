"""The same questions to tenants of a thousand, a hundred thousand and a million goals: no answer may grow with them."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from functools import partial
from itertools import cycle
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

from services.goals.projections import GOAL_ROWS, TREE
from tests.bench import questions
from tests.bench.grown import SIZES, Picked, Served, all_grown, bearer, serving
from tests.bench.questions import Question
from tests.bench.report import Figure, Finding, within
from tests.bench.rounds import in_rotation, slower

ROUNDS = 15
EACH = 6
"""Requests of one kind in a round."""
MOST, MOST_PAST = 1.5, 3.0


@dataclass
class Employee:
    """The ordinary employee of one tenant, who asks; remembers how many things the first answers held."""

    tenant: Picked
    served: Served
    headers: dict[str, str]
    lengths: dict[str, list[int]] = field(default_factory=dict)

    async def asks(self, path: str) -> float:
        """Seconds until the whole answer was there."""
        started = perf_counter()
        answer = await self.served.client.get(path, headers=self.headers)
        seconds = perf_counter() - started
        assert answer.status_code == 200, (path, answer.text)
        return seconds

    async def learns(self, question: Question) -> None:
        """Asks everything once, unmeasured."""
        found = []
        for path in question.paths(self.tenant):
            answer = await self.served.client.get(path, headers=self.headers)
            assert answer.status_code == 200, (path, answer.text)
            found.append(_length(answer.json()))
        self.lengths[question.what] = found

    async def checks_in(self, goal: str) -> float:
        """Seconds until the answer; the next one begins when the row is written, as people come one by one."""
        started = perf_counter()
        position = await self.served.checked_in(goal, self.headers)
        seconds = perf_counter() - started
        await self.served.folded(position, GOAL_ROWS, TREE)
        return seconds


async def run(folder: Path, most: int = SIZES[-1]) -> list[Finding]:
    """Every question to all tenants in rotation; the greatest is held against the smallest."""
    tenants = await all_grown(folder, most)
    async with AsyncExitStack() as stack:
        employees = []
        for tenant in tenants:
            served = await stack.enter_async_context(serving(tenant.folder))
            employees.append(Employee(tenant, served, bearer(tenant.folder, tenant.asker)))
        findings: list[Finding] = [await _checked_in(employees)]
        for question in questions.questions():
            findings.append(await _asked(employees, question))
        findings.append(await _past(employees[-1]))
    return [*findings, *map(_made, tenants)]


async def _checked_in(employees: Sequence[Employee]) -> Finding:
    goals = [cycle(employee.tenant.own) for employee in employees]

    async def times(employee: Employee, own: cycle[str]) -> list[float]:
        return [await employee.checks_in(next(own)) for _ in range(EACH)]

    timed = [partial(times, employee, own) for employee, own in zip(employees, goals, strict=True)]
    for one in timed:
        await one()
    medians = await in_rotation(timed, ROUNDS)
    method = (
        "through gateway and service in this process, each tenant in an installation of its own, asked in rotation by "
        f"an employee at the bottom; medians of {ROUNDS} rounds of {EACH}; to own goals, folded before the next begins"
    )
    return _compared("check-in", employees, medians, method)


async def _asked(employees: Sequence[Employee], question: Question) -> Finding:
    for employee in employees:
        await employee.learns(question)
    lengths = [employee.lengths[question.what] for employee in employees]
    if question.what.startswith("list"):
        assert all(one == lengths[0] and all(one) for one in lengths), (question.what, lengths)
    paths = [cycle(question.paths(employee.tenant)) for employee in employees]

    async def times(employee: Employee, asked: cycle[str]) -> list[float]:
        return [await employee.asks(next(asked)) for _ in range(EACH)]

    timed = [partial(times, employee, asked) for employee, asked in zip(employees, paths, strict=True)]
    held = ", ".join(map(str, lengths[-1])) if question.what.startswith(("list", "tree")) else "one"
    return _compared(question.what, employees, await in_rotation(timed, ROUNDS), f"as above; answers hold {held}")


async def _past(employee: Employee) -> Finding:
    now, before = (
        partial(_times, employee, question.paths(employee.tenant)[0])
        for question in (questions.TREE, questions.TREE_BEFORE)
    )
    await before()
    [of_now, of_before] = await in_rotation([now, before], ROUNDS)
    size = employee.tenant.goals
    return within(
        f"{questions.TREE_BEFORE.what} to now",
        slower(of_before, of_now),
        MOST_PAST,
        f"{_ms(of_before)} against {_ms(of_now)} ms",
        f"as above, at {size:,} goals",
    )


async def _times(employee: Employee, path: str) -> list[float]:
    return [await employee.asks(path) for _ in range(EACH)]


def _compared(what: str, employees: Sequence[Employee], medians: Sequence[Sequence[float]], method: str) -> Finding:
    sizes = ", ".join(f"{employee.tenant.goals:,}" for employee in employees)
    figures = f"{', '.join(map(_ms, medians))} ms at {sizes}"
    return within(what, slower(medians[-1], medians[0]), MOST, figures, method)


def _ms(seconds: Sequence[float]) -> str:
    return f"{median(seconds) * 1e3:.1f}"


def _length(answer: Any) -> int:
    return len(answer.get("items", answer.get("nodes", ())))


def _made(tenant: Picked) -> Finding:
    return Figure(
        f"a tenant of {tenant.goals:,} goals and {tenant.people:,} people",
        f"{tenant.appended:,.0f} s to append, {tenant.ready:,.0f} s until folded",
        "written straight into the log as cairn seed does it, folded by two processes beside; all sizes at once",
    )
