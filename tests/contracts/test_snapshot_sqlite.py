"""A file copied beside a process that writes, empties its log and begins it anew: always whole, and never too old."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from libs.events.adapters.sqlite import snapshot as module
from libs.events.adapters.sqlite.manifest import digest
from libs.events.adapters.sqlite.snapshot import snapshot
from libs.events.errors import StoreUnavailable
from tests.product import eventually

ROUNDS = 25
WRITER = """
import random, sqlite3, sys
path, kind = sys.argv[1:]
chance = random.Random(kind)
one = sqlite3.connect(path, isolation_level=None)
one.execute("PRAGMA synchronous=OFF")
one.execute("PRAGMA journal_mode=WAL")
one.execute("PRAGMA wal_autocheckpoint=" + {"often": "5", "seldom": "4000"}.get(kind, "50"))
one.execute("CREATE TABLE moved (place INTEGER PRIMARY KEY, amount INTEGER, filler BLOB)")
one.execute("CREATE TABLE turns (turn INTEGER PRIMARY KEY)")
with one:
    one.executemany("INSERT INTO moved VALUES (?, 100, zeroblob(900))", [(n,) for n in range(2000)])
turn = 0
while True:
    turn += 1
    one.execute("BEGIN IMMEDIATE")
    for _ in range(chance.randint(1, 30)):
        # Pages all over the file, that only together make sense.
        here, there, amount = chance.randrange(2000), chance.randrange(2000), chance.randint(1, 9)
        one.execute("UPDATE moved SET amount=amount-? WHERE place=?", (amount, here))
        one.execute("UPDATE moved SET amount=amount+? WHERE place=?", (amount, there))
    one.execute("INSERT INTO turns VALUES (?)", (turn,))
    one.execute("COMMIT")
    if kind != "seldom" and chance.random() < 0.1:
        one.execute("PRAGMA wal_checkpoint(" + chance.choice(["PASSIVE", "FULL", "RESTART", "TRUNCATE"]) + ")")
"""


@contextmanager
def written(path: Path, kind: str) -> Iterator[None]:
    """Until the block ends another process writes."""
    writer = subprocess.Popen([sys.executable, "-c", WRITER, path, kind])
    try:
        eventually(lambda: path.exists() and turns(path), "it writes")
        yield
        assert writer.poll() is None, "the writer was held up"
    finally:
        writer.kill()
        writer.wait()


def turns(path: Path) -> int:
    """How many transactions are acknowledged."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10)) as connection:
        try:
            return int(connection.execute("SELECT coalesce(max(turn), 0) FROM turns").fetchone()[0])
        except sqlite3.OperationalError:
            return 0


def judged(path: Path) -> tuple[str, int, int, int]:
    """SQLite's verdict, what all places hold together, how many turns there are and the last of them."""
    with closing(sqlite3.connect(path)) as connection:
        [(verdict,)] = connection.execute("PRAGMA integrity_check(1)").fetchall()
        [(amount,)] = connection.execute("SELECT sum(amount) FROM moved").fetchall()
        return verdict, amount, *connection.execute("SELECT count(*), max(turn) FROM turns").fetchone()


@pytest.mark.parametrize("kind", ["often", "sometimes", "seldom"])
def test_a_copy_beside_a_writer_is_whole(tmp_path: Path, kind: str) -> None:
    source = tmp_path / "source.db"
    with written(source, kind):
        for number in range(ROUNDS):
            # Asked here, and not while it is copied: this process has no other descriptor of the file then.
            before, copy = turns(source), tmp_path / f"{number}.db"
            snapshot(source, copy, lambda _: None)
            verdict, amount, count, last = judged(copy)
            assert (verdict, amount, count) == ("ok", 200_000, last)
            assert last >= before, "what was acknowledged before it began is lost"
            assert [path.name for path in tmp_path.glob(f"{number}.db*")] == [copy.name]


class Naive:
    """Planted: what one would write first. The file without its log; both, with nothing that holds the moment."""

    @staticmethod
    def without_log(source: Path, target: Path) -> None:
        shutil.copyfile(source, target)

    @staticmethod
    def without_moment(source: Path, target: Path) -> None:
        module._copy_log(source, target)
        module._copy_log(source.with_name(f"{source.name}-wal"), target.with_name(f"{target.name}-wal"))


@pytest.mark.parametrize("copied", [Naive.without_log, Naive.without_moment])
def test_a_planted_fault_is_noticed(tmp_path: Path, copied: Callable[[Path, Path], None]) -> None:
    source, wrong = tmp_path / "source.db", 0
    with written(source, "often"):
        for number in range(10 * ROUNDS):
            before, copy = turns(source), tmp_path / f"{number}.db"
            copied(source, copy)
            try:
                verdict, amount, count, last = judged(copy)
                wrong += (verdict, amount, count) != ("ok", 200_000, last) or last < before
            except sqlite3.Error:
                wrong += 1
            if wrong:
                return
    raise AssertionError("it was never wrong")


def test_after_a_kill_the_log_counts(tmp_path: Path) -> None:
    source = tmp_path / "source.db"
    with written(source, "seldom"):
        before = turns(source)
    assert source.with_name("source.db-wal").stat().st_size > 100_000
    assert snapshot(source, tmp_path / "copy.db", lambda _: None) is None, "its digest is not that of the file alone"
    verdict, amount, count, last = judged(tmp_path / "copy.db")
    assert (verdict, amount, count) == ("ok", 200_000, last)
    assert last >= before


def test_without_a_log_the_digest_is_that_of_the_file(tmp_path: Path) -> None:
    source = tmp_path / "source.db"
    with written(source, "often"):
        pass
    with closing(sqlite3.connect(source)) as last:
        assert last.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0
    told: list[int] = []
    for copy in (tmp_path / "first.db", tmp_path / "second.db"):
        assert snapshot(source, copy, told.append) == digest(copy) == digest(source)
    assert sum(told) == 2 * source.stat().st_size > 2 * module.CHUNK
    assert judged(tmp_path / "first.db")[:2] == ("ok", 200_000)


def test_a_log_that_begins_anew_while_it_is_copied_is_copied_anew(tmp_path: Path) -> None:
    """Old frames before new ones would take back what is in the file already."""
    log, copy, attempts = tmp_path / "log", tmp_path / "copy", []
    log.write_bytes(b"a" * 5000)

    real = module._copy

    def begins_anew(source: int, target: Path, copied: module.Copied) -> None:
        real(source, target, copied)
        attempts.append(target.read_bytes()[:1])
        if len(attempts) == 1:
            log.write_bytes(b"b" * 5000)

    module._copy_log(log, copy, begins_anew)
    assert (attempts, copy.read_bytes()) == ([b"a", b"b"], b"b" * 5000)


def test_what_is_not_there_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable, match=r"none\.db cannot be copied"):
        snapshot(tmp_path / "none.db", tmp_path / "copy.db", lambda _: None)
    assert list(tmp_path.iterdir()) == []


def test_what_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "source.db").write_bytes(b"no database at all" * 1000)
    with pytest.raises(StoreUnavailable, match="broken"):
        snapshot(tmp_path / "source.db", tmp_path / "copy.db", lambda _: None)
