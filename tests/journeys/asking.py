"""Every question that can be asked about people and goals, and what askers of two tenants are told."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product as combined
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit

import httpx2

from tests.journeys.company import Company
from tests.journeys.described import BASE
from tests.journeys.team import Team, day, ids, items

BELOW = ("check-ins", "comments", "milestones")
"""Lists of a goal whose things can be asked for one by one."""
LONG_AGO = f"updated_since={day(-9)}T00:00:00Z"


class Answer(NamedTuple):
    """What counts of an answer: its status, its headers, and every byte."""

    status: int
    etag: str
    link: str
    body: bytes


@dataclass(frozen=True)
class Known:
    """What a tenant holds, so that it can be asked for; `deep` are the goals that everything is asked about."""

    people: Sequence[str]
    emails: Sequence[str]
    units: Sequence[str]
    goals: Sequence[str]
    requests: Sequence[str]
    erasures: Sequence[str]
    erased: Sequence[str]
    things: Sequence[str]
    """Paths of what stands below goals and people."""
    deep: Sequence[str]


# --- what is asked ----------------------------------------------------------------------------------------------


def questions(known: Known) -> Iterator[str]:
    """Every list with every filter, in every order and in pages; every tree; everything by id."""
    yield from _of_goals(known)
    yield from _of_trees(known)
    yield from _of_people(known)
    yield from _of_units(known)
    yield from _of_requests(known)
    yield from _of_erasures(known)
    yield from (f"/goals/{goal}{at}" for goal, at in combined(known.deep, _OF_A_GOAL))
    yield from (f"/people/{person}{at}" for person, at in combined(known.people[:5], _OF_A_PERSON))
    yield from known.things


def _of_goals(known: Known) -> Iterator[str]:
    owners = ",".join(known.people)
    for name, values in {
        "state": ("draft", "open", "closed", "cancelled", "archived", "draft,archived"),
        "status": ("not_started", "on_track", "delayed", "off_track", "done"),
        "kind": ("objective", "key_result", "smart"),
        "focus": ("business", "development", "wellbeing"),
        "label": ("quality", "SERVICE", "nothing"),
        "q": ("fewer", "a first day", "goal"),
        "stale": ("true", "false"),
        "period": (f"{day(-5)}/{day(5)}", f"{day(-900)}/{day(-800)}"),
        "due_before": (day(100), day(-100)),
        "updated_since": (f"{day(-3)}T00:00:00Z",),
        "sort": ("created_at", "-created_at", "updated_at", "-updated_at", "due", "-due"),
        "owner_id": (owners, *known.people[:4]),
        "manager_id": known.people[:4],
        "contributor_id": (owners,),
        "unit_id": known.units,
        "parent_id": known.goals[:6],
    }.items():
        yield from (f"/goals?{name}={value}&limit=200" for value in values)
    yield f"/goals?state=open&kind=key_result&owner_id={owners}&sort=-updated_at&limit=7"


def _of_trees(known: Known) -> Iterator[str]:
    for depth, when in combined((0, 2, 10), ("", *(f"&as_of={day(-days)}" for days in (0, 1, 8, 30, 90)))):
        yield f"/goals/tree?depth={depth}{when}"
    yield from (f"/goals/tree?unit_id={unit}&depth=5" for unit in known.units)
    yield from (f"/goals/tree?root_id={goal}&depth=3&as_of={day(-9)}" for goal in known.goals[:5])


def _of_people(known: Known) -> Iterator[str]:
    yield from ("/me", "/people", "/people?limit=5&sort=-name", "/people?state=deactivated", "/people?q=pat")
    yield from (f"/people?external_id={number}" for number in ("E-17", "E-18"))
    yield from (f"/people?email={email}" for email in (*known.emails[:4], "nobody@t.example"))
    yield from (f"/people?unit_id={unit}" for unit in known.units)
    yield from (f"/people?manager_id={person}&as_of={day(40)}" for person in known.people[:3])
    yield f"/people?sort=-updated_at&{LONG_AGO}"


def _of_units(known: Known) -> Iterator[str]:
    yield from ("/units", "/units?limit=2&sort=-name", f"/units?sort=updated_at&{LONG_AGO}", "/units?q=service")
    yield from (f"/units?lead_id={person}" for person in known.people)
    yield from (f"/units?parent_id={unit}" for unit in known.units)
    yield from (f"/units/{unit}" for unit in known.units)


def _of_requests(known: Known) -> Iterator[str]:
    yield from ("/support-requests?limit=1", "/support-requests?state=open", "/support-requests?state=promised,given")
    yield f"/support-requests?sort=-updated_at&{LONG_AGO}"
    yield from (f"/support-requests?goal_id={goal}" for goal in known.deep)
    yield from (f"/support-requests?manager_id={person}" for person in known.people[:5])
    yield from (f"/support-requests/{request}" for request in known.requests)


def _of_erasures(known: Known) -> Iterator[str]:
    yield from ("/erasures?limit=1", "/erasures?state=done", "/erasures?state=requested")
    yield f"/erasures?sort=-updated_at&{LONG_AGO}"
    yield from (f"/erasures?person_id={person}" for person in (*known.erased, *known.people[:2]))
    yield from (f"/erasures/{erasure}" for erasure in known.erasures)


_OF_A_GOAL = (
    *("", "/rollup", "/impact", "/trend", f"/trend?from={day(-20)}", f"/trend?to={day(-3)}", "/history", "/check-ins"),
    *("/comments", "/milestones", "/follow", f"/follow?sort=-created_at&{LONG_AGO}", f"/history?sort=time&{LONG_AGO}"),
    *("/check-ins?sort=observed_on", f"/check-ins?sort=-updated_at&{LONG_AGO}"),
    *(f"/comments?sort=-updated_at&{LONG_AGO}", f"/milestones?sort=-updated_at&{LONG_AGO}", "/history?limit=3"),
    *("/comments?limit=1", "/milestones?limit=1", "/follow?limit=1", "/check-ins?limit=2"),
)
_OF_A_PERSON = (
    *("", "/reports?depth=20", f"/reports?depth=20&as_of={day(-2)}", f"/reports?as_of={day(60)}", "/reports?limit=1"),
    *(f"/reports?depth=20&sort=-updated_at&{LONG_AGO}", "/absences?limit=1", f"/absences?sort=-created_at&{LONG_AGO}"),
)


# --- who asks, and what they are told ---------------------------------------------------------------------------


class Askers:
    """Several people of two tenants, and what all of them are told."""

    def __init__(self, team: Team, company: Company) -> None:
        self._team, self._company = team, company
        self._asked = list(self._plan())

    def answers(self) -> dict[tuple[str, str], Answer]:
        """By asker and question; lists are followed from page to page."""
        found = {}
        for name, by, path, after in self._asked:
            following: str | None = path
            while following is not None:
                answer = by.get(following, headers=after)
                known = answer.headers.get("ETag", ""), answer.headers.get("Link", "")
                found[name, following] = Answer(answer.status_code, *known, answer.content)
                following = _next(path, answer)
        return found

    def _plan(self) -> Iterator[tuple[str, httpx2.Client, str, dict[str, str]]]:
        team, company = self._team, self._company
        # Long lists and trees for who sees most; for others what rights take away from them.
        theirs = {name: getattr(team, name) for name in ("maya", "sam", "kim", "alex", "admin")}
        known = {name: company.by(name) for name in ("nora", "sam", "ruth")}
        for tenant, admin, people, askers in (
            (team.tenant, team.admin, team.ids, theirs),
            ("acme", company.admin, company.ids, known),
        ):
            first = next(iter(askers.values()))
            goals = sorted(ids(first, "/goals", limit=500, state="draft,open,closed,cancelled,archived"))
            after = {"Cairn-After": ", ".join(team.product.heads(tenant))}
            for number, (name, by) in enumerate(askers.items()):
                deep = goals if number < 2 and tenant != "acme" else goals[:: 5 if number == 0 else 9]
                for path in questions(_known(first, admin, list(people.values()), goals, deep)):
                    yield f"{name} of {tenant}", by, path, after


def _next(path: str, answer: httpx2.Response) -> str | None:
    cursor = answer.json().get("next_cursor")
    return f"{path}{'&' if '?' in path else '?'}cursor={cursor}" if cursor else None


def _known(
    by: httpx2.Client, admin: httpx2.Client, people: Sequence[str], goals: Sequence[str], deep: Sequence[str]
) -> Known:
    """What `by` can name of a tenant, and what only an administrator can."""
    lists = [(by, f"/goals/{goal}/{name}") for goal, name in combined(deep, BELOW)]
    lists += [(admin, f"/people/{person}/absences") for person in people]
    return Known(
        people=people,
        emails=sorted(one["email"] for one in items(admin, "/people", limit=500) if one["email"] is not None),
        units=_ids(by, "/units"),
        goals=goals,
        requests=_ids(by, "/support-requests"),
        erasures=_ids(admin, "/erasures"),
        erased=sorted(one["person_id"] for one in items(admin, "/erasures", limit=500)),
        things=[f"{path}/{id}" for asker, path in lists for id in _ids(asker, path)],
        deep=deep,
    )


def _ids(by: httpx2.Client, path: str) -> list[str]:
    return sorted(ids(by, path, limit=500))


# --- whether all was asked --------------------------------------------------------------------------------------


def unasked(description: Mapping[str, Any], answers: Mapping[tuple[str, str], Answer]) -> set[str]:
    """Routes that may be read, and their query parameters, with which no answer came that holds anything."""
    read = {path: item["get"] for path, item in description["paths"].items() if "get" in item and BASE in path}
    left = {path: {"", *_parameters(operation)} for path, operation in read.items()}
    for (_, asked), answer in answers.items():
        if answer.status == 200 and not re.search(rb'"(items|nodes)": ?\[\]', answer.body):
            parts = urlsplit(BASE + asked)
            left[_route(parts.path, read)] -= {"", *(name for name, _ in parse_qsl(parts.query))}
    return {f"{path}?{name}" for path, names in left.items() for name in names}


def _parameters(operation: Mapping[str, Any]) -> set[str]:
    return {one["name"] for one in operation.get("parameters", ()) if one.get("in") == "query"}


def _route(path: str, routes: Iterable[str]) -> str:
    """The described route of a path: the one with the fewest variable parts, as `/goals/tree` is no goal."""
    fitting = [one for one in routes if re.fullmatch(re.sub(r"\{[^}]*\}", "[^/]+", one), path)]
    return min(fitting, key=lambda one: one.count("{"))
