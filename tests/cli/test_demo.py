"""The demonstration: whose goals are whose unit's, as its people see them and as the rules would have had it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from libs.web.app import BASE
from services.cli import demo
from services.cli.greeting import token_of
from services.cli.up import Installation
from services.gateway import wiring as gateway
from services.goals.seeding import PLANS
from services.people.seeding import COMPANY, UNITS
from tests.goals.api.company import items, made, running


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    """The installation runs as long as its file's tests do, and so does their loop."""
    return "asyncio"


@pytest.fixture(scope="module")
async def installation(tmp_path_factory: pytest.TempPathFactory, anyio_backend: str) -> AsyncIterator[Installation]:
    async with running(tmp_path_factory.mktemp("demo") / "data") as found:
        await demo.seed(found, "http://127.0.0.1:8080")
        yield found


@pytest.fixture
async def nora(installation: Installation) -> AsyncIterator[httpx2.AsyncClient]:
    async with await client(installation, "nora") as found:
        yield found


async def client(installation: Installation, key: str) -> httpx2.AsyncClient:
    """Somebody of the company, asking through the front door."""
    parts = installation.parts
    person_id = await installation.people.by_email(demo.TENANT, f"{key}@{demo.DOMAIN}")
    assert person_id is not None
    token = token_of(parts, demo.TENANT, person_id)
    found = gateway.in_process("cairn", installation.gateway)
    found.base_url = httpx2.URL(f"http://cairn{BASE}/")
    found.headers["Authorization"] = f"Bearer {token}"
    return found


async def units(asking: httpx2.AsyncClient) -> dict[str, str]:
    """The company's units, key → id."""
    found = {one["name"]: one["id"] for one in items(await asking.get("units", params={"limit": 100}))}
    assert sorted(found) == sorted(name for _, name, *_ in UNITS)
    return {key: found[name] for key, name, *_ in UNITS}


async def tree(asking: httpx2.AsyncClient, unit_id: str) -> list[dict[str, Any]]:
    answer = await asking.get("goals/tree", params={"unit_id": unit_id})
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["nodes"]
    return found


async def test_every_unit_has_goals_of_its_own(nora: httpx2.AsyncClient) -> None:
    homes = {one.key: one.unit for one in COMPANY}
    for key, unit_id in (await units(nora)).items():
        listed = {one["title"] for one in items(await nora.get("goals", params={"unit_id": unit_id}))}
        assert listed == {plan.title for plan in PLANS if plan.of_unit and homes[plan.owner] == key}
        assert listed, key
        nodes = await tree(nora, unit_id)
        assert {one["title"] for one in nodes if one.get("unit_id") == unit_id} == listed


async def test_what_people_want_for_themselves_is_no_units(installation: Installation) -> None:
    for key in ("sam", "petra", "tomas"):
        async with await client(installation, key) as asking:
            me = (await asking.get("me")).json()
            own = items(await asking.get("goals", params={"owner_id": me["id"], "limit": 100}))
        assert {one["focus"] for one in own} > {"business"}
        assert [one for one in own if one["unit_id"] and (one["focus"] != "business" or one["kind"] == "smart")] == []


async def test_every_owner_may_have_a_goal_in_the_unit_of_theirs(installation: Installation) -> None:
    """The demonstration is written straight into the log: the rules must agree with it."""
    keys = {plan.owner for plan in PLANS if plan.of_unit}
    for key in sorted(keys):
        async with await client(installation, key) as asking:
            me = (await asking.get("me")).json()
            own = items(await asking.get("goals", params={"owner_id": me["id"], "limit": 100}))
            [unit_id] = {one["unit_id"] for one in own} - {None}
            body = {"title": "One more", "kind": "objective", "owner_id": me["id"], "unit_id": unit_id, "draft": True}
            made(await asking.post("goals", json=body))


async def test_who_was_there_before_does_not_keep_the_units_away(tmp_path: Path) -> None:
    """Somebody made a token for the chief executive first: she leads her unit all the same."""
    async with running(tmp_path / "data") as found:
        before = await found.people.identify(demo.TENANT, None, f"nora@{demo.DOMAIN}", [])
        await demo.seed(found, "http://127.0.0.1:8080")
        async with await client(found, "ruth") as ruth:
            known = await units(ruth)
            people = items(await ruth.get("people", params={"limit": 100}))
            assert {one["unit_id"] for one in people} - {None} == set(known.values()) - {known["company"]}
            leads = {one["id"]: one["lead_id"] for one in items(await ruth.get("units", params={"limit": 100}))}
            assert leads[known["company"]] == before
            assert items(await ruth.get("goals", params={"unit_id": known["people"]}))


async def test_who_has_another_address_now_is_still_there(tmp_path: Path) -> None:
    async with running(tmp_path / "data") as found:
        await demo.seed(found, "http://127.0.0.1:8080")
        async with await client(found, "admin") as admin:
            kim = items(await admin.get("people", params={"email": f"kim@{demo.DOMAIN}"}))[0]["id"]
            moved = await admin.patch(f"people/{kim}", json={"email": f"kim.tran@{demo.DOMAIN}"})
            assert moved.status_code == 200, moved.text
            await demo.seed(found, "http://127.0.0.1:8080")
            assert len(items(await admin.get("people", params={"limit": 100}))) == len(COMPANY)
            await units(admin)
