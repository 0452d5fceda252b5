"""The demo tenant: people, goals and weeks of check-ins, made through the public interface as any client would.

Every request has an idempotency key and a body that is the same at every start, so repeating it changes nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import httpx2
import typer

from libs.web.app import BASE
from services.gateway import wiring as gateway

if TYPE_CHECKING:
    from services.cli.up import Installation

TENANT = "acme"
DOMAIN = "acme.example"
_ATTEMPTS = 10
_LONGEST_WAIT = 5


class DemoRefused(Exception):
    """The demo tenant could not be added; the message says why and what to do."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"the demo tenant {TENANT} could not be added: {reason} Start without --demo to go on.")


class Measured(NamedTuple):
    """A goal of the demo and how it was seen to move, a value a week; the last is this week's."""

    key: str
    owner: str
    goal: Mapping[str, Any]
    weeks: tuple[tuple[float, str, str], ...]


PEOPLE = (("maya", "Maya Lindqvist", "Head of Customer Service", None), ("sam", "Sam Okafor", "Support Agent", "maya"))

GOALS = (
    Measured(
        "escalations",
        "maya",
        {
            "title": "20 % fewer escalations",
            "kind": "smart",
            "visibility": "public",
            "metric": {"start": 50, "target": 40, "unit": "escalations a week"},
            "check_in_every": "week",
        },
        (
            (50, "delayed", "The new routing is not live yet."),
            (47, "on_track", "Routing went live on Tuesday."),
            (44, "on_track", "Second-level support now takes part in the morning round."),
        ),
    ),
    Measured(
        "interactions",
        "sam",
        {
            "title": "15 % fewer interactions per ticket",
            "kind": "smart",
            "metric": {"start": 4, "target": 3.4, "unit": "interactions"},
            "check_in_every": "week",
        },
        ((4.1, "off_track", "Customers ask twice about the same form."), (3.9, "delayed", "The form is rewritten.")),
    ),
    Measured(
        "peer-rating",
        "sam",
        {
            "title": "A peer rating of 4.5 out of 5",
            "kind": "key_result",
            "metric": {"start": 3.9, "target": 4.5, "unit": "points"},
        },
        ((4.2, "on_track", "Pairing on difficult tickets helps both sides."),),
    ),
)


async def seed(installation: Installation, url: str) -> None:
    """Adds the demo tenant if it is not there yet, and prints where to click and what to paste.

    Raises DemoRefused. Quotas count here as for anybody, so a small one makes this slow.
    """
    people, parts = installation.people, installation.parts
    admin = await people.identify(TENANT, None, f"admin@{DOMAIN}", ["admin"])

    def token(person_id: str) -> str:
        return str(parts.issuer.issue(TENANT, person_id, now=parts.clock.now(), ttl=timedelta(hours=12)))

    async with gateway.in_process("cairn", installation.gateway) as client:
        ids = {"admin": admin}
        for key, name, job, manager in PEOPLE:
            person = {"display_name": name, "email": f"{key}@{DOMAIN}", "job_title": job}
            if manager is not None:
                person["manager_id"] = ids[manager]
            ids[key] = (await _post(client, "/people", f"person-{key}", person, token(admin)))["id"]
        me = await _ask(client, client.build_request("GET", f"{BASE}/me", headers=_bearer(token(admin))))
        today = date.fromisoformat(me["created_at"][:10])
        for one in GOALS:
            goal_id = await _goal(client, one, ids[one.owner], token(ids[one.owner]), today)
    _greet(url, {name: token(person_id) for name, person_id in ids.items()}, goal_id)


async def _goal(client: httpx2.AsyncClient, one: Measured, owner_id: str, token: str, today: date) -> str:
    period = {"start": str(today - timedelta(days=30)), "end": str(today + timedelta(days=60))}
    body = {**one.goal, "owner_id": owner_id, "period": period}
    goal = await _post(client, "/goals", f"goal-{one.key}", body, token)
    for week, (value, status, note) in enumerate(one.weeks):
        day = today - timedelta(weeks=len(one.weeks) - 1 - week)
        check_in = {"value": value, "status": status, "note": note, "observed_on": str(day)}
        await _post(client, f"/goals/{goal['id']}/check-ins", f"check-in-{one.key}-{week}", check_in, token)
    return str(goal["id"])


async def _post(client: httpx2.AsyncClient, path: str, key: str, body: Mapping[str, Any], token: str) -> dict[str, Any]:
    headers = {**_bearer(token), "Idempotency-Key": f"demo-{key}"}
    return await _ask(client, client.build_request("POST", f"{BASE}{path}", json=body, headers=headers))


async def _ask(client: httpx2.AsyncClient, request: httpx2.Request) -> dict[str, Any]:
    what = f"{request.method} {request.url.path}"
    try:
        for _ in range(_ATTEMPTS):
            answer = await client.send(request)
            if answer.status_code != httpx2.codes.TOO_MANY_REQUESTS:
                break
            await asyncio.sleep(min(int(answer.headers.get("retry-after", 1)), _LONGEST_WAIT))
    except httpx2.HTTPError as error:
        raise DemoRefused(f"{what} broke off ({type(error).__name__}).") from error
    found: dict[str, Any] = answer.json()
    if answer.is_error:
        raise DemoRefused(f"{what} was answered with {answer.status_code} {found['code']}. {found['detail']}")
    return found


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def _greet(url: str, tokens: Mapping[str, str], goal_id: str) -> None:
    typer.echo(f"\nCairn is at {url}   (interactive documentation: {url}/docs)\n")
    typer.echo("Tokens of the demo tenant acme, good for 12 hours:")
    for name, title in (("sam", "Sam, an employee"), ("maya", "Maya, his manager"), ("admin", "an administrator")):
        typer.echo(f"\n  {title}:\n  {tokens[name]}")
    typer.echo(
        f"\nPaste this to see one of Sam's goals:\n\n  TOKEN={tokens['sam']}\n"
        f'  curl -s {url}{BASE}/goals/{goal_id} -H "Authorization: Bearer $TOKEN"\n\nStop with Ctrl-C.\n'
    )
