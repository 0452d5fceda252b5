"""Promise 6, what was stored: one event of every version ever written is still read, and no version ever changes."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Awaitable, Callable
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import jsonschema
import msgspec
import pytest
import rfc8785

from libs.events import envelope
from libs.events.catalog import goals, people
from libs.events.errors import KernelError
from libs.events.personal import Personal
from libs.events.reader import Unread
from libs.events.registry import REGISTRY, Event, Registry
from libs.events.upcasters import UPCASTERS, Upcaster
from tests.events.samples import make
from tests.events.samples.keys import FILE, FOLDER, reader_of

Check = Callable[[Registry, Path], Awaitable[None]]


async def check_none_is_missing(registry: Registry, folder: Path) -> None:
    """Every name has its three files, and no file is without a name."""
    found = {path.name for path in folder.glob("*.json")} - {FILE}
    wanted = {f"{name}{suffix}" for name in registry for suffix in make.SUFFIXES}
    assert not wanted - found, f"make them: python -m tests.events.samples.make, for {sorted(wanted - found)}"
    assert not found - wanted, f"events that were stored stay readable for ever; the registry lacks {found - wanted}"


async def check_schemas_stand(registry: Registry, folder: Path) -> None:
    """The class of a version still says what it said when its sample was made."""
    for name in registry:
        frozen = json.loads((folder / f"{name}.schema.json").read_text(encoding="utf-8"))
        assert make.schema_of(registry, name) == frozen, (
            f"{name} has changed, but events of this form are stored for ever. Put it back as it was and add a new "
            "version beside it: a class, a wire name, an upcaster from the old one, an example and a sample."
        )


async def check_schemas_are_closed(registry: Registry, folder: Path) -> None:
    """A schema names every member there may be, at every depth, and no number that is not an integer."""
    for name in registry:
        for node in nodes(json.loads((folder / f"{name}.schema.json").read_text(encoding="utf-8"))):
            if "properties" in node or node.get("type") == "object":
                assert node.get("additionalProperties") is False, f"{name} is open"
            assert node.get("type") != "number", f"{name} holds a float"
            assert node, f"{name} takes anything somewhere"


async def check_samples_are_valid(registry: Registry, folder: Path) -> None:
    """A sample is one canonical byte string that its schema accepts, and shows every field it could have."""
    for name in registry:
        body = (folder / f"{name}.json").read_bytes()
        event = json.loads(body)
        assert body == rfc8785.dumps(event), f"{name}.json was touched: it is the very bytes that were stored"
        assert envelope.encode(envelope.decode(body)) == body
        assert event["type"] == name
        schema = json.loads((folder / f"{name}.schema.json").read_text(encoding="utf-8"))
        jsonschema.Draft202012Validator(schema).validate(event["data"])
        shown = schema["properties"].keys() - event["data"].keys()
        assert not shown, f"{name}.json leaves out {shown}"
        assert all(value not in (None, "", [], {}) for value in values(event["data"])), (
            f"{name}.json leaves a field empty"
        )


async def check_personal_text_is_sealed(registry: Registry, folder: Path) -> None:
    """What a sample reads as personal stands nowhere in its bytes."""
    for name in registry:
        body = (folder / f"{name}.json").read_bytes()
        data = rfc8785.dumps(json.loads(body)["data"])
        personal = json.loads((folder / f"{name}.schema.json").read_text(encoding="utf-8"))["x-personal"]
        assert body.count(b'"cairn1.') >= len(personal), name
        for path in personal:
            assert not re.search(f'"{path.split(".")[-1]}":"(?!cairn1\\.)'.encode(), data), f"{path} of {name}"


async def check_samples_are_read(registry: Registry, folder: Path) -> None:
    """Under today's code a sample reads as it always did, personal text opened, lifted to the newest version."""
    reader = reader_of(registry, folder)
    for name in registry:
        [fact] = await reader.facts([Unread((folder / f"{name}.json").read_bytes(), 7)])
        expected = json.loads((folder / f"{name}.expected.json").read_text(encoding="utf-8"))
        assert make.reading_of(registry, fact) == expected, (
            f"{name} is read as something else. If a new version lifts it on purpose, change its expected.json by hand."
        )
        assert (fact.type, fact.sequence, fact.version, fact.tenant) == (name, 7, 3, "sample")


CHECKS: list[Check] = [
    check_none_is_missing,
    check_schemas_stand,
    check_schemas_are_closed,
    check_samples_are_valid,
    check_personal_text_is_sealed,
    check_samples_are_read,
]


def nodes(schema: Any) -> list[Any]:
    """Every schema within a schema, itself included."""
    inner = [schema]
    for item in (*schema.get("anyOf", ()), *schema.get("properties", {}).values(), *[schema.get("items")]):
        if isinstance(item, dict):
            inner += nodes(item)
    return inner


def values(tree: Any) -> list[Any]:
    """Every value within data, at any depth."""
    inner = list(tree.values()) if isinstance(tree, dict) else tree if isinstance(tree, list) else []
    return [*inner, *(value for item in inner for value in values(item))]


@pytest.mark.parametrize("check", CHECKS)
async def test_the_promise(check: Check) -> None:
    await check(REGISTRY, FOLDER)


class Praised(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An event that is new."""

    owner_id: str
    reason: Annotated[str | None, Personal("owner_id")]


PRAISED = {"goals.goal-praised.v1": Praised(owner_id="p-1", reason="a year without one")}


async def test_a_sample_is_made_for_a_new_name_and_passes(tmp_path: Path) -> None:
    registry = Registry({"goals.goal-praised.v1": Praised}, {})
    await make.make("goals.goal-praised.v1", registry, PRAISED, tmp_path)
    for check in CHECKS:
        await check(registry, tmp_path)
    assert b"a year without one" not in (tmp_path / "goals.goal-praised.v1.json").read_bytes()


@pytest.mark.parametrize("suffix", make.SUFFIXES)
async def test_a_sample_is_never_made_twice(tmp_path: Path, suffix: str) -> None:
    registry, kept = Registry({"goals.goal-praised.v1": Praised}, {}), tmp_path / f"goals.goal-praised.v1{suffix}"
    kept.write_text("kept")
    with pytest.raises(make.Refused, match="never changes"):
        await make.make("goals.goal-praised.v1", registry, PRAISED, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [kept.name]
    assert kept.read_text() == "kept"


async def test_a_sample_needs_a_name_and_an_example(tmp_path: Path) -> None:
    registry = Registry({"goals.goal-praised.v1": Praised}, {})
    with pytest.raises(make.Refused, match="no wire name"):
        await make.make("goals.goal-praised.v2", registry, PRAISED, tmp_path)
    with pytest.raises(make.Refused, match="Write one"):
        await make.make("goals.goal-praised.v1", registry, {}, tmp_path)
    assert list(tmp_path.iterdir()) == []


# --- planted faults ---------------------------------------------------------------------------------------------

ROLE, PERSON, CREATED = "people.role-granted.v1", "people.person-added.v1", "goals.goal-created.v1"


def shapes(**changed: type[Event]) -> dict[str, type[Event]]:
    """The registry's table with other classes: `role`, `person` or `created`."""
    names = {"role": ROLE, "person": PERSON, "created": CREATED}
    return {name: REGISTRY.shape(name) for name in REGISTRY} | {names[key]: shape for key, shape in changed.items()}


class RoleRenamed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Planted: a field got a better name in place."""

    person_id: str
    granted: str


class RoleWithMore(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Planted: a field was added in place, harmlessly, as its default seems to say."""

    person_id: str
    role: str
    reason: str | None = None


class RoleAsNumber(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Planted: a field took another type."""

    person_id: str
    role: int


class RoleOfSomebody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Planted: a field that stands in clear was declared personal in place."""

    person_id: str
    role: Annotated[str | None, Personal("person_id")]


class PersonInClear(people.PersonAddedV1, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Planted: a personal field is not personal any more."""

    email: str | None


class PersonOfTheManager(people.PersonAddedV1, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Planted: a text became somebody else's."""

    job_title: Annotated[str | None, Personal("manager_id")] = None


class GoalRounded(goals.GoalCreatedV1, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Planted: a default changed, and with it what old events mean."""

    weight: Decimal = Decimal(1)


CHANGES: dict[str, dict[str, type[Event]]] = {
    "renamed": {"role": RoleRenamed},
    "added": {"role": RoleWithMore},
    "retyped": {"role": RoleAsNumber},
    "made personal": {"role": RoleOfSomebody},
    "made public": {"person": PersonInClear},
    "given away": {"person": PersonOfTheManager},
    "given a default": {"created": GoalRounded},
}
UNREADABLE = sorted(CHANGES.keys() - {"added", "given a default"})


@pytest.mark.parametrize("change", CHANGES)
async def test_a_version_that_changed_in_place_is_found_out(change: str) -> None:
    registry = Registry(shapes(**CHANGES[change]), UPCASTERS)
    with pytest.raises(AssertionError, match="add a new version"):
        await check_schemas_stand(registry, FOLDER)


@pytest.mark.parametrize("change", UNREADABLE)
async def test_a_change_that_breaks_what_was_stored_is_found_out(change: str) -> None:
    registry = Registry(shapes(**CHANGES[change]), UPCASTERS)
    with pytest.raises((AssertionError, KernelError)):
        await check_samples_are_read(registry, FOLDER)


async def test_an_upcaster_that_loses_something_is_found_out() -> None:
    lifted = {**UPCASTERS, ROLE: Upcaster("people.role-granted.v2", lambda tree: {**tree, "role": "admin"})}
    registry = Registry({**shapes(), "people.role-granted.v2": RoleWithMore}, lifted)
    with pytest.raises(AssertionError, match=r"expected\.json"):
        await check_samples_are_read(registry, FOLDER)


async def test_a_name_that_is_gone_or_has_no_sample_is_found_out(tmp_path: Path) -> None:
    gone = {name: shape for name, shape in shapes().items() if name != ROLE}
    with pytest.raises(AssertionError, match="stay readable"):
        await check_none_is_missing(Registry(gone, UPCASTERS), FOLDER)
    with pytest.raises(AssertionError, match="make them"):
        await check_none_is_missing(Registry({**shapes(), "goals.goal-praised.v1": Praised}, UPCASTERS), FOLDER)


@pytest.mark.parametrize(
    ("check", "file", "before", "after"),
    [
        (check_samples_are_valid, f"{ROLE}.json", b'","', b'", "'),
        (check_samples_are_valid, f"{ROLE}.json", b'"role":"compliance"', b'"role":""'),
        (check_samples_are_valid, f"{PERSON}.json", b'["admin","hr_partner"]', b"[]"),
        (check_samples_are_valid, f"{ROLE}.json", ROLE.encode(), PERSON.encode()),
        (check_samples_are_read, f"{PERSON}.json", b'"hr_partner"', b'"service"'),
        (check_samples_are_read, f"{PERSON}.json", b'"version":3', b'"version":4'),
        (check_samples_are_read, FILE, b'"key_id": "', b'"key_id": "x'),
        (check_schemas_are_closed, f"{CREATED}.schema.json", b'"additionalProperties": false', b'"minProperties": 0'),
        (check_schemas_are_closed, f"{CREATED}.schema.json", b'"type": "boolean"', b'"type": "number"'),
    ],
)
async def test_a_file_that_was_touched_is_found_out(
    check: Check, file: str, before: bytes, after: bytes, tmp_path: Path
) -> None:
    for path in FOLDER.glob("*.json"):
        shutil.copy(path, tmp_path)
    content = (tmp_path / file).read_bytes()
    assert before in content
    (tmp_path / file).write_bytes(content.replace(before, after))
    with pytest.raises((AssertionError, KernelError, jsonschema.ValidationError)):
        await check(REGISTRY, tmp_path)


async def test_text_in_clear_is_found_out(tmp_path: Path) -> None:
    for path in FOLDER.glob("*.json"):
        shutil.copy(path, tmp_path)
    sample = json.loads((tmp_path / f"{CREATED}.json").read_bytes())
    sample["data"]["metric"]["unit"] = "tickets"
    (tmp_path / f"{CREATED}.json").write_bytes(rfc8785.dumps(sample))
    with pytest.raises(AssertionError):
        await check_personal_text_is_sealed(REGISTRY, tmp_path)
