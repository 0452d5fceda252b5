"""Installations to look at and to break: a stopped one with some work in it, and what is planted into copies of it."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import jsonschema
import msgspec

from libs.events import envelope
from libs.events.canonical import time_text
from libs.events.clock import new_id
from libs.events.envelope import Envelope
from tests.product import inside, rows

SCHEMA = json.loads(Path("docs/generated/status.schema.json").read_text())


def status(data: Path, *flags: str, **settings: str) -> Mapping[str, Any]:
    """What `--json` prints, judged by its schema and the exit code; nothing was changed."""
    served = (data / "serving.lock").exists() and (data / "events/goals.db-wal").exists()
    before = None if served else contents(data)
    done = inside("status", "--json", "--data", data, *flags, **settings)
    assert done.stderr == ""
    assert before is None or contents(data) == before, "it changed something"
    found = json.loads(done.stdout)
    jsonschema.validate(found, SCHEMA)
    assert (done.returncode == 0) == found["well"] == (found["problems"] == [])
    return dict(found)


def consumer(found: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """One of the consumers."""
    [one] = [one for one in found["consumers"] if one["name"] == name]
    return dict(one)


def doctor(data: Path, *flags: str, **settings: str) -> tuple[int, list[str]]:
    """The exit code and what was found wrong, each with its remedy."""
    before = contents(data)
    done = inside("doctor", "--data", data, *flags, **settings)
    assert flags or done.stderr == ""
    assert contents(data) == before, "it changed something"
    lines = [*done.stdout.splitlines(), ""]
    wrong = [f"{line} {remedy}" for line, remedy in pairwise(lines) if line.startswith("FAIL")]
    assert all("->" in one for one in wrong), done.stdout
    assert (done.returncode == 0) == (wrong == []), done.stdout
    return done.returncode, wrong


def contents(data: Path) -> dict[str, tuple[int, str]]:
    """Every file with its mode and content."""
    return {
        str(path): (path.stat().st_mode, hashlib.sha256(path.read_bytes()).hexdigest())
        for path in sorted(data.rglob("*"))
        if path.is_file()
    }


def only(found: tuple[int, list[str]], *words: str) -> None:
    """Exactly one finding, with these words in it."""
    code, wrong = found
    assert (code, len(wrong)) == (1, 1), wrong
    for word in words:
        assert word in wrong[0]


def change(path: Path, sql: str, *parameters: object) -> None:
    """One statement in a SQLite file, as nobody should ever run it."""
    with closing(sqlite3.connect(path, timeout=20)) as connection, connection:
        connection.execute(sql, parameters)


def spoil(path: Path, sequence: int) -> None:
    """An event's bytes are none of an event any more."""
    change(
        path,
        "UPDATE stored_events SET state=? WHERE rowid=(SELECT notification_id FROM sequences WHERE sequence=?)",
        b"\x00no envelope",
        sequence,
    )


def plant(
    path: Path,
    type: str,
    *,
    data: Mapping[str, Any] | None = None,
    at: datetime | None = None,
    place: int | None = None,
    body: bytes | None = None,
) -> Envelope:
    """One more event in an event store, like its last one, but for its type, its data and its time; in a new stream.

    `place`: its notification id, as if many had come before; `body`: other bytes than its own.
    """
    [(before,)] = rows(path, "SELECT state FROM stored_events ORDER BY rowid DESC LIMIT 1")
    last = envelope.decode(before)
    event = msgspec.structs.replace(
        last,
        id=new_id(),
        type=type,
        subject=f"{last.tenant}/goal/{new_id()}",
        version=1,
        time=at or last.time,
        data=last.data if data is None else dict(data),
    )
    with closing(sqlite3.connect(path, timeout=20)) as connection, connection:
        stored = connection.execute(
            "INSERT INTO stored_events (rowid, originator_id, originator_version, topic, state) VALUES (?, ?, 1, ?, ?)",
            (place, event.subject, event.type, body or envelope.encode(event)),
        ).lastrowid
        connection.execute(
            "UPDATE heads SET sequence=sequence+1, time=? WHERE tenant=?", (time_text(event.time), event.tenant)
        )
        connection.execute(
            "INSERT INTO sequences SELECT tenant, sequence, ? FROM heads WHERE tenant=?", (stored, event.tenant)
        )
    return event
