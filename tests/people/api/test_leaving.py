"""Who no longer works here: says nothing more, leads nobody new, is still known; and comes back."""

from __future__ import annotations

from tests.people.api.house import NOBODY, Client, House, read, refused


async def turn(asker: Client, person: str, to: str) -> dict[str, object]:
    found: dict[str, object] = read(await asker.ask("POST", f"/people/{person}/{to}"))
    return found


async def test_only_administrators_let_people_go_and_nobody_themselves(house: House, admin: Client) -> None:
    maya = await admin.person("maya", roles=["hr_partner"])
    sam = await admin.person("sam", manager_id=maya)
    before = await house.facts()
    for to in ("deactivate", "reactivate"):
        for asker in (house.as_(maya), house.as_(sam)):
            refused(await asker.ask("POST", f"/people/{sam}/{to}"), 403, "forbidden")
            refused(await asker.ask("POST", f"/people/{NOBODY}/{to}"), 404, "person_not_found")
        refused(await admin.ask("POST", f"/people/{NOBODY}/{to}"), 404, "person_not_found")
        refused(await admin.ask("POST", f"/people/{sam}/{to}", {"reason": "x"}), 400, "unexpected_body")
    refused(await admin.ask("POST", f"/people/{admin.id}/deactivate"), 409, "cannot_deactivate_yourself")
    assert await house.facts() == before


async def test_leaving_and_coming_back_happen_once(house: House, admin: Client) -> None:
    sam = await admin.person("sam")
    assert (await turn(admin, sam, "reactivate"))["version"] == 1
    gone = await turn(admin, sam, "deactivate")
    assert (gone["state"], gone["version"], gone["allowed_actions"]) == (
        "deactivated",
        2,
        ["change", "change_settings", "plan_absence", "reactivate", "erase"],
    )
    assert await turn(admin, sam, "deactivate") == gone
    assert await admin.get(f"/people/{sam}") == gone
    back = await turn(admin, sam, "reactivate")
    assert (back["state"], back["version"]) == ("active", 3)
    assert (await house.facts())[-2:] == ["people.person-deactivated.v1", "people.person-reactivated.v1"]
    assert "deactivate" not in (await admin.get("/me"))["allowed_actions"]


async def test_who_left_can_ask_nothing_until_they_are_back(house: House, admin: Client) -> None:
    sam = house.as_(await admin.person("sam", roles=["admin"]))
    read(await sam.ask("GET", "/me"))
    await turn(admin, sam.id, "deactivate")
    for method, path, body in (
        ("GET", "/me", None),
        ("GET", "/people", None),
        ("PATCH", f"/people/{sam.id}", {"locale": "en"}),
        ("POST", f"/people/{sam.id}/reactivate", None),
        ("POST", "/units", {"name": "U"}),
    ):
        refused(await sam.ask(method, path, body), 403, "unknown_principal")
    await turn(admin, sam.id, "reactivate")
    assert (await sam.get("/me"))["roles"] == ["employee", "admin"]


async def test_who_left_keeps_their_place_and_gets_no_new_reports(admin: Client) -> None:
    maya = await admin.person("maya")
    sam = await admin.person("sam", manager_id=maya)
    await turn(admin, maya, "deactivate")
    assert (await admin.get(f"/people/{sam}"))["manager_id"] == maya
    body = {"display_name": "Kim", "email": "kim@acme.example", "manager_id": maya}
    refused(await admin.ask("POST", "/people", body), 422, "unknown_manager")
    refused(await admin.ask("PATCH", f"/people/{admin.id}", {"manager_id": maya}), 422, "unknown_manager")
    # What is so already may be said again, as another system would.
    assert (await admin.patch(f"/people/{sam}", {"manager_id": maya, "job_title": "Agent"}))["version"] == 2
    # Their address stays theirs, and a correction is still taken.
    refused(await admin.ask("POST", "/people", {"display_name": "M", "email": "maya@acme.example"}), 409, "email_taken")
    assert (await admin.patch(f"/people/{maya}", {"display_name": "Maya L."}))["state"] == "deactivated"
