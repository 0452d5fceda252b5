"""`cairn up`: it starts or says in one sentence why not, and it ends when it is asked to, with all work done."""

from __future__ import annotations

import signal
import socket
import sqlite3
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Any

import httpx2
import pytest

from services.goals.seeding import PLANS
from services.people.seeding import COMPANY
from tests.product import Product, eventually, free_port, inside, run, start

SOON_ENOUGH = 12.0
"""Seconds that an end may take: supervisors commonly kill after 10 to 90."""


def refused(*arguments: str | Path, words: tuple[str, ...], **settings: str) -> str:
    done = run("up", *arguments, **settings)
    assert (done.returncode, done.stdout) == (1, ""), done.stderr
    last = done.stderr.splitlines()[-1]
    assert last.startswith("cairn: "), done.stderr
    assert "Traceback" not in done.stderr
    for word in words:
        assert word in last, done.stderr
    return done.stderr


# --- what does not start ----------------------------------------------------------------------------------------


def test_a_port_in_use(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        refused("--data", tmp_path / "data", "--port", port, words=(port, "--port"))
    assert not (tmp_path / "data").exists()


def test_an_address_of_another_machine(tmp_path: Path) -> None:
    for host in ("192.0.2.1", "no-such-host.invalid"):
        refused("--data", tmp_path / "data", "--port", "0", "--host", host, words=(host,))


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"CAIRN_PROFILE": "cluster"}, ("CAIRN_PROFILE",)),
        ({"CAIRN_LOG_LEVEL": "loud"}, ("CAIRN_LOG_LEVEL",)),
        ({"CAIRN_QUOTA_PRINCIPAL": "many"}, ("CAIRN_QUOTA_PRINCIPAL",)),
        ({"CAIRN_QUOTA_TENANT": "-1"}, ("CAIRN_QUOTA_TENANT",)),
        ({"CAIRN_OIDC_ISSUERS": "https://login.example"}, ("CAIRN_OIDC_ISSUERS",)),
        ({"CAIRN_KEY_ENCRYPTION_KEY": ""}, ("CAIRN_KEY_ENCRYPTION_KEY",)),
        ({"CAIRN_KEY_ENCRYPTION_KEY": "c2hvcnQ="}, ("CAIRN_KEY_ENCRYPTION_KEY",)),
    ],
    ids=str,
)
def test_settings_that_mean_nothing(tmp_path: Path, settings: dict[str, str], words: tuple[str, ...]) -> None:
    said = refused("--data", tmp_path / "data", "--port", "0", words=words, **settings)
    [value] = settings.values()
    assert not value or "KEY" not in str(settings) or value not in said


def test_options_that_mean_nothing(tmp_path: Path) -> None:
    for option in (("--port", "99999"), ("--port", "http"), ("--port", "-1"), ("--no-such",)):
        # Such a command ends before it is one.
        done = inside("up", "--data", tmp_path / "data", *option)
        assert done.returncode == 2, done.stderr
    assert not (tmp_path / "data").exists()


def test_a_folder_that_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    for folder in (tmp_path / "file", tmp_path / "file" / "below"):
        refused("--data", folder, "--port", "0", words=("file",))


def test_keys_that_others_may_read_or_that_are_anothers(tmp_path: Path) -> None:
    with start(tmp_path) as product:
        product.stop()
    (product.data / "development-tokens.key").chmod(0o644)
    refused("--data", product.data, "--port", "0", words=("development-tokens.key", "chmod 600"))
    (product.data / "development-tokens.key").chmod(0o600)
    key = {"CAIRN_KEY_ENCRYPTION_KEY": "A" * 43}
    refused("--data", product.data, "--port", "0", words=("key encryption key",), **key)
    (product.data / "events" / "goals.db").write_bytes(b"no database at all" * 1000)
    refused("--data", product.data, "--port", "0", words=("goals.db",))


# --- what starts ------------------------------------------------------------------------------------------------


def test_where_it_listens_stands_on_standard_output(tmp_path: Path) -> None:
    with start(tmp_path) as product:
        assert f"Cairn is at {product.url} " in product.log.read_text()


def test_nobody_else_may_look_into_the_folder(tmp_path: Path) -> None:
    with start(tmp_path) as product:
        assert product.data.stat().st_mode & 0o077 == 0
        for path in product.data.rglob("*.key"):
            assert path.stat().st_mode & 0o777 == 0o600
        assert (product.data / "keys.db").stat().st_mode & 0o077 == 0


def test_the_demo_is_there_and_stays_the_same(tmp_path: Path) -> None:
    with start(tmp_path, "--demo") as product:
        shown = eventually(lambda: shown_tokens(product), "the greeting")
        with product.client(shown[0]) as client:
            assert client.get("/me").json()["email"] == "sam@acme.example"
            assert len(client.get("/people?limit=100").json()["items"]) == len(COMPANY) > 30
        assert (added(product, "people"), added(product, "goals")) == (len(COMPANY), len(PLANS))
        before = events(product)
        for _ in range(2):
            product.stop()
            product.restart()
            assert events(product) == before
        assert len(shown_tokens(product)) == 3 * 3


def test_a_demo_that_was_cut_short_is_whole_after_the_next_start(tmp_path: Path) -> None:
    product = Product(tmp_path / "data", free_port(), {}, ["--demo"])
    product.launch()
    eventually(lambda: added(product, "people"), "the first of the company are there")
    product.kill()
    product.restart()
    assert (added(product, "people"), added(product, "goals")) == (len(COMPANY), len(PLANS))
    assert product.stop() == 0


def added(product: Product, service: str) -> int:
    """How many people or goals were ever added; 0 before there is a store."""
    topic = {"people": "people.person-added.v3", "goals": "goals.goal-created.v2"}[service]
    with suppress(sqlite3.OperationalError):
        [(count,)] = product.rows(service, "SELECT count(*) FROM stored_events WHERE topic = ?", topic)
        return int(count)
    return 0


def events(product: Product) -> dict[str, int]:
    return {service: events for service, (events, _) in product.written().items()}


def shown_tokens(product: Product) -> list[str]:
    lines = product.log.read_text().splitlines()
    return [line.strip() for line in lines if line.startswith("  eyJ")]


# --- how it ends ------------------------------------------------------------------------------------------------


@pytest.fixture
def product(tmp_path: Path) -> Iterator[Product]:
    with start(tmp_path) as product:
        yield product


@pytest.mark.parametrize(("with_signal", "expected"), [(signal.SIGTERM, {0}), (signal.SIGINT, {0, 130})])
def test_it_ends_when_asked_to_and_loses_nothing(
    product: Product, with_signal: signal.Signals, expected: set[int]
) -> None:
    """0 is what supervisors take for an end they asked for, 130 what shells know as Ctrl-C; every file is closed."""
    person_id, token = product.person("ann@acme.example"), product.token("ann@acme.example")
    with product.client(token) as client:
        metric = {"start": 0, "target": 1, "unit": "u"}
        goal = {"title": "G", "kind": "key_result", "owner_id": person_id, "metric": metric}
        path = f"/goals/{client.post('/goals', json=goal).json()['id']}/check-ins"
    numbers, acknowledged = count(1), []
    with ThreadPoolExecutor(4) as pool:
        working = [pool.submit(work, product, token, path, numbers, acknowledged) for _ in range(4)]
        eventually(lambda: len(acknowledged) >= 20, "work is under way")
        began = time.monotonic()
        code = product.stop(with_signal)
        seconds = time.monotonic() - began
        for one in working:
            one.result()
    assert (code in expected, seconds < SOON_ENOUGH) == (True, True), f"{code} after {seconds} s: {product.words()}"
    assert "Traceback" not in product.words()
    assert [path.name for path in product.data.rglob("*-wal")] == []
    product.restart()
    with product.client(token) as client:
        told = {"Cairn-After": ", ".join(product.heads("acme"))}
        there = Counter(one["value"] for one in client.get(f"{path}?limit=500", headers=told).json()["items"])
    assert {number: there[number] for number in acknowledged} == dict.fromkeys(acknowledged, 1)
    assert max(there.values()) == 1


def work(product: Product, token: str, path: str, numbers: Iterator[int], acknowledged: list[Any]) -> None:
    """Checks in until the server is gone."""
    with product.client(token) as client:
        while True:
            number = next(numbers)
            try:
                answer = client.post(path, json={"value": number, "status": "on_track"})
            except httpx2.TransportError:
                return
            assert answer.status_code == 201, answer.text
            acknowledged.append(number)


def test_a_request_under_way_is_answered_before_the_end(product: Product) -> None:
    token = product.token("ann@acme.example")

    def read() -> httpx2.Response:
        with product.client(token) as client:
            # Waits five seconds for a position that does not come.
            return client.get("/me", headers={"Cairn-After": "people:1000"})

    with product.client(token) as client, ThreadPoolExecutor(1) as pool:
        assert client.get("/me").status_code in (200, 404)
        waiting = pool.submit(read)
        eventually(lambda: connections(product) > 1 or waiting.done(), "the request is under way")
        assert product.stop() == 0
        assert waiting.result().json()["code"] == "not_caught_up"


def connections(product: Product) -> int:
    """How many connections of clients the product has now, as the kernel counts them."""
    port = f":{product.port:04X}"
    lines = Path("/proc/net/tcp").read_text().splitlines()[1:]
    return sum(1 for line in lines if line.split()[1].endswith(port) and line.split()[3] == "01")


def test_it_ends_while_it_is_starting(tmp_path: Path) -> None:
    product = Product(tmp_path / "data", free_port(), {})
    product.launch()
    eventually(lambda: (product.data / "serving.lock").exists(), "it has begun")
    assert product.stop() in (0, -signal.SIGTERM)
    product.restart()
    assert product.stop() == 0
