"""A person who leaves a planted text in every personal field that a person has, between two others who leave theirs."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import Any

from libs.events.envelope import decode
from libs.events.personal import places
from libs.events.registry import REGISTRY
from tests.events.canaries import found_in

Act = Callable[[str, str, str, Any], Awaitable[Any]]
"""`(who, method, path, body)` → the answer's JSON; it must succeed. `who` is `admin`, `victim`, `boss` or `report`."""
OF_UNITS, OF_OPERATORS = "people.unit-", ".event-skipped.v1"
_SETTINGS = {"locale": "de-AT", "timezone": "Antarctica/Troll"}
"""Sealed as any text, and the same for many: nobody is found by them."""
WHO = ("victim", "boss", "report")


def planted(who: str) -> dict[str, str]:
    """The texts that somebody leaves, by field: each begins with a word that stands nowhere else."""
    texts = {name: f"{token(bird, who)} {_MORE}" for name, bird in _BIRDS.items()}
    links = {name: f"https://canary.example/{token(bird, who)}?of=canary" for name, bird in _LINKS.items()}
    return {**texts, **links, "email": f"{token(_EMAIL, who)}@canary-böx.example"}


def token(bird: str, who: str) -> str:
    """The word by which a text is found, also where its words were taken apart."""
    return f"{bird}{_mark(who)}"


def found_of(folder: Path, who: str) -> set[str]:
    """The fields of somebody whose words stand in some file below the folder, in some form."""
    if not found_in(folder, {"": _mark(who)}):
        return set()  # every word ends with it
    return found_in(folder, {name: token(bird, who) for name, bird in {**_BIRDS, **_LINKS, "email": _EMAIL}.items()})


def _mark(who: str) -> str:
    return f"xq{who}qx"


async def joined(act: Act, who: str, manager_id: str | None, role: str | None = None) -> str:
    """Somebody joins and is said anew; returns their id."""
    text = planted(who)
    body = {
        **{name: text[name] for name in ("display_name", "job_title", "email", "external_id")},
        "manager_id": manager_id,
        "roles": [role] if role is not None else [],
        "external_ref": {"system": "hr", "id": text["person_ref"], "url": text["person_link"]},
        **_SETTINGS,
    }
    person = str((await act("admin", "POST", "/people", body))["id"])
    said = {"display_name": text["another_name"], "job_title": text["another_job"], "effective_on": "2026-01-01"}
    await act("admin", "PATCH", f"/people/{person}", said)
    return person


async def lived(act: Act, ids: dict[str, str]) -> None:
    """All three set goals and say what can be said; `ids` gets the goals' ids by whose they are."""
    above = {"victim": "boss", "report": "victim"}
    for who in WHO:
        ids[f"goal of {who}"] = await _goal(act, who, ids)
    for who, boss in above.items():
        await _agreed(act, who, boss, f"/goals/{ids[f'goal of {who}']}")
    for who in WHO:
        await _moved(act, who, f"/goals/{ids[f'goal of {who}']}")
    for who, boss in above.items():
        [asked] = (await act(boss, "GET", f"/support-requests?goal_id={ids[f'goal of {who}']}", None))["items"]
        answer = {"state": "promised", "answer": planted(boss)["answer"]}
        await act(boss, "POST", f"/support-requests/{asked['id']}/answer", answer)
    await _ended(act, ids)
    ids["erasure"] = await _asked(act, ids)


async def _goal(act: Act, who: str, ids: dict[str, str]) -> str:
    text = planted(who)
    body = {
        **{name: text[name] for name in ("title", "description")},
        "kind": "objective",
        "owner_id": ids[who],
        "visibility": "public",
        "metric": {"start": 50, "target": 40, "unit": text["unit"]},
        "labels": [text["label"], f"{text['label']} too"],
        "external_ref": {"system": "tracker", "id": text["goal_ref"], "url": text["goal_link"]},
    }
    goal = str((await act(who, "POST", "/goals", body))["id"])
    await act(who, "PATCH", f"/goals/{goal}", {"title": text["another_title"]})
    return goal


async def _agreed(act: Act, who: str, boss: str, goal: str) -> None:
    steps = ((boss, "propose"), (who, "request_changes"), (who, "propose"), (boss, "request_changes"))
    for by, action in (*steps, (boss, "propose"), (who, "agree")):
        await act(by, "POST", f"{goal}/agreement", {"action": action, "note": planted(by)[action]})


async def _moved(act: Act, who: str, goal: str) -> None:
    text = planted(who)
    words = {name: text[name] for name in ("note", "adjustments", "support_needed", "blockers")}
    said = {"status": "on_track", "value": 45, "source": {"system": "tracker", "url": text["source_link"]}, **words}
    said["external_ref"] = {"system": "tracker", "id": text["check_in_ref"], "url": text["check_in_link"]}
    made = await act(who, "POST", f"{goal}/check-ins", said)
    again = {"value": 44, "reason": text["correction"], "source": said["source"], **words}
    await act(who, "POST", f"{goal}/check-ins/{made['id']}/correct", again)
    step = {"title": text["milestone"], "due_on": "2030-01-31"}
    milestone = await act(who, "POST", f"{goal}/milestones", step)
    await act(who, "PATCH", f"{goal}/milestones/{milestone['id']}", {"title": text["another_milestone"]})
    comment = await act(who, "POST", f"{goal}/comments", {"text": text["comment"]})
    await act(who, "PATCH", f"{goal}/comments/{comment['id']}", {"text": text["another_comment"]})


async def _ended(act: Act, ids: dict[str, str]) -> None:
    """A goal that the victim takes over with its words, and one of theirs that ends in every way."""
    text = planted("victim")
    body = {
        "title": text["given_title"],
        "description": text["given_description"],
        "kind": "objective",
        "owner_id": ids["report"],
        "metric": {"start": 0, "target": 1, "unit": text["given_unit"]},
        "labels": [text["given_label"]],
        "external_ref": {"system": "tracker", "id": text["given_ref"], "url": text["given_link"]},
    }
    goal = ids["given"] = str((await act("victim", "POST", "/goals", body))["id"])
    body = {"owner_id": ids["victim"], "reason": text["transfer"]}
    await act("victim", "POST", f"/goals/{goal}/transfer", body)
    body = {"title": "A plain one", "kind": "objective", "owner_id": ids["report"]}
    goal = str((await act("report", "POST", "/goals", body))["id"])
    await act("victim", "POST", f"/goals/{goal}/close", {"score": 0.7, "reflection": text["reflection"]})
    await act("victim", "POST", f"/goals/{goal}/reopen", {"reason": text["reopening"]})
    await act("victim", "POST", f"/goals/{goal}/cancel", {"reason": text["cancelling"]})


async def _asked(act: Act, ids: dict[str, str]) -> str:
    """The victim asks that somebody else be erased, which never happens; then the victim's own erasure is asked for."""
    await act("victim", "POST", f"/people/{ids['report']}/erase", {"reason": planted("victim")["erasing"]})
    asked = await act("admin", "POST", f"/people/{ids['victim']}/erase", {"reason": "A plain reason."})
    return str(asked["id"])


def left_out(bodies: Iterable[bytes], person_id: str) -> set[tuple[str, str]]:
    """Personal fields of events as they are written today that hold nothing of this person's."""
    seen: set[tuple[str, str]] = set()
    for body in bodies:
        event = decode(body)
        for place in places(event.data, REGISTRY.paths(event.type)):
            if place.holder == person_id:
                seen.add((event.type, re.sub(r"\.\d+$", "", place.path)))
    written = [name for name in REGISTRY if REGISTRY.today(name) is REGISTRY.shape(name)]
    declared = {(name, ".".join(path.steps)) for name in written for path in REGISTRY.paths(name)}
    return {one for one in declared - seen if not one[0].startswith(OF_UNITS) and not one[0].endswith(OF_OPERATORS)}


_EMAIL, _MORE = "Zaphkiel", "“more” ♞ 𝄞 ß"
_BIRDS = {
    "display_name": "Hoopoe",
    "job_title": "Kanarienvogt",
    "external_id": "Ortolan",
    "person_ref": "Turnstone",
    "another_name": "Nightjar",
    "another_job": "Nachtigall",
    "title": "Wrenhatch",
    "another_title": "Wheatear",
    "description": "Finchling",
    "unit": "Siskin",
    "label": "Lärk",
    "goal_ref": "Nuthatch",
    "propose": "Twite",
    "request_changes": "Crossbill",
    "agree": "Bullfinch",
    "note": "Linnet",
    "adjustments": "Dunnock",
    "support_needed": "Brambling",
    "blockers": "Chaffinch",
    "check_in_ref": "Firecrest",
    "correction": "Redpoll",
    "milestone": "Hawfinch",
    "another_milestone": "Grosbeak",
    "answer": "Bluethroat",
    "comment": "Whinchat",
    "another_comment": "Stonechat",
    "given_title": "Dotterel",
    "given_description": "Whimbrel",
    "given_unit": "Sanderling",
    "given_label": "Dunlin",
    "given_ref": "Knot",
    "transfer": "Godwit",
    "reflection": "Fieldfare",
    "reopening": "Redwing",
    "cancelling": "Ouzel",
    "erasing": "Capercaillie",
}
_LINKS = {
    "person_link": "Plover",
    "goal_link": "Treecreeper",
    "source_link": "Goldcrest",
    "check_in_link": "Lapwing",
    "given_link": "Avocet",
}

IN_STREAMS = {
    *("propose", "request_changes", "agree", "note", "adjustments", "blockers", "source_link", "correction"),
    *("check_in_ref", "check_in_link", "transfer", "reflection", "reopening", "cancelling"),
}
"""What is in the streams alone, in clear nowhere."""
SUPERSEDED = {"title", "display_name", "comment", "milestone"}
"""What rows held until it was said differently: it may linger in their logs."""
