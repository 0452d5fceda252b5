"""Manager, unit and job title hold from a day on: said ahead and afterwards, asked for by day, true when it comes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.people.api.house import Client, House, day, refused


def position(of: Any) -> tuple[Any, ...]:
    """Where an answer says that somebody stands."""
    return of["manager_id"], of["unit_id"], of["job_title"]


async def ids(asker: Client, path: str) -> list[str]:
    return [one["id"] for one in await asker.list(path)]


async def test_a_day_that_is_none_is_refused(admin: Client) -> None:
    sam = await admin.person("sam")
    for wrong in ("soon", "2026-02-30", "20260615", "1899-12-31", "3000-01-01", ""):
        refused(await admin.ask("GET", f"/people?as_of={wrong}"), 422, "invalid_parameter")
        refused(await admin.ask("GET", f"/people/{sam}/reports?as_of={wrong}"), 422, "invalid_parameter")


async def test_a_change_holds_from_its_day_on(house: House, admin: Client) -> None:
    maya, kim = await admin.person("maya"), await admin.person("kim")
    sam = await admin.person("sam", manager_id=maya, job_title="Agent")
    planned = {"manager_id": kim, "job_title": "Lead", "effective_on": day(10)}
    changed = await admin.patch(f"/people/{sam}", planned)
    assert position(changed) == (maya, None, "Agent")
    upcoming = {"effective_on": day(10), "manager_id": kim, "unit_id": None, "job_title": "Lead"}
    assert changed["upcoming"] == [upcoming]
    assert await ids(admin, f"/people?manager_id={kim}") == []
    assert await ids(admin, f"/people?manager_id={kim}&as_of={day(10)}") == [sam]
    assert await ids(admin, f"/people?manager_id={maya}&as_of={day(9)}") == [sam]
    assert await ids(admin, f"/people?manager_id={maya}&as_of={day(10)}") == []
    before = await house.facts()
    house.clock.move(timedelta(days=10))
    now = await admin.get(f"/people/{sam}")
    assert (position(now), now["upcoming"]) == ((kim, None, "Lead"), [])
    assert await ids(admin, f"/people?manager_id={kim}") == [sam]
    assert await ids(admin, f"/people?manager_id={maya},{kim}") == [sam]
    [then] = await admin.list(f"/people?manager_id={maya}&as_of={day(0)}")
    assert (position(then), then["upcoming"]) == ((maya, None, "Agent"), [upcoming])
    # Time alone is no fact.
    assert await house.facts() == before


async def test_a_change_may_be_said_afterwards(admin: Client) -> None:
    unit, other = await admin.unit("Service"), await admin.unit("Sales")
    sam = await admin.person("sam", unit_id=unit, job_title="Agent")
    changed = await admin.patch(f"/people/{sam}", {"unit_id": other, "effective_on": day(-30)})
    assert position(changed) == (None, other, "Agent")
    assert await ids(admin, f"/people?unit_id={unit}&as_of={day(-31)}") == [sam]
    assert await ids(admin, f"/people?unit_id={unit}") == []
    assert await ids(admin, f"/people?unit_id={other}&as_of={day(-30)}") == [sam]


async def test_what_is_said_for_a_day_before_others_ends_where_they_begin(admin: Client) -> None:
    sam = await admin.person("sam", job_title="One")
    await admin.patch(f"/people/{sam}", {"job_title": "Three", "effective_on": day(20)})
    changed = await admin.patch(f"/people/{sam}", {"job_title": "Two", "effective_on": day(10)})
    assert [(one["effective_on"], one["job_title"]) for one in changed["upcoming"]] == [
        (day(10), "Two"),
        (day(20), "Three"),
    ]
    for offset, title in ((0, "One"), (9, "One"), (10, "Two"), (19, "Two"), (20, "Three"), (400, "Three")):
        [then] = await admin.list(f"/people?q=sam&as_of={day(offset)}")
        assert then["job_title"] == title


async def test_saying_again_what_holds_already_is_no_fact(house: House, admin: Client) -> None:
    sam = await admin.person("sam", job_title="Agent")
    await admin.patch(f"/people/{sam}", {"job_title": "Lead", "effective_on": day(10)})
    before = await house.facts()
    for same in ({"job_title": "Lead", "effective_on": day(10)}, {"job_title": "Agent", "effective_on": day(9)}):
        assert (await admin.patch(f"/people/{sam}", same))["version"] == 2
    assert await house.facts() == before


async def test_who_manages_today_may_what_managers_may(house: House, admin: Client) -> None:
    maya, kim = await admin.person("maya"), await admin.person("kim")
    sam = await admin.person("sam", manager_id=maya, hired_on="2020-01-01")
    await admin.patch(f"/people/{sam}", {"manager_id": kim, "effective_on": day(1)})
    absence = {"from": day(2), "to": day(3)}
    refused(await house.as_(kim).ask("POST", f"/people/{sam}/absences", absence), 403, "forbidden")
    assert "hired_on" not in await house.as_(kim).get(f"/people/{sam}")
    await house.as_(maya).post(f"/people/{sam}/absences", absence)
    house.clock.move(timedelta(days=1))
    await house.as_(kim).post(f"/people/{sam}/absences", absence)
    assert (await house.as_(kim).get(f"/people/{sam}"))["hired_on"] == "2020-01-01"
    refused(await house.as_(maya).ask("POST", f"/people/{sam}/absences", absence), 403, "forbidden")
    assert "hired_on" not in await house.as_(maya).get(f"/people/{sam}")


@pytest.mark.parametrize("offset", [-1, 0, 1])
async def test_who_has_left_can_be_made_nobodys_manager_on_any_day(admin: Client, offset: int) -> None:
    maya, sam = await admin.person("maya"), await admin.person("sam")
    await admin.ask("POST", f"/people/{maya}/deactivate")
    body = {"manager_id": maya, "effective_on": day(offset)}
    refused(await admin.ask("PATCH", f"/people/{sam}", body), 422, "unknown_manager")
