"""Promise 7, the grep: no planted text is in any file of the event stores, in any form, through the real services."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from libs.events.envelope import Envelope, decode
from libs.events.personal import PersonalPath, places
from libs.events.ports import Opened
from libs.events.registry import REGISTRY
from libs.privacy.sealing import FieldSealer
from tests.events.canaries import files_under, forms, found_in
from tests.events.canary_life import PERSON, PLANTED, READABLE, live
from tests.events.installation import Parts, installed


async def check_nothing_stands_in_clear(folder: Path, parts: Parts) -> None:
    """Neither while the stores are open, nor after they were closed; the same search finds texts where they may be."""
    async with installed(folder, parts) as home:
        await live(home, parts.actor)
        kinds = {Path(name).suffix for name in files_under(folder / "events")}
        assert kinds == {".db", ".db-wal", ".db-shm"}, "the search must see the files of open stores"
        assert found_in(folder / "events", PLANTED) == set(), "while open"
        readable = found_in(folder / "read", PLANTED)
    assert found_in(folder / "events", PLANTED) == set(), "after closing"
    kept = {path.name: path for path in folder.iterdir() if path.is_file()}
    assert not any(
        form in path.read_bytes() for text in PLANTED.values() for form in forms(text) for path in kept.values()
    )
    assert readable == READABLE, "the search finds nothing even where the texts are meant to be"


async def check_actors_are_ids(folder: Path, parts: Parts) -> None:
    """An actor is the id of a person, or the operator: never an address, a name or a token's subject."""
    async with installed(folder, parts) as home:
        await live(home, parts.actor)
        actors = [decode(record.body).actor for record in await home.records()]
        assert set(actors) == {"operator", *home.ids.values()}
        assert all(re.fullmatch(r"operator|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", actor) for actor in actors)


async def check_every_personal_field_was_planted(folder: Path, parts: Parts) -> None:
    """The life above leaves out no personal field that the catalogue has, and each is sealed in the stored bytes."""
    async with installed(folder, parts) as home:
        await live(home, parts.actor)
        seen: set[tuple[str, str]] = set()
        for record in await home.records():
            for place in places(decode(record.body).data, REGISTRY.paths(record.type)):
                assert place.container[place.field].startswith("cairn1."), (record.type, place.path)
                seen.add((record.type, re.sub(r"\.\d+$", "", place.path)))
        written = [name for name in REGISTRY if REGISTRY.today(name) is REGISTRY.shape(name)]
        declared = {(name, ".".join(path.steps)) for name in written for path in REGISTRY.paths(name)}
        assert declared - seen == set(), "plant a text there too"


CHECKS = [check_nothing_stands_in_clear, check_actors_are_ids, check_every_personal_field_was_planted]


@pytest.mark.parametrize("check", CHECKS)
async def test_the_promise(check: Any, tmp_path: Path) -> None:
    await check(tmp_path / "data", Parts())


@pytest.mark.parametrize("name", PLANTED)
def test_the_search_finds_every_form(name: str, tmp_path: Path) -> None:
    text = PLANTED[name]
    for number, form in enumerate(sorted(forms(text))):
        file = tmp_path / str(number) / "some.db-wal"
        file.parent.mkdir()
        file.write_bytes(b"\x00junk" + form + b"\xffjunk")
        assert found_in(file.parent, PLANTED) == {name}, form
    for before in range(7):
        inside = base64.b64encode(b"x" * before + text.encode() + b"and more")
        (tmp_path / "0" / "some.db-wal").write_bytes(inside)
        assert found_in(tmp_path / "0", PLANTED) == {name}


def test_the_search_finds_nothing_in_nothing(tmp_path: Path) -> None:
    (tmp_path / "some.db").write_bytes(bytes(range(256)) * 100)
    assert found_in(tmp_path, PLANTED) == set()


# --- planted faults ---------------------------------------------------------------------------------------------


class SealsNothing(FieldSealer):
    """Planted: text as it is."""

    async def seal_many(self, items: Sequence[tuple[Envelope, tuple[PersonalPath, ...]]]) -> list[Envelope]:
        return [envelope for envelope, _ in items]

    async def open(self, items: Any) -> Any:
        return [Opened(envelope, ()) for envelope, _ in items]


def _tops(items: Sequence[tuple[Envelope, tuple[PersonalPath, ...]]]) -> list[tuple[Envelope, Any]]:
    return [(envelope, tuple(path for path in paths if len(path.steps) == 1)) for envelope, paths in items]


class SealsTheTopOnly(SealsNothing):
    """Planted: looks for personal text beside the holder only, not in what is nested."""

    async def seal_many(self, items: Sequence[tuple[Envelope, tuple[PersonalPath, ...]]]) -> list[Envelope]:
        return await FieldSealer.seal_many(self, _tops(items))

    async def open(self, items: Any) -> Any:
        return await FieldSealer.open(self, _tops(items))


class Disguises(SealsNothing):
    """Planted: an encoding for encryption."""

    async def seal_many(self, items: Sequence[tuple[Envelope, tuple[PersonalPath, ...]]]) -> list[Envelope]:
        disguised = []
        for envelope, paths in items:
            data = msgspec.json.decode(msgspec.json.encode(envelope.data))
            for place in places(data, paths):
                text = place.container[place.field].encode()
                place.container[place.field] = "cairn1." + base64.b64encode(text).decode()
            disguised.append(msgspec.structs.replace(envelope, data=data))
        return disguised

    async def open(self, items: Any) -> Any:
        opened = []
        for envelope, paths in items:
            data = msgspec.json.decode(msgspec.json.encode(envelope.data))
            for place in places(data, paths):
                place.container[place.field] = base64.b64decode(place.container[place.field][7:]).decode()
            opened.append(Opened(msgspec.structs.replace(envelope, data=data), ()))
        return opened


async def names_by_address(tenant: str, address: str) -> str:
    """Planted: the guard stream of an address is named by the address."""
    return address


FAULTS: Mapping[str, tuple[Any, Parts]] = {
    "in clear": (check_nothing_stands_in_clear, Parts(sealer=SealsNothing)),
    "nested in clear": (check_nothing_stands_in_clear, Parts(sealer=SealsTheTopOnly)),
    "encoded": (check_nothing_stands_in_clear, Parts(sealer=Disguises)),
    "address as a name": (check_nothing_stands_in_clear, Parts(email_name=names_by_address)),
    "actor by address": (check_nothing_stands_in_clear, Parts(actor=PERSON["email"])),
    "actor by subject": (check_actors_are_ids, Parts(actor="cairn-development|zaphkiel")),
    "not every field": (check_every_personal_field_was_planted, Parts(sealer=SealsTheTopOnly)),
}


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_planted_fault_is_found_out(fault: str, tmp_path: Path) -> None:
    check, parts = FAULTS[fault]
    with pytest.raises(AssertionError) as failed:
        await check(tmp_path / "data", parts)
    assert "HTTP" not in str(failed.value), "the life itself failed"
