"""What every read store must do when a projection writes: ownership, checkpoints, all or nothing (promise 3)."""

from __future__ import annotations

import asyncio

import pytest

from libs.events.declare import RowKey
from libs.events.errors import OwnershipLost
from libs.events.ports import Checkpoint, Commit, Ownership, Parked, Put, ReadStore
from tests.contracts.read_store_base import (
    NOTES,
    STONES,
    STORE_ID,
    Note,
    ReadStoreChecks,
    Stone,
    commit,
    refused,
    step,
    stone,
)

PROJECTION, TOPIC = "stones-list", "stones.events"


class CommitChecks(ReadStoreChecks):
    """Ownership, checkpoints, parked keys and rows."""

    async def test_a_zombie_writes_nothing(self) -> None:
        store = await self.prepared()
        zombie = await store.own(PROJECTION, TOPIC, 0)
        await store.commit(commit(zombie, [Put("acme", stone("s1"), Stone(rank=1))], offset=7))
        heir = await store.own(PROJECTION, TOPIC, 0)
        assert (heir.epoch > zombie.epoch, heir.offset) == (True, 7)
        await self._refused(store, zombie)
        await store.commit(commit(heir, [Put("acme", stone("s1"), Stone(rank=2))], offset=8))

    async def test_another_store_object_takes_ownership_too(self) -> None:
        store = await self.prepared()
        zombie = await store.own(PROJECTION, TOPIC, 0)
        await store.commit(commit(zombie, [Put("acme", stone("s1"), Stone(rank=1))], offset=7))
        other = await self.again()
        await other.own(PROJECTION, TOPIC, 0)
        await self._refused(store, zombie)

    async def test_who_owns_is_told(self) -> None:
        store = await self.prepared()
        first = await store.own(PROJECTION, TOPIC, 0)
        assert await store.owns(first)
        heir = await (await self.again()).own(PROJECTION, TOPIC, 0)
        assert (await store.owns(first), await store.owns(heir)) == (False, True)
        assert not await store.owns(Ownership("unheard-of", TOPIC, 0, 1, 0))

    async def test_an_owner_that_never_was_writes_nothing(self) -> None:
        store = await self.prepared()
        owner = await store.own(PROJECTION, TOPIC, 0)
        await store.commit(commit(owner, [Put("acme", stone("s1"), Stone(rank=1))], offset=7))
        for epoch in (owner.epoch - 1, owner.epoch + 1):
            await self._refused(store, Ownership(PROJECTION, TOPIC, 0, epoch, 0))
        for invented in (Ownership(PROJECTION, TOPIC, 9, 1, 0), Ownership("unheard-of", TOPIC, 0, 1, 0)):
            await self._refused(store, invented)

    async def _refused(self, store: ReadStore, owner: Ownership) -> None:
        parked = Parked(PROJECTION, TOPIC, "acme", "acme/goal/1", 3, "ValueError")
        puts = [Put("acme", stone("s1"), Stone(rank=99)), Put("acme", stone("s2"), Stone())]
        with pytest.raises(OwnershipLost):
            await store.commit(Commit(owner, 99, [step("acme", None, 5)], puts, [parked]))
        assert await store.get_many("acme", [stone("s1"), stone("s2")]) == {stone("s1"): Stone(rank=1)}
        assert await store.checkpoints(PROJECTION, TOPIC, ["acme"]) == {}
        assert await store.parked(PROJECTION) == []

    async def test_ownership_is_kept_for_each_projection_topic_and_partition(self) -> None:
        store = await self.prepared()
        first = await store.own(PROJECTION, TOPIC, 0)
        for projection, topic, partition in ((PROJECTION, TOPIC, 1), (PROJECTION, "people.events", 0), ("x", TOPIC, 0)):
            assert (await store.own(projection, topic, partition)).offset == 0
        await store.commit(commit(first, offset=3))
        assert (await store.own(PROJECTION, TOPIC, 0)).offset == 3
        assert (await store.own(PROJECTION, TOPIC, 1)).offset == 0

    async def test_racing_owners_all_get_different_epochs(self) -> None:
        stores = [await self.prepared(), await self.again()]
        owners = await asyncio.gather(*(stores[number % 2].own(PROJECTION, TOPIC, 0) for number in range(20)))
        assert len({owner.epoch for owner in owners}) == 20

    @pytest.mark.parametrize("before", [None, 4, 6])
    async def test_a_step_from_elsewhere_writes_nothing(self, before: int | None) -> None:
        store = await self.prepared()
        owner = await store.own(PROJECTION, TOPIC, 0)
        await store.commit(commit(owner, advances=[step("acme", None, 5), step("other", None, 1)]))
        advances = [step("other", 1, 2), step("acme", before, 9), step("third", None, 1)]
        with pytest.raises(OwnershipLost):
            await store.commit(commit(owner, [Put("acme", stone("s1"), Stone())], offset=9, advances=advances))
        assert await store.get_many("acme", [stone("s1")]) == {}
        assert (await store.own(PROJECTION, TOPIC, 0)).offset == 1
        assert await store.checkpoints(PROJECTION, TOPIC, ["acme", "other", "third"]) == {
            "acme": Checkpoint(STORE_ID, 5),
            "other": Checkpoint(STORE_ID, 1),
        }

    async def test_a_step_needs_the_checkpoint_it_claims(self) -> None:
        store = await self.prepared()
        owner = await store.own(PROJECTION, TOPIC, 0)
        with pytest.raises(OwnershipLost):
            await store.commit(commit(owner, advances=[step("acme", 1, 2)]))
        await store.commit(commit(owner, advances=[step("acme", None, 5)]))
        with pytest.raises(OwnershipLost):
            await store.commit(commit(owner, advances=[step("acme", 5, 6, store_id="restored")]))
        assert await store.checkpoints(PROJECTION, TOPIC, ["acme"]) == {"acme": Checkpoint(STORE_ID, 5)}

    async def test_of_two_racing_commits_one_is_written(self) -> None:
        stores = [await self.prepared(), await self.again()]
        await stores[1].prepare([STONES])
        owner = await stores[0].own(PROJECTION, TOPIC, 0)
        endings = await asyncio.gather(
            *(
                stores[number % 2].commit(
                    commit(owner, [Put("acme", stone(f"s{number}"), Stone())], advances=[step("acme", None, 1)])
                )
                for number in range(8)
            ),
            return_exceptions=True,
        )
        assert sorted(type(ending).__name__ for ending in endings) == ["NoneType", *["OwnershipLost"] * 7]
        assert len(await stores[0].get_many("acme", [stone(f"s{number}") for number in range(8)])) == 1

    async def test_a_row_that_cannot_be_stored_undoes_the_rest(self) -> None:
        store = await self.prepared()
        owner = await store.own(PROJECTION, TOPIC, 0)
        for bad in (Stone(text="\ud800"), Stone(rank=2**70), Stone(progress=float("nan"))):
            puts = [Put("acme", stone("s1"), Stone()), Put("acme", stone("s2"), bad), Put("acme", stone("s3"), Stone())]
            with refused():
                await store.commit(commit(owner, puts, advances=[step("acme", None, 1)]))
        assert await store.get_many("acme", [stone("s1"), stone("s2"), stone("s3")]) == {}
        assert await store.checkpoints(PROJECTION, TOPIC, ["acme"]) == {}
        await store.commit(commit(owner, puts[:1], advances=[step("acme", None, 1)]))

    async def test_checkpoints_are_kept_for_each_projection_topic_and_tenant(self) -> None:
        store = await self.prepared()
        owner = await store.own(PROJECTION, TOPIC, 0)
        tenants = [f"tenant-{number}" for number in range(1200)]
        await store.commit(commit(owner, advances=[step(tenant, None, 1) for tenant in tenants]))
        await store.commit(commit(owner, advances=[step("tenant-0", 1, 2), step("tenant-0", 2, 3)]))
        found = await store.checkpoints(PROJECTION, TOPIC, [*tenants, "unknown", "tenant-0"])
        assert len(found) == 1200
        assert (found["tenant-0"], found["tenant-1"]) == (Checkpoint(STORE_ID, 3), Checkpoint(STORE_ID, 1))
        assert await store.checkpoints("another", TOPIC, tenants) == {}
        assert await store.checkpoints(PROJECTION, "people.events", tenants) == {}
        assert await store.checkpoints(PROJECTION, TOPIC, []) == {}
        assert await (await self.again()).checkpoints(PROJECTION, TOPIC, tenants) == found

    async def test_parked_keys_stay_where_they_were_first_parked(self) -> None:
        store = await self.prepared()
        owner = await store.own(PROJECTION, TOPIC, 0)
        first = Parked(PROJECTION, TOPIC, "acme", "acme/goal/1", 9, "ValueError: 'quoted'")
        second = Parked(PROJECTION, TOPIC, "other", "acme/goal/1", 2, "KeyError")
        third = Parked(PROJECTION, TOPIC, "acme", "acme/goal/0", 11, "KeyError")
        await store.commit(Commit(owner, 1, [], parked=[first, second]))
        later = Parked(PROJECTION, TOPIC, "acme", "acme/goal/1", 10, "KeyError")
        await store.commit(Commit(owner, 2, [], parked=[later, third]))
        assert list(await store.parked(PROJECTION)) == [first, second, third]
        assert list(await store.parked(PROJECTION, "acme")) == [first, third]
        assert list(await store.parked("another")) == []

    async def test_the_last_put_of_a_key_counts(self) -> None:
        store = await self.prepared()
        owner = await store.own(PROJECTION, TOPIC, 0)
        rows = [(Stone(rank=1), "a"), (Stone(rank=2), "a"), (Stone(), "b"), (None, "b"), (None, "c"), (Stone(), "c")]
        await store.commit(commit(owner, [Put("acme", stone(id), row) for row, id in rows]))
        keys = [stone("a"), stone("b"), stone("c")]
        assert await store.get_many("acme", keys) == {stone("a"): Stone(rank=2), stone("c"): Stone()}
        await store.commit(commit(owner, [Put("acme", key, None) for key in keys]))
        assert await store.get_many("acme", keys) == {}

    async def test_rows_of_several_collections_come_together(self) -> None:
        store = await self.prepared()
        owner = await store.own(PROJECTION, TOPIC, 0)
        puts = [Put("acme", stone(f"s{number}"), Stone(rank=number)) for number in range(2500)]
        note = RowKey(NOTES, "s1")
        await store.commit(commit(owner, [*puts, Put("acme", note, Note("hello"))]))
        found = await store.get_many("acme", [*(put.key for put in puts), note, RowKey(NOTES, "s2"), stone("none")])
        assert found == {note: Note("hello"), **{put.key: put.row for put in puts}}
        assert await store.get_many("acme", []) == {}

    async def test_rows_come_as_of_one_moment(self) -> None:
        store = await self.prepared()
        owner = await store.own(PROJECTION, TOPIC, 0)
        keys = [stone("a"), RowKey(NOTES, "a")]
        done = False

        async def write() -> None:
            nonlocal done
            for number in range(100):
                rows = (Stone(rank=number), Note(str(number)))
                await store.commit(commit(owner, [Put("acme", key, row) for key, row in zip(keys, rows, strict=True)]))
            done = True

        async def read() -> None:
            while not done:
                found = await store.get_many("acme", keys)
                if found:
                    assert str(found[keys[0]].rank) == found[keys[1]].text

        await asyncio.gather(write(), read(), read())

    async def test_nothing_is_asked_of_a_collection_that_is_not_prepared(self) -> None:
        store = await self.make()
        await store.prepare([NOTES])
        owner = await store.own(PROJECTION, TOPIC, 0)
        with pytest.raises(ValueError, match="stones"):
            await store.get_many("acme", [stone("a")])
        with pytest.raises(ValueError, match="stones"):
            await store.commit(commit(owner, [Put("acme", stone("a"), Stone())]))
