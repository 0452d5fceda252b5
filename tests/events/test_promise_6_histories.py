"""Promise 6, whole logs: what earlier versions stored is folded by today's code into the rows that it should give."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from libs.events.canonical import Tree
from libs.events.errors import MalformedEvent
from libs.events.registry import REGISTRY, Registry
from libs.events.upcasters import UPCASTERS, Upcaster
from tests.events.histories import record
from tests.events.histories.keeping import History, Line, folded, found_in, histories, states_of
from tests.events.installation import Installation

HISTORIES = histories()


def check_told(found: Mapping[Line, Mapping[str, Any]], expected: Mapping[Line, Mapping[str, Any]]) -> None:
    """The same rows and states, and each says what is expected. It may say more: read models gain fields."""
    assert found.keys() == expected.keys()
    for line, fields in expected.items():
        says = found[line]
        if isinstance(fields, list):
            assert says == fields, line
        else:
            assert {name: says.get(name, "nothing") for name in fields} == fields, (
                f"{line} is another one. If a fold changed on purpose, raise its read model's version, and say "
                "`python -m tests.events.histories.record --expect NAME`; the events stay as they are."
            )


async def check_history(history: History, folder: Path, registry: Registry = REGISTRY) -> None:
    """Reader, folds of streams, rows and tree come to what is kept beside the events."""
    async with folded(history, folder, registry) as home:
        found = await found_in(home, history)
        check_told(found, history.expected())
        for line, state in await states_of(home, history):
            assert found[line] == state, "commands decide on another state than rows show"


@pytest.mark.parametrize("history", HISTORIES, ids=lambda history: history.folder.name)
async def test_a_history_is_folded_as_it_always_was(history: History, tmp_path: Path) -> None:
    await check_history(history, tmp_path / "data")


async def check_erasure_reaches_what_stood_in_clear(folder: Path, registry: Registry = REGISTRY) -> None:
    """Of who was erased no row says what old events hold in clear; others' are as they were, and so are the bytes."""
    history = HISTORIES[1]
    stated = {line: row for line, row in history.expected().items() if line[0] == "people/people"}
    (uma,) = (id for (_, id), row in stated.items() if row["timezone"] == "America/Toronto")
    (pat,) = (id for (_, id), row in stated.items() if row["locale"] == "de-AT")
    assert any(b"America/Toronto" in body for body in history.bodies("people")), "it stands in clear, and will"
    erased = partial(_destroy, "team-1", (uma, pat))
    async with folded(history, folder, registry, before=erased) as home:
        found = {line: row for line, row in (await found_in(home, history)).items() if line in stated}
        for (where, id), row in found.items():
            if id in (uma, pat):
                assert [row[name] for name in ("display_name", "email", "locale", "timezone")] == [None] * 4
                assert {"display_name", "email"} <= set(row["erased"]), "what was destroyed is named"
            else:
                assert {name: row[name] for name in stated[where, id]} == stated[where, id]


async def _destroy(tenant: str, holders: tuple[str, ...], home: Installation) -> None:
    for holder in holders:
        await home.embedded.keyring.destroy(tenant, holder)


async def test_erasure_reaches_what_stood_in_clear(tmp_path: Path) -> None:
    await check_erasure_reaches_what_stood_in_clear(tmp_path / "data")


def test_every_version_that_is_no_longer_written_is_in_a_history() -> None:
    told = {name for history in HISTORIES for name in history.names()}
    old = {name for name in REGISTRY if REGISTRY.today(name) is not REGISTRY.shape(name)}
    assert old - told == set(), "record a history with the code that still writes it"


def test_the_first_history_knows_first_versions_alone() -> None:
    assert {name.rpartition(".")[2] for name in HISTORIES[0].names()} == {"v1"}


@pytest.mark.parametrize("arguments", [["01-goals-alone"], ["--expect", "nowhere"], ["--help"], []])
def test_a_history_is_never_recorded_again(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert record.main(arguments) == 1
    assert "never recorded again" in capsys.readouterr().err


# --- planted faults ---------------------------------------------------------------------------------------------


def needed_alone(registry: Registry, name: str) -> Any:
    """Planted: an upcaster that brings along only what its version cannot be without."""
    shape = registry.shape(name)
    optional = set(shape.__struct_fields__[-len(shape.__struct_defaults__) :]) if shape.__struct_defaults__ else set()

    def lift(tree: Tree) -> Tree:
        kept = {field: value for field, value in tree.items() if field not in optional}
        return UPCASTERS[name].lift(kept)

    return lift


def as_it_was(tree: Tree) -> Tree:
    """Planted: an upcaster that is called and does nothing."""
    return tree


ADDED = {name for name, step in UPCASTERS.items() if step.lift.__name__ == "_same"}
"""Where fields were only added: there is nothing to do."""
SEALED = {"people.person-added.v2", "people.person-changed.v1"}
"""Where it shows only once somebody is erased."""
FORGETFUL = sorted(name for name in UPCASTERS if REGISTRY.shape(name).__struct_defaults__)
IDLE = sorted(name for name in UPCASTERS if name not in ADDED | SEALED)


def but(name: str, lift: Any) -> Registry:
    """Today's registry with another upcaster of one version."""
    step = UPCASTERS[name]
    return Registry({one: REGISTRY.shape(one) for one in REGISTRY}, {**UPCASTERS, name: Upcaster(step.to, lift)})


async def check_found_out(name: str, registry: Registry, folder: Path) -> None:
    """Some history that knows the version does not come out right."""
    knowing = [history for history in HISTORIES if name in history.names()]
    with pytest.raises((AssertionError, MalformedEvent)):
        for history in knowing:
            await check_history(history, folder / history.folder.name, registry)


@pytest.mark.parametrize("name", FORGETFUL)
async def test_an_upcaster_that_forgets_is_found_out(name: str, tmp_path: Path) -> None:
    await check_found_out(name, but(name, needed_alone(REGISTRY, name)), tmp_path)


@pytest.mark.parametrize("name", IDLE)
async def test_an_upcaster_that_does_nothing_is_found_out(name: str, tmp_path: Path) -> None:
    await check_found_out(name, but(name, as_it_was), tmp_path)


@pytest.mark.parametrize("name", sorted(SEALED))
async def test_an_upcaster_that_shows_what_was_erased_is_found_out(name: str, tmp_path: Path) -> None:
    with pytest.raises(AssertionError):
        await check_erasure_reaches_what_stood_in_clear(tmp_path / "data", but(name, as_it_was))


@pytest.mark.parametrize("name", sorted(UPCASTERS))
def test_an_upcaster_that_is_gone_is_found_out(name: str) -> None:
    shapes = {one: REGISTRY.shape(one) for one in REGISTRY}
    with pytest.raises(ValueError, match="has no upcaster"):
        Registry(shapes, {one: step for one, step in UPCASTERS.items() if one != name})


async def test_a_row_that_lost_something_is_found_out() -> None:
    [line, *_] = rows = HISTORIES[0].expected()
    for found in ({}, {**rows, line: {}}, {**rows, ("goals/goals", "another"): {}}):
        with pytest.raises(AssertionError):
            check_told(found, rows)
