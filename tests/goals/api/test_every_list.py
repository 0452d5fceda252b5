"""What holds of every list at the gateway: one order a sort, pages that are parts of it, cursors of no other list."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import httpx2
import pytest

from services.cli.up import Installation
from services.gateway import wiring as gateway
from tests.goals.api import company as companies
from tests.goals.api.company import METRIC, QUARTER, Company, items, made, pointers, read, refused

TAKEN = ("limit", "cursor", "sort", "updated_since")
NEVER = "2999-01-01T00:00:00Z"
FEWEST = 3
"""Items of each list here."""
Value = Callable[[dict[str, Any]], Any]


def field(*names: str) -> Value:
    """What stands in these fields, one after the other."""
    return lambda item: tuple(item[name] for name in names)


def by_name(item: dict[str, Any]) -> Any:
    return str(item.get("name") or item.get("display_name")).casefold(), item["id"]


def due(item: dict[str, Any]) -> Any:
    # What has no period comes first from the least up.
    return item["period"]["end"] if item["period"] is not None else "", item["id"]


@dataclass(frozen=True)
class Listed:
    """A list route; `by` are the values that its sorts go by where these are not the field of their name and the id."""

    path: str
    query: str = ""
    changed: str = "updated_at"
    by: dict[str, Value] | None = None

    def value(self, sort: str) -> Value:
        """What items are in order of."""
        return (self.by or {}).get(sort, field(sort, "id"))


LISTS = [
    Listed("/goals", by={"due": due}),
    # Of those at one moment, or of one day, what was recorded later counts as later; ids here are in that order too.
    Listed("/goals/{goal_id}/check-ins"),
    Listed("/goals/{goal_id}/comments"),
    Listed("/goals/{goal_id}/milestones"),
    Listed("/goals/{goal_id}/follow"),
    Listed("/goals/{goal_id}/history", changed="time", by={"time": field("time", "version")}),
    Listed("/support-requests"),
    Listed("/people", by={"name": by_name}),
    Listed("/people/{person_id}/reports", by={"name": by_name}),
    Listed("/people/{person_id}/absences"),
    Listed("/units", by={"name": by_name}),
]
EVERY_LIST = pytest.mark.parametrize("listed", LISTS, ids=lambda listed: listed.path)


@pytest.fixture(scope="module")
async def lists(installation: Installation) -> dict[str, dict[str, Any]]:
    """The parameters of every route that answers with a page, by its path, as the gateway describes them."""
    async with gateway.in_process("cairn", installation.gateway) as client:
        document = (await client.get("/openapi.json")).raise_for_status().json()
    return {
        path.removeprefix("/api/v1"): {one["name"]: one["schema"] for one in item["get"]["parameters"] if "name" in one}
        for path, item in document["paths"].items()
        if "get" in item and _is_page(item["get"])
    }


def sorts(parameters: dict[str, Any]) -> list[str]:
    """What a list may be sorted by."""
    [names] = [one["enum"] for one in (parameters["sort"], *parameters["sort"].get("anyOf", ())) if "enum" in one]
    return list(names)


def unasked(parameters: dict[str, Any]) -> str:
    """What a list is sorted by where nothing is asked."""
    return str(parameters["sort"].get("default", "created_at"))


def _is_page(operation: dict[str, Any]) -> bool:
    content = operation["responses"]["200"].get("content", {}).get("application/json", {})
    return {"items", "next_cursor"} <= set(content.get("schema", {}).get("properties", ()))


@dataclass
class Scene:
    """A company in which every list has something, changed in another order than it was made in."""

    company: Company
    ids: dict[str, str]

    async def page(self, listed: Listed, **query: Any) -> httpx2.Response:
        """What Maya is shown."""
        path = listed.path.format(**self.ids)
        return await self.company.maya.get(path.removeprefix("/"), params=query)

    async def all(self, listed: Listed, limit: int, **query: Any) -> list[dict[str, Any]]:
        """A whole list, in full pages."""
        found: list[dict[str, Any]] = []
        cursor: dict[str, str] = {}
        while True:
            page = read(await self.page(listed, limit=limit, **query, **cursor))
            found += page["items"]
            if page["next_cursor"] is None:
                return found
            assert len(page["items"]) == limit
            cursor = {"cursor": page["next_cursor"]}


@pytest.fixture(scope="module")
async def scene(installation: Installation) -> AsyncIterator[Scene]:
    async with companies.company(installation) as found:
        yield await _scene(found)


async def _scene(company: Company) -> Scene:
    made_ids = [
        (await company.goal("sam", period=period, metric=METRIC, contributor_ids=[company.ids["alex"]]))["id"]
        for period in (QUARTER, None, QUARTER, QUARTER | {"end": "2026-11-30"})
    ]
    goal, path = made_ids[1], f"goals/{made_ids[1]}"
    said = [
        made(await company.sam.post(f"{path}/check-ins", json={"status": "on_track", "observed_on": day, **more}))["id"]
        for day, more in (
            *(("2026-01-02", {"support_needed": "Help."}), ("2026-01-01", {"support_needed": "More."})),
            *(("2026-01-02", {}), ("2026-01-01", {"support_needed": "A day."})),
        )
    ]
    talked = [
        made(await getattr(company, by).post(f"{path}/comments", json={"text": "Hm."}))["id"]
        for by in ("kim", "alex", "kim", "sam")
    ]
    steps = [
        made(await company.sam.post(f"{path}/milestones", json={"title": "A step", "due_on": day}))["id"]
        for day in ("2026-12-02", "2026-12-01", "2026-12-02", "2026-12-03")
    ]
    for name in ("rosa", "kim", "alex", "sam"):
        made(await company.clients[name].post(f"{path}/follow"))
    maya = company.ids["maya"]
    for day in ("2026-12-24", "2026-12-22", "2026-12-24"):
        made(await company.maya.post(f"people/{maya}/absences", json={"from": day, "to": "2026-12-31"}))
    units = [await company.unit("maya", name) for name in ("Support", "support", "Desk", "Sales")]
    await company.joins("Zoe", "maya")
    # --- what changes
    correction = {"status": "delayed", "observed_on": "2026-01-02", "reason": "Typo."}
    read(await company.sam.post(f"{path}/check-ins/{said[1]}/correct", json=correction))
    answer = {"state": "given", "answer": "Here."}
    read(await company.maya.post(f"support-requests/{said[1]}/answer", json=answer))
    read(await company.kim.patch(f"{path}/comments/{talked[2]}", json={"text": "Ah."}))
    read(await company.sam.post(f"{path}/milestones/{steps[1]}/reach"))
    read(await company.sam.patch(f"goals/{made_ids[0]}", json={"title": "Changed"}))
    read(await company.admin.patch(f"units/{units[1]}", json={"lead_id": company.ids["sam"]}))
    read(await company.admin.patch(f"people/{company.ids['kim']}", json={"locale": "en"}))
    return Scene(company, {"goal_id": goal, "person_id": maya})


def test_every_list_takes_the_same_parameters(lists: dict[str, dict[str, Any]]) -> None:
    assert {path: [name for name in TAKEN if name not in taken] for path, taken in lists.items()} == {
        **{listed.path: [] for listed in LISTS},
        # Tried in tests/people/api/test_erasing.py: there are never many.
        "/erasures": [],
    }


@EVERY_LIST
async def test_a_list_has_one_order_a_sort(scene: Scene, lists: dict[str, dict[str, Any]], listed: Listed) -> None:
    names = sorts(lists[listed.path])
    assert {f"-{name}" for name in names if not name.startswith("-")} == {name for name in names if name[0] == "-"}
    for name in names:
        whole = await scene.all(listed, 500, sort=name)
        assert len(whole) >= FEWEST
        assert whole == sorted(whole, key=listed.value(name.removeprefix("-")), reverse=name.startswith("-")), name
        assert await scene.all(listed, 1, sort=name) == whole, name
        assert await scene.all(listed, 2, sort=name) == whole, name
    assert await scene.all(listed, 500) == await scene.all(listed, 500, sort=unasked(lists[listed.path]))


@EVERY_LIST
async def test_a_list_tells_what_changed_since(scene: Scene, lists: dict[str, dict[str, Any]], listed: Listed) -> None:
    names = sorts(lists[listed.path])
    whole = await scene.all(listed, 500)
    times = sorted({one[listed.changed] for one in whole})
    assert len(times) >= FEWEST
    for name in names:
        ordered = await scene.all(listed, 500, sort=name)
        for time in times:
            expected = [one for one in ordered if one[listed.changed] >= time]
            for limit in (1, 500):
                assert await scene.all(listed, limit, sort=name, updated_since=time) == expected, (name, time, limit)
            later = datetime.fromisoformat(time) + timedelta(microseconds=1)
            after = await scene.all(listed, 500, sort=name, updated_since=later.isoformat())
            assert after == [one for one in expected if one[listed.changed] > time]
        assert await scene.all(listed, 1, sort=name, updated_since=NEVER) == []


@EVERY_LIST
@pytest.mark.parametrize(
    "query",
    [{"sort": "nothing"}, {"sort": ""}, {"sort": "--created_at"}, {"updated_since": "yesterday"},
     {"updated_since": "2026-01-01"}, {"updated_since": ""}, {"limit": "0"}, {"limit": "501"}],
    ids=str,
)  # fmt: skip
async def test_what_is_malformed_is_refused(scene: Scene, listed: Listed, query: dict[str, str]) -> None:
    assert pointers(refused(await scene.page(listed, **query), 422, "invalid_parameter")) == [*query]


@EVERY_LIST
async def test_a_cursor_is_of_one_list_of_one_tenant(scene: Scene, other: Company, listed: Listed) -> None:
    cursor = read(await scene.page(listed, limit=1))["next_cursor"]
    assert items(await scene.page(listed, limit=1, cursor=cursor))
    path = listed.path.format(**scene.ids).removeprefix("/")
    for name in ("maya", "admin"):
        elsewhere = await other.clients[name].get(path, params={"limit": 1, "cursor": cursor})
        refused(elsewhere, 422, "invalid_cursor")
    for query in ({"sort": "updated_at"}, {"updated_since": "2026-01-01T00:00:00Z"}):
        if listed.changed != "time" or "sort" not in query:
            refused(await scene.page(listed, limit=1, cursor=cursor, **query), 422, "invalid_cursor")
    for another in LISTS:
        if another != listed:
            refused(await scene.page(another, cursor=cursor), 422, "invalid_cursor")
