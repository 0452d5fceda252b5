"""The keyring: one key a holder, durable, wrapped, forgotten within a minute, never made again."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import os
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.events.adapters.sqlite.key_store import SQLiteKeyStore
from libs.events.errors import HolderErased, KeyMissing, MalformedEvent, StoreUnavailable
from libs.events.ports import WrappedKey
from libs.events.testing import SteppingClock
from libs.privacy.framing import frame
from libs.privacy.keyring import KeyEncryptionKeyWrong, Keyring, keyed_hash
from tests.privacy.conftest import KEK


async def test_a_holder_keeps_one_key_in_every_process(
    keyring: Keyring, keys: SQLiteKeyStore, clock: SteppingClock
) -> None:
    first = await keyring.for_holder("acme", "p-1")
    assert await keyring.for_holder("acme", "p-1") is first
    assert await Keyring(keys, KEK, clock).for_holder("acme", "p-1") == first
    assert len(first.secret) == 32
    others = [await keyring.for_holder("acme", "p-2"), await keyring.for_holder("beta", "p-1")]
    assert len({key.secret for key in (first, *others)}) == len({key.key_id for key in (first, *others)}) == 3


async def test_holders_that_race_for_a_first_key_agree(keys: SQLiteKeyStore, clock: SteppingClock) -> None:
    rings = [Keyring(keys, KEK, clock) for _ in range(8)]
    got = await asyncio.gather(*(ring.for_holder("acme", "p-1") for ring in rings for _ in range(4)))
    assert len({key.secret for key in got}) == 1


async def test_a_key_is_stored_before_it_is_used(keyring: Keyring, key_file: Path) -> None:
    key = await keyring.for_holder("acme", "p-1")
    with sqlite3.connect(f"file:{key_file}?mode=ro", uri=True) as reader:
        stored = reader.execute("SELECT key_id FROM holders WHERE tenant='acme' AND holder='p-1'").fetchall()
    reader.close()
    assert stored == [(key.key_id,)]


async def test_the_secret_stands_nowhere_in_clear(keyring: Keyring, key_file: Path) -> None:
    key = await keyring.for_holder("acme", "p-1")
    assert repr(key.secret) not in repr(key)
    for path in key_file.parent.iterdir():
        assert key.secret not in path.read_bytes()


async def test_when_the_store_fails_no_key_is_handed_out(tmp_path: Path, clock: SteppingClock) -> None:
    (tmp_path / "folder").mkdir()
    broken = SQLiteKeyStore(tmp_path / "folder")
    with pytest.raises(StoreUnavailable):
        await Keyring(broken, KEK, clock).for_holder("acme", "p-1")
    await broken.close()


async def test_ids_give_keys_none_for_destroyed_and_a_fault_for_lost(keyring: Keyring) -> None:
    kept, gone = await keyring.for_holder("acme", "p-1"), await keyring.for_holder("acme", "p-2")
    await keyring.destroy("acme", "p-2")
    pairs = [("acme", kept.key_id), ("acme", gone.key_id)]
    assert await keyring.for_ids(pairs) == {pairs[0]: kept, pairs[1]: None}
    assert await keyring.for_ids([]) == {}
    with pytest.raises(KeyMissing):
        await keyring.for_ids([*pairs, ("acme", "never-there")])
    with pytest.raises(KeyMissing):
        await keyring.for_ids([("beta", kept.key_id)])


async def test_an_erased_holder_gets_no_key_and_neither_do_those_beside_them(
    keyring: Keyring, keys: SQLiteKeyStore
) -> None:
    await keyring.destroy("acme", "p-1")
    with pytest.raises(HolderErased):
        await keyring.for_holder("acme", "p-1")
    with pytest.raises(HolderErased):
        await keyring.for_holders("acme", ["p-2", "p-1", "p-3"])
    assert set(await keys.by_holder("acme", ["p-1", "p-2", "p-3"])) == {"p-1"}


async def test_this_process_forgets_a_destroyed_key_at_once(keyring: Keyring) -> None:
    key = await keyring.for_holder("acme", "p-1")
    await keyring.destroy("acme", "p-1")
    assert await keyring.for_ids([("acme", key.key_id)]) == {("acme", key.key_id): None}
    with pytest.raises(HolderErased):
        await keyring.for_holder("acme", "p-1")


async def test_another_process_forgets_it_within_half_a_minute(
    keyring: Keyring, keys: SQLiteKeyStore, clock: SteppingClock
) -> None:
    other = Keyring(keys, KEK, clock)
    key = await other.for_holder("acme", "p-1")
    pair = ("acme", key.key_id)
    clock.move(timedelta(seconds=1))
    await keyring.destroy("acme", "p-1")
    clock.move(timedelta(seconds=28.9))
    assert await other.for_ids([pair]) == {pair: key}, "remembered: the other process has not asked again"
    clock.move(timedelta(seconds=0.1))
    assert await other.for_ids([pair]) == {pair: None}
    with pytest.raises(HolderErased):
        await other.for_holder("acme", "p-1")


async def test_a_clock_set_back_prolongs_nothing(keyring: Keyring, keys: SQLiteKeyStore, clock: SteppingClock) -> None:
    other = Keyring(keys, KEK, clock)
    key = await other.for_holder("acme", "p-1")
    await keyring.destroy("acme", "p-1")
    clock.move(timedelta(seconds=-3600))
    assert await other.for_ids([("acme", key.key_id)]) == {("acme", key.key_id): None}


class SlowKeyStore(SQLiteKeyStore):
    """Holds an answer back until it is told to go on."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.read, self.go_on = asyncio.Event(), asyncio.Event()

    async def by_id(self, keys: Iterable[tuple[str, str]]) -> Mapping[tuple[str, str], WrappedKey]:
        """The answer as it was when it was asked for, late."""
        answer = await super().by_id(keys)
        self.read.set()
        await self.go_on.wait()
        return answer


async def test_a_look_up_that_crosses_a_destruction_is_not_remembered(key_file: Path, clock: SteppingClock) -> None:
    slow = SlowKeyStore(key_file)
    key = await Keyring(slow, KEK, clock).for_holder("acme", "p-1")
    ring, pair = Keyring(slow, KEK, clock), ("acme", key.key_id)
    crossing = asyncio.create_task(ring.for_ids([pair]))
    await slow.read.wait()
    await ring.destroy("acme", "p-1")
    slow.go_on.set()
    assert await crossing == {pair: key}
    assert await ring.for_ids([pair]) == {pair: None}
    await slow.close()


async def test_no_more_keys_than_its_limit_are_remembered(keys: SQLiteKeyStore, clock: SteppingClock) -> None:
    asked: list[str] = []

    class Counting(SQLiteKeyStore):
        async def by_holder(self, tenant: str, holders: Iterable[str]) -> Mapping[str, WrappedKey]:
            asked.extend(holders)
            return await keys.by_holder(tenant, holders)

    ring = Keyring(Counting(Path("unused")), KEK, clock, limit=3)
    for holder in ("a", "b", "c"):
        await keys.insert_if_absent(ring._wrap("acme", holder))
    await keys.insert_if_absent(ring._wrap("acme", "d"))
    for holder in ("a", "b", "c", "a", "d", "b", "a"):
        await ring.for_holder("acme", holder)
    assert asked == ["a", "b", "c", "d", "a"], "the oldest made room"


async def test_a_wrong_key_encryption_key_says_so_and_makes_no_second_set_of_keys(
    keyring: Keyring, keys: SQLiteKeyStore, clock: SteppingClock
) -> None:
    key = await keyring.for_holder("acme", "p-1")
    wrong = Keyring(keys, os.urandom(32), clock)
    for refused in (
        wrong.verify(),
        wrong.for_holder("acme", "p-1"),
        wrong.for_holder("acme", "p-new"),
        wrong.for_ids([("acme", key.key_id)]),
        wrong.secret("acme", "e-mail"),
    ):
        with pytest.raises(KeyEncryptionKeyWrong, match="CAIRN_KEY_ENCRYPTION_KEY"):
            await refused
    assert await keys.by_holder("acme", ["p-new"]) == {}
    await keyring.verify()


@pytest.mark.parametrize("moved", [{"holder": "p-2"}, {"tenant": "beta"}, {"key_id": "k-2"}])
async def test_a_wrapped_key_opens_in_its_own_place_only(
    keyring: Keyring, keys: SQLiteKeyStore, moved: dict[str, str]
) -> None:
    wrapped = keyring._wrap("acme", "p-1")
    misplaced = replace(wrapped, **moved)
    await keys.insert_if_absent(misplaced)
    with pytest.raises(KeyEncryptionKeyWrong):
        await keyring.for_holder(misplaced.tenant, misplaced.holder)


@pytest.mark.parametrize("broken", [b"", b"short", b"\0" * 60])
async def test_altered_wrapped_bytes_are_a_fault_never_an_erasure(
    keyring: Keyring, keys: SQLiteKeyStore, broken: bytes
) -> None:
    await keys.insert_if_absent(replace(keyring._wrap("acme", "p-1"), wrapped=broken))
    with pytest.raises(KeyEncryptionKeyWrong):
        await keyring.for_holder("acme", "p-1")


async def test_secrets_are_one_a_tenant_and_purpose_and_stay(
    keyring: Keyring, keys: SQLiteKeyStore, clock: SteppingClock
) -> None:
    secret = await keyring.secret("acme", "e-mail")
    assert len(secret) == 32
    clock.move(timedelta(seconds=3600))
    assert await keyring.secret("acme", "e-mail") == secret
    assert await Keyring(keys, KEK, clock).secret("acme", "e-mail") == secret
    assert secret not in (await keyring.secret("acme", "request"), await keyring.secret("beta", "e-mail"))


@pytest.mark.parametrize("name", ["", "secret:e-mail", "p\n1", "\ud800"])
async def test_reserved_and_impossible_names_are_no_holders(keyring: Keyring, name: str) -> None:
    with pytest.raises(MalformedEvent):
        await keyring.for_holder("acme", name)
    with pytest.raises(MalformedEvent):
        await keyring.destroy("acme", name)


def test_a_keyed_hash_is_hmac_sha256_of_the_framed_parts() -> None:
    framed = b"\0\0\0\x02" + b"\0\0\0\x01" + b"\0\0\0\x02" + b"abc"
    assert keyed_hash(b"k" * 32, "a", b"bc") == hmac.new(b"k" * 32, framed, hashlib.sha256).hexdigest()
    assert keyed_hash(b"k" * 32, "a") != keyed_hash(b"l" * 32, "a")


@given(st.lists(st.text(st.characters())), st.lists(st.text(st.characters())))
def test_no_two_lists_of_parts_are_framed_alike(one: list[str], two: list[str]) -> None:
    assert (frame(*one) == frame(*two)) == (one == two)
    joined = "".join(one)
    assert (frame(joined) == frame(*one)) == ([joined] == one)
