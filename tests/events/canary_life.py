"""Two people's life in people and goals with a planted text wherever one is taken, through the real services."""

from __future__ import annotations

from typing import Any

from libs.events.caller import Caller
from libs.events.ports import Parked
from libs.events.skipping import skip
from services.people.domain.commands import AddPerson, Reference
from tests.events.installation import Installation

PERSON: dict[str, Any] = {
    "display_name": "Zaphkiel Ünïcorn",
    "job_title": "Kanarienvögte 𝄞",
    "email": "Zaphkiel@canary-böx.example",
    "external_id": "Ortolan-№-4711",
    "locale": "tlh-x-ortolan9",
    "timezone": "Antarctica/Troll",
}
MORE_OF_PEOPLE = {
    "another name": "Zaphkiel née Hoopoe ß",
    "another job": "Nachtigallenwärter ♫",
    "unit name": "Whimbrel unit ☼",
    "another unit name": "Whimbrel & Dotterel unit",
    "person reference": "Turnstone-ref-ö",
    "person link": "https://canary.example/Turnstone?who=zaphkiel",
    "unit reference": "Sanderling-ref-é",
    "unit link": "https://canary.example/Sanderling",
}
GOAL = {
    "title": "Wrenhatch title ♞",
    "description": "Finchling\ndescription “q”",
    "unit": "siskinßtück",
    "label": "lärk-label",
    "goal reference": "Nuthatch-ref-ñ",
    "goal link": "https://canary.example/Nuthatch?who=zaphkiel",
}
CHECK_IN = {
    "note": "Linnet note é",
    "adjustments": "Dunnock adjustments ☂",
    "support_needed": "Brambling support ñ",
    "blockers": "Chaffinch blockers ø",
    "url": "https://canary.example/Goldcrest?who=zaphkiel",
    "check-in reference": "Firecrest-ref-ü",
    "check-in link": "https://canary.example/Firecrest",
}
SAID = {
    "another title": "Wrenhatch, restated ♘",
    "correction": "Redpoll correction å",
    "proposal": "Twite proposal ¿",
    "request for changes": "Crossbill wants changes ✗",
    "consent": "Bullfinch agrees ✓",
    "milestone": "Hawfinch milestone ⚑",
    "another milestone": "Hawfinch milestone, moved ⚐",
    "answer": "Bluethroat answers ✆",
    "comment": "Whinchat comment ☁",
    "another comment": "Stonechat comment ☀",
    "transfer": "Wheatear hands over ⇄",
    "reflection": "Fieldfare reflects ☾",
    "reopening": "Redwing reopens ↺",
    "cancelling": "Ouzel gives up ☓",
    "skipping": "Waxwing skips ⤼",
    "erasing": "Capercaillie asks that they be forgotten ⌫",
}
KEYS = {"goal key": "Serin-canary-idempotency", "check-in key": "idempotency-of-Pinson-canary"}
PLANTED: dict[str, str] = {**PERSON, **MORE_OF_PEOPLE, **GOAL, **CHECK_IN, **SAID, **KEYS}

READABLE = (
    PLANTED.keys()
    - KEYS.keys()
    - {
        *("note", "adjustments", "blockers", "url", "check-in reference", "check-in link"),
        *(
            "correction",
            "proposal",
            "request for changes",
            "consent",
            "transfer",
            "reflection",
            "reopening",
            "cancelling",
            "skipping",
        ),
    }
)
"""What read models keep in words, or kept for a while; all else is in the streams alone."""


async def live(home: Installation, actor: str) -> None:
    """They join, set a goal, agree on it, check in, talk, hand it over, close, reopen and cancel it; all is folded."""
    boss = await home.people.handlers.admit(
        Caller("acme", actor), AddPerson(display_name="Bo", email="bo@example.org", roles=("admin",))
    )
    reference = Reference("hr", PLANTED["person reference"], PLANTED["person link"])
    person = await home.people.handlers.admit(
        Caller("acme", actor), AddPerson(**PERSON, manager_id=boss.resource, external_ref=reference)
    )
    home.ids |= {"boss": boss.resource, "person": person.resource}
    await home.fold()
    await _people(home)
    goal = await _goal(home)
    check_in = await _check_ins(home, goal)
    await _together(home, goal, check_in)
    await _end(home, goal)
    await _skip(home)


async def _people(home: Installation) -> None:
    person, boss = home.ids["person"], home.ids["boss"]
    changes = {"display_name": PLANTED["another name"], "job_title": PLANTED["another job"]}
    await home.act("PATCH", f"/people/{person}", changes, boss, of="people")
    reference = {"system": "hr", "id": PLANTED["unit reference"], "url": PLANTED["unit link"]}
    body = {"name": PLANTED["unit name"], "external_ref": reference}
    unit = await home.act("POST", "/units", body, boss, of="people")
    await home.act("PATCH", f"/units/{unit['id']}", {"name": PLANTED["another unit name"]}, boss, of="people")


async def _goal(home: Installation) -> str:
    body = {
        "title": PLANTED["title"],
        "description": PLANTED["description"],
        "kind": "key_result",
        "owner_id": home.ids["person"],
        "metric": {"start": 50, "target": 40, "unit": PLANTED["unit"]},
        "labels": [PLANTED["label"]],
        "external_ref": {"system": "tracker", "id": PLANTED["goal reference"], "url": PLANTED["goal link"]},
    }
    goal = await home.act("POST", "/goals", body, home.ids["person"], key=KEYS["goal key"])
    path = f"/goals/{goal['id']}"
    await home.act("PATCH", path, {"title": PLANTED["another title"]}, home.ids["person"])
    for action, note, who in (
        ("propose", "proposal", "person"),
        ("request_changes", "request for changes", "boss"),
        ("propose", "proposal", "person"),
        ("agree", "consent", "boss"),
    ):
        await home.act("POST", f"{path}/agreement", {"action": action, "note": PLANTED[note]}, home.ids[who])
    return path


async def _check_ins(home: Installation, goal: str) -> str:
    words = {name: PLANTED[name] for name in ("note", "adjustments", "support_needed", "blockers")}
    source = {"system": "tracker", "url": PLANTED["url"]}
    reference = {"system": "tracker", "id": PLANTED["check-in reference"], "url": PLANTED["check-in link"]}
    body = {"status": "on_track", "value": 45, "source": source, "external_ref": reference, **words}
    made = await home.act("POST", f"{goal}/check-ins", body, home.ids["person"], key=KEYS["check-in key"])
    corrected = {"value": 44, "reason": PLANTED["correction"], "source": source, **words}
    await home.act("POST", f"{goal}/check-ins/{made['id']}/correct", corrected, home.ids["person"])
    return str(made["id"])


async def _together(home: Installation, goal: str, check_in: str) -> None:
    person, boss = home.ids["person"], home.ids["boss"]
    answer = {"state": "promised", "answer": PLANTED["answer"]}
    await home.act("POST", f"/support-requests/{check_in}/answer", answer, boss)
    step = {"title": PLANTED["milestone"], "due_on": "2030-01-31"}
    milestone = await home.act("POST", f"{goal}/milestones", step, person)
    changes = {"title": PLANTED["another milestone"]}
    await home.act("PATCH", f"{goal}/milestones/{milestone['id']}", changes, person)
    comment = await home.act("POST", f"{goal}/comments", {"text": PLANTED["comment"]}, person)
    changes = {"text": PLANTED["another comment"]}
    await home.act("PATCH", f"{goal}/comments/{comment['id']}", changes, person)


async def _end(home: Installation, goal: str) -> None:
    boss = home.ids["boss"]
    await home.act("POST", f"{goal}/transfer", {"owner_id": boss, "reason": PLANTED["transfer"]}, home.ids["person"])
    await home.act("POST", f"{goal}/close", {"score": 0.7, "reflection": PLANTED["reflection"]}, boss)
    await home.act("POST", f"{goal}/reopen", {"reason": PLANTED["reopening"]}, boss)
    await home.act("POST", f"{goal}/cancel", {"reason": PLANTED["cancelling"]}, boss)
    reason = {"reason": PLANTED["erasing"]}
    await home.act("POST", f"/people/{home.ids['person']}/erase", reason, boss, of="people")


async def _skip(home: Installation) -> None:
    for service in ("people", "goals"):
        parked = Parked(f"{service}.none", f"{service}.events", "acme", "acme/none/1", 1, "malformed_event")
        await skip(home.embedded.kernel(service), parked, "operator", PLANTED["skipping"])
    await home.fold()
