"""The key goes after its tombstone, and a process that starts destroys again what a restore brought back."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from libs.events.adapters.sqlite.key_store import SQLiteKeyStore
from libs.events.errors import HolderErased, StoreUnavailable
from libs.events.testing import SteppingClock
from libs.privacy.erasure import Eraser
from libs.privacy.keyring import Keyring
from libs.privacy.tombstones import Tombstone, Tombstones

KEK = bytes(32)


@pytest.fixture
async def eraser(tmp_path: Path) -> AsyncIterator[Eraser]:
    store = SQLiteKeyStore(tmp_path / "keys.db")
    clock = SteppingClock()
    yield Eraser(Tombstones(tmp_path / "elsewhere" / "tombstones.ndjson"), Keyring(store, KEK, clock), clock)
    await store.close()


async def test_a_tombstone_that_cannot_be_written_keeps_the_key(eraser: Eraser) -> None:
    await eraser.keyring.for_holder("acme", "ann")
    eraser.tombstones.path.mkdir(parents=True)
    with pytest.raises(StoreUnavailable):
        await eraser.destroy("acme", "ann")
    await eraser.keyring.for_holder("acme", "ann")


async def test_a_list_that_is_none_is_said_at_the_start(eraser: Eraser) -> None:
    eraser.tombstones.path.parent.mkdir()
    eraser.tombstones.path.write_text("this is no list\n")
    with pytest.raises(StoreUnavailable, match="Restore it"):
        await eraser.known()


async def test_the_key_is_gone_and_its_id_is_told_every_time(eraser: Eraser) -> None:
    key = await eraser.keyring.for_holder("acme", "ann")
    await eraser.keyring.for_holder("acme", "bob")
    for _ in range(2):
        assert await eraser.destroy("acme", "ann") == key.key_id
    assert await eraser.destroy("acme", "nobody") is None
    for gone in ("ann", "nobody"):
        with pytest.raises(HolderErased):
            await eraser.keyring.for_holder("acme", gone)
    await eraser.keyring.for_holder("acme", "bob")
    await eraser.keyring.for_holder("beta", "ann")
    assert [(one.tenant, one.holder) for one in eraser.tombstones.read()] == [("acme", "ann"), ("acme", "nobody")]
    assert await eraser.keyring.destroyed("acme", ["ann", "bob", "nobody", "never"]) == {"ann", "nobody"}
    assert await eraser.keyring.erasures() == 2


async def test_what_a_restore_brought_back_is_destroyed_again(eraser: Eraser) -> None:
    await eraser.keyring.for_holder("acme", "ann")
    await eraser.keyring.for_holder("beta", "ann")
    now = eraser.clock.now()
    eraser.tombstones.add([Tombstone("acme", name, now) for name in ("ann", "never-there")])
    standing = await eraser.standing(await eraser.known())
    assert [(one.tenant, one.holder) for one in standing] == [("acme", "ann"), ("acme", "never-there")]
    await eraser.destroy_again(standing)
    assert await eraser.standing(await eraser.known()) == []
    for gone in ("ann", "never-there"):
        with pytest.raises(HolderErased):
            await eraser.keyring.for_holder("acme", gone)
    await eraser.keyring.for_holder("beta", "ann")
