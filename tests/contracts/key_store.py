"""What every KeyStore promises, whatever it runs on; an adapter's suite supplies a factory."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

import pytest

from libs.events.ports import KeyStore, WrappedKey

AT = datetime(2026, 1, 31, 9, 0, 0, 123456, tzinfo=UTC)


class ClosableKeyStore(KeyStore, Protocol):
    """A key store as an adapter makes it."""

    async def close(self) -> None: ...


Make = Callable[[], Awaitable[ClosableKeyStore]]


def key(tenant: str = "acme", holder: str = "p-1", key_id: str = "k-1", wrapped: bytes = b"w" * 60) -> WrappedKey:
    """A stored key; the store does not look inside."""
    return WrappedKey(tenant, holder, key_id, wrapped, AT)


class KeyStoreContract(ABC):
    """`make` opens one more handle on the same keys, as another process would."""

    @abstractmethod
    def open(self, place: Path) -> ClosableKeyStore:
        """A store whose keys live at `place`."""

    @pytest.fixture
    async def make(self, tmp_path: Path) -> AsyncIterator[Make]:
        """Opens handles and closes them at the end."""
        async with AsyncExitStack() as opened:

            async def one() -> ClosableKeyStore:
                store = self.open(tmp_path)
                opened.push_async_callback(store.close)
                return store

            yield one

    @pytest.fixture
    async def store(self, make: Make) -> ClosableKeyStore:
        """One handle."""
        return await make()

    async def test_unknown_holders_and_ids_are_absent(self, store: KeyStore) -> None:
        assert await store.by_holder("acme", ["p-1"]) == {}
        assert await store.by_id([("acme", "k-1")]) == {}
        assert await store.by_holder("acme", []) == {}
        assert await store.by_id([]) == {}

    async def test_a_key_is_found_by_holder_and_by_id_exactly_as_it_was(self, store: KeyStore) -> None:
        assert await store.insert_if_absent(key()) == key()
        assert await store.by_holder("acme", ["p-1", "p-2"]) == {"p-1": key()}
        assert await store.by_id([("acme", "k-1"), ("acme", "k-2")]) == {("acme", "k-1"): key()}

    async def test_the_first_key_of_a_holder_stands(self, store: KeyStore) -> None:
        await store.insert_if_absent(key())
        assert await store.insert_if_absent(key(key_id="k-2", wrapped=b"x" * 60)) == key()
        assert await store.by_id([("acme", "k-2")]) == {}

    async def test_many_are_stored_at_once_and_those_that_stand_come_back_in_order(self, make: Make) -> None:
        store = await make()
        await store.insert_if_absent(key())
        await store.destroy("acme", "p-2", AT)
        [erased] = (await store.by_holder("acme", ["p-2"])).values()
        new = [key(holder="p-3", key_id="k-3"), key("beta", "p-1", "k-4")]
        asked = [new[0], key(key_id="k-5"), key(holder="p-2", key_id="k-6"), new[1], key(holder="p-3", key_id="k-7")]
        assert await store.insert_many(asked) == [new[0], key(), erased, new[1], new[0]]
        other = await make()
        assert await other.by_id([("acme", "k-3"), ("beta", "k-4")]) == {
            ("acme", "k-3"): new[0],
            ("beta", "k-4"): new[1],
        }
        assert await other.by_id([("acme", f"k-{number}") for number in (5, 6, 7)]) == {}
        assert await store.insert_many([]) == []

    async def test_of_many_that_cannot_all_be_stored_none_is(self, store: KeyStore) -> None:
        await store.insert_if_absent(key())
        taken = [key(holder="p-2", key_id="k-2"), key(holder="p-3", key_id="k-1"), key(holder="p-4", key_id="k-4")]
        with pytest.raises(Exception, match="key_id"):
            await store.insert_many(taken)
        assert await store.by_holder("acme", ["p-1", "p-2", "p-3", "p-4"]) == {"p-1": key()}
        assert await store.insert_many(taken[::2]) == taken[::2]

    async def test_batches_that_race_agree_on_every_key(self, make: Make) -> None:
        stores = [await make() for _ in range(4)]
        batches = [[key(holder=f"p-{at}", key_id=f"k-{number}-{at}") for at in range(30)] for number in range(4)]
        standing = await asyncio.gather(
            *(
                store.insert_many(batch[number:])
                for number, (store, batch) in enumerate(zip(stores, batches, strict=True))
            )
        )
        assert all(found == standing[0][number:] for number, found in enumerate(standing))

    async def test_handles_that_race_get_the_same_key(self, make: Make) -> None:
        stores = [await make() for _ in range(8)]
        rivals = [key(key_id=f"k-{number}", wrapped=bytes([number]) * 60) for number in range(8)]
        standing = await asyncio.gather(
            *(store.insert_if_absent(rival) for store, rival in zip(stores, rivals, strict=True))
        )
        assert len({found.key_id for found in standing}) == 1
        assert standing[0] in rivals

    async def test_tenants_do_not_meet(self, store: KeyStore) -> None:
        await store.insert_if_absent(key())
        assert await store.by_holder("beta", ["p-1"]) == {}
        assert await store.by_id([("beta", "k-1")]) == {}
        other = key("beta", wrapped=b"b" * 60)
        assert await store.insert_if_absent(other) == other
        await store.destroy("beta", "p-1", AT)
        assert await store.by_holder("acme", ["p-1"]) == {"p-1": key()}

    async def test_a_destroyed_key_leaves_a_tombstone_under_its_id(self, make: Make) -> None:
        store, other = await make(), await make()
        await store.insert_if_absent(key())
        await store.destroy("acme", "p-1", AT + timedelta(days=1))
        tombstone = WrappedKey("acme", "p-1", "k-1", None, AT, AT + timedelta(days=1))
        assert await other.by_holder("acme", ["p-1"]) == {"p-1": tombstone}
        assert await other.by_id([("acme", "k-1")]) == {("acme", "k-1"): tombstone}

    async def test_no_new_key_is_made_over_a_tombstone(self, store: KeyStore) -> None:
        await store.insert_if_absent(key())
        await store.destroy("acme", "p-1", AT)
        standing = await store.insert_if_absent(key(key_id="k-2"))
        assert (standing.key_id, standing.wrapped, standing.destroyed_at) == ("k-1", None, AT)

    async def test_a_holder_who_never_had_a_key_gets_none_after_destruction(self, store: KeyStore) -> None:
        await store.destroy("acme", "p-1", AT)
        standing = await store.insert_if_absent(key())
        assert (standing.wrapped, standing.destroyed_at) == (None, AT)
        assert await store.by_holder("acme", ["p-1"]) == {"p-1": standing}
        assert await store.by_id([("acme", standing.key_id)]) == {("acme", standing.key_id): standing}
        assert await store.by_id([("acme", "k-1")]) == {}

    async def test_destroying_again_changes_nothing(self, store: KeyStore) -> None:
        await store.insert_if_absent(key())
        await store.destroy("acme", "p-1", AT)
        before = await store.by_holder("acme", ["p-1"])
        await store.destroy("acme", "p-1", AT + timedelta(days=9))
        assert await store.by_holder("acme", ["p-1"]) == before

    async def test_keys_and_tombstones_outlive_the_handle(self, make: Make) -> None:
        store = await make()
        await store.insert_if_absent(key())
        await store.insert_if_absent(key(holder="p-2", key_id="k-2"))
        await store.destroy("acme", "p-2", AT)
        await store.close()
        found = await (await make()).by_holder("acme", ["p-1", "p-2"])
        assert found["p-1"] == key()
        assert found["p-2"].wrapped is None

    async def test_awkward_names_stay_apart(self, store: KeyStore) -> None:
        names = ["", "é", "e\u0301", "É", "a\0b", "a", "'; --", "a.b", "😀", "x" * 5000]
        for number, name in enumerate(names):
            await store.insert_if_absent(key(holder=name, key_id=f"k-{number}"))
        found = await store.by_holder("acme", names)
        assert {name: found[name].key_id for name in names} == {name: f"k-{at}" for at, name in enumerate(names)}

    async def test_many_at_once(self, store: KeyStore) -> None:
        await asyncio.gather(*(store.insert_if_absent(key(holder=f"p-{at}", key_id=f"k-{at}")) for at in range(50)))
        pairs = [("acme", f"k-{at}") for at in range(2000)]
        assert set(await store.by_id(pairs)) == set(pairs[:50])
        assert len(await store.by_holder("acme", [f"p-{at}" for at in range(2000)])) == 50
