"""The SQLite read store when the disk is full, the file locked or broken, and when personal text has to go for good."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from libs.events.adapters.sqlite.read_store import SQLiteReadStore
from libs.events.declare import Collection, RowKey
from libs.events.errors import StoreUnavailable
from libs.events.ports import Ownership, Put, Query
from libs.events.words import words_of
from tests.contracts.read_store_base import STONES, Stone, commit, ids, put, step, stone

Open = Callable[..., SQLiteReadStore]
_SECRET = "Quendolyne"


@pytest.fixture
async def opened(tmp_path: Path, anyio_backend: str) -> AsyncIterator[Open]:
    made: list[SQLiteReadStore] = []

    def open_one(**options: object) -> SQLiteReadStore:
        made.append(SQLiteReadStore(tmp_path / "read.db", **options))
        return made[-1]

    yield open_one
    for store in made:
        await store.close()


@contextmanager
def _locked(path: Path) -> Iterator[sqlite3.Connection]:
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield other
    finally:
        other.close()


async def _begun(store: SQLiteReadStore) -> Ownership:
    await store.prepare([STONES])
    owner = await store.own("list", "stones.events", 0)
    await store.commit(commit(owner, [Put("acme", stone("a"), Stone(rank=1))], advances=[step("acme", None, 1)]))
    return owner


async def _stands(store: SQLiteReadStore, sequence: int, rank: int) -> None:
    assert (await store.checkpoints("list", "stones.events", ["acme"]))["acme"].sequence == sequence
    assert await ids(store, Query(span="rank", at_least=rank)) == ["a"]


async def test_making_one_opens_nothing(opened: Open, tmp_path: Path) -> None:
    store = opened()
    assert list(tmp_path.iterdir()) == []
    await store.close()
    assert list(tmp_path.iterdir()) == []


async def test_a_full_disk_writes_nothing_and_recovers(opened: Open) -> None:
    first = opened()
    owner = await _begun(first)
    pages = await first._database.read(lambda connection: connection.execute("PRAGMA page_count").fetchone()[0])
    await first.close()
    pragmas = {"max_page_count": pages + 3}
    store = opened(pragmas=pragmas)
    await store.prepare([STONES])
    rows = [Put("acme", stone("a"), Stone(rank=2))]
    rows += [Put("acme", stone(f"s{at}"), Stone(text="x" * 3000)) for at in range(20)]
    change = commit(owner, rows, offset=5, advances=[step("acme", 1, 2)])
    for _ in range(2):
        with pytest.raises(StoreUnavailable, match="SQLITE_FULL") as caught:
            await store.commit(change)
        assert not caught.value.ambiguous
        await _stands(store, 1, 1)
        assert await ids(store, Query()) == ["a"]
    await store.commit(commit(owner, [Put("acme", stone("a"), Stone(rank=1))]))
    with pytest.raises(StoreUnavailable, match="SQLITE_FULL"):
        await store.commit(change)
    pragmas["max_page_count"] = 2**30
    await store.commit(change)
    await _stands(store, 2, 2)


async def test_a_locked_file_refuses_writes_only_and_recovers(opened: Open, tmp_path: Path) -> None:
    store = opened(busy_timeout=0.05)
    owner = await _begun(store)
    change = commit(owner, [Put("acme", stone("a"), Stone(rank=2))], advances=[step("acme", 1, 2)])
    with _locked(tmp_path / "read.db"):
        for _ in range(2):
            with pytest.raises(StoreUnavailable, match="SQLITE_BUSY"):
                await store.commit(change)
            with pytest.raises(StoreUnavailable, match="SQLITE_BUSY"):
                await store.own("list", "stones.events", 0)
            await _stands(store, 1, 1)
        late = opened(busy_timeout=0.05)
        assert await late.parked("list") == []
        with pytest.raises(StoreUnavailable, match="SQLITE_BUSY"):
            await late.prepare([STONES])
    await store.commit(change)
    await _stands(store, 2, 2)


async def test_reads_and_the_event_loop_go_on_while_a_write_waits(opened: Open, tmp_path: Path) -> None:
    store = opened(busy_timeout=30)
    owner = await _begun(store)
    change = commit(owner, [Put("acme", stone("a"), Stone(rank=2))], advances=[step("acme", 1, 2)])
    with _locked(tmp_path / "read.db"):
        writing = asyncio.create_task(store.commit(change))
        for _ in range(20):
            await _stands(store, 1, 1)
        assert not writing.done()
    await writing
    await _stands(store, 2, 2)


async def test_a_caller_that_gives_up_leaves_the_store_whole(opened: Open, tmp_path: Path) -> None:
    store = opened(busy_timeout=30)
    owner = await _begun(store)
    with _locked(tmp_path / "read.db"):
        writing = asyncio.create_task(store.commit(commit(owner, [Put("acme", stone("a"), None)])))
        await _stands(store, 1, 1)
        writing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await writing
    await store.commit(commit(owner, [Put("acme", stone("a"), Stone(rank=3))], advances=[step("acme", 1, 2)]))
    await _stands(store, 2, 3)


async def test_a_missing_folder_and_a_foreign_file_are_unavailable(tmp_path: Path) -> None:
    folder = tmp_path / "later"
    store = SQLiteReadStore(folder / "read.db")
    for question in (store.prepare([STONES]), store.parked("list"), store.own("list", "stones.events", 0)):
        with pytest.raises(StoreUnavailable, match="SQLITE_CANTOPEN"):
            await question
    folder.mkdir()
    (folder / "read.db").write_bytes(b"no database " * 500)
    for question in (store.prepare([STONES]), store.parked("list")):
        with pytest.raises(StoreUnavailable, match="SQLITE_NOTADB"):
            await question
    (folder / "read.db").unlink()
    await _begun(store)
    await _stands(store, 1, 1)
    await store.close()


async def test_a_fault_of_the_code_is_not_called_unavailable(opened: Open, tmp_path: Path) -> None:
    store = opened()
    await _begun(store)
    other = sqlite3.connect(tmp_path / "read.db")
    other.execute("DROP TABLE rows_stones")
    other.commit()
    other.close()
    with pytest.raises(sqlite3.OperationalError, match="no such"):
        await ids(store, Query())


async def test_a_closed_store_says_so(opened: Open) -> None:
    store = opened()
    owner = await _begun(store)
    await asyncio.gather(store.close(), store.close())
    for question in (store.get_many("acme", [stone("a")]), store.commit(commit(owner)), store.parked("list")):
        with pytest.raises(StoreUnavailable, match="closed"):
            await question


async def test_the_file_is_set_up_as_promised_and_reads_cannot_write(opened: Open) -> None:
    store = opened()
    await _begun(store)

    def pragma(name: str) -> Callable[[sqlite3.Connection], object]:
        return lambda connection: connection.execute(f"PRAGMA {name}").fetchone()[0]

    wanted = {"journal_mode": "wal", "synchronous": 1, "secure_delete": 1, "temp_store": 2}
    assert {name: await store._database.write(pragma(name)) for name in wanted} == wanted
    with pytest.raises(StoreUnavailable, match="SQLITE_READONLY"):
        await store._database.read(lambda connection: connection.execute("DELETE FROM rows_stones"))


@pytest.mark.parametrize("replaced", [Stone(rank=1), None])
async def test_text_that_is_gone_leaves_no_byte(opened: Open, tmp_path: Path, replaced: Stone | None) -> None:
    store = opened()
    await store.prepare([STONES])
    owned = Stone(owner=_SECRET, title=f"To {_SECRET}", labels=[_SECRET], helpers=(_SECRET,), text=_SECRET * 1000)
    await put(store, "acme", {f"s{number}": owned for number in range(50)})
    assert _places(tmp_path)
    await put(store, "acme", {f"s{number}": replaced for number in range(50)})
    await store.scrub()
    assert _places(tmp_path) == []
    assert len(await ids(store, Query(equal={"rank": [1]}))) == (50 if replaced else 0)


async def test_text_behind_an_index_that_is_gone_leaves_no_byte(opened: Open, tmp_path: Path) -> None:
    store = opened()
    await store.prepare([STONES])
    await put(store, "acme", {"a": Stone(owner=_SECRET, title=_SECRET, labels=[_SECRET], helpers=(_SECRET,))})
    plain = Collection("stones", Stone)
    await store.prepare([plain])
    owner = await store.own("filling", "stones.events", 0)
    await store.commit(commit(owner, [Put("acme", RowKey(plain, "a"), Stone())]))
    await store.scrub()
    assert _places(tmp_path) == []


def _places(folder: Path) -> list[str]:
    needles = (_SECRET.encode(), _SECRET.casefold().encode())
    return [path.name for path in folder.iterdir() if any(needle in path.read_bytes() for needle in needles)]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", set()),
        ("?! --", set()),
        ("Up the hill, UP!", {"up", "the", "hill"}),
        ("Straße", {"strasse"}),
        ("e\u0301te\u0301", {"\u00e9t\u00e9"}),
        ("v2 goal_tree 3.5", {"v2", "goal_tree", "3", "5"}),
        ("ΣΊΣΥΦΟΣ", {"σίσυφοσ"}),
        ("a\x00b", {"a", "b"}),
    ],
)
def test_words_are_folded(text: str, words: set[str]) -> None:
    assert words_of(text) == words
    assert words_of(" ".join(words_of(text))) == words
