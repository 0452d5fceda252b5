"""What is asked of goals: filters as the contract names them, days that have come, pages that fit together."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.goals.api.company import METRIC, QUARTER, UNKNOWN, Company, after, ids, items, made, pointers, read, refused


@pytest.mark.parametrize(
    "query",
    [
        "owner_id=sam",
        f"owner_id={UNKNOWN},",
        "unit_id=x",
        "manager_id=",
        "contributor_id=x",
        "parent_id=none",
        "state=over",
        "state=open,over",
        "status=fine",
        "kind=goal",
        "focus=fun",
        "label=",
        "label=a%00b",
        "period=2026-01-01",
        "period=2026-01-01/",
        "period=2026-12-31/2026-01-01",
        "period=2026-02-30/2026-03-01",
        "due_before=soon",
        "q=",
        "q=" + "x" * 201,
        "stale=yes",
        "stale=1",
        "updated_since=2026-01-01",
        "sort=title",
        "limit=0",
        "limit=501",
        "limit=x",
        "colour=red",
        "state=open&state=draft",
    ],
)
async def test_a_filter_that_is_none_is_refused(still: Company, query: str) -> None:
    problem = refused(await still.sam.get(f"goals?{query}"), 422, "invalid_parameter")
    assert pointers(problem) == [query.partition("=")[0]]


FINDING = (
    {"owner_id": f"{UNKNOWN},{{sam}}"},
    {"unit_id": "{unit}"},
    {"manager_id": "{maya}"},
    {"contributor_id": "{alex}"},
    {"parent_id": "{parent}"},
    {"state": "open", "status": "delayed"},
    {"kind": "key_result,smart"},
    {"focus": "development"},
    {"label": "service"},
    {"period": "2026-12-31/2027-03-31"},
    {"due_before": "2027-01-01"},
    {"q": "ESCALATIONS fewer"},
    {"stale": "false", "owner_id": "{sam}"},
    {"updated_since": "{since}", "kind": "key_result"},
)
MISSING = (
    {"owner_id": UNKNOWN},
    {"period": "2027-01-01/2027-03-31"},
    {"due_before": "2026-12-31"},
    {"q": "escalation"},
    {"stale": "true"},
    {"updated_since": "2999-01-01T00:00:00Z"},
    {"state": "archived"},
)


async def test_lists_find_by_every_filter(acme: Company) -> None:
    unit = await acme.unit("maya")
    parent = await acme.goal("maya")
    wanted = await acme.goal(
        "maya",
        "sam",
        title="Fewer Escalations, now",
        kind="key_result",
        unit_id=unit,
        parent_id=parent["id"],
        contributor_ids=[acme.ids["alex"]],
        period=QUARTER,
        metric=METRIC,
        labels=["Service"],
        visibility="public",
        focus="development",
    )
    path = f"goals/{wanted['id']}/check-ins"
    last = after(await acme.sam.post(path, json={"status": "delayed", "value": 47}))
    known = {**acme.ids, "unit": unit, "parent": parent["id"], "since": wanted["created_at"]}
    for template in FINDING:
        query = {name: value.format(**known) for name, value in template.items()}
        assert ids(items(await acme.kim.get("goals", params=query, headers=last))) == [wanted["id"]], query
    for query in MISSING:
        assert items(await acme.kim.get("goals", params=query, headers=last)) == [], query


async def test_lists_come_in_pages_and_in_order(acme: Company) -> None:
    made_ids = [(await acme.goal("sam"))["id"] for _ in range(5)]
    last = after(await acme.sam.patch(f"goals/{made_ids[1]}", json={"title": "Changed"}))
    for sort, expected in (
        ("created_at", made_ids),
        ("-created_at", made_ids[::-1]),
        ("-updated_at", [made_ids[1], *(made_ids[at] for at in (4, 3, 2, 0))]),
    ):
        found, query = [], {"limit": "2", "sort": sort}
        while True:
            answer = await acme.kim.get("goals", params=query, headers=last)
            found += ids(items(answer))
            cursor = answer.json()["next_cursor"]
            assert (cursor is None) == ("Link" not in answer.headers)
            if cursor is None:
                break
            query["cursor"] = cursor
        assert found == expected, sort
    answer = await acme.kim.get("goals", params={"limit": 2})
    cursor = answer.json()["next_cursor"]
    refused(await acme.kim.get("goals", params={"cursor": cursor, "kind": "smart"}), 422, "invalid_cursor")


async def test_archived_goals_are_found_only_when_asked_for(acme: Company) -> None:
    goal = await acme.goal("sam")
    last = after(await acme.sam.post(f"goals/{goal['id']}/archive"))
    assert items(await acme.kim.get("goals", headers=last)) == []
    assert ids(items(await acme.kim.get("goals?state=archived,open", headers=last))) == [goal["id"]]


async def test_a_tree_is_asked_for_by_root_depth_and_day(acme: Company) -> None:
    top = await acme.goal("maya")
    middle = await acme.goal("maya", parent_id=top["id"])
    answer = await acme.maya.post(
        "goals", json={"title": "Low", "kind": "key_result", "owner_id": acme.ids["maya"], "parent_id": middle["id"]}
    )
    last, low = after(answer), made(answer)
    today = acme.installation.parts.clock.now().date()
    for query, expected in (
        ({}, [top, middle, low]),
        ({"depth": "0"}, [top]),
        ({"depth": "20", "root_id": middle["id"]}, [middle, low]),
        ({"as_of": today.isoformat()}, [top, middle, low]),
        ({"as_of": (today - timedelta(days=1)).isoformat()}, []),
        ({"unit_id": UNKNOWN}, []),
    ):
        found = read(await acme.kim.get("goals/tree", params=query, headers=last))
        assert ids(found["nodes"]) == ids(expected), query
        assert found["position"].startswith("goals:")
    tomorrow = (today + timedelta(days=1)).isoformat()
    problem = refused(await acme.kim.get(f"goals/tree?as_of={tomorrow}"), 422, "as_of_in_future")
    assert pointers(problem) == ["as_of"]
    refused(await acme.kim.get(f"goals/tree?root_id={UNKNOWN}"), 404, "goal_not_found")
    for query in ("depth=21", "depth=-1", "depth=x", "as_of=now", "root_id=x", "unit_id=x", "levels=2"):
        problem = refused(await acme.kim.get(f"goals/tree?{query}"), 422, "invalid_parameter")
        assert pointers(problem) == [query.partition("=")[0]]
    assert (await acme.kim.post("goals/tree", json={})).status_code == 405


async def test_one_goal_is_looked_at_from_all_sides(acme: Company) -> None:
    top = await acme.goal("maya")
    low = await acme.goal("maya", "sam", kind="key_result", parent_id=top["id"], metric=METRIC)
    answer = await acme.sam.post(f"goals/{low['id']}/check-ins", json={"status": "on_track", "value": 45})
    last, today = after(answer), acme.installation.parts.clock.now().date()
    assert read(await acme.kim.get(f"goals/{top['id']}/rollup", headers=last))["progress"] == 0.5
    [above] = read(await acme.kim.get(f"goals/{low['id']}/impact", headers=last))["items"]
    assert (above["goal_id"], above["points"]) == (top["id"], 0.5)
    for query, expected in (
        ({}, [0.5]),
        ({"from": today.isoformat()}, [0.5]),
        ({"to": (today - timedelta(days=1)).isoformat()}, []),
    ):
        found = read(await acme.kim.get(f"goals/{top['id']}/trend", params=query, headers=last))["items"]
        assert [point["progress"] for point in found] == expected
    problem = refused(
        await acme.kim.get(f"goals/{top['id']}/trend?from=2026-02-02&to=2026-02-01"), 422, "invalid_parameter"
    )
    assert pointers(problem) == ["to"]
    history = items(await acme.kim.get(f"goals/{low['id']}/history", headers=last))
    assert [event["type"] for event in history] == ["goals.check-in-recorded.v2", "goals.goal-created.v2"]
    page = read(await acme.kim.get(f"goals/{low['id']}/history?limit=1"))
    rest = read(await acme.kim.get(f"goals/{low['id']}/history", params={"limit": 1, "cursor": page["next_cursor"]}))
    assert [*page["items"], *rest["items"]] == history


@pytest.mark.parametrize("part", ["", "/rollup", "/impact", "/trend", "/history", "/check-ins", "/milestones"])
async def test_what_one_may_not_see_is_not_there(acme: Company, other: Company, part: str) -> None:
    hidden, foreign = await acme.goal("sam", visibility="private"), await other.goal("sam")
    last = after(await acme.sam.patch(f"goals/{hidden['id']}", json={"title": "Seen by few"}))
    answers = [
        await acme.kim.get(f"goals/{goal_id}{part}", headers=last) for goal_id in (hidden["id"], foreign["id"], UNKNOWN)
    ]
    for answer in answers:
        refused(answer, 404, "goal_not_found")
    assert len({answer.text.replace(answer.json()["instance"], "") for answer in answers}) == 1
    read(await acme.maya.get(f"goals/{hidden['id']}{part}", headers=last))
    refused(await acme.kim.get(f"goals/x{part}"), 404, "not_found")
