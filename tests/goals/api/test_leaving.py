"""Leaving a parent: a key result was seen as that one is, and nobody new comes to see it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.goals.api.company import Company, after, items, read, refused

LEAVING: dict[str, tuple[str, dict[str, Any]]] = {
    "detached": ("alignment", {"action": "detach"}),
    "moved away": ("move", {"parent_id": None}),
    "declined": ("alignment", {"action": "decline"}),
}
WAYS = pytest.mark.parametrize("way", LEAVING)
OTHERS = ("rosa", "kim", "alex")


async def _under(acme: Company, parent: dict[str, Any], way: str) -> dict[str, Any]:
    """A key result of Sam's: what is declined was only proposed, which takes a parent that Sam does not edit."""
    child = await acme.goal("sam", kind="key_result", parent_id=parent["id"])
    assert child["alignment"] == ("proposed" if way == "declined" else "accepted")
    return child


async def _leave(acme: Company, child: dict[str, Any], way: str) -> dict[str, str]:
    """It is a root, by word of who may say so; the header of what comes after."""
    path, body = LEAVING[way]
    left = await acme.clients["maya" if way == "declined" else "sam"].post(f"goals/{child['id']}/{path}", json=body)
    assert (read(left)["parent_id"], left.json()["alignment"]) == (None, "none")
    return after(left)


async def _parent(acme: Company, way: str, visibility: str) -> dict[str, Any]:
    """Sam's own goal, or Maya's, which shows itself to Sam as to a contributor."""
    if way != "declined":
        return await acme.goal("sam", visibility=visibility)
    return await acme.goal("maya", visibility=visibility, contributor_ids=[acme.ids["sam"]])


@WAYS
@pytest.mark.parametrize("later", [False, True], ids=["private from the start", "private later"])
async def test_what_leaves_a_private_parent_is_shown_to_nobody_new(acme: Company, way: str, later: bool) -> None:
    parent = await _parent(acme, way, "public" if later else "private")
    child = await _under(acme, parent, way)
    if later:
        owner = acme.clients["maya" if way == "declined" else "sam"]
        read(await owner.patch(f"goals/{parent['id']}", json={"visibility": "private"}))
    header = await _leave(acme, child, way)
    for name in OTHERS:
        refused(await acme.clients[name].get(f"goals/{child['id']}", headers=header), 404, "goal_not_found")
        refused(await acme.clients[name].post(f"goals/{child['id']}/follow"), 404, "goal_not_found")
        found = items(await acme.clients[name].get("goals?limit=500", headers=header))
        assert child["id"] not in [one["id"] for one in found]
    for name in ("sam", "maya"):
        found = read(await acme.clients[name].get(f"goals/{child['id']}", headers=header))
        assert found["visibility"] == "private"


@WAYS
@pytest.mark.parametrize("visibility", ["public", "team"])
async def test_what_leaves_another_parent_is_the_teams(acme: Company, way: str, visibility: str) -> None:
    parent = await _parent(acme, way, visibility)
    child = await _under(acme, parent, way)
    header = await _leave(acme, child, way)
    assert read(await acme.kim.get(f"goals/{child['id']}", headers=header))["visibility"] == "team"
    refused(await acme.alex.get(f"goals/{child['id']}", headers=header), 404, "goal_not_found")


async def test_a_key_result_of_its_own_stays_private_when_it_is_weighed(acme: Company) -> None:
    alone = await acme.goal("sam", kind="key_result", visibility="private")
    weighed = await acme.sam.post(f"goals/{alone['id']}/move", json={"parent_id": None, "weight": 2})
    assert (read(weighed)["weight"], weighed.json()["visibility"]) == (2, "private")
    refused(await acme.kim.get(f"goals/{alone['id']}", headers=after(weighed)), 404, "goal_not_found")
