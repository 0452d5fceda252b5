"""Who takes part in the stories: a tenant's people, a client for each, and short words to judge answers by."""

from __future__ import annotations

import itertools
from datetime import date, timedelta
from typing import Any

import httpx2

from libs.events.clock import SystemClock
from tests.product import Product
from tests.told import Told

NOBODY = "0191d3a0-0000-7000-8000-000000000000"
METRIC = {"start": 50, "target": 40, "unit": "escalations a week"}

Goal = dict[str, Any]


class Team:
    """A tenant of its own: an administrator, a manager, her two reports and somebody elsewhere, each with a client.

    Whoever asks, asks of what anybody of the team was told before.
    """

    _numbers = itertools.count(1)

    def __init__(self, product: Product) -> None:
        self.tenant = f"team-{next(self._numbers)}"
        self.product = product
        self.ids: dict[str, str] = {}
        self.told = Told()
        self.admin = self.client(product.token("admin@t.example", "admin", tenant=self.tenant))
        self.maya, self.alex = self.joins("maya"), self.joins("alex")
        self.sam, self.kim = self.joins("sam", "maya"), self.joins("kim", "maya")

    def client(self, token: str) -> httpx2.Client:
        return self.product.client(token, told=self.told)

    def add(self, name: str, manager_id: str | None, **fields: Any) -> str:
        person = {"display_name": name.title(), "email": f"{name}@t.example", "manager_id": manager_id, **fields}
        return str(made(self.admin.post("/people", json=person))["id"])

    def joins(self, name: str, manager: str | None = None, **fields: Any) -> httpx2.Client:
        """Somebody new under a manager by name, and a client for them."""
        self.ids[name] = self.add(name, self.ids[manager] if manager is not None else None, **fields)
        return self.client(self.product.issue(self.ids[name], tenant=self.tenant))

    def goal(self, by: httpx2.Client, owner: str, **fields: Any) -> Goal:
        """A new goal, which reads show already."""
        body = {"title": "Fewer escalations", "kind": "key_result", "owner_id": self.ids[owner], **fields}
        answer = by.post("/goals", json=body)
        return read(by.get(f"/goals/{made(answer)['id']}", headers=after(answer)))


# --- what people do ---------------------------------------------------------------------------------------------


def check_in(by: httpx2.Client, goal: Goal, status: str = "on_track", **said: Any) -> dict[str, Any]:
    """A new check-in."""
    return made(by.post(f"/goals/{goal['id']}/check-ins", json={"status": status, **said}))


def step(by: httpx2.Client, goal: Goal, name: str, **said: Any) -> Goal:
    """One step of a goal's life (`publish`, `move` …), and the goal after it."""
    return read(by.post(f"/goals/{goal['id']}/{name}", json=said or None))


def change(by: httpx2.Client, goal: Goal, **fields: Any) -> Goal:
    """Other words or numbers for a goal, and the goal after it."""
    return read(by.patch(f"/goals/{goal['id']}", json=fields))


def look(by: httpx2.Client, goal: Goal, at: str = "") -> dict[str, Any]:
    """The goal as somebody sees it now, or what there is below it, like `rollup` or `trend`."""
    return read(by.get(f"/goals/{goal['id']}/{at}" if at else f"/goals/{goal['id']}"))


def progress(by: httpx2.Client, *goals: Goal) -> list[float]:
    """What the tree shows for each."""
    return [look(by, goal, "rollup")["progress"] for goal in goals]


def items(by: httpx2.Client, path: str, **query: Any) -> list[dict[str, Any]]:
    """What a list holds, which must fit on its first page."""
    page = read(by.get(path, params=query))
    assert page["next_cursor"] is None
    found: list[dict[str, Any]] = page["items"]
    return found


def ids(by: httpx2.Client, path: str, **query: Any) -> set[str]:
    """The ids of what a list holds."""
    return {one["id"] for one in items(by, path, **query)}


def day(days: int = 0) -> str:
    """Today (UTC), or so many days from it."""
    return (today() + timedelta(days=days)).isoformat()


def quarter(gone: int = 45, left: int = 45) -> dict[str, str]:
    """A period that began so many days ago and has so many left."""
    return {"start": day(-gone), "end": day(left)}


def today() -> date:
    """The UTC date."""
    return SystemClock().now().date()


# --- how answers are judged -------------------------------------------------------------------------------------


def made(answer: httpx2.Response) -> dict[str, Any]:
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def read(answer: httpx2.Response) -> dict[str, Any]:
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def refused(answer: httpx2.Response, status: int, code: str) -> dict[str, Any]:
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, "application/problem+json"), answer.text
    problem: dict[str, Any] = answer.json()
    assert (problem["status"], problem["code"]) == (status, code), problem
    return problem


def after(answer: httpx2.Response) -> dict[str, str]:
    return {"Cairn-After": answer.headers["Cairn-Position"]}
