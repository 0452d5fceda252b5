"""Sealed text that was moved, altered or put under another key does not open; nor does text in clear."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from libs.events.envelope import Envelope
from libs.events.errors import KeyMissing, SealBroken
from libs.privacy.holder_key import HolderKey
from libs.privacy.keyring import Keyring
from libs.privacy.sealing import FieldSealer
from tests.privacy.notes import PATHS, noted


def elsewhere(sealed: Envelope) -> list[Envelope]:
    """A sealed note of `noted`, carried to other places that have the same holder."""
    note = sealed.data["note"]
    replace = msgspec.structs.replace
    return [
        replace(sealed, subject="acme/goal/g-2"),
        replace(sealed, subject="acme/goal/g-"),
        replace(sealed, version=2),
        replace(sealed, data={"owner_id": "p-1", "title": note}),
        replace(sealed, data={"owner_id": "p-1", "first": {"owner_id": "p-1", "text": note}}),
        replace(sealed, data={"owner_id": "p-1", "remarks": [{"owner_id": "p-1", "text": note}]}),
        replace(sealed, data={"owner_id": "p-2", "note": note}),
    ]


async def check_that_moved_text_is_refused(sealer: FieldSealer) -> None:
    """The promise: sealed text opens in its own place only."""
    sealed = await sealer.seal(noted(note="x"), PATHS)
    for moved in elsewhere(sealed):
        with pytest.raises(SealBroken):
            await sealer.open([(moved, PATHS)])
    texts_in_order = await sealer.seal(noted(blockers=["one", "two"]), PATHS)
    texts_in_order.data["blockers"].reverse()
    with pytest.raises(SealBroken):
        await sealer.open([(texts_in_order, PATHS)])
    listed = await sealer.seal(noted(remarks=[{"owner_id": "p-1", "text": t} for t in ("one", "two")]), PATHS)
    listed.data["remarks"].reverse()
    with pytest.raises(SealBroken):
        await sealer.open([(listed, PATHS)])


class WithoutContext(FieldSealer):
    """The planted fault: text bound to its key and to nothing else."""

    def context(self, envelope: Envelope, path: str, key_id: str) -> bytes:
        """Nothing."""
        return b""


async def test_moved_text_is_refused(sealer: FieldSealer) -> None:
    await check_that_moved_text_is_refused(sealer)


async def test_the_check_of_moved_text_fails_on_a_sealer_that_binds_nothing(keyring: Keyring) -> None:
    with pytest.raises(pytest.fail.Exception, match="DID NOT RAISE"):
        await check_that_moved_text_is_refused(WithoutContext(keyring))


async def test_text_of_another_tenant_does_not_open(sealer: FieldSealer, keyring: Keyring) -> None:
    sealed = await sealer.seal(noted(note="x"), PATHS)
    stolen = msgspec.structs.replace(sealed, tenant="beta")
    with pytest.raises(KeyMissing):
        await sealer.open([(stolen, PATHS)])
    # Even if the other tenant had this very key under this very id.
    key = await keyring.for_holder("acme", "p-1")
    with pytest.raises(SealBroken):
        await FieldSealer(Planted(keyring, HolderKey("beta", "p-1", key.key_id, key.secret))).open([(stolen, PATHS)])


class Planted(Keyring):
    """A keyring that answers with one given key."""

    def __init__(self, real: Keyring, key: HolderKey) -> None:
        self.__dict__.update(real.__dict__)
        self._planted = key

    async def for_ids(self, pairs: Any) -> dict[tuple[str, str], HolderKey | None]:
        """The given key, whatever is asked."""
        return dict.fromkeys(pairs, self._planted)


async def test_another_key_under_the_same_id_is_refused(sealer: FieldSealer, keyring: Keyring) -> None:
    sealed = await sealer.seal(noted(note="x"), PATHS)
    key = await keyring.for_holder("acme", "p-1")
    wrong = HolderKey("acme", "p-1", key.key_id, bytes(32))
    with pytest.raises(SealBroken, match="another key"):
        await FieldSealer(Planted(keyring, wrong)).open([(sealed, PATHS)])


@pytest.mark.parametrize(
    "value",
    [
        "in clear",
        "",
        "cairn1",
        "cairn1..",
        "cairn1.key.",
        "cairn1.key.AAAA",
        "cairn1.key.AAAA.AAAA",
        "cairn2.key." + "A" * 100,
        "cairn1.key." + "é" * 100,
        "cairn1.key." + "A" * 101,
        "cairn1.key." + "!" * 100,
        "\ud800",
        7,
        {"a": 1},
        ["x"],
    ],
)
async def test_text_in_clear_or_garbage_in_a_personal_place_is_refused(sealer: FieldSealer, value: Any) -> None:
    with pytest.raises(SealBroken) as refusal:
        await sealer.open([(noted(note=value), PATHS)])
    assert "in clear " not in str(refusal.value)[: -len("stands in clear or was altered")]


async def test_every_changed_character_is_noticed(sealer: FieldSealer) -> None:
    sealed = await sealer.seal(noted(note="0123456789"), PATHS)
    note = sealed.data["note"]
    payload_from = note.rindex(".") + 1
    for at in range(len(note)):
        # The flip of the lowest bit also reaches the spare bits of the last base64 character.
        for changed in {chr(ord(note[at]) ^ 1), "A" if note[at] != "A" else "B", ""}:
            broken = msgspec.structs.replace(
                sealed, data={"owner_id": "p-1", "note": note[:at] + changed + note[at + 1 :]}
            )
            expected = SealBroken if at >= payload_from else (SealBroken, KeyMissing)
            with pytest.raises(expected):
                await sealer.open([(broken, PATHS)])
    for longer in (note + "A", note + "=", note + "\n", " " + note):
        with pytest.raises(SealBroken):
            await sealer.open([(msgspec.structs.replace(sealed, data={"owner_id": "p-1", "note": longer}), PATHS)])
