"""The read store's contract on SQLite, and that it fails where a store is at fault."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from libs.events.adapters.sqlite.read_store import SQLiteReadStore
from libs.events.declare import Collection, Index
from libs.events.ports import Advance, Commit, Ownership, Page, Query, Scalar
from tests.contracts.read_store import ReadStoreContract


class OnSQLite(ReadStoreContract):
    """The factory; closes what it made."""

    def __init__(self, folder: Path, kind: type[SQLiteReadStore] = SQLiteReadStore) -> None:
        self.folder, self.kind = folder, kind
        self.made: list[SQLiteReadStore] = []
        self.files = 0

    async def make(self) -> SQLiteReadStore:
        self.files += 1
        return await self.again()

    async def again(self) -> SQLiteReadStore:
        self.made.append(self.kind(self.folder / f"read-{self.files}.db"))
        return self.made[-1]

    async def close(self) -> None:
        for store in self.made:
            await store.close()


class TestSQLiteReadStore(ReadStoreContract):
    """The whole contract."""

    @pytest.fixture(autouse=True)
    async def _factory(self, tmp_path: Path) -> AsyncIterator[None]:
        self.factory = OnSQLite(tmp_path)
        yield
        await self.factory.close()

    async def make(self) -> SQLiteReadStore:
        return await self.factory.make()

    async def again(self) -> SQLiteReadStore:
        return await self.factory.again()


_EPOCHS: dict[tuple[str, str, int], int] = {}


class IgnoresEpoch(SQLiteReadStore):
    """Planted: a zombie's commit passes as the heir's."""

    async def own(self, projection: str, topic: str, partition: int) -> Ownership:
        owner = await super().own(projection, topic, partition)
        _EPOCHS[projection, topic, partition] = owner.epoch
        return owner

    async def commit(self, commit: Commit) -> None:
        owner = commit.owner
        epoch = _EPOCHS.get((owner.projection, owner.topic, owner.partition), owner.epoch)
        await super().commit(replace(commit, owner=replace(owner, epoch=epoch)))


class IgnoresCheckpoint(SQLiteReadStore):
    """Planted: a step is taken from wherever the tenant stands."""

    async def commit(self, commit: Commit) -> None:
        stored = dict(
            await self.checkpoints(
                commit.owner.projection, commit.owner.topic, [step.tenant for step in commit.advances]
            )
        )
        advances = []
        for step in commit.advances:
            advances.append(Advance(step.tenant, stored.get(step.tenant), step.checkpoint))
            stored[step.tenant] = step.checkpoint
        await super().commit(replace(commit, advances=advances))


class WritesInTwoSteps(SQLiteReadStore):
    """Planted: rows first, checkpoints after, each for itself."""

    async def commit(self, commit: Commit) -> None:
        await super().commit(Commit(commit.owner, commit.offset, (), commit.puts))
        await super().commit(replace(commit, puts=()))


class ForgetsTenant(SQLiteReadStore):
    """Planted: every question is answered from one tenant's rows."""

    async def find(self, tenant: str, collection: Collection, query: Query) -> Page:
        return await super().find("other", collection, query)


class SkipsTies(SQLiteReadStore):
    """Planted: a cursor without its tie-break loses rows of equal sort value."""

    async def find(self, tenant: str, collection: Collection, query: Query) -> Page:
        if query.after is not None:
            query = replace(query, after=(query.after[0], "" if query.descending else "\U0010ffff"))
        return await super().find(tenant, collection, query)


class AcceptsOneValue(SQLiteReadStore):
    """Planted: of several accepted values only the first is looked for."""

    async def find(self, tenant: str, collection: Collection, query: Query) -> Page:
        return await super().find(
            tenant, collection, replace(query, equal={field: list(values)[:1] for field, values in query.equal.items()})
        )


class LatestOfAll(SQLiteReadStore):
    """Planted: the last row of a group, whatever the bound."""

    async def latest(self, *asked: Any, at_most: Scalar) -> Mapping[str, Any]:
        return await super().latest(*asked, at_most="9999-12-31" if isinstance(at_most, str) else 2**60)


class LatestOneByOne(SQLiteReadStore):
    """Planted: a look for each group, each at a moment of its own."""

    async def latest(
        self, tenant: str, collection: Collection, index: Index, groups: Iterable[str], *, at_most: Scalar
    ) -> Mapping[str, Any]:
        found: dict[str, Any] = {}
        for group in groups:
            found |= await super().latest(tenant, collection, index, [group], at_most=at_most)
        return found


@pytest.mark.parametrize(
    ("fault", "check"),
    [
        (IgnoresEpoch, lambda contract: contract.test_a_zombie_writes_nothing()),
        (IgnoresEpoch, lambda contract: contract.test_another_store_object_takes_ownership_too()),
        (IgnoresCheckpoint, lambda contract: contract.test_a_step_from_elsewhere_writes_nothing(4)),
        (IgnoresCheckpoint, lambda contract: contract.test_a_step_needs_the_checkpoint_it_claims()),
        (WritesInTwoSteps, lambda contract: contract.test_a_step_from_elsewhere_writes_nothing(4)),
        (ForgetsTenant, lambda contract: contract.test_tenants_never_meet()),
        (SkipsTies, lambda contract: contract.test_pages_with_nulls_and_ties_join_without_a_seam(2, False)),
        (SkipsTies, lambda contract: contract.test_it_agrees_with_a_naive_search()),
        (SkipsTies, lambda contract: contract.test_it_agrees_with_a_naive_search_over_many_rows(0)),
        (AcceptsOneValue, lambda contract: contract.test_it_agrees_with_a_naive_search_over_many_rows(0)),
        (AcceptsOneValue, lambda contract: contract.test_pages_led_by_terms_join_without_a_seam(False)),
        (ForgetsTenant, lambda contract: contract.test_rows_of_many_owners_come_in_order_of_id()),
        (LatestOfAll, lambda contract: contract.test_each_group_gives_its_last_row_up_to_the_bound()),
        (LatestOfAll, lambda contract: contract.test_latest_agrees_with_a_naive_search()),
        (LatestOneByOne, lambda contract: contract.test_all_groups_are_as_of_one_moment()),
    ],
)
async def test_the_contract_notices_a_planted_fault(
    tmp_path: Path, fault: type[SQLiteReadStore], check: Callable[[ReadStoreContract], AsyncIterator[None]]
) -> None:
    planted = OnSQLite(tmp_path, fault)
    try:
        with pytest.raises((AssertionError, pytest.fail.Exception)):
            await check(planted)
    finally:
        await planted.close()
