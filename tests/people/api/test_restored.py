"""Who was erased after a backup stays erased when it is restored: the log is made to say so, once, and others stay."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from libs.events.testing import SteppingClock
from libs.web.settings import ServiceSettings
from services.cli.restored import renewed
from tests.people.api.house import NOON, Client, House, opened, refused
from tests.people.api.test_erasing import ask, confirm, done, second

REFERENCE = {"system": "hr", "id": "4711", "url": "https://hr.example/4711"}
TEXTS = ("display_name", "email", "job_title", "locale", "external_ref", "erased", "state", "roles", "allowed_actions")


class Story:
    """Sam is erased after a backup; Maya, whom Sam leads, and two administrators stay."""

    def __init__(self, folder: Path, so_far: str) -> None:
        self.data, self.backup, self.so_far = folder / "data", folder / "backup", so_far
        self.admin = self.other = self.sam = self.maya = self.erasure = ""
        self.left: Any = None
        self.beside: Any = None
        self.refusal: Any = None

    async def live(self) -> None:
        """Everything, up to where the backup is put in place of what came after."""
        async with opened(self.data, SteppingClock(NOON)) as house:
            admin, other = await self._begin(house)
            if self.so_far == "asked for":
                self.erasure = (await ask(admin, self.sam))["id"]
            self.beside = await admin.get(f"/people/{self.maya}")
        shutil.copytree(self.data, self.backup)
        async with opened(self.data, SteppingClock(NOON)) as house:
            admin, other = house.as_(self.admin), house.as_(self.other)
            erasure = self.erasure or (await ask(admin, self.sam))["id"]
            await confirm(other, erasure)
            await done(admin, erasure)
            self.left = await admin.get(f"/people/{self.sam}")
            self.refusal = (await house.as_(self.sam).ask("GET", "/me")).json()
        await self.put_back()

    async def _begin(self, house: House) -> tuple[Client, Client]:
        admin = await house.admin()
        other = await second(house, admin)
        self.admin, self.other = admin.id, other.id
        fields = {"job_title": "Agent", "locale": "de-DE", "external_ref": REFERENCE, "roles": ["compliance"]}
        self.sam = await admin.person("sam", **fields)
        self.maya = await admin.person("maya", manager_id=self.sam, job_title="Lead")
        return admin, other

    async def put_back(self) -> None:
        """As an operator would by hand, with the read models gone; the tombstones are of today."""
        shutil.rmtree(self.data / "read")
        for name in ("events/people.db", "keys.db"):
            for old in (self.data / name).parent.glob(f"{Path(name).name}*"):
                old.unlink()
            shutil.copyfile(self.backup / name, self.data / name)
        _, destroyed = await renewed(ServiceSettings(data_dir=self.data))
        assert destroyed == 1


@asynccontextmanager
async def started(story: Story) -> AsyncIterator[House]:
    """The service on what was put back; its answers hold all that the log holds."""
    async with opened(story.data, SteppingClock(NOON)) as house:
        head = await house.parts.folder.event_log("people").tenant_head("people.events", "acme")
        house.told["acme"].positions["people"] = head.sequence
        yield house


@pytest.fixture(params=["nothing", "asked for"])
async def story(tmp_path: Path, request: pytest.FixtureRequest) -> Story:
    story = Story(tmp_path, request.param)
    await story.live()
    return story


async def test_they_are_erased_as_they_were_before_the_restore(story: Story) -> None:
    async with started(story) as house:
        admin, sam = house.as_(story.admin), house.as_(story.sam)
        assert (await sam.ask("GET", "/me")).json() == story.refusal
        [found] = await admin.list(f"/erasures?person_id={story.sam}")
        found = await done(admin, found["id"])
        person = await admin.get(f"/people/{story.sam}")
        assert {name: person[name] for name in TEXTS} == {name: story.left[name] for name in TEXTS}
        assert await admin.list("/people?q=sam") == []
        assert [one["id"] for one in await admin.list("/people?state=deactivated")] == [story.sam]
        refused(await admin.ask("POST", f"/people/{story.sam}/reactivate"), 409, "person_erased")
        assert await admin.get(f"/people/{story.maya}") == story.beside
        facts = [one for one in await house.facts() if "eras" in one or "deactivated" in one]
        asked = ["people.erasure-requested.v1"] if story.so_far == "asked for" else []
        assert facts == [
            *asked,
            "people.person-deactivated.v1",
            "people.person-erased.v1",
            "people.erasure-completed.v1",
        ]
        receipt = found["receipt"]
        assert (found["id"] == story.erasure) == bool(asked)
        assert receipt["requested_by"] == (story.admin if asked else "restore")
        assert (receipt["confirmed_at"], receipt["confirmed_by"]) == (None, None), "nobody is made to have agreed"
        assert receipt["key_digest"] is not None
        assert receipt["events"] == [{"service": "people", "events": 1}]


async def test_what_only_they_may_have_is_free_again(story: Story) -> None:
    async with started(story) as house:
        again = await house.as_(story.admin).person("sam", external_ref=REFERENCE)
        assert again != story.sam


async def test_it_is_stated_once_however_often_it_is_started(story: Story) -> None:
    async with started(story) as house:
        [found] = await house.as_(story.admin).list("/erasures")
        await done(house.as_(story.admin), found["id"])
        before = await house.facts()
    commands = _commands(story.data)
    for _ in range(2):
        async with started(story) as house:
            await house.as_(story.admin).list("/people")
            assert await house.facts() == before
            assert _commands(story.data) == commands


async def test_who_was_added_after_the_backup_is_nobody_and_no_unit_is_taken_for_somebody(story: Story) -> None:
    unknown = b'{"tenant":"acme","holder":"0191d3a0-0000-7000-8000-000000000001","destroyed_at":"2026-06-15T12:00:00Z"}'
    elsewhere = unknown.replace(b"acme", b"other")
    with (story.data / "tombstones.ndjson").open("ab") as file:
        file.write(unknown + b"\n" + elsewhere + b"\n")
    async with started(story) as house:
        [found] = await house.as_(story.admin).list("/erasures")
        assert found["person_id"] == story.sam


@pytest.mark.parametrize("story", ["asked for"], indirect=True)
async def test_a_stream_that_does_not_open_keeps_nobody_else_waiting_and_its_person_out(story: Story) -> None:
    connection = sqlite3.connect(story.data / "keys.db")
    with connection:
        # The reason of the erasure is sealed under this key.
        connection.execute("DELETE FROM holders WHERE holder=?", (story.admin,))
    connection.close()
    async with opened(story.data, SteppingClock(NOON)) as house:
        assert not [one for one in await house.facts() if one == "people.person-erased.v1"]
        assert (await house.as_(story.sam).ask("GET", "/me")).json() == story.refusal


def _commands(data: Path) -> int:
    connection = sqlite3.connect(data / "events" / "people.db")
    [(found,)] = connection.execute("SELECT count(*) FROM commands").fetchall()
    connection.close()
    return int(found)
