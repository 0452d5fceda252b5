"""Changes of different days on top of each other: what is said for a day changes what it names, and else nothing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.people.api.house import Client, House, day, refused
from tests.people.api.test_circles import move
from tests.people.api.test_dated import ids, position

HALF_A_YEAR = 180


async def stands(asker: Client, person: str, offset: int) -> tuple[Any, ...]:
    """Where somebody stands on a day, as a list of that day says."""
    [then] = [one for one in await asker.list(f"/people?as_of={day(offset)}") if one["id"] == person]
    return position(then)


async def plan(asker: Client, person: str, offset: int, **fields: Any) -> Any:
    """A change that holds from a day on."""
    return await asker.patch(f"/people/{person}", {**fields, "effective_on": day(offset)})


async def test_whom_somebody_will_lead_may_not_come_to_lead_them(admin: Client) -> None:
    a, b = await admin.person("a"), await admin.person("b")
    await plan(admin, a, 10, job_title="Lead")
    assert (await move(admin, b, a, 30)).status_code == 200
    # The title of day 10 ends nothing: from today on is from day 30 on, too.
    refused(await move(admin, a, b), 409, "manager_cycle")
    await plan(admin, a, 30, manager_id=await admin.person("other"))
    assert (await move(admin, a, b)).status_code == 200


async def test_a_new_manager_stays_when_an_older_plan_of_something_else_comes_true(house: House, admin: Client) -> None:
    old, new = await admin.person("old"), await admin.person("new")
    sub = await admin.person("sub", manager_id=old, job_title="Agent", hired_on="2020-01-01")
    await plan(admin, sub, HALF_A_YEAR, job_title="Lead")
    changed = await admin.patch(f"/people/{sub}", {"manager_id": new})
    assert position(changed) == (new, None, "Agent")
    assert [position(one) for one in changed["upcoming"]] == [(new, None, "Lead")]
    for offset in (0, HALF_A_YEAR - 1, HALF_A_YEAR, 2 * HALF_A_YEAR):
        assert await ids(admin, f"/people/{old}/reports?as_of={day(offset)}") == []
        assert await ids(admin, f"/people/{new}/reports?as_of={day(offset)}") == [sub]
    absence = {"from": day(1), "to": day(2)}
    for passed in (HALF_A_YEAR - 1, 1, 30):
        house.clock.move(timedelta(days=passed))
        assert "hired_on" in await house.as_(new).get(f"/people/{sub}")
        assert "hired_on" not in await house.as_(old).get(f"/people/{sub}")
        await house.as_(new).post(f"/people/{sub}/absences", absence)
        refused(await house.as_(old).ask("POST", f"/people/{sub}/absences", absence), 403, "forbidden")
    assert position(await admin.get(f"/people/{sub}")) == (new, None, "Lead")


async def test_a_new_title_stays_when_an_older_plan_of_a_manager_comes_true(admin: Client) -> None:
    old, new = await admin.person("old"), await admin.person("new")
    sub = await admin.person("sub", manager_id=old)
    await plan(admin, sub, 20, manager_id=new)
    changed = await plan(admin, sub, 10, job_title="Lead")
    assert [position(one) for one in changed["upcoming"]] == [(old, None, "Lead"), (new, None, "Lead")]
    assert await stands(admin, sub, 400) == (new, None, "Lead")


async def test_three_plans_each_change_their_own(admin: Client) -> None:
    old, new = await admin.person("old"), await admin.person("new")
    sales, care = await admin.unit("Sales"), await admin.unit("Care")
    sub = await admin.person("sub", manager_id=old, unit_id=sales, job_title="Agent")
    await plan(admin, sub, 30, job_title="Lead")
    await plan(admin, sub, 20, unit_id=care)
    await plan(admin, sub, 10, manager_id=new)
    await admin.patch(f"/people/{sub}", {"job_title": "Senior"})
    assert [await stands(admin, sub, offset) for offset in (-1, 0, 10, 20, 30)] == [
        (old, sales, "Agent"),
        (old, sales, "Senior"),
        (new, sales, "Senior"),
        (new, care, "Senior"),
        (new, care, "Lead"),
    ]


async def test_the_last_word_for_a_day_counts_and_its_other_words_stay(admin: Client) -> None:
    old, new, newer = [await admin.person(name) for name in ("old", "new", "newer")]
    sub = await admin.person("sub", manager_id=old, job_title="Agent")
    await plan(admin, sub, 10, manager_id=new, job_title="Lead")
    changed = await plan(admin, sub, 10, manager_id=newer)
    assert [position(one) for one in changed["upcoming"]] == [(newer, None, "Lead")]
    await admin.patch(f"/people/{sub}", {"manager_id": None, "job_title": None})
    assert (await stands(admin, sub, 9), await stands(admin, sub, 10)) == ((None,) * 3, (newer, None, "Lead"))


async def test_nobody_leads_until_somebody_is_named(admin: Client) -> None:
    old, new = await admin.person("old"), await admin.person("new")
    sub = await admin.person("sub", manager_id=old)
    await plan(admin, sub, 20, job_title="Lead")
    await plan(admin, sub, 30, manager_id=new)
    changed = await plan(admin, sub, 10, manager_id=None)
    assert [one["manager_id"] for one in changed["upcoming"]] == [None, None, new]
    for offset, led in ((9, [sub]), (10, []), (20, []), (30, [])):
        assert await ids(admin, f"/people/{old}/reports?as_of={day(offset)}") == led


async def test_a_record_sent_whole_for_a_day_to_come_plans_only_what_differs(admin: Client) -> None:
    old, new = await admin.person("old"), await admin.person("new")
    whole = {"display_name": "Sub", "email": "sub@acme.example", "manager_id": old, "job_title": "Agent"}
    sub = (await admin.ask("PUT", "/people/by-ref/hr/1", whole)).json()["id"]
    planned = {**whole, "job_title": "Lead", "effective_on": day(10)}
    assert (await admin.ask("PUT", "/people/by-ref/hr/1", planned)).status_code == 200
    assert (await admin.ask("PUT", "/people/by-ref/hr/1", {**whole, "manager_id": new})).status_code == 200
    assert await stands(admin, sub, 10) == (new, None, "Lead")
    # Who is to come back is said so, for that day.
    assert [position(one) for one in (await plan(admin, sub, 10, manager_id=old))["upcoming"]] == [(old, None, "Lead")]


@pytest.mark.parametrize("offset", [-20, -10])
async def test_what_is_said_afterwards_reaches_to_what_was_said_for_later(admin: Client, offset: int) -> None:
    old, new = await admin.person("old"), await admin.person("new")
    sub = await admin.person("sub", manager_id=old, job_title="Agent")
    await plan(admin, sub, -10, job_title="Lead")
    assert position(await plan(admin, sub, offset, manager_id=new)) == (new, None, "Lead")
    assert await stands(admin, sub, offset - 1) == (old, None, "Agent")
