"""Sealing: what goes in comes out, in its own place, under its own key, and nowhere else."""

from __future__ import annotations

import copy
import sqlite3
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from libs.events.adapters.sqlite.key_store import SQLiteKeyStore
from libs.events.errors import HolderErased, KeyMissing, MalformedEvent, SealBroken
from libs.events.testing import SteppingClock
from libs.privacy.keyring import Keyring
from libs.privacy.sealing import FieldSealer
from tests.privacy.conftest import KEK
from tests.privacy.notes import FULL, PATHS, noted, opened


def texts(node: Any) -> list[str]:
    """Every string in a tree."""
    if isinstance(node, dict):
        return [text for item in node.values() for text in texts(item)]
    if isinstance(node, list):
        return [text for item in node for text in texts(item)]
    return [node] if isinstance(node, str) else []


async def test_what_is_sealed_opens_again_and_nothing_given_is_changed(sealer: FieldSealer) -> None:
    envelope = noted(**FULL)
    before = copy.deepcopy(envelope)
    sealed = await sealer.seal(envelope, PATHS)
    assert envelope == before
    kept = copy.deepcopy(sealed)
    assert await opened(sealer, sealed) == before.data
    assert sealed == kept
    [result] = await sealer.open([(sealed, PATHS)])
    assert (result.envelope, result.erased) == (before, ())


async def test_only_the_personal_text_is_sealed_each_as_one_ascii_string(sealer: FieldSealer) -> None:
    sealed = (await sealer.seal(noted(**FULL), PATHS)).data
    planted = {"Ship it", "between us", "well done", "ünïcödé 😀", "", "no budget", "no time", "call them"}
    assert not planted & set(texts(sealed))
    assert sealed["remarks"][1] == FULL["remarks"][1]
    assert (sealed["owner_id"], sealed["unit_id"], sealed["first"]["stars"]) == ("p-1", "u-1", 5)
    values = [sealed["title"], sealed["note"], sealed["first"]["text"], *(r["text"] for r in sealed["remarks"][::2])]
    values += [*sealed["blockers"][::2], sealed["step"]["text"]]
    for value in values:
        mark, key_id, payload = value.split(".")
        assert (mark, value.isascii(), bool(key_id), bool(payload)) == ("cairn1", True, True, True)


async def test_each_text_is_under_its_holders_key(sealer: FieldSealer, keyring: Keyring) -> None:
    sealed = (await sealer.seal(noted(**FULL), PATHS)).data
    keys = await keyring.for_holders("acme", ["p-1", "p-2", "u-1"])
    under = {"u-1": [sealed["title"]], "p-2": [sealed["first"]["text"], sealed["remarks"][2]["text"]]}
    under["p-1"] = [sealed["note"], sealed["remarks"][0]["text"], sealed["blockers"][0], sealed["step"]["text"]]
    for name, values in under.items():
        assert {value.split(".")[1] for value in values} == {keys[name].key_id}


async def test_the_same_text_never_seals_alike(sealer: FieldSealer) -> None:
    sealed = [(await sealer.seal(noted(note="same"), PATHS)).data["note"] for _ in range(50)]
    assert len(set(sealed)) == 50


async def test_text_that_looks_sealed_is_text(sealer: FieldSealer) -> None:
    title = (await sealer.seal(noted(title="mine"), PATHS)).data["title"]
    again = await sealer.seal(noted(note=title), PATHS)
    assert (await opened(sealer, again))["note"] == title


@pytest.mark.parametrize(
    "data",
    [
        {"note": 7},
        {"note": {"text": "x"}},
        {"note": [["x"]]},
        {"blockers": ["fine", 7]},
        {"note": True},
        {"note": "x", "owner_id": None},
        {"note": "x", "owner_id": 7},
        {"note": "x", "owner_id": ""},
        {"note": "x", "owner_id": "secret:e-mail"},
        {"note": "lone \ud800"},
        {"first": "no object"},
        {"remarks": {"text": "no list"}},
    ],
)
async def test_what_cannot_be_sealed_is_refused_before_any_key_is_made(
    sealer: FieldSealer, keys: SQLiteKeyStore, data: dict[str, Any]
) -> None:
    with pytest.raises(MalformedEvent) as refusal:
        await sealer.seal(noted(**{"title": "fine", **data}), PATHS)
    assert "x" not in str(refusal.value).split()
    assert await keys.by_holder("acme", ["p-1"]) == {}


async def test_new_text_for_an_erased_holder_is_refused_before_anything(
    sealer: FieldSealer, keyring: Keyring, keys: SQLiteKeyStore
) -> None:
    await keyring.destroy("acme", "p-2")
    envelope = noted(**FULL)
    before = copy.deepcopy(envelope)
    with pytest.raises(HolderErased):
        await sealer.seal(envelope, PATHS)
    assert envelope == before
    assert set(await keys.by_holder("acme", ["p-1", "p-2", "u-1"])) == {"p-2"}
    bare = noted(first={"owner_id": "p-2", "text": None, "stars": 1})
    assert await sealer.seal(bare, PATHS) == bare, "without text there is nothing to refuse"


async def test_erased_text_is_null_and_named_and_the_rest_still_opens(sealer: FieldSealer, keyring: Keyring) -> None:
    sealed = await sealer.seal(noted(**FULL), PATHS)
    other = await sealer.seal(noted(note="kept"), PATHS)
    await keyring.destroy("acme", "p-2")
    first, second = await sealer.open([(sealed, PATHS), (other, PATHS)])
    assert first.erased == ("first.text", "remarks.2.text")
    assert first.envelope.data["first"] == {"owner_id": "p-2", "text": None, "stars": 5}
    assert first.envelope.data["remarks"][2] == {"owner_id": "p-2", "text": None, "stars": 3}
    assert first.envelope.data["title"] == "Ship it"
    assert first.envelope.data["blockers"] == FULL["blockers"]
    await keyring.destroy("acme", "p-1")
    [result] = await sealer.open([(sealed, PATHS)])
    assert {"blockers.0", "blockers.2", "step.text"} < set(result.erased)
    assert result.envelope.data["blockers"] == [None, None, None]
    assert (second.envelope.data["note"], second.erased) == ("kept", ())


async def test_a_key_without_a_trace_is_a_fault_never_an_erasure(
    sealer: FieldSealer, keys: SQLiteKeyStore, key_file: Path, clock: SteppingClock
) -> None:
    sealed = await sealer.seal(noted(note="x"), PATHS)
    with sqlite3.connect(key_file) as connection:
        connection.execute("DELETE FROM holders WHERE holder='p-1'")
    connection.close()
    with pytest.raises(KeyMissing):
        await FieldSealer(Keyring(keys, KEK, clock)).open([(sealed, PATHS)])


async def test_a_key_destroyed_elsewhere_is_gone_here_after_half_a_minute(
    sealer: FieldSealer, keys: SQLiteKeyStore, clock: SteppingClock
) -> None:
    sealed = await sealer.seal(noted(note="x"), PATHS)
    await Keyring(keys, KEK, clock).destroy("acme", "p-1")
    clock.move(timedelta(seconds=29))
    assert (await opened(sealer, sealed))["note"] == "x"
    clock.move(timedelta(seconds=1))
    [result] = await sealer.open([(sealed, PATHS)])
    assert (result.envelope.data["note"], result.erased) == (None, ("note",))


async def test_one_broken_field_fails_the_batch_and_changes_nothing_given(sealer: FieldSealer) -> None:
    good = await sealer.seal(noted(note="x"), PATHS)
    bad = noted(note="in clear")
    kept = copy.deepcopy(good)
    with pytest.raises(SealBroken):
        await sealer.open([(good, PATHS), (bad, PATHS)])
    assert good == kept


async def test_events_without_personal_text_pass_untouched(sealer: FieldSealer) -> None:
    envelope = noted()
    assert await sealer.seal(envelope, PATHS) is envelope
    assert await sealer.seal(envelope, ()) is envelope
    first, second = await sealer.open([(envelope, PATHS), (envelope, ())])
    assert first.envelope is second.envelope is envelope
    assert await sealer.open([]) == []


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(), remarks=st.lists(st.text() | st.none()))
async def test_any_text_comes_back(sealer: FieldSealer, text: str, remarks: list[str | None]) -> None:
    data = {"note": text, "remarks": [{"owner_id": f"p-{at % 3}", "text": t} for at, t in enumerate(remarks)]}
    envelope = noted(**data)
    assert await opened(sealer, await sealer.seal(envelope, PATHS)) == envelope.data


async def test_a_batch_asks_for_its_keys_once(keyring: Keyring, keys: SQLiteKeyStore, clock: SteppingClock) -> None:
    sealer = FieldSealer(keyring)
    sealed = [await sealer.seal(noted(note="x", owner_id=f"p-{at % 7}"), PATHS) for at in range(30)]
    asked: list[int] = []

    class Counting(Keyring):
        async def for_ids(self, pairs: Any) -> Any:
            asked.append(len(pairs))
            return await super().for_ids(pairs)

    results = await FieldSealer(Counting(keys, KEK, clock)).open([(envelope, PATHS) for envelope in sealed])
    assert [result.envelope.data["note"] for result in results] == ["x"] * 30
    assert asked == [7]
