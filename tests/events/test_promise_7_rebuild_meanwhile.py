"""Promise 7, a rebuild under way while somebody is erased: what it has read before never comes to serve."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from libs.events.caller import Caller
from libs.events.consume import Runner
from libs.events.reader import Reader
from libs.events.rebuild import Rebuild, RebuildFailed
from libs.events.registry import REGISTRY
from libs.privacy.sealing import FieldSealer
from libs.web.service import consumer_of
from services.people.domain.commands import AddPerson
from tests.events.erasing import Home, at_home
from tests.events.erasure_life import found_of, joined


class Meanwhile(Rebuild):
    """Once everything was read, a person is erased by another process."""

    erasing: Home

    async def _follow(self, runners: Sequence[Runner]) -> None:
        await super()._follow(runners)
        await self.erasing.installed.embedded.eraser.destroy("acme", self.erasing.ids["victim"])


async def check_it_does_not_serve(folder: Path, sealer: type[FieldSealer]) -> None:
    """It fails and says why, and nothing is left of it; the next attempt holds no word of theirs."""
    async with at_home(folder) as home, at_home(folder) as other:
        home.ids["victim"] = await _somebody(home)
        people: Any = other.installed.people.reading
        [model] = [one for one in people.models if one.name == "people.people"]
        reader = Reader(REGISTRY, sealer(other.installed.embedded.keyring))
        log = other.installed.embedded.folder.event_log("people")
        rebuild = Meanwhile(model, people.reads, log, reader, consumer_of, alone=True)
        rebuild.erasing = home
        with pytest.raises(RebuildFailed) as failed:
            await rebuild.run(lambda *_: None, accept=True)
        assert "erased" in str(failed.value)
        again = Rebuild(model, people.reads, log, reader, consumer_of, alone=True)
        assert (await again.run(lambda *_: None, accept=True)).switched
        await people.reads.clean(model, keep_previous=False)
        await people.reads.scrub()
        assert found_of(folder / "read", "victim") == set()


async def _somebody(home: Home) -> str:
    command = AddPerson(display_name="Ada", email="ada@acme.example", roles=("admin",))
    home.ids["admin"] = (await home.installed.people.handlers.admit(Caller("acme", "operator"), command)).resource
    await home.fold()
    return await joined(home.act, "victim", None)


async def test_it_does_not_serve(tmp_path: Path) -> None:
    await check_it_does_not_serve(tmp_path / "data", FieldSealer)


class CountsNobody(FieldSealer):
    """Planted: keys that others destroyed are not noticed."""

    async def erasures(self) -> int:
        return 0


async def test_one_that_does_not_look_is_found_out(tmp_path: Path) -> None:
    with pytest.raises(pytest.fail.Exception):
        await check_it_does_not_serve(tmp_path / "data", CountsNobody)
