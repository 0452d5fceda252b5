"""Who takes part in the stories: a tenant's people, a client for each, and short words to judge answers by."""

from __future__ import annotations

import itertools
from typing import Any

import httpx2

from tests.product import Product

NOBODY = "0191d3a0-0000-7000-8000-000000000000"
NO_CHECK_IN = "0191d3a0-0000-7000-8000-000000000001"
METRIC = {"start": 50, "target": 40, "unit": "escalations a week"}


class Team:
    """A tenant of its own: an administrator, a manager, her two reports and somebody elsewhere, each with a client."""

    _numbers = itertools.count(1)

    def __init__(self, product: Product) -> None:
        self.tenant = f"team-{next(self._numbers)}"
        self.product = product
        self.admin = self.client(product.token("admin@t.example", "admin", tenant=self.tenant))
        self.ids = {"maya": self.add("maya", None), "alex": self.add("alex", None)}
        self.ids |= {name: self.add(name, self.ids["maya"]) for name in ("sam", "kim")}
        self.maya, self.sam, self.kim, self.alex = (
            self.client(product.issue(self.ids[name], tenant=self.tenant)) for name in ("maya", "sam", "kim", "alex")
        )

    def client(self, token: str) -> httpx2.Client:
        return self.product.client(token)

    def add(self, name: str, manager_id: str | None) -> str:
        person = {"display_name": name.title(), "email": f"{name}@t.example", "manager_id": manager_id}
        return str(made(self.admin.post("/people", json=person))["id"])

    def goal(self, by: httpx2.Client, owner: str, **fields: Any) -> dict[str, Any]:
        """A new goal, which reads show already."""
        body = {"title": "Fewer escalations", "kind": "key_result", "owner_id": self.ids[owner], **fields}
        answer = by.post("/goals", json=body)
        return read(by.get(f"/goals/{made(answer)['id']}", headers=after(answer)))


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
