"""Two administrators have somebody erased: who may, what it does at once, what follows by itself, what stays."""

from __future__ import annotations

import asyncio
import hashlib
import json
from typing import Any

from libs.events import canonical
from libs.events.testing import eventually
from tests.people.api.house import NOBODY, Client, House, made, read, refused

WHY = {"reason": "She asked for it when she left."}


async def ask(asker: Client, person: str, **headers: str) -> Any:
    """A new erasure."""
    return made(await asker.ask("POST", f"/people/{person}/erase", WHY, **headers))


async def confirm(asker: Client, erasure: str, **headers: str) -> Any:
    """The erasure as it is confirmed."""
    return read(await asker.ask("POST", f"/erasures/{erasure}/confirm", **headers))


async def done(asker: Client, erasure: str) -> Any:
    """The erasure once it is done."""

    async def is_done() -> bool:
        return bool((await asker.get(f"/erasures/{erasure}"))["state"] == "done")

    await eventually(is_done)
    return await asker.get(f"/erasures/{erasure}")


async def erased(admin: Client, other: Client, person: str) -> Any:
    """Somebody's erasure from beginning to end."""
    erasure = (await ask(admin, person))["id"]
    await confirm(other, erasure)
    return await done(admin, erasure)


async def second(house: House, admin: Client) -> Client:
    """Another administrator."""
    return house.as_(await admin.person("kim", roles=["admin"]))


# --- what is refused --------------------------------------------------------------------------------------------


async def test_only_administrators_ask_and_look(house: House, admin: Client) -> None:
    maya = await admin.person("maya", roles=["hr_partner", "compliance"])
    sam = await admin.person("sam", manager_id=maya)
    erasure = (await ask(admin, sam))["id"]
    before = await house.facts()
    for asker in (house.as_(maya), house.as_(sam)):
        refused(await asker.ask("POST", f"/people/{sam}/erase", WHY), 403, "forbidden")
        refused(await asker.ask("POST", f"/people/{NOBODY}/erase", WHY), 404, "person_not_found")
        refused(await asker.ask("GET", "/erasures"), 403, "forbidden")
        for method, more in (("GET", ""), ("POST", "/confirm")):
            there, nowhere = [
                refused(await asker.ask(method, f"/erasures/{found}{more}"), 404, "erasure_not_found")
                for found in (erasure, NOBODY)
            ]
            assert {**there, "instance": ""} == {**nowhere, "instance": ""}, "nothing hints that there is one"
    refused(await admin.ask("POST", f"/people/{NOBODY}/erase", WHY), 404, "person_not_found")
    refused(await admin.ask("POST", f"/erasures/{NOBODY}/confirm"), 404, "erasure_not_found")
    refused(await admin.ask("GET", f"/erasures/{NOBODY}"), 404, "erasure_not_found")
    refused(await admin.ask("POST", f"/people/{sam}/erase", {}), 400, "invalid_body")
    refused(await admin.ask("POST", f"/people/{sam}/erase", {"reason": " "}), 422, "invalid_value")
    beta = await house.admin("beta")
    refused(await beta.ask("GET", f"/erasures/{erasure}"), 404, "erasure_not_found")
    refused(await beta.ask("POST", f"/erasures/{erasure}/confirm"), 404, "erasure_not_found")
    refused(await beta.ask("POST", f"/people/{sam}/erase", WHY), 404, "person_not_found")
    assert await beta.list("/erasures") == []
    assert [one for one in await house.facts() if "eras" in one] == [one for one in before if "eras" in one]


async def test_who_asked_and_who_is_meant_cannot_confirm(house: House, admin: Client) -> None:
    other = await second(house, admin)
    sam = await admin.person("sam")
    of_sam = await ask(admin, sam)
    refused(await admin.ask("POST", f"/erasures/{of_sam['id']}/confirm"), 403, "another_must_confirm")
    of_other = await ask(admin, other.id)
    refused(await other.ask("POST", f"/erasures/{of_other['id']}/confirm"), 403, "another_must_confirm")
    of_admin = await ask(admin, admin.id)
    refused(await admin.ask("POST", f"/erasures/{of_admin['id']}/confirm"), 403, "another_must_confirm")
    assert not [one for one in await house.facts() if one == "people.erasure-confirmed.v1"]
    assert of_sam["allowed_actions"] == []
    shown = {one["id"]: one["allowed_actions"] for one in await other.list("/erasures")}
    assert shown == {of_sam["id"]: ["confirm"], of_other["id"]: [], of_admin["id"]: ["confirm"]}


async def test_two_who_confirm_each_other_at_once_are_not_both_right(house: House, admin: Client) -> None:
    other = await second(house, admin)
    of_admin, of_other = await ask(admin, admin.id), await ask(other, other.id)
    answers = await asyncio.gather(
        admin.ask("POST", f"/erasures/{of_other['id']}/confirm"),
        other.ask("POST", f"/erasures/{of_admin['id']}/confirm"),
    )
    assert sorted(one.status_code for one in answers) == [200, 403], [one.text for one in answers]
    assert (await house.facts()).count("people.erasure-confirmed.v1") == 1


async def test_an_erasure_is_confirmed_as_it_was_seen(house: House, admin: Client) -> None:
    other = await second(house, admin)
    sam = await admin.person("sam")
    erasure = (await ask(admin, sam))["id"]
    refused(await other.ask("POST", f"/erasures/{erasure}/confirm", If_Match='"7"'), 412, "precondition_failed")
    assert (await confirm(other, erasure, If_Match='"1"'))["state"] == "confirmed"


# --- what it does -----------------------------------------------------------------------------------------------


async def test_asking_alone_does_nothing_and_happens_once(house: House, admin: Client) -> None:
    other = await second(house, admin)
    sam = await admin.person("sam")
    first = await admin.ask("POST", f"/people/{sam}/erase", WHY, Idempotency_Key="k")
    asked = made(first)
    assert first.headers["Location"] == f"/erasures/{asked['id']}"
    assert (asked["state"], asked["person_id"], asked["reason"]) == ("requested", sam, WHY["reason"])
    assert (asked["receipt"], asked["version"], asked["created_by"]) == (None, 1, admin.id)
    again = await admin.ask("POST", f"/people/{sam}/erase", WHY, Idempotency_Key="k")
    assert (again.status_code, again.json()) == (201, asked)
    repeated = read(await other.ask("POST", f"/people/{sam}/erase", {"reason": "Another reason."}))
    assert repeated == {**asked, "allowed_actions": ["confirm"]}
    assert [one for one in await house.facts() if "eras" in one] == ["people.erasure-requested.v1"]
    person = await admin.get(f"/people/{sam}")
    assert (person["display_name"], person["state"]) == ("Sam", "active")
    assert "erase" not in person["allowed_actions"]
    await admin.patch(f"/people/{sam}", {"display_name": "Samuel"})


async def test_what_is_left_of_a_person(house: House, admin: Client) -> None:
    other = await second(house, admin)
    reference = {"system": "hr", "id": "4711", "url": "https://hr.example/4711"}
    sam = await admin.person("sam", job_title="Agent", external_id="E-1", external_ref=reference, hired_on="2025-03-01")
    maya = await admin.person("maya", manager_id=sam, job_title="Lead")
    before = await admin.get(f"/people/{maya}")
    found = await erased(admin, other, sam)
    person = await admin.get(f"/people/{sam}")
    texts = ("display_name", "email", "job_title", "external_id")
    assert [person[name] for name in texts] == [None] * 4
    assert set(person["erased"]) == {*texts, "external_ref.id", "external_ref.url"}
    assert (person["state"], person["hired_on"], person["allowed_actions"]) == ("deactivated", "2025-03-01", [])
    assert await admin.get(f"/people/{maya}") == before
    for asked in ("q=sam", "email=sam@acme.example", "external_id=E-1"):
        assert await admin.list(f"/people?{asked}") == [], asked
    assert (found["state"], found["version"], found["reason"]) == ("done", 4, WHY["reason"])
    assert await admin.list(f"/erasures?person_id={sam}&state=done") == [found]
    assert await admin.list(f"/erasures?person_id={maya}") == []
    assert await admin.list("/erasures?state=requested,confirmed") == []


async def test_the_receipt_says_what_was_done_and_no_word_of_theirs(house: House, admin: Client) -> None:
    other = await second(house, admin)
    sam = await admin.person("sam", job_title="Agent")
    await admin.patch(f"/people/{sam}", {"job_title": "Lead"})
    found = await erased(admin, other, sam)
    receipt = dict(found["receipt"])
    assert (receipt["erasure_id"], receipt["person_id"], receipt["tenant"]) == (found["id"], sam, "acme")
    assert (receipt["requested_by"], receipt["confirmed_by"]) == (admin.id, other.id)
    key = await house.parts.keyring.key_id("acme", sam)
    assert key is not None
    assert receipt["key_digest"] == hashlib.sha256(key.encode()).hexdigest()
    assert receipt["events"] == [{"service": "people", "events": 2}]
    assert {one["model"] for one in receipt["models"]} >= {"people.people", "people.units", "people.members"}
    assert receipt.pop("digest") == hashlib.sha256(canonical.encode(receipt)).hexdigest()
    assert "sam" not in json.dumps(receipt).casefold()


async def test_what_only_one_may_have_is_free_again(house: House, admin: Client) -> None:
    other = await second(house, admin)
    reference = {"system": "hr", "id": "4711"}
    sam = await admin.person("sam", external_ref=reference)
    await erased(admin, other, sam)
    again = await admin.person("sam", external_ref=reference)
    assert again != sam


async def test_nothing_is_said_of_the_erased_any_more(house: House, admin: Client) -> None:
    other = await second(house, admin)
    sam = house.as_(await admin.person("sam", roles=["admin"]))
    await erased(admin, other, sam.id)
    before = await house.facts()
    for method, path, body in (
        ("PATCH", f"/people/{sam.id}", {"display_name": "Sam"}),
        ("PATCH", f"/people/{sam.id}", {"roles": []}),
        ("POST", f"/people/{sam.id}/reactivate", None),
        ("POST", f"/people/{sam.id}/absences", {"from": "2026-12-21", "to": "2027-01-03"}),
    ):
        refused(await admin.ask(method, path, body), 409, "person_erased")
    read(await admin.ask("POST", f"/people/{sam.id}/deactivate"))
    for repeat in (f"/people/{sam.id}/erase",):
        assert read(await admin.ask("POST", repeat, WHY))["state"] == "done"
    [erasure] = await admin.list("/erasures")
    assert (await confirm(admin, erasure["id"])) == erasure
    assert await house.facts() == before
    refused(await sam.ask("GET", "/me"), 403, "unknown_principal")


async def test_a_confirmed_one_is_out_at_once(house: House, admin: Client) -> None:
    other = await second(house, admin)
    sam = house.as_(await admin.person("sam"))
    await confirm(other, (await ask(admin, sam.id))["id"])
    refused(await sam.ask("PATCH", f"/people/{sam.id}", {"locale": "en"}), 403, "unknown_principal")
    refused(await admin.ask("POST", f"/people/{sam.id}/reactivate"), 409, "person_erased")


async def test_the_reason_is_its_authors(house: House, admin: Client) -> None:
    other = await second(house, admin)
    sam, author = await admin.person("sam"), house.as_(await admin.person("maya", roles=["admin"]))
    await erased(author, other, sam)
    await erased(admin, other, author.id)
    [found] = await admin.list(f"/erasures?person_id={sam}")
    assert (found["reason"], found["erased"], found["created_by"]) == (None, ["reason"], author.id)


async def test_many_ask_and_confirm_at_once(house: House, admin: Client) -> None:
    others = [house.as_(await admin.person(f"kim{number}", roles=["admin"])) for number in range(4)]
    sam = await admin.person("sam")
    answers = await asyncio.gather(*(one.ask("POST", f"/people/{sam}/erase", WHY) for one in others))
    assert sorted(one.status_code for one in answers) == [200, 200, 200, 201]
    [erasure] = {one.json()["id"] for one in answers}
    answers = await asyncio.gather(*(one.ask("POST", f"/erasures/{erasure}/confirm") for one in (admin, *others)))
    assert [one.status_code for one in answers].count(200) >= 4
    await done(admin, erasure)
    kinds = [one for one in await house.facts() if "eras" in one]
    assert kinds == [
        "people.erasure-requested.v1",
        "people.erasure-confirmed.v1",
        "people.person-erased.v1",
        "people.erasure-completed.v1",
    ]
