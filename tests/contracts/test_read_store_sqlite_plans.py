"""Every query of the SQLite read store walks an index; where one covers equality and sort, nothing is sorted."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from libs.events.adapters.sqlite.read_query import statements
from libs.events.adapters.sqlite.read_store import SQLiteReadStore
from libs.events.adapters.sqlite.read_tables import Table
from libs.events.ports import Query, Scalar
from tests.contracts.read_store_base import NOTES, STONES, Stone, put

_CURSORS: tuple[tuple[Scalar, str] | None, ...] = (None, (3, "s1"), (None, "s1"))
_COVERED = [
    Query(equal=equal, span=span, at_least=1 if span else None, below=5 if span else None, sort=sort, **more)
    for equal, sort in [
        ({}, None),
        ({}, "rank"),
        ({"owner": ["x"]}, "rank"),
        ({"owner": [None]}, "rank"),
        ({"done": [True]}, "progress"),
        ({"owner": ["x"], "state": ["open"]}, None),
        ({"labels": ["red"]}, None),
    ]
    for span in ([None, sort] if sort else [None])
    for more in [{"after": after, "descending": falling} for after in _CURSORS for falling in (False, True)]
]
_SORTED = [
    Query(equal={"owner": ["x", "y", None]}, sort="rank", after=(None, "s1")),
    Query(equal={"owner": [f"p{number}" for number in range(500)]}, sort="rank"),
    Query(equal={"owner": ["x"], "done": [True]}, sort="title", span="progress", below=1),
    Query(equal={"rank": [1, 2, None]}, sort="rank", after=(1, "s1"), descending=True),
    Query(equal={"labels": ["red", "blue"]}, sort="rank"),
    Query(words={"title": ["up", "hill"]}, sort="rank"),
    Query(words={"title": ["up"]}, equal={"labels": ["red"], "helpers": ["ann"], "owner": ["x"]}, span="rank", below=1),
]


@pytest.fixture
async def connection(tmp_path: Path, anyio_backend: str) -> Iterator[sqlite3.Connection]:
    path = tmp_path / "read.db"
    store = SQLiteReadStore(path)
    await store.prepare([STONES, NOTES])
    await put(store, "acme", {f"s{rank}": Stone(rank=rank, owner="x") for rank in range(200)})
    await store.close()
    raw = sqlite3.connect(path)
    yield raw
    raw.close()


def _plan(connection: sqlite3.Connection, query: Query) -> list[str]:
    return [
        row[3]
        for statement in statements(Table.of(STONES), "acme", query)
        for row in connection.execute("EXPLAIN QUERY PLAN " + statement.sql, {**statement.parameters, "limit": 51})
    ]


def _whole_tables(plan: list[str]) -> list[str]:
    """Steps that read a table, or all of a tenant's terms, from end to end."""
    return [step for step in plan if step.startswith(("SCAN rows_", "SCAN terms_")) or "terms_stones_by_row" in step]


async def test_a_covered_order_needs_no_sorting(connection: sqlite3.Connection) -> None:
    for query in _COVERED:
        plan = _plan(connection, query)
        if query.span and query.descending and query.after == (None, "s1"):
            assert plan == []  # past the nulls, which come last and are in no span: nothing is asked at all
            continue
        assert any(step.startswith("SEARCH rows_stones USING COVERING INDEX") for step in plan), (query, plan)
        assert _whole_tables(plan) == [], (query, plan)
        assert not any("TEMP B-TREE" in step for step in plan), (query, plan)


async def test_no_query_reads_a_whole_table(connection: sqlite3.Connection) -> None:
    for query in _SORTED:
        plan = _plan(connection, query)
        assert any(step.startswith("SEARCH rows_stones USING") for step in plan), (query, plan)
        assert _whole_tables(plan) == [], (query, plan)


async def test_equality_leads_the_walk(connection: sqlite3.Connection) -> None:
    steps = _plan(connection, Query(equal={"owner": ["x"]}, span="rank", at_least=1, below=5, sort="rank"))
    assert steps == [
        "SEARCH rows_stones USING COVERING INDEX stones:owner,rank (tenant=? AND f_owner=? AND f_rank>? AND f_rank<?)"
    ]
    steps = _plan(connection, Query(equal={"owner": ["x"]}, span="rank", at_least=1, sort="rank", after=(3, "s1")))
    assert steps == [
        "SEARCH rows_stones USING COVERING INDEX stones:owner,rank (tenant=? AND f_owner=? AND (f_rank,id)>(?,?))"
    ]
    for words in (["up"], ["up", "hill"]):
        steps = _plan(connection, Query(words={"title": words}))
        assert "SEARCH terms_stones USING PRIMARY KEY (tenant=? AND field=? AND value=?)" in steps


async def test_a_missing_index_would_be_noticed(connection: sqlite3.Connection) -> None:
    connection.execute('DROP INDEX "stones:owner,rank"')
    with pytest.raises(sqlite3.OperationalError, match="no such index"):
        _plan(connection, Query(equal={"owner": ["x"]}, sort="rank"))
    unforced = "EXPLAIN QUERY PLAN SELECT id FROM rows_stones WHERE f_owner='x'"
    assert _whole_tables([row[3] for row in connection.execute(unforced)])
