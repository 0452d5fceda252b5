"""Every query of the SQLite read store walks an index; where one covers equality and sort, nothing is sorted."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from libs.events.adapters.sqlite.read_plan import Asked, planned
from libs.events.adapters.sqlite.read_rows import by_id_sql, latest_sql
from libs.events.adapters.sqlite.read_store import SQLiteReadStore
from libs.events.adapters.sqlite.read_tables import SQLIndex, Table
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
    ]
    for span in ([None, sort] if sort else [None])
    for more in [{"after": after, "descending": falling} for after in _CURSORS for falling in (False, True)]
]
_SORTED = [
    Query(equal={"owner": ["x", "y", None]}, sort="rank", after=(None, "s1")),
    Query(equal={"owner": [f"p{number}" for number in range(500)]}, sort="rank"),
    Query(equal={"owner": [f"p{number}" for number in range(200)], "state": ["open"]}),
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
    await put(store, "acme", {f"s{at}": _stone(at) for at in range(3000)})
    await store.close()
    raw = sqlite3.connect(path)
    yield raw
    raw.close()


def _stone(at: int) -> Stone:
    return Stone(
        rank=at % 200,
        owner=f"p{at % 500}" if at % 3 else "x",
        state="open" if at % 4 else "closed",
        title="up the hill" if at % 2 else "up",
        labels=["red", *(["blue"] if at % 5 == 0 else []), *(["rare"] if at % 1000 == 0 else []), f"l{at % 300}"],
        helpers=("ann",) if at % 3 == 0 else (),
    )


def _plan(connection: sqlite3.Connection, query: Query) -> list[str]:
    table = Table.of(STONES)
    return [
        row[3]
        for statement in planned(connection, table, "acme", Asked.of(table, query))
        for row in connection.execute("EXPLAIN QUERY PLAN " + statement.sql, {**statement.parameters, "limit": 51})
    ]


def _steps(connection: sqlite3.Connection, query: Query) -> int:
    """How many instructions of SQLite's machine the answer takes, in thousands: what it costs, whatever the machine."""
    table, steps = Table.of(STONES), 0

    def count() -> int:
        nonlocal steps
        steps += 1
        return 0

    statements = list(planned(connection, table, "acme", Asked.of(table, query)))
    connection.set_progress_handler(count, 100)
    for statement in statements:
        connection.execute(statement.sql, {**statement.parameters, "limit": query.limit + 1}).fetchall()
    connection.set_progress_handler(None, 0)
    return steps


def _whole_tables(plan: list[str]) -> list[str]:
    """Steps that read a table, or an index, from end to end."""
    return [step for step in plan if step.startswith(("SCAN rows_", "SCAN places_", "SCAN terms_"))]


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


async def test_many_owners_are_looked_up_each(connection: sqlite3.Connection) -> None:
    owners = [f"p{number}" for number in range(200)]
    for after in (None, (None, "s1")):
        steps = _plan(connection, Query(equal={"owner": owners}, after=after))
        assert steps[0].startswith("SEARCH rows_stones USING COVERING INDEX stones:owner")
        assert "(tenant=? AND f_owner=?" in steps[0]


_WALK = "SEARCH places_stones USING PRIMARY KEY (term=?"
_PROBE = "SEARCH sought USING PRIMARY KEY (term=? AND id=?)"
_ROW = "rows_stones USING INDEX sqlite_autoindex_rows_stones_1 (tenant=? AND id=?)"


@pytest.mark.parametrize("falling", [False, True])
@pytest.mark.parametrize("after", [None, (None, "s1")])
async def test_terms_are_walked_in_order_of_id(
    connection: sqlite3.Connection, after: tuple[None, str] | None, falling: bool
) -> None:
    beyond = "" if after is None else " AND id<?" if falling else " AND id>?"
    walk, more = f"{_WALK}{beyond})", {"after": after, "descending": falling}
    assert _plan(connection, Query(equal={"labels": ["red"]}, **more)) == [walk]
    two = _plan(connection, Query(equal={"labels": ["red"]}, words={"title": ["up"]}, **more))
    assert [step for step in two if "SEARCH" in step] == [walk, _PROBE]
    either = _plan(connection, Query(equal={"labels": ["red", "blue", "l1"]}, words={"title": ["hill"]}, **more))
    assert [step for step in either if "SEARCH" in step] == [walk, _PROBE]
    led = _plan(connection, Query(equal={"labels": ["blue", "l1"]}, words={"title": ["hill"]}, **more))
    assert [step for step in led if "SEARCH" in step] == [walk, _PROBE] * 2
    on_row = _plan(connection, Query(equal={"labels": ["blue"], "done": [False]}, span="progress", below=1, **more))
    assert [step.removeprefix("SEARCH ") for step in on_row] == [walk.removeprefix("SEARCH "), _ROW]
    for plan in (two, either, led, on_row):
        assert _whole_tables(plan) == []
        assert not any("TEMP B-TREE" in step for step in plan), plan


async def test_a_page_costs_what_it_holds_however_many_match(connection: sqlite3.Connection) -> None:
    rare, common = Query(equal={"labels": ["l1"]}, limit=9), Query(equal={"labels": ["red"]}, limit=9)
    assert _steps(connection, common) <= 1.5 * _steps(connection, rare) + 1
    for query in (
        common,
        Query(equal={"labels": ["red"]}, words={"title": ["up"]}, limit=9),
        Query(equal={"labels": ["red", "blue", "l1"]}, words={"title": ["up", "hill"]}, limit=9, descending=True),
        Query(equal={"labels": ["red"], "state": ["open"]}, limit=9),
        Query(equal={"labels": ["red"], "state": ["open"]}, sort="rank", limit=9),
        Query(words={"title": ["up"]}, sort="rank", after=(5, "s1"), limit=9),
    ):
        assert _steps(connection, query) < 20, query
    assert _steps(connection, Query(equal={"labels": ["red"]}, limit=2500)) > 100, "the count counts"


async def test_the_rarest_term_leads(connection: sqlite3.Connection) -> None:
    for words, equal in [(["up"], {"labels": ["rare"]}), (["hill"], {"labels": ["l1", "rare"], "helpers": ["ann"]})]:
        query = Query(words={"title": words}, equal=equal)
        assert _steps(connection, query) < 20
        assert _steps(connection, Query(words=query.words, equal=equal, sort="rank")) < 20


async def test_an_index_leads_where_it_leaves_fewer_rows_than_the_terms(connection: sqlite3.Connection) -> None:
    by_owner = _plan(connection, Query(equal={"owner": ["p1"], "labels": ["red"]}, words={"title": ["up"]}))
    assert "stones:owner" in by_owner[0]
    assert [step for step in by_owner if "SEARCH sought" in step] == [_PROBE] * 2
    in_order = _plan(connection, Query(equal={"labels": ["red"]}, sort="rank"))
    assert in_order[0] == "SEARCH rows_stones USING COVERING INDEX stones:rank (tenant=?)"
    few = _plan(connection, Query(equal={"labels": ["rare"]}, sort="rank"))
    assert any(step == "SEARCH led USING PRIMARY KEY (term=?)" for step in few)


async def test_very_many_terms_are_gathered_or_walked_by_what_they_hold(connection: sqlite3.Connection) -> None:
    few = _plan(connection, Query(equal={"labels": [f"l{at}" for at in range(40)]}))
    assert any(step == "SEARCH led USING PRIMARY KEY (term=?)" for step in few)
    held = {"labels": ["red", *(f"l{at}" for at in range(20))]}
    many = _plan(connection, Query(equal=held))
    assert many.count("SEARCH places_stones USING PRIMARY KEY (term=?)") == 21
    assert _steps(connection, Query(equal=held, limit=9)) < 100
    for plan in (few, many):
        assert _whole_tables(plan) == []


async def test_hundreds_of_words_are_counted_at_once(connection: sqlite3.Connection) -> None:
    connection.executemany(
        "INSERT INTO terms_stones VALUES ('acme', 'title', ?, ?, 3000)", [(f"w{at}", 9000 + at) for at in range(900)]
    )
    plan = _plan(connection, Query(words={"title": [f"w{at}" for at in range(900)]}))
    assert [step for step in plan if "SEARCH" in step] == ["SEARCH places_stones USING PRIMARY KEY (term=?)"] + [
        _PROBE
    ] * 9


async def test_the_latest_of_a_group_is_one_seek(connection: sqlite3.Connection) -> None:
    sql = latest_sql(Table.of(STONES), SQLIndex("stones:owner,rank", ("owner", "rank")))
    [step] = [row[3] for row in connection.execute("EXPLAIN QUERY PLAN " + sql, ("acme", "p1", 5))]
    assert step == "SEARCH rows_stones USING INDEX stones:owner,rank (tenant=? AND f_owner=? AND f_rank<?)"


async def test_rows_by_id_are_sought_by_their_key_whatever_index_covers_them(connection: sqlite3.Connection) -> None:
    table = Table.of(STONES)
    for columns in ("id, doc", ", ".join(("id", "rowid", *table.kept)), "id, rowid, f_owner"):
        sql = by_id_sql(table, columns, 2)
        [step] = [row[3] for row in connection.execute("EXPLAIN QUERY PLAN " + sql, ("acme", "s1", "s2"))]
        assert step == f"SEARCH {_ROW}"


async def test_a_missing_index_would_be_noticed(connection: sqlite3.Connection) -> None:
    connection.execute('DROP INDEX "stones:owner,rank"')
    with pytest.raises(sqlite3.OperationalError, match="no such index"):
        _plan(connection, Query(equal={"owner": ["x"]}, sort="rank"))
    unforced = "EXPLAIN QUERY PLAN SELECT id FROM rows_stones WHERE f_owner='x'"
    assert _whole_tables([row[3] for row in connection.execute(unforced)])
