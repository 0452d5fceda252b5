"""Sealing a batch: as sealing one by one, but its holders' keys cost one write, and the event loop goes on."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from libs.events.adapters.sqlite.key_store import SQLiteKeyStore
from libs.events.envelope import Envelope
from libs.events.errors import HolderErased, MalformedEvent, StoreUnavailable
from libs.events.ports import WrappedKey
from libs.events.testing import SteppingClock
from libs.privacy.keyring import Keyring
from libs.privacy.sealing import AT_ONCE, FieldSealer
from tests.privacy.conftest import KEK
from tests.privacy.notes import FULL, PATHS, noted, opened


class Counting(SQLiteKeyStore):
    """Counts what is asked of it."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.written: list[int] = []

    async def insert_many(self, keys: Sequence[WrappedKey]) -> list[WrappedKey]:
        self.written.append(len(keys))
        return await super().insert_many(keys)


def notes(count: int, **data: Any) -> list[tuple[Envelope, Any]]:
    """Events of half as many holders, each with a text of its own."""
    return [(noted(owner_id=f"p-{at // 2}", note=f"text {at}", **data), PATHS) for at in range(count)]


async def test_what_cannot_be_sealed_is_refused_before_any_key_is_made(
    sealer: FieldSealer, keys: SQLiteKeyStore
) -> None:
    for broken in (noted(note=7), noted(note="x", owner_id=None), noted(note="x", owner_id="secret:e-mail")):
        with pytest.raises(MalformedEvent):
            await sealer.seal_many([*notes(10), (broken, PATHS)])
    assert await keys.by_holder("acme", [f"p-{at}" for at in range(10)]) == {}


async def test_one_erased_holder_refuses_the_batch_and_no_key_is_made(
    sealer: FieldSealer, keyring: Keyring, keys: SQLiteKeyStore
) -> None:
    await keyring.destroy("acme", "p-3")
    items = notes(10)
    before = [envelope.data.copy() for envelope, _ in items]
    with pytest.raises(HolderErased):
        await sealer.seal_many(items)
    assert set(await keys.by_holder("acme", [f"p-{at}" for at in range(10)])) == {"p-3"}
    assert [envelope.data for envelope, _ in items] == before


async def test_a_key_store_that_fails_seals_nothing(tmp_path: Path, clock: SteppingClock) -> None:
    (tmp_path / "folder").mkdir()
    broken = SQLiteKeyStore(tmp_path / "folder")
    with pytest.raises(StoreUnavailable):
        await FieldSealer(Keyring(broken, KEK, clock)).seal_many(notes(3))
    await broken.close()


async def test_all_come_back_in_order_and_open_as_they_were(sealer: FieldSealer) -> None:
    other = msgspec.structs.replace(noted(note="theirs"), tenant="beta")
    bare = noted()
    items = [(noted(**FULL), PATHS), (bare, PATHS), *notes(2 * AT_ONCE), (bare, ()), (other, PATHS)]
    sealed = await sealer.seal_many(items)
    assert sealed[1] is sealed[-2] is bare
    assert not {"text 1", "theirs", "Ship it"} & {str(envelope.data.get("note")) for envelope in sealed}
    assert [await opened(sealer, envelope) for envelope in sealed] == [envelope.data for envelope, _ in items]
    assert await sealer.seal_many([]) == []


async def test_new_holders_of_a_batch_cost_one_write(tmp_path: Path, clock: SteppingClock) -> None:
    store = Counting(tmp_path / "counted.sqlite")
    sealer = FieldSealer(Keyring(store, KEK, clock))
    other = [(msgspec.structs.replace(envelope, tenant="beta"), paths) for envelope, paths in notes(20)]
    await sealer.seal_many([*notes(1000), *other])
    # The first write of all is the keyring's own mark.
    assert store.written == [1, 510]
    await sealer.seal_many(notes(1010))
    assert store.written == [1, 510, 5]
    await sealer.seal_many(notes(1010))
    assert store.written == [1, 510, 5]
    await store.close()


async def test_a_long_batch_is_sealed_beside_the_event_loop(keyring: Keyring) -> None:
    threads: set[int] = set()

    class Watched(FieldSealer):
        def context(self, envelope: Envelope, path: str, key_id: str) -> bytes:
            threads.add(threading.get_ident())
            return super().context(envelope, path, key_id)

    sealer = Watched(keyring)
    await sealer.seal_many(notes(AT_ONCE))
    assert threads == {threading.get_ident()}
    threads.clear()
    await sealer.seal_many(notes(AT_ONCE + 1))
    assert threads
    assert threading.get_ident() not in threads
