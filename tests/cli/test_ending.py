"""How `cairn up` ends: asked once it finishes everything and exits with 0, asked twice it breaks off."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path

import httpx2
import pytest

from tests.product import Product, eventually, start


@pytest.fixture
def product(tmp_path: Path) -> Iterator[Product]:
    with start(tmp_path) as product:
        yield product


def waiting(product: Product, token: str) -> httpx2.Response:
    """A request that takes five seconds: it waits for a position that does not come."""
    with product.client(token) as client:
        return client.get("/me", headers={"Cairn-After": "people:1000"})


def under_way(product: Product, pool: ThreadPoolExecutor) -> Future[httpx2.Response]:
    """Such a request, once the product has it."""
    token = product.token("ann@acme.example")
    asked = pool.submit(waiting, product, token)
    eventually(lambda: connected(product) or asked.done(), "the request is under way")
    return asked


def connected(product: Product) -> bool:
    """Whether a client has a connection to the product, as the kernel sees it."""
    lines = Path("/proc/net/tcp").read_text().splitlines()[1:]
    return any(line.split()[1].endswith(f":{product.port:04X}") and line.split()[3] == "01" for line in lines)


@pytest.mark.parametrize("asked", [signal.SIGTERM, signal.SIGINT])
def test_asked_once_it_answers_closes_every_file_and_exits_with_0(product: Product, asked: signal.Signals) -> None:
    with ThreadPoolExecutor(1) as pool:
        answer = under_way(product, pool)
        assert product.stop(asked) == 0, product.words()
        assert answer.result().json()["code"] == "not_caught_up"
    assert [path.name for path in product.data.rglob("*-wal")] == []
    assert "Traceback" not in product.words()


@pytest.mark.parametrize("again", [signal.SIGTERM, signal.SIGINT])
def test_asked_twice_it_breaks_off_and_still_closes_every_file(product: Product, again: signal.Signals) -> None:
    with ThreadPoolExecutor(1) as pool:
        answer = under_way(product, pool)
        began = time.monotonic()
        assert product.process is not None
        product.process.send_signal(signal.SIGTERM)
        eventually(lambda: refuses(product), "it listens no more")
        assert product.stop(again) == 1, product.words()
        assert time.monotonic() - began < 4, "it waited for the answer"
        wait([answer])
        assert isinstance(answer.exception(), httpx2.TransportError) or answer.result().status_code >= 500
    assert "told to stop twice" in product.words().splitlines()[-1]
    assert [path.name for path in product.data.rglob("*-wal")] == []


def refuses(product: Product) -> bool:
    try:
        httpx2.get(product.url)
    except httpx2.ConnectError:
        return True
    except httpx2.TransportError:
        return False
    return False


def test_what_telemetry_holds_back_is_sent_before_the_end(tmp_path: Path) -> None:
    with start(tmp_path, OTEL_TRACES_EXPORTER="console", OTEL_BSP_SCHEDULE_DELAY="600000") as product:
        token = product.token("ann@acme.example")
        with product.client(token) as client:
            assert client.get("/me").status_code in (200, 404)
        assert product.stop() == 0
    assert "GET /me" in product.log.read_text()
