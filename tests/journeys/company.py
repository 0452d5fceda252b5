"""The demonstration tenant in the stories: everybody by the name in their address, and what their goals add up to."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

import httpx2

from tests.journeys.team import items, read
from tests.product import Product
from tests.told import Told

TENANT = "acme"
Node = Mapping[str, Any]


class Company:
    """The demonstration tenant's people and goals."""

    def __init__(self, product: Product) -> None:
        self.product = product
        self._told = Told()
        self._clients: dict[str, httpx2.Client] = {}
        self.admin = product.client(product.token("admin@acme.example", tenant=TENANT), told=self._told)
        people = items(self.admin, "/people", limit=500)
        self.ids = {one["email"].partition("@")[0]: str(one["id"]) for one in people}

    def by(self, name: str) -> httpx2.Client:
        """Somebody's client."""
        if name not in self._clients:
            token = self.product.issue(self.ids[name], tenant=TENANT)
            self._clients[name] = self.product.client(token, told=self._told)
        return self._clients[name]

    def goal(self, title: str) -> dict[str, Any]:
        """A goal of the company by its title, as its owner's chief may see it."""
        [found] = [one for one in items(self.by("nora"), "/goals", limit=500) if one["title"] == title]
        return found


def tree(by: httpx2.Client, **query: Any) -> dict[str, Node]:
    """The nodes of a tree by id."""
    return {node["id"]: node for node in read(by.get("/goals/tree", params={"depth": 10, **query}))["nodes"]}


def shown(nodes: Mapping[str, Node], measured: Mapping[str, float]) -> dict[str, float]:
    """What each node must show, worked out anew from the bottom: `measured` is how far each goal says it is itself.

    For goals that take all of what hangs below them, or nothing.
    """
    below: dict[str | None, list[Node]] = {}
    for node in nodes.values():
        below.setdefault(node["parent_id"], []).append(node)

    def one(node: Node) -> float:
        children = [child for child in below.get(node["id"], ()) if child["state"] in ("open", "closed")]
        if node["progress_driver"] != "all" or not children:
            return measured.get(node["id"], 0.0)
        return math.fsum(child["weight"] * one(child) for child in children) / math.fsum(_weights(children))

    return {id: one(node) for id, node in nodes.items()}


def _weights(nodes: Iterable[Node]) -> Iterable[float]:
    return (float(node["weight"]) for node in nodes)


def as_of(said: Iterable[Mapping[str, Any]], day: date) -> Mapping[str, Any] | None:
    """Of a goal's check-ins the one that counted at the end of a day."""
    known = [one for one in said if one["created_at"][:10] <= day.isoformat()]
    return max(known, key=lambda one: (one["observed_on"], one["created_at"]), default=None)
