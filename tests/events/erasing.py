"""The installation in which somebody is erased, stepped by hand, with a power cut before any step that is wanted."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from libs.events.caller import Caller
from libs.events.clock import new_id
from libs.events.consume import Runner
from libs.events.declare import ReadModel
from libs.events.errors import OwnershipLost, StoreUnavailable
from libs.events.forget import Forgetting
from libs.events.rebuild import Rebuild, Report
from libs.events.testing import eventually
from libs.web.embedded import Embedded
from libs.web.service import Service, consumer_of
from libs.web.settings import ServiceSettings
from services.people.domain.commands import AddPerson
from tests.events.erasure_life import joined, lived
from tests.events.installation import Installation, Parts, installed

IDS = "ids.json"


@dataclass
class Home:
    """Two administrators, and a victim between a boss and a report; `ids` names them and their goals."""

    installed: Installation
    ids: dict[str, str] = field(default_factory=dict)

    async def act(self, who: str, method: str, path: str, body: Any) -> Any:
        """See `Act`: a command, or a question with `GET`, folded."""
        of = "people" if path.startswith(("/people", "/erasures")) else "goals"
        answer = await self.installed.send(path, body, new_id(), self.ids[who], method=method, of=of)
        assert answer.is_success, f"{method} {path} of {who}: {answer.text}"
        await self.fold()
        return answer.json()

    async def get(self, path: str) -> Any:
        """What an administrator sees."""
        answer = await self.installed.send(path, None, "", self.ids["admin"], method="GET", of="people")
        assert answer.is_success, answer.text
        return answer.json()

    async def comments(self, goal: str) -> list[Any]:
        """What was said about a goal."""
        answer = await self.installed.send(f"/goals/{goal}/comments", None, "", self.ids["boss"], method="GET")
        assert answer.is_success, answer.text
        return list(answer.json()["items"])

    async def confirm(self) -> None:
        """The other administrator agrees, and all that follows has followed."""
        await self.act("other", "POST", f"/erasures/{self.ids['erasure']}/confirm", None)

    async def state(self) -> str:
        """How far the erasure says that it is."""
        return str((await self.get(f"/erasures/{self.ids['erasure']}"))["state"])

    @property
    def services(self) -> Sequence[Service[Any]]:
        """Both."""
        return (self.installed.goals, self.installed.people)

    @property
    def forgetting(self) -> list[Forgetting]:
        """Who drops words, in each service."""
        return [one.consumer for one in self.runners if isinstance(one.consumer, Forgetting)]

    def carrying(self, **parts: Any) -> None:
        """Replaces parts of how an erasure is carried out."""
        for runner in self.installed.people.reading.runners:
            handlers = getattr(getattr(runner.consumer, "dispatch", None), "__self__", None)
            if handlers is not None:
                object.__setattr__(handlers, "carrying", replace(handlers.carrying, **parts))

    @property
    def runners(self) -> list[Runner]:
        """All of them."""
        return [one for service in self.services for one in service.reading.runners]

    async def fold(self, *, without: Runner | None = None) -> None:
        """Steps every runner until none finds anything to do; what passes by itself is tried again."""

        async def idle() -> bool:
            busy = False
            for runner in self.runners:
                if runner is without:
                    continue
                try:
                    busy = await runner.step() or busy
                except StoreUnavailable:
                    busy = True
                except OwnershipLost:
                    runner._owner, busy = None, True
                assert runner.stopped is None, runner.stopped
            return not busy

        await eventually(idle, within=30)


def nothing(home: Home) -> None:
    """No fault is planted."""


@asynccontextmanager
async def at_home(
    folder: Path, change: Callable[[Home], None] = nothing, start: type[Embedded] = Embedded
) -> AsyncIterator[Home]:
    """A process on the folder, changed as it is wanted; what it destroys again it has destroyed."""
    starting = start(ServiceSettings(data_dir=folder))
    starting.folder.serve()
    await starting.open_keyring()
    await starting.close()
    async with installed(folder, Parts()) as here:
        ids = folder / IDS
        home = Home(here, json.loads(ids.read_text()) if ids.exists() else {})
        # Runners are stepped one after another: who waits for the next one waits in vain.
        object.__setattr__(here.embedded.erasures, "patience", 0.0)
        for one in home.forgetting:
            # Nobody waits for somebody who was cut off.
            one.retelling = replace(one.retelling, hold=0.2)
        change(home)
        yield home
        ids.write_text(json.dumps(home.ids))


async def lived_in(folder: Path) -> None:
    """Everything is said that can be; the erasure of the victim waits to be confirmed."""
    async with at_home(folder) as home:
        for name in ("admin", "other"):
            command = AddPerson(display_name=name.title(), email=f"{name}@acme.example", roles=("admin",))
            outcome = await home.installed.people.handlers.admit(Caller("acme", "operator"), command)
            home.ids[name] = outcome.resource
        await home.fold()
        for who, above, role in (("boss", "", None), ("victim", "boss", "admin"), ("report", "victim", None)):
            home.ids[who] = await joined(home.act, who, home.ids.get(above), role)
        await lived(home.act, home.ids)


async def rebuilt(home: Home, service: Service[Any], model: ReadModel) -> Report:
    """A model folded anew beside the rows there are, compared, and serving from then on."""
    embedded: Any = home.installed.embedded
    reads: Any = service.reading.reads
    log = embedded.folder.event_log("people", "goals")
    rebuild = Rebuild(model, reads, log, embedded.reader, consumer_of, alone=True)
    return await rebuild.run(lambda stage, done, total: None)


class PowerCut(BaseException):
    """The process is gone."""


@dataclass
class Cut:
    """After so many steps nothing happens any more."""

    left: int
    dead: bool = False

    def step(self) -> None:
        """Raises PowerCut when it is time, and ever after."""
        if self.left == 0:
            self.dead = True
        if self.dead:
            raise PowerCut
        self.left -= 1


def plant_cuts(home: Home, steps: int) -> Cut:
    """The power fails before the step after so many, of all that are written from the confirmation on."""
    cut = Cut(steps)
    embedded = home.installed.embedded
    _interrupt(cut, embedded.keyring, "destroy")
    tombstones = embedded.eraser.tombstones
    add = tombstones.add

    def adding(new: Any) -> None:
        cut.step()
        add(new)

    object.__setattr__(tombstones, "add", adding)
    _interrupt(cut, home.installed.people.handlers.kernel.store, "append")
    for one in home.forgetting:
        generations: Any = one.retelling.generations
        _interrupt(cut, generations, "hold", "let_go", "clean", "scrub")
        files = generations._files
        for store in (files.register, *(opening.result() for opening in files._stores.values())):
            _interrupt(cut, store, "commit")
    return cut


def _interrupt(cut: Cut, part: Any, *names: str) -> None:
    for name in names:
        original = getattr(part, name)

        async def interrupted(*args: Any, original: Any = original, **named: Any) -> Any:
            cut.step()
            return await original(*args, **named)

        setattr(part, name, interrupted)
