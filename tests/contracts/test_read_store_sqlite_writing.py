"""What the SQLite read store writes: only what changed, terms that agree with the rows, and a file that may be lost."""

from __future__ import annotations

import random
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from libs.events.adapters.sqlite.read_plan import Asked, planned
from libs.events.adapters.sqlite.read_store import SQLiteReadStore
from libs.events.adapters.sqlite.read_tables import Table
from libs.events.declare import Collection
from libs.events.errors import StoreUnavailable
from libs.events.words import words_of
from tests.contracts.read_store_base import STONES, Query, Stone, commit, ids, put, step
from tests.contracts.read_store_many import many_queries, many_stones


@pytest.fixture
async def store(tmp_path: Path, anyio_backend: str) -> AsyncIterator[SQLiteReadStore]:
    opened = SQLiteReadStore(tmp_path / "read.db")
    await opened.prepare([STONES])
    yield opened
    await opened.close()


async def _written(store: SQLiteReadStore, rows: dict[str, Stone | None]) -> list[str]:
    """The statements that change rows or terms, without their values."""
    seen: list[str] = []
    await store._database.write(lambda connection: connection.set_trace_callback(seen.append))
    await put(store, "acme", rows)
    await store._database.write(lambda connection: connection.set_trace_callback(None))
    changes = [text for text in seen if text.startswith(("INSERT", "UPDATE", "DELETE")) and "_stones" in text]
    return [text.split(" VALUES")[0].split("=")[0] if "UPDATE" not in text else _columns(text) for text in changes]


def _columns(update: str) -> str:
    table, rest = update.removeprefix("UPDATE ").split(" SET ", 1)
    return f"{table}: " + " ".join(part.split("=")[0].strip() for part in rest.split(" WHERE ")[0].split(","))


async def test_only_what_changed_is_written(store: SQLiteReadStore) -> None:
    first = Stone(owner="x", rank=1, title="up the hill", labels=["red"], text="a")
    await put(store, "acme", {"a": first, "b": first})
    change = msgspec.structs.replace
    assert await _written(store, {"a": change(first, text="b")}) == ["rows_stones: doc"]
    assert await _written(store, {"a": first, "b": first}) == ["rows_stones: doc"] * 2
    assert await _written(store, {"a": change(first, rank=2)}) == ["rows_stones: f_rank doc"]
    assert await _written(store, {"a": change(first, rank=2, labels=["blue", "red"])}) == [
        "rows_stones: t_labels doc",
        "INSERT INTO terms_stones",
        "INSERT INTO places_stones",
    ]
    assert await _written(store, {"a": change(first, rank=2)}) == [
        "rows_stones: t_labels doc",
        "DELETE FROM terms_stones WHERE tenant",
        "DELETE FROM places_stones WHERE term",
    ]
    assert await _written(store, {"a": change(first, rank=2, title="hill up the")}) == ["rows_stones: f_title doc"]
    assert await _written(store, {"nobody": None}) == []


@pytest.mark.parametrize("again", [False, True])
async def test_terms_and_counts_agree_with_the_rows(store: SQLiteReadStore, tmp_path: Path, again: bool) -> None:
    chance = random.Random(3)
    for tenant in ("acme", "other", ""):
        rows = many_stones(chance)
        await put(store, tenant, rows)
        for _ in range(5):
            some = chance.sample(sorted(rows), 300)
            await put(store, tenant, {id: rows[chance.choice(some)] if chance.random() < 0.7 else None for id in some})
    if again:
        await store.prepare([Collection("stones", Stone)])
        await store.prepare([STONES])
    raw = sqlite3.connect(tmp_path / "read.db")
    places, held = Counter(), Counter()
    for tenant, id, doc in raw.execute("SELECT tenant, id, doc FROM rows_stones"):
        row = msgspec.json.decode(doc, type=Stone)
        terms = [("labels", label) for label in set(row.labels)] + [("helpers", one) for one in set(row.helpers)]
        terms += [("title", word) for word in words_of(row.title or "")]
        places.update((tenant, field, value, id) for field, value in terms)
        held.update((tenant, field, value) for field, value in [*terms, ("", "")])
    sql = "SELECT tenant, field, value, id FROM terms_stones JOIN places_stones USING (term)"
    assert Counter(raw.execute(sql)) == places
    assert {row[:3]: row[3] for row in raw.execute("SELECT tenant, field, value, held FROM terms_stones")} == held
    assert raw.execute("SELECT count(*) FROM places_stones").fetchone() == (len(places),)
    raw.close()


async def test_the_queries_that_are_compared_take_every_way(store: SQLiteReadStore, tmp_path: Path) -> None:
    await put(store, "acme", many_stones(random.Random(0)))
    raw, table, ways = sqlite3.connect(tmp_path / "read.db"), Table.of(STONES), Counter()
    for query in many_queries(random.Random(0), 360):
        for statement in planned(raw, table, "acme", Asked.of(table, query)):
            explained = raw.execute("EXPLAIN QUERY PLAN " + statement.sql, {**statement.parameters, "limit": 51})
            steps = [row[3] for row in explained]
            assert not [one for one in steps if one.startswith(("SCAN rows_", "SCAN places_", "SCAN terms_"))], query
            way = "walked" if any("SEARCH places_stones" in one for one in steps) else "along an index"
            way = "gathered" if any("SEARCH led" in one for one in steps) else way
            ways[way, "MERGE (UNION)" in steps, any("SEARCH sought" in one for one in steps)] += 1
    raw.close()
    wanted = [("walked", several, probed) for several in (False, True) for probed in (False, True)]
    wanted += [(way, False, probed) for way in ("along an index", "gathered") for probed in (False, True)]
    assert [way for way in wanted if ways[way] < 3] == [], ways


async def test_a_file_of_another_layout_is_emptied_and_fills_again(store: SQLiteReadStore, tmp_path: Path) -> None:
    owner = await store.own("list", "stones.events", 0)
    await store.commit(commit(owner, advances=[step("acme", None, 7)]))
    await put(store, "acme", {"a": Stone(owner="x", labels=["red"])})
    await store.close()
    raw = sqlite3.connect(tmp_path / "read.db")
    for version in (1, 99):
        raw.execute(f"PRAGMA user_version={version}")
        later = SQLiteReadStore(tmp_path / "read.db")
        await later.prepare([STONES])
        assert await later.checkpoints("list", "stones.events") == {}
        assert await ids(later, Query()) == []
        await put(later, "acme", {"b": Stone(owner="x", labels=["red"])})
        assert await ids(later, Query(equal={"labels": ["red"]})) == ["b"]
        await later.close()
    raw.close()


@pytest.mark.parametrize("damage", ["head", "middle"])
async def test_a_broken_file_says_which_and_that_it_may_be_deleted(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "read" / "stones.db"
    path.parent.mkdir()
    store = SQLiteReadStore(path)
    await store.prepare([STONES])
    await put(store, "acme", {f"s{at}": Stone(owner=f"p{at}", title=f"hill {at}", text="x" * 500) for at in range(500)})
    await store.scrub()
    await store.close()
    content = bytearray(path.read_bytes())
    start, end = (0, 4096) if damage == "head" else (4096 * 2, len(content))
    content[start:end] = b"\xff" * (end - start)
    path.write_bytes(content)
    broken = SQLiteReadStore(path)
    with pytest.raises(StoreUnavailable, match=r"read/stones\.db.*delete it.*fills again"):
        await broken.prepare([STONES])
        await ids(broken, Query(sort="title"))
    await broken.close()
    for file in path.parent.iterdir():
        file.unlink()
    again = SQLiteReadStore(path)
    await again.prepare([STONES])
    assert await ids(again, Query()) == []
    await again.close()
