"""A generation that is loaded in bulk answers as if each row were written at once, and ends as the same file."""

from __future__ import annotations

import asyncio
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from libs.events.adapters.sqlite.read_bulk import SQLiteBulkStore
from libs.events.adapters.sqlite.read_store import SQLiteReadStore
from libs.events.declare import RowKey
from libs.events.errors import OwnershipLost
from libs.events.ports import Put, Query
from tests.contracts.read_store_base import NOTES, STONES, Note, Stone, commit, step, stone

OWNERS, IDS = ("ann", "ben"), [f"s-{number}" for number in range(6)]
BY_OWNER = Query(equal={"owner": OWNERS})
ROWS = st.none() | st.builds(
    Stone, owner=st.sampled_from(OWNERS), rank=st.integers(0, 3), title=st.sampled_from(("a stone", "rough"))
)
STEPS = st.one_of(
    st.dictionaries(st.sampled_from(IDS), ROWS, max_size=4), st.sampled_from(("get", "find", "find twice"))
)


async def check_it_answers_like_another(folder: Path, steps: list[Any], bulk: SQLiteBulkStore) -> None:
    """The same commits and questions, put to a store that writes everything at once."""
    plain, bulk_path = SQLiteReadStore(folder / "plain.db"), folder / "bulk.db"
    for store in (plain, bulk):
        await store.prepare((STONES, NOTES))
    owners = [await store.own("filling", "stones.events", 0) for store in (plain, bulk)]
    for number, asked in enumerate(steps, start=1):
        if isinstance(asked, dict):
            puts = [Put("acme", stone(id), row) for id, row in asked.items()]
            puts.append(Put("beta", RowKey(NOTES, "n"), Note(str(number))))
            for store, owner in zip((plain, bulk), owners, strict=True):
                await store.commit(commit(owner, puts, offset=number))
        elif asked != "get":
            # A fold asks for several groups at once.
            told = await _told(plain)
            found = await asyncio.gather(*(_told(bulk) for _ in range(2 if asked == "find twice" else 1)))
            assert all(one == told for one in found)
        keys = [stone(id) for id in IDS]
        assert await bulk.get_many("acme", keys) == await plain.get_many("acme", keys)
    await bulk.complete()
    await bulk.close()
    made = SQLiteReadStore(bulk_path)
    await made.prepare((STONES, NOTES))
    assert await _told(made) == await _told(plain)
    for query in (Query(words={"title": ["rough"]}), Query(sort="rank"), BY_OWNER):
        assert await made.find("acme", STONES, query) == await plain.find("acme", STONES, query)
    assert await made.get_many("beta", [RowKey(NOTES, "n")]) == await plain.get_many("beta", [RowKey(NOTES, "n")])
    for store in (plain, made):
        await store.close()


async def _told(store: SQLiteReadStore) -> Any:
    return (await store.find("acme", STONES, BY_OWNER)).items


@settings(max_examples=40)
@given(st.lists(STEPS, max_size=8), st.sampled_from((1, 3, 1000)))
def test_it_answers_like_a_store_that_writes_at_once(steps: list[Any], pending: int) -> None:
    with TemporaryDirectory() as folder:
        bulk = SQLiteBulkStore(Path(folder) / "bulk.db", pending)
        asyncio.run(check_it_answers_like_another(Path(folder), steps, bulk))


async def test_what_was_not_committed_is_not_pending(tmp_path: Path) -> None:
    bulk = SQLiteBulkStore(tmp_path / "bulk.db")
    await bulk.prepare((STONES, NOTES))
    owner = await bulk.own("filling", "stones.events", 0)
    puts = [Put("acme", stone("s-1"), Stone())]
    with pytest.raises(OwnershipLost):
        await bulk.commit(commit(owner, puts, advances=[step("acme", 7, 8)]))
    assert await bulk.get_many("acme", [stone("s-1")]) == {}
    await bulk.close()


# --- planted faults ---------------------------------------------------------------------------------------------


class ForgetsPending(SQLiteBulkStore):
    """Planted: whoever asks by a field sees what was written alone."""

    async def _flush(self, name: str) -> None:
        return None


class KeepsTheFirst(SQLiteBulkStore):
    """Planted: a pending row is not replaced by a later one."""

    async def commit(self, commit: Any) -> None:
        before = {name: dict(rows) for name, rows in self._pending.items()}
        await super().commit(commit)
        for name, rows in before.items():
            self._pending[name] |= rows


STEPS_THAT_TELL = [{"s-1": Stone(owner="ann", rank=1)}, {"s-1": Stone(owner="ben", rank=2)}, {"s-1": None}, "find"]


@pytest.mark.parametrize("kind", [ForgetsPending, KeepsTheFirst])
async def test_a_planted_fault_is_found_out(kind: type[SQLiteBulkStore], tmp_path: Path) -> None:
    with pytest.raises(AssertionError):
        await check_it_answers_like_another(tmp_path, STEPS_THAT_TELL, kind(tmp_path / "bulk.db"))
